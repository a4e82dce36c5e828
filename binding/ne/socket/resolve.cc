// Name lookups: ne_sock_addr, and names of addresses.
#include "ne/socket/resolve.h"

#include <netdb.h>

#include "core/arguments.h"
#include "core/error.h"
#include "core/lane.h"
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
  const auto target = std::make_shared<SessionlessExecutor>(arguments.environment());
  Connection &connection = target->connection;
  return operation(
      target,
      [&connection, hostname = std::move(hostname), flags] {
        return Answer(connection.resolve(hostname.c_str(), flags));
      },
      [](Operation &, napi_env env, Answer answer) {
        return to_object(std::make_shared<ResolvedAddress>(Environment::of(env), answer.release()));
      });
}

std::shared_ptr<ResolvedAddress> answer_of(const Arguments &arguments) {
  return arguments.handle<ResolvedAddress>(0, "addr");
}

napi_value result(const Arguments &arguments) {
  return from(arguments.env(), ne_addr_result(answer_of(arguments)->c()));
}

napi_value to_borrowed(const Arguments &arguments, ResolvedAddress &owner, const ne_inet_addr *address) {
  return address ? to_object(owner.lend(address)) : null(arguments.env());
}

napi_value first(const Arguments &arguments) {
  const auto answer = answer_of(arguments);
  if (ne_addr_result(answer->c()) != 0)
    throw neon_failure(code::invalid_state, "The name was not found: ne_addr_result is not 0");
  return to_borrowed(arguments, *answer, ne_addr_first(answer->c()));
}

napi_value next(const Arguments &arguments) {
  const auto answer = answer_of(arguments);
  return to_borrowed(arguments, *answer, ne_addr_next(answer->c()));
}

napi_value error(const Arguments &arguments) {
  char text[max_error];
  return from(arguments.env(),
              static_cast<const char *>(ne_addr_error(answer_of(arguments)->c(), text, sizeof text)));
}

// The name may not be there to be asked for when the lookup failed.
napi_value canonical(const Arguments &arguments) {
  const auto answer = answer_of(arguments);
  if (ne_addr_result(answer->c()) != 0) return null(arguments.env());
  return from(arguments.env(), ne_addr_canonical(answer->c()));
}

napi_value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*answer_of(arguments));
  return undefined(arguments.env());
}

struct Name {
  int result = -1;
  char text[NI_MAXHOST] = "";
};

std::shared_ptr<Operation> reverse(const Arguments &arguments, Mode) {
  auto address = address_argument(arguments);
  napi_value out = arguments.object(1, "buf");
  auto made = operation(
      std::make_shared<SessionlessExecutor>(arguments.environment()),
      [address] {
        Name name;
        const SafePoint outside;
        name.result = ne_iaddr_reverse(address->c(), name.text, sizeof name.text);
        return name;
      },
      [](Operation &operation, napi_env env, const Name &name) {
        if (name.result == 0)
          set(env, operation.held(env, 0), "value", from(env, static_cast<const char *>(name.text)));
        return from(env, name.result);
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
