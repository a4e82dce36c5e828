// Name lookups: the functions ne_addr_* of ne_socket.h, and ne_iaddr_reverse.
#include "ne/socket/resolve.h"

#include <netdb.h>

#include "core/error.h"
#include "core/exit.h"
#include "core/sessionless_executor.h"
#include "core/topic.h"

namespace neon {

std::shared_ptr<Address> ResolvedAddress::lend(const ne_inet_addr *address) {
  std::weak_ptr<Address> &lent = lent_[address];
  std::shared_ptr<Address> handle = lent.lock();
  if (!handle) lent = handle = std::make_shared<Address>(shared_from_this(), address);
  return handle;
}

namespace {

constexpr std::size_t max_error = 256;

struct Destroy {
  void operator()(ne_sock_addr *c) const { ne_addr_destroy(c); }
};
using Answer = std::unique_ptr<ne_sock_addr, Destroy>;

std::shared_ptr<Operation> resolve(const Arguments &arguments, Mode) {
  std::string hostname = arguments.text(0, "hostname");
  const int flags = static_cast<int>(arguments.integer(1, "flags", 0, INT32_MAX));
  const auto executor = std::make_shared<SessionlessExecutor>(arguments.environment());
  Connection &connection = executor->connection;
  return operation(
      executor,
      [&connection, hostname = std::move(hostname), flags] {
        return Answer(connection.resolve(hostname.c_str(), flags));
      },
      [](Operation &, Napi::Env env, Answer answer) {
        return to_object(std::make_shared<ResolvedAddress>(Environment::of(env), answer.release()));
      });
}

std::shared_ptr<ResolvedAddress> answer_argument(const Arguments &arguments) {
  return arguments.handle<ResolvedAddress>(0, ResolvedAddress::argument_name);
}

Napi::Value result(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), ne_addr_result(answer_argument(arguments)->c()));
}

Napi::Value to_borrowed(const Arguments &arguments, ResolvedAddress &owner, const ne_inet_addr *address) {
  return address ? to_object(owner.lend(address)) : arguments.env().Null();
}

Napi::Value first(const Arguments &arguments) {
  const auto answer = answer_argument(arguments);
  if (ne_addr_result(answer->c()) != 0)
    throw neon_failure(code::invalid_state, "The name was not found: ne_addr_result is not 0");
  return to_borrowed(arguments, *answer, ne_addr_first(answer->c()));
}

Napi::Value next(const Arguments &arguments) {
  const auto answer = answer_argument(arguments);
  return to_borrowed(arguments, *answer, ne_addr_next(answer->c()));
}

Napi::Value error(const Arguments &arguments) {
  char text[max_error];
  return string_or_null(arguments.env(), ne_addr_error(answer_argument(arguments)->c(), text, sizeof text));
}

// Returns null after a failed lookup. C would read the canonical name, which may not exist.
Napi::Value canonical(const Arguments &arguments) {
  const auto answer = answer_argument(arguments);
  if (ne_addr_result(answer->c()) != 0) return arguments.env().Null();
  return string_or_null(arguments.env(), ne_addr_canonical(answer->c()));
}

Napi::Value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*answer_argument(arguments));
  return arguments.env().Undefined();
}

struct Name {
  int result = -1;
  char text[NI_MAXHOST] = "";
};

std::shared_ptr<Operation> reverse(const Arguments &arguments, Mode) {
  auto address = address_argument(arguments);
  const Napi::Object out = arguments.out(1, "buf");
  auto made = operation(
      std::make_shared<SessionlessExecutor>(arguments.environment()),
      [address] {
        Name name;
        const SafePoint outside;
        name.result = ne_iaddr_reverse(address->c(), name.text, sizeof name.text);
        return name;
      },
      [](Operation &operation, Napi::Env env, const Name &name) {
        if (name.result == 0) set_field(operation.held(env, 0).As<Napi::Object>(), "value", name.text);
        return Napi::Number::New(env, name.result);
      });
  made->use(address);
  made->hold(out);
  return made;
}

}  // namespace

void register_resolve(Topic &topic) {
  topic.blocking("ne_addr_resolve", resolve);
  topic.plain("ne_addr_result", result);
  topic.plain("ne_addr_first", first);
  topic.plain("ne_addr_next", next);
  topic.plain("ne_addr_error", error);
  topic.plain("ne_addr_canonical", canonical);
  topic.plain("ne_addr_destroy", destroy);
  topic.blocking("ne_iaddr_reverse", reverse);
}

}  // namespace neon
