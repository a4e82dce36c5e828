// TLS of a session: the functions ne_ssl_* of ne_session.h.
#include <ne_session.h>
#include <ne_ssl.h>

#include <cmath>

#include "core/describe.h"
#include "core/since.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/session/callback.h"
#include "ne/session/session.h"
#include "ne/ssl/certificate.h"
#include "ne/ssl/clicert.h"

namespace neon {

namespace {

// --- Callbacks that neon calls ----------------------------------------------------------------------------

/// Converts a verifier's return value; only 0 accepts the certificate. Throws for undefined and for booleans,
/// because the caller may mean something else by them than C does.
int to_verdict(Napi::Env, Napi::Value value) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number >= INT32_MIN && number <= INT32_MAX) || number != std::trunc(number))
    throw type_failure(code::argument_type,
                       "A callback that verifies a certificate must return 0 to accept it, or another "
                       "integer to refuse it. " +
                           received(value));
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
      [&](Napi::Env env, Operation &) {
        return std::vector<napi_value>{Napi::Number::New(env, failures), to_object(certificate)};
      },
      [&](Napi::Env env, Napi::Value value) {
        certificate->take_back();
        return to_verdict(env, value);
      });
  loan->end();
  return verdict;
}

void on_provide_clicert(void *userdata, ne_session *, const ne_ssl_dname *const *names, int count) noexcept {
  if (!userdata) return;
  const auto loan = std::make_shared<Loan>();
  call_back(*static_cast<Callback *>(userdata), 0, [&](Napi::Env env, Operation &operation) {
    return std::vector<napi_value>{operation.handle_object(env),
                                   DistinguishedName::lend(env, loan, names, count)};
  });
  loan->end();
}

// --- The functions ----------------------------------------------------------------------------------------

Napi::Value trust(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto certificate = arguments.handle<Certificate>(1, "cert");
  session->require_usable();
  ne_ssl_trust_cert(session->c(), certificate->c());
  return arguments.env().Undefined();
}

Napi::Value set_verify(const Arguments &arguments) {
  return replace_callback(arguments, &Session::verifier, "fn", [](ne_session *session, Callback *callback) {
    ne_ssl_set_verify(session, callback ? on_verify : nullptr, callback);
  });
}

// The C function is never NULL, because newer versions of neon would call NULL.
Napi::Value provide_clicert(const Arguments &arguments) {
  return replace_callback(arguments, &Session::clicert_provider, "fn",
                          [](ne_session *session, Callback *callback) {
                            ne_ssl_provide_clicert(session, on_provide_clicert, callback);
                          });
}

Napi::Value set_clicert(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto certificate = arguments.handle<ClientCertificate>(1, "clicert");
  session->require_usable();
  certificate->require_decrypted();
  ne_ssl_set_clicert(session->c(), certificate->c());
  return arguments.env().Undefined();
}

Napi::Value set_protocol_versions(const Arguments &arguments) {
  using SetVersions = int(ne_session *, int, int);
  const auto session = usable<Session>(arguments);
  const int min = static_cast<int>(arguments.integer(1, "min", 0, INT32_MAX));
  const int max = static_cast<int>(arguments.integer(2, "max", 0, INT32_MAX));
  return Napi::Number::New(arguments.env(),
                           Since<SetVersions>::required("ne_ssl_set_protovers")(session->c(), min, max));
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
