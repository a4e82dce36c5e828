#include "core/error.h"

#include <ne_string.h>

#include <cstring>

#include "core/environment.h"

namespace neon {

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info *info = nullptr;
  napi_get_last_error_info(env, &info);  // the next call clears it
  const std::string message = info && info->error_message ? info->error_message : "unknown error";
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, ("Node-API: " + message).c_str());
  throw JavaScriptException();
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

napi_value to_error(napi_env env, const Failure &failure) {
  napi_value code, message, error;
  check(env, napi_create_string_utf8(env, failure.code, NAPI_AUTO_LENGTH, &code));
  check(env, napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message));
  switch (failure.kind) {
    case Failure::Kind::Type:
      check(env, napi_create_type_error(env, code, message, &error));
      return error;
    case Failure::Kind::Range:
      check(env, napi_create_range_error(env, code, message, &error));
      return error;
    case Failure::Kind::Neon:
      break;
  }
  napi_value constructor = Environment::of(env).hook(Environment::Hook::NeonError);
  napi_value arguments[] = {message, code};
  check(env, napi_new_instance(env, constructor, 2, arguments, &error));
  return error;
}

}  // namespace neon
