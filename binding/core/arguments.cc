#include "core/arguments.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/describe.h"

namespace neon {

namespace {

bool is_token_character(unsigned char c) {
  return std::isalnum(c) || (c && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

std::string quoted(const char *name) { return std::string("The \"") + name + "\" argument"; }

}  // namespace

std::shared_ptr<Handle> Arguments::live_handle(std::size_t index, Kind kind, const char *name) const {
  const std::shared_ptr<Handle> *handle = HandleWrap::unwrap(env(), (*this)[index], kind, name);
  if (!handle) throw neon_failure(code::destroyed, std::string("This ") + class_name(kind) + " is destroyed");
  return *handle;
}

void Arguments::wrong_type(std::size_t index, const char *name, const char *expected) const {
  throw type_failure(code::argument_type,
                     quoted(name) + " must be " + expected + ". " + received((*this)[index]));
}

Napi::Value Arguments::string(std::size_t index, const char *name) const {
  const Napi::Value value = (*this)[index];
  if (!value.IsString()) wrong_type(index, name, "of type string");
  return value;
}

std::string Arguments::text(std::size_t index, const char *name) const {
  std::string text = to_string(string(index, name));
  if (text.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, quoted(name) + " must be a string without null characters");
  return text;
}

std::string Arguments::line(std::size_t index, const char *name) const {
  std::string text = to_string(string(index, name));
  require_line(text, name);
  return text;
}

std::string Arguments::host(std::size_t index, const char *name) const {
  std::string host = line(index, name);
  const auto is_syntax = [](unsigned char c) {
    return c <= ' ' || c == 0x7f || std::strchr("/?#@\"<>\\", c);
  };
  if (std::any_of(host.begin(), host.end(), is_syntax))
    throw type_failure(code::argument_value,
                       quoted(name) +
                           " must be a host name or address, without white space and / ? # @ \" < > \\. " +
                           received((*this)[index]));
  return host;
}

std::string Arguments::token(std::size_t index, const char *name) const {
  std::string text = line(index, name);
  require_token(text, name);
  return text;
}

std::int64_t Arguments::integer(std::size_t index, const char *name, std::int64_t min,
                                std::int64_t max) const {
  const Napi::Value value = (*this)[index];
  if (!value.IsNumber()) wrong_type(index, name, "of type number");
  const double number = value.As<Napi::Number>();
  if (number != std::trunc(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max) || std::isnan(number))
    throw range_failure("The value of \"" + std::string(name) +
                        "\" is out of range. It must be an integer >= " + std::to_string(min) +
                        " and <= " + std::to_string(max) + ". " + received(value));
  return static_cast<std::int64_t>(number);
}

int Arguments::flag(std::size_t index, const char *name) const {
  const Napi::Value value = (*this)[index];
  if (value.IsBoolean()) return value.As<Napi::Boolean>() ? 1 : 0;
  return static_cast<int>(integer(index, name, INT32_MIN, INT32_MAX));
}

std::string Arguments::bytes(std::size_t index, const char *name, std::size_t max) const {
  return bytes_or_text((*this)[index], quoted(name).c_str(), max);
}

std::vector<Napi::Value> Arguments::list(std::size_t index, const char *name) const {
  const Napi::Value value = (*this)[index];
  if (!value.IsArray()) wrong_type(index, name, "an instance of Array");
  const auto array = value.As<Napi::Array>();
  std::vector<Napi::Value> values(array.Length());
  for (std::uint32_t i = 0; i < values.size(); ++i) values[i] = get_element(array, i);
  return values;
}

std::span<char> Arguments::buffer(std::size_t index, const char *name) const {
  const Napi::Value value = (*this)[index];
  auto bytes = value.IsTypedArray() ? value.As<Napi::Uint8Array>() : Napi::Uint8Array();
  if (bytes.IsEmpty() || bytes.TypedArrayType() != napi_uint8_array)
    wrong_type(index, name, "an instance of Uint8Array");
  if (bytes.ElementLength() == 0)
    throw type_failure(code::argument_value, quoted(name) + " must hold at least one byte");
  return {reinterpret_cast<char *>(bytes.Data()), bytes.ElementLength()};
}

Napi::Function Arguments::function(std::size_t index, const char *name) const {
  const Napi::Value value = (*this)[index];
  if (!value.IsFunction()) wrong_type(index, name, "of type function");
  return value.As<Napi::Function>();
}

// Does not use IsObject() of node-addon-api, which also accepts functions.
Napi::Object Arguments::object(std::size_t index, const char *name) const {
  const Napi::Value value = (*this)[index];
  if (value.Type() != napi_object) wrong_type(index, name, "of type object");
  return value.As<Napi::Object>();
}

Napi::Object Arguments::out(std::size_t index, const char *name,
                            std::initializer_list<const char *> fields) const {
  const Napi::Object object = this->object(index, name);
  std::vector<napi_value> values{object, Napi::String::New(env(), name)};
  for (const char *field : fields) values.push_back(Napi::String::New(env(), field));
  call_javascript(environment_.hook(Environment::Hook::RequireFields), values);
  return object;
}

bool Arguments::is_nullish(std::size_t index) const {
  if (index >= info_.Length()) return true;
  const napi_valuetype type = (*this)[index].Type();
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

}  // namespace neon
