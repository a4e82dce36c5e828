#include <ne_redirect.h>

#include "core/error.h"
#include "core/topic.h"
#include "ne/session/session.h"
#include "ne/uri.h"

namespace neon {

namespace {

// A second registration would hide what the first one finds; and neon 0.32 resolves what a request made
// before is redirected to against a target that it has not noted (NULL).
napi_value register_redirects(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_idle();
  if (!session->requests.empty())
    throw neon_failure(code::invalid_state,
                       "ne_redirect_register must be called while the session has no requests");
  if (!std::exchange(session->redirects, true)) ne_redirect_register(session->c());
  return undefined(arguments.env());
}

napi_value location(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_usable();
  const ne_uri *uri = ne_redirect_location(session->c());
  return uri ? uri_object(arguments.env(), *uri) : null(arguments.env());
}

}  // namespace

void register_redirect(Topic &topic) {
  topic.plain("ne_redirect_register", register_redirects);
  topic.plain("ne_redirect_location", location);
}

}  // namespace neon
