#include "core/error.h"

#include <ne_string.h>

#include <cstring>

#include "core/environment.h"

namespace neon {

namespace {

// Whether Napi::Error can store the value. It stores a value that is not an object as a property of a new
// object. If V8 refuses to define the property, Napi::Error ends the process. V8 refuses while it terminates
// the running code (a timeout or an interrupt of node:vm). The value is then null, and the user's code has
// not thrown it.
bool can_be_held(Napi::Env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_object || type == napi_function) return true;
  napi_value object;
  return napi_create_object(env, &object) == napi_ok &&
         napi_set_named_property(env, object, "value", value) == napi_ok;
}

}  // namespace

// When JavaScript is being terminated, throws an empty Napi::Error. This error only unwinds C++ frames, since
// there is no value to throw in JavaScript.
void throw_value(Napi::Env env, napi_value value) {
  throw Napi::Error(env, can_be_held(env, value) ? value : nullptr);
}

void throw_pending(Napi::Env env) {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending ||
      napi_get_and_clear_last_exception(env, &exception) != napi_ok)
    throw Napi::Error(env, nullptr);
  throw_value(env, exception);
}

void check(Napi::Env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info *info = nullptr;
  napi_get_last_error_info(env, &info);  // the next Node-API call clears `info`
  const std::string message = info && info->error_message ? info->error_message : "unknown error";
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending || status == napi_pending_exception) throw_pending(env);
  throw Napi::Error::New(env, "Node-API: " + message);
}

std::string system_text(int error) {
  char text[256];
  return ne_strerror(error, text, sizeof text);
}

Failure system_failure(int error, const char *call, const std::string &path) {
#ifdef __GLIBC__
  const char *name = strerrorname_np(error);
#else
  const char *name = nullptr;
#endif
  std::string message =
      std::string(name ? name : "ERR_SYSTEM_ERROR") + ": " + system_text(error) + ", " + call;
  if (!path.empty()) message += " '" + path + "'";
  return neon_failure(name ? name : "ERR_SYSTEM_ERROR", std::move(message));
}

Napi::Value to_error(Napi::Env env, const Failure &failure) {
  napi_value code = Napi::String::New(env, failure.code);
  napi_value message = Napi::String::New(env, failure.message);
  napi_value error;
  // Uses Node-API directly: in node-addon-api, an error with a code needs one more call.
  switch (failure.kind) {
    case Failure::Kind::Type:
      check(env, napi_create_type_error(env, code, message, &error));
      return {env, error};
    case Failure::Kind::Range:
      check(env, napi_create_range_error(env, code, message, &error));
      return {env, error};
    case Failure::Kind::Neon:
      break;
  }
  napi_value constructor = Environment::of(env).hook(Environment::Hook::NeonError);
  napi_value arguments[] = {message, code};
  check(env, napi_new_instance(env, constructor, 2, arguments, &error));
  return {env, error};
}

Napi::Value thrown_value(Napi::Env env) {
  try {
    throw;
  } catch (const Napi::Error &error) {
    return error.Value();
  } catch (const Failure &failure) {
    return to_error(env, failure);
  } catch (const std::exception &) {
    return to_error(env, neon_failure(code::no_memory, "Out of memory"));
  }
}

// Uses napi_throw() and napi_throw_error(), which fail without harm when JavaScript is being terminated.
void throw_in_javascript(Napi::Env env) noexcept {
  try {
    throw;
  } catch (const Napi::Error &error) {
    try {
      error.ThrowAsJavaScriptException();
    } catch (const std::exception &) {
      // Another exception is pending already.
    }
  } catch (const Failure &failure) {
    try {
      napi_throw(env, to_error(env, failure));
    } catch (const std::exception &) {
      // The environment cannot run JavaScript any more: there is no caller to report to.
    }
  } catch (const std::bad_alloc &) {
    napi_throw_error(env, code::no_memory, "Out of memory");
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
  }
}

}  // namespace neon
