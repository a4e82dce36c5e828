#include "core/topic.h"

#include "core/error.h"

namespace neon {

namespace {

napi_value call_plain(napi_env env, napi_callback_info info) {
  return at_border(env, [&] {
    const Arguments arguments(env, info);
    return reinterpret_cast<Topic::Plain>(arguments.data())(arguments);
  });
}

napi_value call_blocking(napi_env env, napi_callback_info info) {
  return at_border(env, [&] {
    const Arguments arguments(env, info);
    return reinterpret_cast<Topic::Prepare>(arguments.data())(arguments, Mode::Sync)->call();
  });
}

// Whatever goes wrong before the operation is queued rejects the promise too.
napi_value call_async(napi_env env, napi_callback_info info) {
  return at_border(env, [&] {
    const Arguments arguments(env, info);
    napi_deferred deferred;
    napi_value promise, reason;
    check(env, napi_create_promise(env, &deferred, &promise));
    try {
      reinterpret_cast<Topic::Prepare>(arguments.data())(arguments, Mode::Async)->enqueue(deferred);
      return promise;
    } catch (const Failure &failure) {
      reason = to_error(env, failure);
    } catch (const JavaScriptException &) {
      check(env, napi_get_and_clear_last_exception(env, &reason));
    }
    check(env, napi_reject_deferred(env, deferred, reason));
    return promise;
  });
}

}  // namespace

void Topic::plain(const char *name, Plain function) {
  define(sync_, name, call_plain, reinterpret_cast<void *>(function));
}

void Topic::blocking(const char *name, Prepare prepare) {
  define(sync_, name, call_blocking, reinterpret_cast<void *>(prepare));
  queued(name, prepare);
}

void Topic::queued(const char *name, Prepare prepare) {
  define(async_, name, call_async, reinterpret_cast<void *>(prepare));
}

void Topic::constant(const char *name, double value) { set(env_, sync_, name, from(env_, value)); }

void Topic::define(napi_value table, const char *name, napi_callback callback, void *data) {
  napi_value function;
  check(env_, napi_create_function(env_, name, NAPI_AUTO_LENGTH, callback, data, &function));
  set(env_, table, name, function);
}

}  // namespace neon
