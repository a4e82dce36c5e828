#pragma once

// The handles of `ne_ssl_certificate` and `ne_ssl_dname`.

#include <ne_ssl.h>

#include <initializer_list>
#include <memory>
#include <mutex>
#include <utility>

#include "core/handle.h"
#include "core/loan.h"

namespace neon {

class DistinguishedName;

/// A `ne_ssl_certificate`. Either the handle owns the certificate, or the certificate is part of another C
/// object, or it is a copy. A certificate that C lends to a callback is copied, and the handle of the copy is
/// destroyed when the callback ends.
///
/// The names and the signer inside a certificate have handles, which keep the certificate. A copy keeps the
/// copy of its signer's certificate.
class Certificate final : public Handle {
 public:
  static constexpr Kind kind = Kind::Certificate;
  static constexpr std::int64_t external_size = 4096;
  static constexpr const char *argument_name = "cert";

  /// Owns the C object.
  Certificate(Environment &environment, ne_ssl_certificate *c) : Handle(environment), own_(c), c_(c) {}
  /// The C object is part of the C object of `owner`.
  Certificate(std::shared_ptr<const Handle> owner, const ne_ssl_certificate *c)
      : Handle(*owner->environment), owner_(std::move(owner)), c_(c) {}
  ~Certificate() override {
    if (own_) ne_ssl_cert_free(own_);
  }
  /// Copies a certificate and the certificates that signed it. Any thread may call this.
  static std::shared_ptr<Certificate> lend_copy(Environment &environment, const ne_ssl_certificate *c,
                                                const std::shared_ptr<const Loan> &loan);

  const ne_ssl_certificate *c() const { return c_; }
  /// Must be called when the callback is over. Detaches the handles of the copy, of its names and of the
  /// copies of the certificates that signed it. Called on the JavaScript thread.
  void take_back();
  /// Whether the caller must not free the certificate.
  bool borrowed() const { return !own_ || loan_; }
  bool closed() const override { return loan_ && loan_->over(); }

  /// The certificate that signed this one, or null.
  std::shared_ptr<Certificate> signed_by();
  std::shared_ptr<DistinguishedName> subject();
  std::shared_ptr<DistinguishedName> issuer();

 private:
  std::shared_ptr<const Certificate> shared() const {
    return std::static_pointer_cast<const Certificate>(shared_from_this());
  }
  std::shared_ptr<DistinguishedName> name(std::weak_ptr<DistinguishedName> &known, const ne_ssl_dname *c);

  const std::shared_ptr<const Handle> owner_;
  ne_ssl_certificate *const own_ = nullptr;
  const ne_ssl_certificate *const c_;
  std::shared_ptr<const Loan> loan_;
  std::shared_ptr<Certificate> signed_by_;  // only in a copy
  // The handles that exist already, so that each C object has only one handle.
  std::weak_ptr<Certificate> known_signed_by_;
  std::weak_ptr<DistinguishedName> known_subject_, known_issuer_;
};

/// A `ne_ssl_dname`: inside a certificate, or lent to a callback.
class DistinguishedName final : public Handle {
 public:
  static constexpr Kind kind = Kind::DistinguishedName;
  static constexpr std::int64_t external_size = 256;

  DistinguishedName(std::shared_ptr<const Certificate> owner, const ne_ssl_dname *c,
                    std::shared_ptr<const Loan> loan)
      : Handle(*owner->environment), owner_(std::move(owner)), loan_(std::move(loan)), c_(c) {}
  DistinguishedName(Environment &environment, const ne_ssl_dname *c, std::shared_ptr<const Loan> loan)
      : Handle(environment), loan_(std::move(loan)), c_(c) {}

  const ne_ssl_dname *c() const { return c_; }
  bool closed() const override { return loan_ && loan_->over(); }

  /// An array of names that C lends to a callback.
  static Napi::Value lend(Napi::Env env, const std::shared_ptr<const Loan> &loan,
                          const ne_ssl_dname *const *names, int count);

  /// While a Reading exists, C does not free the names. The constructor throws ERR_NEON_DESTROYED when C has
  /// already freed one of the names.
  class Reading final {
   public:
    Reading(std::initializer_list<const DistinguishedName *> names);

   private:
    const std::lock_guard<std::mutex> lock_{Loan::mutex};
  };

 private:
  const std::shared_ptr<const Certificate> owner_;
  const std::shared_ptr<const Loan> loan_;
  const ne_ssl_dname *const c_;
};

}  // namespace neon
