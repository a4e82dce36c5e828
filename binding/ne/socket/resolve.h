#pragma once

// The handle of a `ne_sock_addr`.

#include <ne_socket.h>

#include <memory>
#include <unordered_map>

#include "core/handle.h"
#include "ne/socket/address.h"

namespace neon {

/// A `ne_sock_addr`: the answer of the resolver. The addresses that it lends keep it alive.
class ResolvedAddress final : public Handle {
 public:
  static constexpr Kind kind = Kind::ResolvedAddress;
  static constexpr std::int64_t external_size = 512;
  static constexpr const char *argument_name = "addr";

  ResolvedAddress(Environment &environment, ne_sock_addr *c) : Handle(environment), c_(c) {}
  ~ResolvedAddress() override { ne_addr_destroy(c_); }

  ne_sock_addr *c() const { return c_; }
  /// The handle of an address in this answer. Each address has one handle.
  std::shared_ptr<Address> lend(const ne_inet_addr *address);

 private:
  ne_sock_addr *const c_;
  std::unordered_map<const ne_inet_addr *, std::weak_ptr<Address>> lent_;
};

}  // namespace neon
