#include <napi.h>

#include "environment.h"
#include "error.h"
#include "interpose.h"
#include "lane.h"
#include "topic.h"

namespace neon {

namespace {

/// initialize(hooks, inWorker): what lib/load.ts hands over, before any other function is called.
napi_value initialize(const Arguments &arguments) {
  bool in_worker = false;
  check(arguments.env(), napi_get_value_bool(arguments.env(), arguments[1], &in_worker));
  arguments.environment().initialize(arguments.object(0, "hooks"), in_worker);
  return undefined(arguments.env());
}

/// The identity of the operation that was queued last, for abort().
napi_value last_operation(const Arguments &arguments) {
  return from(arguments.env(), static_cast<double>(arguments.environment().last_operation()));
}

/// abort(operation, reason): rejects its promise, and ends it.
napi_value abort_operation(const Arguments &arguments) {
  const std::int64_t id = arguments.integer(0, "operation", 0, std::int64_t{1} << 53);
  if (const auto operation = arguments.environment().find(static_cast<std::uint64_t>(id)))
    operation->abort(arguments[1]);
  return undefined(arguments.env());
}

}  // namespace

// binding.sync and binding.async hold the functions of the two surfaces, by their C names.
Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment::create(env);
  prepare_exit();
  interposition_works();  // probed while nothing else runs
  const Napi::Object sync = Napi::Object::New(env), async = Napi::Object::New(env);
  Topic topic(env, sync, async);
  topic.plain("initialize", initialize);
  topic.plain("lastOperation", last_operation);
  topic.plain("abort", abort_operation);
  register_constants(topic);
  register_utils(topic);
  register_socket(topic);
  register_session(topic);
  register_request(topic);
  register_ssl(topic);
  register_exchange(topic);
  exports.Set("sync", sync);
  exports.Set("async", async);
  return exports;
}

}  // namespace neon

static Napi::Object initialise_module(Napi::Env env, Napi::Object exports) {
  return neon::Init(env, exports);
}
NODE_API_MODULE(libneon, initialise_module)
