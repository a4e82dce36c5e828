// Client certificates: ne_ssl_clicert_* of ne_ssl.h.
#include "ne/ssl/clicert.h"

#include "core/error.h"
#include "core/secret.h"
#include "core/sessionless_executor.h"
#include "core/since.h"
#include "core/tls_errors.h"
#include "core/topic.h"
#include "core/usable.h"

namespace neon {

namespace {

using FromUri = ne_ssl_client_cert *(const char *, unsigned);

struct FreeClientCertificate {
  void operator()(ne_ssl_client_cert *c) const { ne_ssl_clicert_free(c); }
};
using OwnedClientCertificate = std::unique_ptr<ne_ssl_client_cert, FreeClientCertificate>;

}  // namespace

void ClientCertificate::require_decrypted() const {
  require_usable();
  if (encrypted())
    throw neon_failure(code::invalid_state,
                       "This client certificate is encrypted: decrypt it first (ne_ssl_clicert_decrypt)");
}

int ClientCertificate::decrypt(const char *password) {
  if (!encrypted()) throw neon_failure(code::invalid_state, "This client certificate is decrypted already");
  const int result = uri_.empty() ? ne_ssl_clicert_decrypt(c_, password) : decrypt_anew(password);
  forget_tls_errors();
  return result;
}

// To decrypt, neon (0.35 to 0.37) reads the URI a second time. If this read fails, the C object points to
// freed memory. So this function decrypts a new C object, which replaces the old object only on success.
// After a failure, the new object is not freed, and leaks.
int ClientCertificate::decrypt_anew(const char *password) {
  OwnedClientCertificate fresh(Since<FromUri>::required("ne_ssl_clicert_fromuri")(uri_.c_str(), 0));
  if (!fresh) return -1;
  if (ne_ssl_clicert_encrypted(fresh.get())) {
    const int result = ne_ssl_clicert_decrypt(fresh.get(), password);
    if (result != 0) {
      static_cast<void>(fresh.release());
      return result;
    }
  }
  ne_ssl_clicert_free(std::exchange(c_, fresh.release()));
  return 0;
}

std::shared_ptr<Certificate> ClientCertificate::owner() {
  require_decrypted();
  auto certificate = known_owner_.lock();
  if (!certificate)
    known_owner_ = certificate = std::make_shared<Certificate>(shared_from_this(), ne_ssl_clicert_owner(c_));
  return certificate;
}

namespace {

Napi::Value to_client_certificate(const Arguments &arguments, ne_ssl_client_cert *c) {
  forget_tls_errors();
  if (!c) return arguments.env().Null();
  return to_object(std::make_shared<ClientCertificate>(arguments.environment(), c));
}

// Clears OpenSSL's error queue first. When neon cannot read a file, it infers the reason (encrypted, or not a
// certificate) from OpenSSL's oldest error.
Napi::Value read(const Arguments &arguments) {
  const std::string filename = arguments.text(0, "filename");
  forget_tls_errors();
  return to_client_certificate(arguments, ne_ssl_clicert_read(filename.c_str()));
}

Napi::Value import(const Arguments &arguments) {
  const std::string bytes = arguments.bytes(0, "buffer");
  forget_tls_errors();
  return to_client_certificate(
      arguments, ne_ssl_clicert_import(reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size()));
}

std::shared_ptr<Operation> from_uri(const Arguments &arguments, Mode) {
  const std::string uri = arguments.text(0, "uri");
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, 0));
  const auto read_uri = Since<FromUri>::required("ne_ssl_clicert_fromuri");
  Environment &environment = arguments.environment();
  return operation(
      std::make_shared<SessionlessExecutor>(environment),
      [=] { return OwnedClientCertificate(read_uri(uri.c_str(), flags)); },
      [uri, &environment](Operation &, Napi::Env env, OwnedClientCertificate c) -> Napi::Value {
        if (!c) return env.Null();
        return to_object(std::make_shared<ClientCertificate>(environment, c.release(), uri));
      });
}

Napi::Value encrypted(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(),
                           ne_ssl_clicert_encrypted(usable<ClientCertificate>(arguments)->c()));
}

Napi::Value name(const Arguments &arguments) {
  return string_or_null(arguments.env(), ne_ssl_clicert_name(usable<ClientCertificate>(arguments)->c()));
}

std::shared_ptr<Operation> decrypt(const Arguments &arguments, Mode) {
  auto certificate = arguments.handle<ClientCertificate>(0, "ccert");
  auto password = std::make_shared<Secret>(arguments.text(1, "password"));
  return code_operation(certificate,
                        [certificate, password] { return certificate->decrypt(password->c_str()); });
}

Napi::Value owner(const Arguments &arguments) {
  return to_object(arguments.handle<ClientCertificate>(0, "ccert")->owner());
}

Napi::Value copy(const Arguments &arguments) {
  using Copy = ne_ssl_client_cert *(const ne_ssl_client_cert *);
  const auto certificate = arguments.handle<ClientCertificate>(0, "ccert");
  const auto copy_certificate = Since<Copy>::required("ne_ssl_clicert_copy");
  certificate->require_decrypted();
  return to_client_certificate(arguments, copy_certificate(certificate->c()));
}

Napi::Value free_client_certificate(const Arguments &arguments) {
  HandleWrap::destroy(*usable<ClientCertificate>(arguments));
  return arguments.env().Undefined();
}

}  // namespace

void register_clicert(Topic &topic) {
  topic.plain("ne_ssl_clicert_read", read);
  topic.plain("ne_ssl_clicert_import", import);
  topic.blocking("ne_ssl_clicert_fromuri", from_uri);
  topic.plain("ne_ssl_clicert_encrypted", encrypted);
  topic.plain("ne_ssl_clicert_name", name);
  topic.blocking("ne_ssl_clicert_decrypt", decrypt);
  topic.plain("ne_ssl_clicert_owner", owner);
  topic.plain("ne_ssl_clicert_copy", copy);
  topic.plain("ne_ssl_clicert_free", free_client_certificate);
}

}  // namespace neon
