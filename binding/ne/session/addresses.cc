// The addresses that a session connects to and from: ne_set_addrlist, ne_set_addrlist2, ne_set_localaddr.
#include <ne_session.h>

#include <vector>

#include "core/error.h"
#include "core/topic.h"
#include "ne/session/session.h"
#include "ne/socket/address.h"

namespace neon {

namespace {

// Returns the addresses in a list argument. Each address is held, because C refers to it until the session is
// destroyed.
std::vector<std::shared_ptr<Handle>> list_argument(const Arguments &arguments, std::size_t index) {
  std::vector<std::shared_ptr<Handle>> addresses;
  for (const Napi::Value &value : arguments.list(index, "addrs")) {
    const std::shared_ptr<Handle> *handle =
        HandleWrap::unwrap(arguments.env(), value, Kind::Address, "addrs");
    if (!handle) throw neon_failure(code::destroyed, "This ne_inet_addr is destroyed");
    addresses.push_back(Address::hold(std::static_pointer_cast<Address>(*handle)));
  }
  return addresses;
}

template <class Set>
Napi::Value set_list(const Arguments &arguments, const char *function, std::size_t index, Set set_list) {
  const auto session = arguments.handle<Session>(0, "sess");
  auto addresses = list_argument(arguments, index);
  session->require_usable();
  session->require_fresh(function);
  std::vector<const ne_inet_addr *> list;
  list.reserve(addresses.size());
  for (const auto &address : addresses) list.push_back(static_cast<const Address &>(*address).c());
  set_list(session->c(), list.data(), list.size());
  session->addresses = std::move(addresses);
  session->system_proxy = false;
  return arguments.env().Undefined();
}

Napi::Value set_addrlist(const Arguments &arguments) {
  return set_list(arguments, "ne_set_addrlist", 1, ne_set_addrlist);
}

Napi::Value set_addrlist2(const Arguments &arguments) {
  const auto port = static_cast<unsigned>(arguments.integer(1, "port", 0, 65535));
  return set_list(arguments, "ne_set_addrlist2", 2,
                  [port](ne_session *session, const ne_inet_addr **list, std::size_t count) {
                    ne_set_addrlist2(session, port, list, count);
                  });
}

Napi::Value set_localaddr(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto address = arguments.is_nullish(1) ? nullptr : address_argument(arguments, 1, "addr");
  session->require_usable();
  ne_set_localaddr(session->c(), address ? address->c() : nullptr);
  session->local_address = address ? Address::hold(address) : nullptr;
  return arguments.env().Undefined();
}

}  // namespace

void register_session_addresses(Topic &topic) {
  topic.plain("ne_set_addrlist", set_addrlist);
  topic.plain("ne_set_addrlist2", set_addrlist2);
  topic.plain("ne_set_localaddr", set_localaddr);
}

}  // namespace neon
