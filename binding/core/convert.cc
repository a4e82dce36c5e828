#include "core/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/describe.h"
#include "core/error.h"

namespace neon {

namespace {

bool is_token_character(unsigned char c) {
  return std::isalnum(c) || (c && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

std::string quoted(const char *name) { return std::string("The \"") + name + "\" argument"; }

}  // namespace

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env), environment_(Environment::of(env)) {
  check(env, napi_get_cb_info(env, info, &count_, values_, nullptr, &data_));
  check(env, napi_get_undefined(env, &undefined_));
}

std::shared_ptr<Handle> Arguments::live_handle(std::size_t index, Kind kind, const char *name) const {
  const std::shared_ptr<Handle> *handle = HandleWrap::unwrap(env_, (*this)[index], kind, name);
  if (!handle) throw neon_failure(code::destroyed, std::string("This ") + class_name(kind) + " is destroyed");
  return *handle;
}

void Arguments::wrong_type(std::size_t index, const char *name, const char *expected) const {
  throw type_failure(code::argument_type,
                     quoted(name) + " must be " + expected + ". " + received(env_, (*this)[index]));
}

std::string Arguments::text(std::size_t index, const char *name) const {
  napi_valuetype type;
  check(env_, napi_typeof(env_, (*this)[index], &type));
  if (type != napi_string) wrong_type(index, name, "of type string");
  std::string text = to_string(env_, (*this)[index]);
  if (text.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, quoted(name) + " must be a string without null characters");
  return text;
}

std::string Arguments::line(std::size_t index, const char *name) const {
  napi_valuetype type;
  check(env_, napi_typeof(env_, (*this)[index], &type));
  if (type != napi_string) wrong_type(index, name, "of type string");
  std::string text = to_string(env_, (*this)[index]);
  require_line(text, name);
  return text;
}

std::string Arguments::token(std::size_t index, const char *name) const {
  std::string text = line(index, name);
  require_token(text, name);
  return text;
}

std::int64_t Arguments::integer(std::size_t index, const char *name, std::int64_t min,
                                std::int64_t max) const {
  napi_valuetype type;
  check(env_, napi_typeof(env_, (*this)[index], &type));
  if (type != napi_number) wrong_type(index, name, "of type number");
  double number = 0;
  check(env_, napi_get_value_double(env_, (*this)[index], &number));
  if (number != std::trunc(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max) || std::isnan(number))
    throw range_failure("The value of \"" + std::string(name) +
                        "\" is out of range. It must be an integer >= " + std::to_string(min) +
                        " and <= " + std::to_string(max) + ". " + received(env_, (*this)[index]));
  return static_cast<std::int64_t>(number);
}

int Arguments::flag(std::size_t index, const char *name) const {
  napi_valuetype type;
  check(env_, napi_typeof(env_, (*this)[index], &type));
  if (type != napi_boolean) return static_cast<int>(integer(index, name, INT32_MIN, INT32_MAX));
  bool value = false;
  check(env_, napi_get_value_bool(env_, (*this)[index], &value));
  return value ? 1 : 0;
}

std::string Arguments::bytes(std::size_t index, const char *name, std::size_t max) const {
  return bytes_or_text(env_, (*this)[index], quoted(name).c_str(), max);
}

std::vector<napi_value> Arguments::list(std::size_t index, const char *name) const {
  bool is_list = false;
  check(env_, napi_is_array(env_, (*this)[index], &is_list));
  if (!is_list) wrong_type(index, name, "an instance of Array");
  std::uint32_t length = 0;
  check(env_, napi_get_array_length(env_, (*this)[index], &length));
  std::vector<napi_value> values(length);
  for (std::uint32_t i = 0; i < length; ++i)
    check(env_, napi_get_element(env_, (*this)[index], i, &values[i]));
  return values;
}

std::span<char> Arguments::buffer(std::size_t index, const char *name) const {
  napi_value value = (*this)[index];
  bool typed = false;
  check(env_, napi_is_typedarray(env_, value, &typed));
  napi_typedarray_type array_type = napi_int8_array;
  std::size_t length = 0;
  void *data = nullptr;
  if (typed)
    check(env_, napi_get_typedarray_info(env_, value, &array_type, &length, &data, nullptr, nullptr));
  if (!typed || array_type != napi_uint8_array) wrong_type(index, name, "an instance of Uint8Array");
  if (length == 0) throw type_failure(code::argument_value, quoted(name) + " must hold at least one byte");
  return {static_cast<char *>(data), length};
}

napi_value Arguments::function(std::size_t index, const char *name) const {
  if (!is_function(env_, (*this)[index])) wrong_type(index, name, "of type function");
  return (*this)[index];
}

napi_value Arguments::object(std::size_t index, const char *name) const {
  napi_valuetype type;
  check(env_, napi_typeof(env_, (*this)[index], &type));
  if (type != napi_object) wrong_type(index, name, "of type object");
  return (*this)[index];
}

bool Arguments::is_nullish(std::size_t index) const {
  napi_valuetype type;
  check(env_, napi_typeof(env_, (*this)[index], &type));
  return type == napi_null || type == napi_undefined;
}

void require_line(std::string_view text, const char *name) {
  const auto forbidden = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (std::any_of(text.begin(), text.end(), forbidden))
    throw type_failure(code::invalid_char, std::string("Invalid character in \"") + name + "\"");
}

void require_token(std::string_view text, const char *name) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_token_character))
    throw type_failure(code::invalid_char,
                       std::string("Invalid character in \"") + name + "\": it must be a token");
}

