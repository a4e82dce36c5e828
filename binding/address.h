#pragma once

#include <ne_socket.h>

#include <memory>

#include "handle.h"

namespace neon {

/// A `ne_inet_addr`.
class Address final : public Handle {
 public:
  static constexpr Kind kind = Kind::Address;
  static constexpr std::int64_t external_size = 128;

  Address(Environment &environment, ne_inet_addr *c) : Handle(environment), c_(c) {}
  ~Address() override { ne_iaddr_free(c_); }
  /// One that stands for itself, of one that belongs to C; null where its family is not supported.
  static std::shared_ptr<Address> copy_of(Environment &environment, const ne_inet_addr *c);

  const ne_inet_addr *c() const { return c_; }

 private:
  ne_inet_addr *const c_;
};

}  // namespace neon
