#pragma once

#include <ne_pkcs11.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "core/handle.h"
#include "core/operation.h"

namespace neon {

/// A `ne_ssl_pkcs11_provider`.
///
/// Sessions sign with its token in their handshakes, so they own it as long as they live, and are one group:
/// C's object has one session on the token and no lock.
class Pkcs11Provider final : public Handle {
 public:
  static constexpr Kind kind = Kind::Pkcs11Provider;
  static constexpr std::int64_t external_size = 8192;

  Pkcs11Provider(Environment &environment, ne_ssl_pkcs11_provider *c) : Handle(environment), c_(c) {}
  ~Pkcs11Provider() override { ne_ssl_pkcs11_provider_destroy(c_); }

  ne_ssl_pkcs11_provider *c() const { return c_; }

  const std::shared_ptr<LaneGroup> group = std::make_shared<LaneGroup>();
  /// The function that gives PINs: kept by this handle's object, under this number.
  std::optional<std::uint32_t> pin_function;

 private:
  ne_ssl_pkcs11_provider *const c_;
};

/// A provider that a session was given; the session's object keeps that of the provider, under this number.
struct Token {
  std::shared_ptr<Pkcs11Provider> provider;
  std::uint32_t object;
};

}  // namespace neon
