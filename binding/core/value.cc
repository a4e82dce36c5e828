#include "core/value.h"

#include <cmath>
#include <cstring>
#include <new>

#include "core/describe.h"
#include "core/environment.h"

namespace neon {

namespace {

void require_room(std::size_t size, std::size_t max, const char *what) {
  if (size > max)
    throw range_failure(std::string(what) + " must hold at most " + std::to_string(max) +
                        " bytes. Received " + std::to_string(size));
}

std::string bytes_in(Napi::Value array, const char *what, const char *expected, std::size_t max = SIZE_MAX) {
  const auto bytes = array.IsTypedArray() ? array.As<Napi::Uint8Array>() : Napi::Uint8Array();
  if (bytes.IsEmpty() || bytes.TypedArrayType() != napi_uint8_array)
    throw type_failure(code::argument_type,
                       std::string(what) + " must be " + expected + ". " + received(array));
  require_room(bytes.ElementLength(), max, what);  // before the bytes are copied
  if (bytes.ElementLength() == 0) return {};       // the pointer may be null
  return {reinterpret_cast<const char *>(bytes.Data()), bytes.ElementLength()};
}

}  // namespace

// Uses Node-API directly; error.cc says why.
Napi::Value call_javascript(Napi::Function function, std::span<const napi_value> arguments) {
  const Napi::Env env = function.Env();
  napi_value result = nullptr;
  check(env, napi_call_function(env, env.Undefined(), function, arguments.size(), arguments.data(), &result));
  return {env, result};
}

// Uses Node-API directly; error.cc says why.
Napi::Object construct(Napi::Function constructor, std::initializer_list<napi_value> arguments) {
  const Napi::Env env = constructor.Env();
  napi_value object = nullptr;
  check(env, napi_new_instance(env, constructor, arguments.size(), arguments.begin(), &object));
  return {env, object};
}

// Uses Node-API directly; error.cc says why.
Napi::Value get_property(const Napi::Object &object, const char *name) {
  napi_value value = nullptr;
  check(object.Env(), napi_get_named_property(object.Env(), object, name, &value));
  return {object.Env(), value};
}

// Uses Node-API directly; error.cc says why.
Napi::Value get_element(const Napi::Object &array, std::uint32_t index) {
  napi_value value = nullptr;
  check(array.Env(), napi_get_element(array.Env(), array, index, &value));
  return {array.Env(), value};
}

// Uses Node-API directly; error.cc says why.
void set_property(const Napi::Object &object, const char *name, napi_value value) {
  check(object.Env(), napi_set_named_property(object.Env(), object, name, value));
}

void set_field(const Napi::Object &object, const char *name, napi_value value) {
  const Napi::Env env = object.Env();
  call_javascript(Environment::of(env).hook(Environment::Hook::SetField),
                  {object, Napi::String::New(env, name), value});
}

// Uses Node-API directly: node-addon-api always asks for the length first.
std::string to_string(Napi::Value string) {
  const Napi::Env env = string.Env();
  // Most strings fit here, and are converted once only.
  char small[1024];
  std::size_t length = 0;
  check(env, napi_get_value_string_utf8(env, string, small, sizeof small, &length));
  if (length < sizeof small - 4) return {small, length};
  return string.As<Napi::String>().Utf8Value();
}

Napi::Value string_or_null(Napi::Env env, const char *text) {
  return text ? Napi::String::New(env, text) : env.Null();
}

Napi::Value take_string(Napi::Env env, char *text) {
  const Memory owned(text);
  return string_or_null(env, text);
}

Napi::Array array_of(Napi::Env env, std::initializer_list<napi_value> values) {
  const Napi::Array array = Napi::Array::New(env, values.size());
  std::uint32_t index = 0;
  for (napi_value value : values) array.Set(index++, value);
  return array;
}

bool is_nullish(Napi::Value value) {
  const napi_valuetype type = value.Type();
  return type == napi_undefined || type == napi_null;
}

std::string text_of(Napi::Value value, const std::string &what) {
  if (!value.IsString())
    throw type_failure(code::argument_type, what + " must be of type string. " + received(value));
  std::string text = to_string(value);
  if (text.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, what + " must be a string without null characters");
  return text;
}

std::int64_t integer_of(Napi::Value value, const std::string &what, std::int64_t min, std::int64_t max) {
  if (!value.IsNumber())
    throw type_failure(code::argument_type, what + " must be of type number. " + received(value));
  const double number = value.As<Napi::Number>();
  if (number != std::trunc(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max) || std::isnan(number))
    throw range_failure(what + " must be an integer >= " + std::to_string(min) +
                        " and <= " + std::to_string(max) + ". " + received(value));
  return static_cast<std::int64_t>(number);
}

// Does not use IsObject() of node-addon-api, which also accepts functions.
Napi::Object require_object(Napi::Value value, const std::string &what) {
  if (value.Type() != napi_object)
    throw type_failure(code::argument_type, what + " must be of type object. " + received(value));
  return value.As<Napi::Object>();
}

std::string bytes_of(Napi::Value array, const char *what) {
  return bytes_in(array, what, "an instance of Uint8Array");
}

std::string bytes_or_text(Napi::Value value, const char *what, std::size_t max) {
  if (!value.IsString()) return bytes_in(value, what, "of type string or an instance of Uint8Array", max);
  std::string text = to_string(value);
  require_room(text.size(), max, what);
  return text;
}

std::size_t size_or(Napi::Value number, const char *name, std::size_t otherwise) {
  const napi_valuetype type = number.Type();
  if (type == napi_undefined) return otherwise;
  if (type != napi_number)
    throw type_failure(code::argument_type, "The value of \"" + std::string(name) +
                                                "\" must be of type number. " + received(number));
  const double value = number.As<Napi::Number>();
  if (!(value >= 1 && value <= static_cast<double>(otherwise)) || value != std::trunc(value))
    throw range_failure("The value of \"" + std::string(name) + "\" must be an integer >= 1 and <= " +
                        std::to_string(otherwise) + ". " + received(number));
  return static_cast<std::size_t>(value);
}

void fill(Napi::Value array, std::string_view bytes) {
  auto memory = array.As<Napi::Uint8Array>();
  if (memory.ElementLength() < bytes.size())
    throw neon_failure(code::invalid_state, "The buffer was taken away while it was to be filled");
  if (!bytes.empty()) std::memcpy(memory.Data(), bytes.data(), bytes.size());
}

Memory allocate(std::size_t size) {
  Memory memory(static_cast<char *>(std::malloc(size)));
  if (!memory) throw std::bad_alloc();
  return memory;
}

// Uses Node-API directly. Napi::Buffer::NewOrCopy() allocates a record for the finalizer each time. After a
// copy, it also runs the finalizer. The finalizer would then subtract memory that was never added.
Napi::Value hand_over(Napi::Env env, Memory memory, std::size_t size) {
  napi_value buffer;
  const auto free_memory = [](napi_env env, void *data, void *size) {
    std::free(data);
    std::int64_t now;
    napi_adjust_external_memory(env, -static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(size)),
                                &now);
  };
  // The pointer only carries the number to the finalizer. Nothing dereferences it.
  void *const hint = reinterpret_cast<void *>(size);  // NOLINT(performance-no-int-to-ptr)
  const napi_status status = napi_create_external_buffer(env, size, memory.get(), free_memory, hint, &buffer);
  if (status == napi_no_external_buffers_allowed) return Napi::Buffer<char>::Copy(env, memory.get(), size);
  check(env, status);
  static_cast<void>(memory.release());  // the buffer's finalizer frees it
  // V8's own count of this memory does not make it collect the blocks of a stream in time. So the memory is
  // reported again.
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<std::int64_t>(size));
  return {env, buffer};
}

}  // namespace neon
