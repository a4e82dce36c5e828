#pragma once

// The handle of a `ne_ssl_pkcs11_provider`.

#include <ne_pkcs11.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "core/handle.h"
#include "core/operation.h"

namespace neon {

/// A `ne_ssl_pkcs11_provider`.
///
/// During a handshake, a session signs with the token of its provider. The session therefore owns the
/// provider until the session is destroyed. C's object has a single PKCS#11 session on the token, and no
/// lock. All sessions that use one provider therefore share a lane group.
class Pkcs11Provider final : public Handle {
 public:
  static constexpr Kind kind = Kind::Pkcs11Provider;
  static constexpr std::int64_t external_size = 8192;
  static constexpr const char *argument_name = "provider";

  Pkcs11Provider(Environment &environment, ne_ssl_pkcs11_provider *c) : Handle(environment), c_(c) {}
  ~Pkcs11Provider() override { ne_ssl_pkcs11_provider_destroy(c_); }

  ne_ssl_pkcs11_provider *c() const { return c_; }

  const std::shared_ptr<LaneGroup> group = std::make_shared<LaneGroup>();
  /// The number under which the JavaScript object of this handle keeps the function that returns PINs.
  std::optional<std::uint32_t> pin_function;

 private:
  ne_ssl_pkcs11_provider *const c_;
};

/// A provider that a session uses. The session's JavaScript object keeps the provider's JavaScript object,
/// under the number `object`.
struct Token {
  std::shared_ptr<Pkcs11Provider> provider;
  std::uint32_t object;
};

}  // namespace neon
