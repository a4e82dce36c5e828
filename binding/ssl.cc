#include <ne_session.h>
#include <ne_ssl.h>

#include "certificate.h"
#include "session.h"
#include "topic.h"

namespace neon {

namespace {

napi_value to_certificate(const Arguments &arguments, ne_ssl_certificate *c) {
  if (!c) return null(arguments.env());
  return to_object(std::make_shared<Certificate>(arguments.environment(), c));
}

napi_value read(const Arguments &arguments) {
  return to_certificate(arguments, ne_ssl_cert_read(arguments.text(0, "filename").c_str()));
}

napi_value import(const Arguments &arguments) {
  return to_certificate(arguments, ne_ssl_cert_import(arguments.text(0, "data").c_str()));
}

napi_value free_certificate(const Arguments &arguments) {
  Wrapping::destroy(*arguments.handle<Certificate>(0, "cert"));
  return undefined(arguments.env());
}

napi_value trust(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto certificate = arguments.handle<Certificate>(1, "cert");
  session->require_usable();
  ne_ssl_trust_cert(session->c(), certificate->c());
  return undefined(arguments.env());
}

}  // namespace

void register_ssl(Topic &topic) {
  topic.plain("ne_ssl_cert_read", read);
  topic.plain("ne_ssl_cert_import", import);
  topic.plain("ne_ssl_cert_free", free_certificate);
  topic.plain("ne_ssl_trust_cert", trust);
}

}  // namespace neon
