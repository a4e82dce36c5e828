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
/// Sessions sign with its token in their handshakes, so they own it as long as they live, and form one lane
/// group: C's object has one session on the token and no lock.
class Pkcs11Provider final : public Handle {
 public:
  static constexpr Kind kind = Kind::Pkcs11Provider;
  static constexpr std::int64_t external_size = 8192;
  static constexpr const char *argument_name = "provider";

  Pkcs11Provider(Environment &environment, ne_ssl_pkcs11_provider *c) : Handle(environment), c_(c) {}
  ~Pkcs11Provider() override { ne_ssl_pkcs11_provider_destroy(c_); }

  ne_ssl_pkcs11_provider *c() const { return c_; }

  const std::shared_ptr<LaneGroup> group = std::make_shared<LaneGroup>();
  /// The function that gives PINs: this handle's object keeps it, under this number.
  std::optional<std::uint32_t> pin_function;

 private:
  ne_ssl_pkcs11_provider *const c_;
};

/// A provider that a session was given. The session's object keeps the provider's, under this number.
struct Token {
  std::shared_ptr<Pkcs11Provider> provider;
  std::uint32_t object;
};

}  // namespace neon
