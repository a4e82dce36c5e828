#include <ne_session.h>
#include <ne_ssl.h>

#include <cmath>

#include "core/describe.h"
#include "core/since.h"
#include "core/topic.h"
#include "ne/session/callback.h"
#include "ne/session/session.h"
#include "ne/ssl/certificate.h"
#include "ne/ssl/clicert.h"

namespace neon {

namespace {

// --- What neon calls --------------------------------------------------------------------------------------

/// 0 accepts. Nothing else may pass for it: not nothing, and not a boolean, of which neither means what it
/// would in C.
int to_verdict(napi_env env, napi_value value) {
  double number = NAN;
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_number) check(env, napi_get_value_double(env, value, &number));
  if (!(number >= INT32_MIN && number <= INT32_MAX) || number != std::trunc(number))
    throw type_failure(code::argument_type,
                       "A callback that verifies a certificate must return 0 to accept it, or another "
                       "integer to refuse it. " +
                           received(env, value));
  return static_cast<int>(number);
}

int on_verify(void *userdata, int failures, const ne_ssl_certificate *c) noexcept {
  Callback &callback = *static_cast<Callback *>(userdata);
  constexpr int refused = 1;
  if (!callback.session.operation()) return refused;
  const auto loan = std::make_shared<Loan>();
  const auto certificate = Certificate::lend_copy(*callback.session.environment, c, loan);
  if (!certificate) return refused;
  const int verdict = ask_callback(
      callback, refused,
      [&](napi_env env, Operation &) {
        return std::vector<napi_value>{from(env, failures), to_object(certificate)};
      },
      to_verdict);
  loan->end();
  return verdict;
}

void on_provide_clicert(void *userdata, ne_session *, const ne_ssl_dname *const *names, int count) noexcept {
  if (!userdata) return;
  const auto loan = std::make_shared<Loan>();
  call_back(*static_cast<Callback *>(userdata), 0, [&](napi_env env, Operation &operation) {
    return std::vector<napi_value>{operation.handle_object(env),
                                   DistinguishedName::lend(env, loan, names, count)};
  });
  loan->end();
}

// --- The functions ----------------------------------------------------------------------------------------

std::shared_ptr<Session> usable(const Arguments &arguments) {
  auto session = arguments.handle<Session>(0, "sess");
  session->require_usable();
  return session;
}

napi_value trust(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto certificate = arguments.handle<Certificate>(1, "cert");
  session->require_usable();
  ne_ssl_trust_cert(session->c(), certificate->c());
  return undefined(arguments.env());
}

napi_value set_verify(const Arguments &arguments) {
  return replace_callback(arguments, &Session::verifier, "fn", [](ne_session *session, Callback *callback) {
    ne_ssl_set_verify(session, callback ? on_verify : nullptr, callback);
  });
}

// Never NULL instead of the function: newer versions would call it.
napi_value provide_clicert(const Arguments &arguments) {
  return replace_callback(arguments, &Session::clicert_provider, "fn",
                          [](ne_session *session, Callback *callback) {
                            ne_ssl_provide_clicert(session, on_provide_clicert, callback);
                          });
}

napi_value set_clicert(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto certificate = arguments.handle<ClientCertificate>(1, "clicert");
  session->require_usable();
  certificate->require_decrypted();
  ne_ssl_set_clicert(session->c(), certificate->c());
  return undefined(arguments.env());
}

napi_value set_protocol_versions(const Arguments &arguments) {
  using SetVersions = int(ne_session *, int, int);
  const auto session = usable(arguments);
  const int min = static_cast<int>(arguments.integer(1, "min", 0, INT32_MAX));
  const int max = static_cast<int>(arguments.integer(2, "max", 0, INT32_MAX));
  return from(arguments.env(), Since<SetVersions>::required("ne_ssl_set_protovers")(session->c(), min, max));
}

}  // namespace

void register_ssl(Topic &topic) {
  topic.plain("ne_ssl_trust_cert", trust);
  topic.plain("ne_ssl_set_verify", set_verify);
  topic.plain("ne_ssl_provide_clicert", provide_clicert);
  topic.plain("ne_ssl_set_clicert", set_clicert);
  topic.plain("ne_ssl_set_protovers", set_protocol_versions);
}

}  // namespace neon
