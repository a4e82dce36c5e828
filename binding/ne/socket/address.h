#pragma once

// The handle of a `ne_inet_addr`.

#include <ne_socket.h>

#include <atomic>
#include <memory>

#include "core/arguments.h"
#include "core/handle.h"
#include "core/operation.h"

namespace neon {

/// A `ne_inet_addr` that this object owns, or that a `ne_sock_addr` lends.
class Address final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::Address;
  static constexpr std::int64_t external_size = 128;
  static constexpr const char *argument_name = "ia";

  Address(Environment &environment, ne_inet_addr *c) : Handle(environment), own_(c), c_(c) {}
  Address(std::shared_ptr<Handle> owner, const ne_inet_addr *c)
      : Handle(*owner->environment), owner_(std::move(owner)), c_(c) {}
  ~Address() override {
    if (own_) ne_iaddr_free(own_);
  }
  /// A copy of an address that belongs to C. Null if the family of the address is not supported.
  static std::shared_ptr<Address> copy_of(Environment &environment, const ne_inet_addr *c);

  const ne_inet_addr *c() const { return c_; }
  bool borrowed() const { return owner_ != nullptr; }
  /// C's address, for functions that change it. Throws while the address is in use or borrowed.
  ne_inet_addr *changeable() const;

  /// Returns a reference for a C object that uses this address. The address cannot be changed until the
  /// reference is dropped.
  static std::shared_ptr<Handle> hold(std::shared_ptr<Address> address);

 private:
  const std::shared_ptr<Handle> owner_;
  ne_inet_addr *const own_ = nullptr;
  const ne_inet_addr *const c_;
  std::atomic<int> holders_{0};
};

inline std::shared_ptr<Address> address_argument(const Arguments &arguments, std::size_t index = 0,
                                                 const char *name = Address::argument_name) {
  return arguments.handle<Address>(index, name);
}

}  // namespace neon
