#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/handle.h"
#include "core/value.h"

namespace neon {

/// Whether a call blocks its caller (`libneon/ne`) or returns a promise (`libneon/ne/promises`).
enum class Mode { Sync, Async };

/// The arguments of one call from JavaScript. Each reader checks its argument. For a wrong value it throws
/// the error that Node would throw, with the name of the argument in the message.
class Arguments final {
 public:
  explicit Arguments(const Napi::CallbackInfo &info)
      : info_(info), environment_(Environment::of(info.Env())) {}
  Arguments(const Arguments &) = delete;
  Arguments &operator=(const Arguments &) = delete;

  Napi::Env env() const { return info_.Env(); }
  Environment &environment() const { return environment_; }
  /// Undefined when there is no argument with this index.
  Napi::Value operator[](std::size_t index) const { return info_[index]; }
  void *data() const { return info_.Data(); }

  /// A live handle; throws ERR_NEON_DESTROYED when the handle is destroyed.
  template <class T>
  std::shared_ptr<T> handle(std::size_t index, const char *name) const {
    return std::static_pointer_cast<T>(live_handle(index, T::kind, name));
  }

  /// Text for C; it must not contain NUL.
  std::string text(std::size_t index, const char *name) const;
  /// Text for the head of a message; it must not contain CR, LF or NUL.
  std::string line(std::size_t index, const char *name) const;
  /// A host name: one line, without the characters that are delimiters in a request or a URI.
  std::string host(std::size_t index, const char *name) const;
  /// A header name: an RFC 9110 token.
  std::string token(std::size_t index, const char *name) const;
  std::int64_t integer(std::size_t index, const char *name, std::int64_t min, std::int64_t max) const;
  /// An int flag: a number or a boolean.
  int flag(std::size_t index, const char *name) const;
  /// A copy of the bytes of a string or Uint8Array; throws ERR_OUT_OF_RANGE when there are more than `max`
  /// bytes.
  std::string bytes(std::size_t index, const char *name, std::size_t max = SIZE_MAX) const;
  /// The elements of an array.
  std::vector<Napi::Value> list(std::size_t index, const char *name) const;
  /// The caller's own memory, to be filled: a Uint8Array of at least one byte.
  std::span<char> buffer(std::size_t index, const char *name) const;
  Napi::Function function(std::size_t index, const char *name) const;
  /// A function; an empty Napi::Function for undefined and null.
  Napi::Function optional_function(std::size_t index, const char *name) const {
    return is_nullish(index) ? Napi::Function() : function(index, name);
  }
  Napi::Object object(std::size_t index, const char *name) const;
  /// An object whose fields the call fills. Throws ERR_INVALID_ARG_VALUE when a field cannot be written.
  Napi::Object out(std::size_t index, const char *name, std::initializer_list<const char *> fields) const;
  /// An object that receives its output in the field `value`.
  Napi::Object out(std::size_t index, const char *name) const { return out(index, name, {"value"}); }
  bool is_nullish(std::size_t index) const;

 private:
  std::shared_ptr<Handle> live_handle(std::size_t index, Kind kind, const char *name) const;
  Napi::Value string(std::size_t index, const char *name) const;
  [[noreturn]] void wrong_type(std::size_t index, const char *name, const char *expected) const;

  const Napi::CallbackInfo &info_;
  Environment &environment_;
};

/// Requires text without CR, LF and NUL, for one line of the head of a message; throws ERR_INVALID_CHAR
/// otherwise.
void require_line(std::string_view text, const char *name);
/// Requires an RFC 9110 token; throws ERR_INVALID_CHAR otherwise.
void require_token(std::string_view text, const char *name);

}  // namespace neon
