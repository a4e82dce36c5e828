#pragma once

#include <node_api.h>

#include <exception>
#include <string>
#include <string_view>

namespace neon {

/// An error on its way to JavaScript: made anywhere (also on a lane, where no JavaScript exists), turned
/// into an error object on the JavaScript thread, in one place, for both surfaces.
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

/// A JavaScript exception is pending in this environment: C++ frames unwind, the exception stays where it is.
class JavaScriptException final : public std::exception {};

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

/// What the system says about an errno. Any thread, unlike strerror().
std::string system_text(int error);

/// A NeonError with the system's code: "ENOENT: No such file or directory, open '/x'".
Failure system_failure(int error, const char *call, const std::string &path = "");

/// Throws JavaScriptException when a Node-API call failed; what failed without an exception becomes one.
void check(napi_env env, napi_status status);

/// The JavaScript error object of a failure.
napi_value to_error(napi_env env, const Failure &failure);

/// Runs `body` at the border to JavaScript: what it throws becomes the pending JavaScript exception.
template <class Body>
napi_value at_border(napi_env env, Body &&body) noexcept {
  try {
    return body();
  } catch (const JavaScriptException &) {
    // already pending
  } catch (const Failure &failure) {
    try {
      napi_throw(env, to_error(env, failure));
    } catch (const std::exception &) {
      // The environment cannot run JavaScript any more: nobody is there to be told.
    }
  } catch (const std::bad_alloc &) {
    napi_throw_error(env, code::no_memory, "Out of memory");
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return nullptr;
}

}  // namespace neon
