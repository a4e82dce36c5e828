// Numeric addresses: the functions ne_iaddr_* of ne_socket.h, except ne_iaddr_reverse.
#include "ne/socket/address.h"

#include <ne_alloc.h>

#include "core/error.h"
#include "core/since.h"
#include "core/topic.h"

namespace neon {

namespace {

constexpr std::size_t max_text = 128;
constexpr std::size_t v4_size = 4, v6_size = 16;

std::size_t size_of(ne_iaddr_type type) { return type == ne_iaddr_ipv4 ? v4_size : v6_size; }

}  // namespace

std::shared_ptr<Address> Address::copy_of(Environment &environment, const ne_inet_addr *c) {
  unsigned char raw[v6_size];
  ne_iaddr_raw(c, raw);
  ne_inet_addr *copy = ne_iaddr_make(ne_iaddr_typeof(c), raw);
  return copy ? std::make_shared<Address>(environment, copy) : nullptr;
}

ne_inet_addr *Address::changeable() const {
  if (borrowed()) throw neon_failure(code::borrowed, "This ne_inet_addr belongs to a ne_sock_addr");
  if (use_count) throw neon_failure(code::busy, "A pending call uses this ne_inet_addr");
  if (holders_)
    throw neon_failure(code::invalid_state, "A session or a socket that was given this ne_inet_addr uses it");
  return own_;
}

std::shared_ptr<Handle> Address::hold(std::shared_ptr<Address> address) {
  Address *const held = address.get();
  ++held->holders_;
  return {held, [address = std::move(address)](Handle *) { --address->holders_; }};
}

namespace {

ne_iaddr_type type_argument(const Arguments &arguments, std::size_t index) {
  return static_cast<ne_iaddr_type>(arguments.integer(index, "type", ne_iaddr_ipv4, ne_iaddr_ipv6));
}

Napi::Value to_address(const Arguments &arguments, ne_inet_addr *c) {
  return c ? to_object(std::make_shared<Address>(arguments.environment(), c)) : arguments.env().Null();
}

std::string raw_argument(const Arguments &arguments, std::size_t index, ne_iaddr_type type) {
  std::string raw = arguments.bytes(index, "raw");
  if (raw.size() != size_of(type))
    throw range_failure("The \"raw\" argument must hold " + std::to_string(size_of(type)) +
                        " bytes. Received " + std::to_string(raw.size()));
  return raw;
}

const unsigned char *bytes_in(const std::string &raw) {
  return reinterpret_cast<const unsigned char *>(raw.data());
}

Napi::Value make(const Arguments &arguments) {
  const ne_iaddr_type type = type_argument(arguments, 0);
  return to_address(arguments, ne_iaddr_make(type, bytes_in(raw_argument(arguments, 1, type))));
}

Napi::Value put(const Arguments &arguments) {
  const auto address = address_argument(arguments);
  const ne_iaddr_type type = type_argument(arguments, 1);
  const std::string raw = raw_argument(arguments, 2, type);
  ne_inet_addr *const c = address->changeable();
  using Put = ne_inet_addr *(ne_inet_addr *, ne_iaddr_type, const unsigned char *);
  const auto put_raw = Since<Put>::required("ne_iaddr_put");
  return put_raw(c, type, bytes_in(raw)) ? arguments[0] : arguments.env().Null();
}

Napi::Value set_scope(const Arguments &arguments) {
  const auto address = address_argument(arguments);
  const std::string scope = arguments.text(1, "scope");
  ne_inet_addr *const c = address->changeable();
  const auto set = Since<int(ne_inet_addr *, const char *)>::required("ne_iaddr_set_scope");
  return Napi::Number::New(arguments.env(), set(c, scope.c_str()));
}

Napi::Value get_scope(const Arguments &arguments) {
  const auto address = address_argument(arguments);
  char *scope = Since<char *(const ne_inet_addr *)>::required("ne_iaddr_get_scope")(address->c());
  const Napi::Value text = string_or_null(arguments.env(), scope);
  if (scope) ne_free(scope);
  return text;
}

Napi::Value parse(const Arguments &arguments) {
  const std::string text = arguments.text(0, "addr");
  return to_address(arguments, ne_iaddr_parse(text.c_str(), type_argument(arguments, 1)));
}

Napi::Value print(const Arguments &arguments) {
  char text[max_text];
  return string_or_null(arguments.env(), ne_iaddr_print(address_argument(arguments)->c(), text, sizeof text));
}

Napi::Value raw(const Arguments &arguments) {
  const auto address = address_argument(arguments);
  unsigned char bytes[v6_size];
  ne_iaddr_raw(address->c(), bytes);
  return Napi::Buffer<unsigned char>::Copy(arguments.env(), bytes, size_of(ne_iaddr_typeof(address->c())));
}

Napi::Value type_of(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(),
                           static_cast<int>(ne_iaddr_typeof(address_argument(arguments)->c())));
}

Napi::Value compare(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), ne_iaddr_cmp(address_argument(arguments, 0, "i1")->c(),
                                                         address_argument(arguments, 1, "i2")->c()));
}

Napi::Value free_address(const Arguments &arguments) {
  const auto address = address_argument(arguments);
  if (address->borrowed()) throw neon_failure(code::borrowed, "This ne_inet_addr belongs to a ne_sock_addr");
  HandleWrap::destroy(*address);
  return arguments.env().Undefined();
}

}  // namespace

void register_address(Topic &topic) {
  topic.plain("ne_iaddr_make", make);
  topic.plain("ne_iaddr_put", put);
  topic.plain("ne_iaddr_set_scope", set_scope);
  topic.plain("ne_iaddr_get_scope", get_scope);
  topic.plain("ne_iaddr_parse", parse);
  topic.plain("ne_iaddr_print", print);
  topic.plain("ne_iaddr_raw", raw);
  topic.plain("ne_iaddr_typeof", type_of);
  topic.plain("ne_iaddr_cmp", compare);
  topic.plain("ne_iaddr_free", free_address);
}

}  // namespace neon