std::string to_string(napi_env env, napi_value string) {
  // Most strings fit here, and are converted once only.
  char small[256];
  std::size_t length = 0;
  check(env, napi_get_value_string_utf8(env, string, small, sizeof small, &length));
  if (length < sizeof small - 4) return {small, length};
  check(env, napi_get_value_string_utf8(env, string, nullptr, 0, &length));
  std::string text(length + 1, '\0');
  check(env, napi_get_value_string_utf8(env, string, text.data(), text.size(), &length));
  text.resize(length);
  return text;
}

std::string text_of(napi_env env, napi_value value, const std::string &what) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type != napi_string)
    throw type_failure(code::argument_type, what + " must be of type string. " + received(env, value));
  std::string text = to_string(env, value);
  if (text.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, what + " must be a string without null characters");
  return text;
}

std::int64_t integer_of(napi_env env, napi_value value, const std::string &what, std::int64_t min,
                        std::int64_t max) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type != napi_number)
    throw type_failure(code::argument_type, what + " must be of type number. " + received(env, value));
  double number = 0;
  check(env, napi_get_value_double(env, value, &number));
  if (number != std::trunc(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max) || std::isnan(number))
    throw range_failure(what + " must be an integer >= " + std::to_string(min) +
                        " and <= " + std::to_string(max) + ". " + received(env, value));
  return static_cast<std::int64_t>(number);
}

void require_object(napi_env env, napi_value value, const std::string &what) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type != napi_object)
    throw type_failure(code::argument_type, what + " must be of type object. " + received(env, value));
}

napi_value field(napi_env env, napi_value object, const char *name) {
  napi_value value;
  check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

namespace {

void require_room(std::size_t size, std::size_t max, const char *what) {
  if (size > max)
    throw range_failure(std::string(what) + " must hold at most " + std::to_string(max) +
                        " bytes. Received " + std::to_string(size));
}

std::string bytes_in(napi_env env, napi_value array, const char *what, const char *expected,
                     std::size_t max = SIZE_MAX) {
  bool typed = false;
  check(env, napi_is_typedarray(env, array, &typed));
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  void *data = nullptr;
  if (typed) check(env, napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr));
  if (!typed || type != napi_uint8_array)
    throw type_failure(code::argument_type,
                       std::string(what) + " must be " + expected + ". " + received(env, array));
  require_room(length, max, what);  // before so much is copied
  return length ? std::string(static_cast<char *>(data), length) : std::string();
}

}  // namespace

std::string bytes_of(napi_env env, napi_value array, const char *what) {
  return bytes_in(env, array, what, "an instance of Uint8Array");
}

std::string bytes_or_text(napi_env env, napi_value value, const char *what, std::size_t max) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type != napi_string)
    return bytes_in(env, value, what, "of type string or an instance of Uint8Array", max);
  std::string text = to_string(env, value);
  require_room(text.size(), max, what);
  return text;
}

