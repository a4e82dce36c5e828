// Redirects: the functions of ne_redirect.h.
#include <ne_redirect.h>

#include "core/error.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/session/session.h"
#include "ne/uri.h"

namespace neon {

namespace {

// Registers only once: a second registration would hide the redirects that the first one finds. Throws while
// the session has requests, because neon has not recorded their targets. For such a request, neon 0.32 would
// resolve a redirect against a NULL URI.
Napi::Value register_redirects(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_idle();
  if (!session->requests.empty())
    throw neon_failure(code::invalid_state,
                       "ne_redirect_register must be called while the session has no requests");
  if (!std::exchange(session->redirects, true)) ne_redirect_register(session->c());
  return arguments.env().Undefined();
}

Napi::Value location(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  session->require_whole("ne_redirect_location");
  const ne_uri *uri = ne_redirect_location(session->c());
  return uri ? uri_object(arguments.env(), *uri) : arguments.env().Null();
}

}  // namespace

void register_redirect(Topic &topic) {
  topic.plain("ne_redirect_register", register_redirects);
  topic.plain("ne_redirect_location", location);
}

}  // namespace neon
