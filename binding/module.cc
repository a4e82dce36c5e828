// The module: registers the functions of all topics, and the three functions that this file defines.
#include <napi.h>

#include "core/environment.h"
#include "core/error.h"
#include "core/exit.h"
#include "core/interpose.h"
#include "core/topic.h"

namespace neon {

// The topics: one for each neon header or part of a header, and one for each part of the classes that has
// functions. Each topic is defined as `void register_NAME(Topic &topic)`.
//
// The formatter would indent each line of the macro more than the one before.
// clang-format off
#define NEON_TOPICS(X) \
  X(constants) X(utils) X(socket) X(socket_calls) X(socket_tls) X(session) X(request) X(hooks) X(auth) \
  X(proxy) X(notifier) X(status) X(session_addresses) X(address) X(resolve) X(context) X(buffer) \
  X(uri) X(dates) X(i18n) X(string) X(md5) X(certificate) X(clicert) X(ssl) X(xml) X(xmlreq) X(207) \
  X(pkcs11) X(basic) X(redirect) X(compress) X(props) X(locks) X(lock_set) X(acl3744) X(acl) \
  X(exchange) X(composed) X(propfind) X(xml_events) X(system_error)
// clang-format on
#define NEON_DECLARE(name) void register_##name(Topic &topic);
#define NEON_REGISTER(name) register_##name(topic);

NEON_TOPICS(NEON_DECLARE)

namespace {

/// initialize(hooks, inWorker): lib/core/load.ts calls it before any other function.
Napi::Value initialize(const Arguments &arguments) {
  arguments.environment().initialize(arguments.object(0, "hooks"), arguments[1].As<Napi::Boolean>());
  return arguments.env().Undefined();
}

/// setTimeLimit(ms): sets the time limit of the operation that is queued next; 0 means no limit.
Napi::Value set_time_limit(const Arguments &arguments) {
  const std::int64_t limit = arguments.integer(0, "timeout", 0, INT32_MAX);
  arguments.environment().set_time_limit(limit ? std::optional(std::chrono::milliseconds(limit))
                                               : std::nullopt);
  return arguments.env().Undefined();
}

/// abort(operation, reason): rejects the promise of the operation with `reason`, and ends the operation.
Napi::Value abort_operation(const Arguments &arguments) {
  const std::int64_t id = arguments.integer(0, "operation", 0, std::int64_t{1} << 53);
  if (const auto operation = arguments.environment().find(static_cast<std::uint64_t>(id)))
    operation->abort(arguments[1]);
  return arguments.env().Undefined();
}

// Fills `exports.sync` and `exports.async` with the functions of the two surfaces, by their C names.
void define_all(Napi::Env env, Napi::Object exports) {
  Environment::create(env);
  prepare_exit();
  interposition_works();  // probed while nothing else runs
  const auto sync = Napi::Object::New(env), async = Napi::Object::New(env);
  Topic topic(sync, async);
  topic.plain("initialize", initialize);
  topic.plain("setTimeLimit", set_time_limit);
  topic.plain("abort", abort_operation);
  NEON_TOPICS(NEON_REGISTER)
  exports.Set("sync", sync);
  exports.Set("async", async);
}

}  // namespace

}  // namespace neon

NAPI_MODULE_INIT() {
  return neon::at_border(env, [&] {
    neon::define_all(env, Napi::Object(env, exports));
    return exports;
  });
}
