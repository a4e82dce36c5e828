#pragma once

#include <napi.h>

#include <exception>
#include <string>
#include <string_view>

namespace neon {

/// An error on its way to JavaScript. Any thread may make it, even a lane, which has no JavaScript. On the
/// JavaScript thread, to_error() turns it into an error object for both surfaces.
class Failure final : public std::exception {
 public:
  enum class Kind { Neon, Type, Range };

  Failure(Kind kind, const char *code, std::string message)
      : kind(kind), code(code), message(std::move(message)) {}

  const char *what() const noexcept override { return message.c_str(); }

  Kind kind;
  const char *code;  // a literal
  std::string message;
};

namespace code {
inline constexpr const char *destroyed = "ERR_NEON_DESTROYED";
inline constexpr const char *live_requests = "ERR_NEON_LIVE_REQUESTS";
inline constexpr const char *active_request = "ERR_NEON_ACTIVE_REQUEST";
inline constexpr const char *busy = "ERR_NEON_BUSY";
inline constexpr const char *reentrant = "ERR_NEON_REENTRANT";
inline constexpr const char *invalid_state = "ERR_NEON_INVALID_STATE";
inline constexpr const char *borrowed = "ERR_NEON_BORROWED";
inline constexpr const char *unsupported = "ERR_NEON_UNSUPPORTED";
inline constexpr const char *no_thread = "ERR_NEON_NO_THREAD";
inline constexpr const char *no_memory = "ERR_NEON_NO_MEMORY";
inline constexpr const char *initialization = "ERR_NEON_INIT";
inline constexpr const char *argument_type = "ERR_INVALID_ARG_TYPE";
inline constexpr const char *argument_value = "ERR_INVALID_ARG_VALUE";
inline constexpr const char *out_of_range = "ERR_OUT_OF_RANGE";
inline constexpr const char *invalid_char = "ERR_INVALID_CHAR";
}  // namespace code

/// A NeonError with one of the ERR_NEON_* codes.
inline Failure neon_failure(const char *code, std::string message) {
  return {Failure::Kind::Neon, code, std::move(message)};
}
inline Failure type_failure(const char *code, std::string message) {
  return {Failure::Kind::Type, code, std::move(message)};
}
inline Failure range_failure(std::string message) {
  return {Failure::Kind::Range, code::out_of_range, std::move(message)};
}

/// The system's text for an errno. Safe on any thread, unlike strerror().
std::string system_text(int error);

/// A NeonError with the system's code: "ENOENT: No such file or directory, open '/x'".
Failure system_failure(int error, const char *call, const std::string &path = "");

/// Throws Napi::Error when a Node-API call failed: the pending JavaScript exception, or an error that
/// describes the failure.
void check(Napi::Env env, napi_status status);

/// Throws the JavaScript exception that is pending after a function of C's has called JavaScript and
/// returned. If no exception is pending, JavaScript is being terminated. The Napi::Error is then empty, and
/// only unwinds C++ frames.
[[noreturn]] void throw_pending(Napi::Env env);

/// Throws a JavaScript value of any type.
[[noreturn]] void throw_value(Napi::Env env, napi_value value);

/// The JavaScript error object of a failure.
Napi::Value to_error(Napi::Env env, const Failure &failure);

/// The JavaScript value of the C++ exception that is being handled; empty when JavaScript is being
/// terminated.
Napi::Value thrown_value(Napi::Env env);

/// Turns the C++ exception that is being handled into the pending JavaScript exception.
void throw_in_javascript(Napi::Env env) noexcept;

/// Runs `body` at the border to JavaScript. A C++ exception becomes the pending JavaScript exception, and the
/// returned value is then empty.
template <class Body>
Napi::Value at_border(Napi::Env env, Body &&body) noexcept {
  try {
    return {env, body()};
  } catch (...) {
    throw_in_javascript(env);
    return {};
  }
}

}  // namespace neon
