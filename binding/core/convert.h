#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/handle.h"

namespace neon {

/// Whether a call blocks its caller (`libneon/ne`) or returns a promise (`libneon/ne/promises`).
enum class Mode { Sync, Async };

/// The arguments of one call from JavaScript. Every reader names its argument, and throws the error of Node's
/// that fits when the value does not.
class Arguments final {
 public:
  Arguments(napi_env env, napi_callback_info info);

  napi_env env() const { return env_; }
  Environment &environment() const { return environment_; }
  napi_value operator[](std::size_t index) const { return index < count_ ? values_[index] : undefined_; }
  void *data() const { return data_; }

  /// A live handle; ERR_NEON_DESTROYED when it is not.
  template <class T>
  std::shared_ptr<T> handle(std::size_t index, const char *name) const {
    return std::static_pointer_cast<T>(live_handle(index, T::kind, name));
  }

  /// Text that goes to C: no NUL inside.
  std::string text(std::size_t index, const char *name) const;
  /// Text that goes into a message's head: no CR, LF or NUL.
  std::string line(std::size_t index, const char *name) const;
  /// A header name: an RFC 9110 token.
  std::string token(std::size_t index, const char *name) const;
  std::int64_t integer(std::size_t index, const char *name, std::int64_t min, std::int64_t max) const;
  /// An int flag: a number or a boolean.
  int flag(std::size_t index, const char *name) const;
  /// The bytes of a string or Uint8Array, copied; ERR_OUT_OF_RANGE when there are more.
  std::string bytes(std::size_t index, const char *name, std::size_t max = SIZE_MAX) const;
  /// The elements of an array.
  std::vector<napi_value> list(std::size_t index, const char *name) const;
  /// The caller's own memory, to be filled: a Uint8Array of at least one byte.
  std::span<char> buffer(std::size_t index, const char *name) const;
  napi_value function(std::size_t index, const char *name) const;
  /// An object whose fields the call fills.
  napi_value object(std::size_t index, const char *name) const;
  bool is_nullish(std::size_t index) const;

 private:
  static constexpr std::size_t capacity = 10;
  std::shared_ptr<Handle> live_handle(std::size_t index, Kind kind, const char *name) const;
  [[noreturn]] void wrong_type(std::size_t index, const char *name, const char *expected) const;

  napi_env env_;
  Environment &environment_;
  std::size_t count_ = capacity;
  napi_value values_[capacity];
  napi_value undefined_;
  void *data_ = nullptr;
};

/// Text that is to be one line of a message's head; throws ERR_INVALID_CHAR.
void require_line(std::string_view text, const char *name);
/// An RFC 9110 token; throws ERR_INVALID_CHAR.
void require_token(std::string_view text, const char *name);

std::string to_string(napi_env env, napi_value string);
/// Text inside an object that goes to C: no NUL inside; throws, saying what must be text.
std::string text_of(napi_env env, napi_value value, const std::string &what);
/// An integer inside an object; throws, saying what must be one.
std::int64_t integer_of(napi_env env, napi_value value, const std::string &what, std::int64_t min,
                        std::int64_t max);
/// Throws ERR_INVALID_ARG_TYPE, saying what must be an object.
void require_object(napi_env env, napi_value value, const std::string &what);
napi_value field(napi_env env, napi_value object, const char *name);
/// A copy of the bytes of a Uint8Array; throws ERR_INVALID_ARG_TYPE, saying what must be one.
std::string bytes_of(napi_env env, napi_value array, const char *what);
/// The same, or the UTF-8 of a string; ERR_OUT_OF_RANGE when there are more.
std::string bytes_or_text(napi_env env, napi_value value, const char *what, std::size_t max = SIZE_MAX);
/// A size given as a number of at most `otherwise`, or that where none is given.
std::size_t size_or(napi_env env, napi_value number, const char *name, std::size_t otherwise);
/// Copies bytes into the caller's Uint8Array; throws when that was taken away meanwhile.
void fill(napi_env env, napi_value array, std::string_view bytes);
bool is_function(napi_env env, napi_value value);
bool is_promise(napi_env env, napi_value value);

napi_value from(napi_env env, double number);
napi_value from(napi_env env, int number);
napi_value from(napi_env env, bool boolean);
napi_value from(napi_env env, std::string_view text);
napi_value from(napi_env env, const char *text);  // null is null
/// An array of them.
napi_value list_of(napi_env env, std::span<const napi_value> values);
/// A string that C allocated and gave away; null is null.
napi_value take(napi_env env, char *text);
napi_value null(napi_env env);
napi_value undefined(napi_env env);
/// A Buffer with a copy of these bytes.
napi_value copy_to_buffer(napi_env env, std::string_view bytes);
void set(napi_env env, napi_value object, const char *field, napi_value value);

/// Memory that was received into and that JavaScript takes over without a copy (with one, where external
/// buffers are not allowed).
struct Free {
  void operator()(char *memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<char[], Free>;
Memory allocate(std::size_t size);
napi_value hand_over(napi_env env, Memory memory, std::size_t size);

}  // namespace neon
