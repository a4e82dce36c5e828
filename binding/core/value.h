#pragma once

// The conversions that node-addon-api lacks: strings from C and for C, Node's errors for wrong values inside
// objects, memory that JavaScript takes over, and calls that survive a termination of JavaScript.

#include <napi.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace neon {

/// Number.MAX_SAFE_INTEGER.
inline constexpr std::int64_t max_safe_integer = (std::int64_t{1} << 53) - 1;

/// Calls a JavaScript function, with `undefined` as `this`. Napi::Function::Call() would end the process when
/// JavaScript is being terminated inside the function (error.cc says why).
Napi::Value call_javascript(Napi::Function function, std::span<const napi_value> arguments);
inline Napi::Value call_javascript(Napi::Function function, std::initializer_list<napi_value> arguments) {
  return call_javascript(function, std::span(arguments.begin(), arguments.size()));
}
/// Constructs an object as safely as call_javascript() calls a function.
Napi::Object construct(Napi::Function constructor, std::initializer_list<napi_value> arguments);

/// Gets a property, which may have a getter. Napi::Object::Get() would end the process when JavaScript is
/// being terminated inside the getter (error.cc says why).
Napi::Value get_property(const Napi::Object &object, const char *name);
/// An element of an array.
Napi::Value get_element(const Napi::Object &array, std::uint32_t index);
/// Sets a property, which may have a setter. Napi::Object::Set() would end the process when JavaScript is
/// being terminated inside the setter.
void set_property(const Napi::Object &object, const char *name, napi_value value);
template <class Value>
void set_property(const Napi::Object &object, const char *name, const Value &value) {
  set_property(object, name, static_cast<napi_value>(Napi::Value::From(object.Env(), value)));
}

/// Sets a field of an object of the caller that the call fills. Throws ERR_INVALID_ARG_VALUE when the field
/// cannot be written.
void set_field(const Napi::Object &object, const char *name, napi_value value);
template <class Value>
void set_field(const Napi::Object &object, const char *name, const Value &value) {
  set_field(object, name, static_cast<napi_value>(Napi::Value::From(object.Env(), value)));
}

/// The UTF-8 of a string. Makes one Node-API call for most strings, where node-addon-api always makes two.
std::string to_string(Napi::Value string);
/// A string, or null for NULL.
Napi::Value string_or_null(Napi::Env env, const char *text);
/// Converts a string that C has allocated, and frees it; null for NULL.
Napi::Value take_string(Napi::Env env, char *text);

/// An array of these values.
Napi::Array array_of(Napi::Env env, std::initializer_list<napi_value> values);
/// Whether the value is undefined or null. Makes one Node-API call.
bool is_nullish(Napi::Value value);

/// Text for C, without NUL, from inside an object. Errors name the text as `what`.
std::string text_of(Napi::Value value, const std::string &what);
/// An integer from inside an object. Errors name the integer as `what`.
std::int64_t integer_of(Napi::Value value, const std::string &what, std::int64_t min, std::int64_t max);
/// The value as an object. For any other value, throws ERR_INVALID_ARG_TYPE and names the value as `what`.
Napi::Object require_object(Napi::Value value, const std::string &what);
/// A copy of the bytes of a Uint8Array. For any other value, throws ERR_INVALID_ARG_TYPE and names the value
/// as `what`.
std::string bytes_of(Napi::Value array, const char *what);
/// A copy of the bytes of a Uint8Array, or the UTF-8 of a string. Throws ERR_OUT_OF_RANGE when there are more
/// than `max` bytes.
std::string bytes_or_text(Napi::Value value, const char *what, std::size_t max = SIZE_MAX);
/// A size: an integer from 1 to `otherwise`. If the value is undefined, the size is `otherwise`.
std::size_t size_or(Napi::Value number, const char *name, std::size_t otherwise);
/// Copies bytes into the caller's Uint8Array; throws when the array was detached meanwhile.
void fill(Napi::Value array, std::string_view bytes);

/// Memory for received bytes, which JavaScript takes over without a copy. Where external buffers are not
/// allowed, JavaScript receives a copy.
struct Free {
  void operator()(char *memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<char[], Free>;
Memory allocate(std::size_t size);
Napi::Value hand_over(Napi::Env env, Memory memory, std::size_t size);

}  // namespace neon