std::size_t size_or(napi_env env, napi_value number, const char *name, std::size_t otherwise) {
  napi_valuetype type;
  check(env, napi_typeof(env, number, &type));
  if (type == napi_undefined) return otherwise;
  if (type != napi_number)
    throw type_failure(code::argument_type, "The value of \"" + std::string(name) +
                                                "\" must be of type number. " + received(env, number));
  double value = -1;
  check(env, napi_get_value_double(env, number, &value));
  if (!(value >= 1 && value <= static_cast<double>(otherwise)) || value != std::trunc(value))
    throw range_failure("The value of \"" + std::string(name) + "\" must be an integer >= 1 and <= " +
                        std::to_string(otherwise) + ". " + received(env, number));
  return static_cast<std::size_t>(value);
}

void fill(napi_env env, napi_value array, std::string_view bytes) {
  void *data = nullptr;
  std::size_t room = 0;
  check(env, napi_get_typedarray_info(env, array, nullptr, &room, &data, nullptr, nullptr));
  if (room < bytes.size())
    throw neon_failure(code::invalid_state, "The buffer was taken away while it was to be filled");
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
}

bool is_function(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_function;
}

bool is_promise(napi_env env, napi_value value) {
  bool result = false;
  check(env, napi_is_promise(env, value, &result));
  return result;
}

napi_value from(napi_env env, double number) {
  napi_value value;
  check(env, napi_create_double(env, number, &value));
  return value;
}

napi_value from(napi_env env, int number) {
  napi_value value;
  check(env, napi_create_int32(env, number, &value));
  return value;
}

napi_value from(napi_env env, bool boolean) {
  napi_value value;
  check(env, napi_get_boolean(env, boolean, &value));
  return value;
}

napi_value from(napi_env env, std::string_view text) {
  napi_value value;
  check(env, napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value from(napi_env env, const char *text) {
  return text ? from(env, std::string_view(text)) : null(env);
}

napi_value list_of(napi_env env, std::span<const napi_value> values) {
  napi_value list;
  check(env, napi_create_array_with_length(env, values.size(), &list));
  for (std::uint32_t i = 0; i < values.size(); ++i) check(env, napi_set_element(env, list, i, values[i]));
  return list;
}

napi_value take(napi_env env, char *text) {
  const Memory owned(text);
  return from(env, static_cast<const char *>(text));
}

napi_value null(napi_env env) {
  napi_value value;
  check(env, napi_get_null(env, &value));
  return value;
}

napi_value undefined(napi_env env) {
  napi_value value;
  check(env, napi_get_undefined(env, &value));
  return value;
}

napi_value copy_to_buffer(napi_env env, std::string_view bytes) {
  napi_value buffer;
  void *data;
  check(env, napi_create_buffer_copy(env, bytes.size(), bytes.data(), &data, &buffer));
  return buffer;
}

void set(napi_env env, napi_value object, const char *field, napi_value value) {
  check(env, napi_set_named_property(env, object, field, value));
}

Memory allocate(std::size_t size) {
  Memory memory(static_cast<char *>(std::malloc(size)));
  if (!memory) throw std::bad_alloc();
  return memory;
}

napi_value hand_over(napi_env env, Memory memory, std::size_t size) {
  napi_value buffer;
  const auto free_memory = [](napi_env env, void *data, void *size) {
    std::free(data);
    std::int64_t now;
    napi_adjust_external_memory(env, -static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(size)),
                                &now);
  };
  // A number, at which nobody looks: the finalizer gets it.
  void *const hint = reinterpret_cast<void *>(size);  // NOLINT(performance-no-int-to-ptr)
  const napi_status status = napi_create_external_buffer(env, size, memory.get(), free_memory, hint, &buffer);
  if (status == napi_no_external_buffers_allowed) return copy_to_buffer(env, {memory.get(), size});
  check(env, status);
  static_cast<void>(memory.release());  // the buffer's finalizer frees it
  // Counted once more than V8 does, so that what a stream leaves behind is collected in time.
  std::int64_t now;
  napi_adjust_external_memory(env, static_cast<std::int64_t>(size), &now);
  return buffer;
}

}  // namespace neon
