#pragma once

// The handle of a `ne_ssl_client_cert`.

#include <ne_ssl.h>

#include <memory>
#include <string>

#include "core/handle.h"
#include "core/operation.h"
#include "ne/ssl/certificate.h"

namespace neon {

/// A `ne_ssl_client_cert`. Decrypting the certificate may take long, so the handle has a lane.
class ClientCertificate final : public Handle, public Executor {
 public:
  static constexpr Kind kind = Kind::ClientCertificate;
  static constexpr std::int64_t external_size = 8192;
  static constexpr const char *argument_name = "ccert";

  /// `uri` is the URI from which the certificate was read, or empty.
  ClientCertificate(Environment &environment, ne_ssl_client_cert *c, std::string uri = "")
      : Handle(environment), c_(c), uri_(std::move(uri)) {}
  ~ClientCertificate() override { ne_ssl_clicert_free(c_); }

  const ne_ssl_client_cert *c() const { return c_; }
  bool encrypted() const { return ne_ssl_clicert_encrypted(c_) != 0; }
  /// Throws ERR_NEON_INVALID_STATE when the certificate is encrypted. C would use parts that exist only after
  /// decryption.
  void require_decrypted() const;
  /// Decrypts the certificate; returns C's result. Throws ERR_NEON_INVALID_STATE when the certificate is
  /// decrypted already.
  int decrypt(const char *password);
  std::shared_ptr<Certificate> owner();

  void recover() override {}
  void note_stall() override {}
  std::string error_text() const override { return ""; }
  Napi::Object handle_object() const override { return object(); }
  Environment &executor_environment() const override { return *environment; }
  const char *noun() const override { return "client certificate"; }

 private:
  int decrypt_anew(const char *password);

  ne_ssl_client_cert *c_;
  const std::string uri_;
  std::weak_ptr<Certificate> known_owner_;  // so that one C object has one handle
};

}  // namespace neon
