#include <napi.h>

#include "core/environment.h"
#include "core/error.h"
#include "core/interpose.h"
#include "core/lane.h"
#include "core/topic.h"

namespace neon {

namespace {

/// initialize(hooks, inWorker): what lib/core/load.ts hands over, before any other function is called.
Napi::Value initialize(const Arguments &arguments) {
  arguments.environment().initialize(arguments.object(0, "hooks"), arguments[1].As<Napi::Boolean>());
  return arguments.env().Undefined();
}

/// setTimeLimit(ms): of the operation that is queued next; 0 takes it back.
Napi::Value set_time_limit(const Arguments &arguments) {
  const std::int64_t limit = arguments.integer(0, "timeout", 0, INT32_MAX);
  arguments.environment().set_time_limit(limit ? std::optional(std::chrono::milliseconds(limit))
                                               : std::nullopt);
  return arguments.env().Undefined();
}

/// abort(operation, reason): rejects its promise, and ends it.
Napi::Value abort_operation(const Arguments &arguments) {
  const std::int64_t id = arguments.integer(0, "operation", 0, std::int64_t{1} << 53);
  if (const auto operation = arguments.environment().find(static_cast<std::uint64_t>(id)))
    operation->abort(arguments[1]);
  return arguments.env().Undefined();
}

// binding.sync and binding.async hold the functions of the two surfaces, by their C names.
void define_all(Napi::Env env, Napi::Object exports) {
  Environment::create(env);
  prepare_exit();
  interposition_works();  // probed while nothing else runs
  const auto sync = Napi::Object::New(env), async = Napi::Object::New(env);
  Topic topic(sync, async);
  topic.plain("initialize", initialize);
  topic.plain("setTimeLimit", set_time_limit);
  topic.plain("abort", abort_operation);
  register_constants(topic);
  register_utils(topic);
  register_socket(topic);
  register_socket_calls(topic);
  register_socket_tls(topic);
  register_session(topic);
  register_request(topic);
  register_hooks(topic);
  register_auth(topic);
  register_proxy(topic);
  register_notifier(topic);
  register_status(topic);
  register_session_addresses(topic);
  register_address(topic);
  register_resolve(topic);
  register_context(topic);
  register_buffer(topic);
  register_uri(topic);
  register_dates(topic);
  register_i18n(topic);
  register_string(topic);
  register_md5(topic);
  register_certificate(topic);
  register_clicert(topic);
  register_ssl(topic);
  register_xml(topic);
  register_xmlreq(topic);
  register_207(topic);
  register_pkcs11(topic);
  register_basic(topic);
  register_redirect(topic);
  register_compress(topic);
  register_props(topic);
  register_locks(topic);
  register_lock_set(topic);
  register_acl3744(topic);
  register_acl(topic);
  register_exchange(topic);
  register_composed(topic);
  register_propfind(topic);
  register_xml_events(topic);
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
