#include "core/describe.h"

#include "core/value.h"

namespace neon {

namespace {

std::string shortened(std::string text) {
  constexpr std::size_t max = 25;
  if (text.size() > max) {
    text.resize(max);
    text += "...";
  }
  return text;
}

// Inspecting an object from the user may run the user's code. If this code throws, the exception is dropped.
// Uses Node-API directly, since Napi::Error ends the process when the code is being terminated (error.cc says
// why).
bool succeeded(Napi::Env env, napi_status status) {
  if (status == napi_ok) return true;
  bool pending = false;
  napi_value ignored;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending)
    napi_get_and_clear_last_exception(env, &ignored);
  return false;
}

std::string constructor_name(Napi::Value object) {
  const Napi::Env env = object.Env();
  napi_value constructor, name;
  if (!succeeded(env, napi_get_named_property(env, object, "constructor", &constructor))) return {};
  if (!Napi::Value(env, constructor).IsFunction()) return {};
  if (!succeeded(env, napi_get_named_property(env, constructor, "name", &name))) return {};
  return Napi::Value(env, name).IsString() ? to_string({env, name}) : std::string();
}

}  // namespace

std::string received(Napi::Value value) {
  const napi_valuetype type = value.Type();
  switch (type) {
    case napi_undefined:
      return "Received undefined";
    case napi_null:
      return "Received null";
    case napi_function:
      return "Received a function";
    case napi_string:
      return "Received type string ('" + shortened(to_string(value)) + "')";
    case napi_object: {
      const std::string name = constructor_name(value);
      return name.empty() ? "Received an object" : "Received an instance of " + name;
    }
    case napi_symbol:
      return "Received type symbol";
    case napi_external:
      return "Received an external";
    case napi_boolean:
    case napi_number:
    case napi_bigint:
      break;
  }
  const char *name = type == napi_boolean ? "boolean" : type == napi_number ? "number" : "bigint";
  return std::string("Received type ") + name + " (" + to_string(value.ToString()) + ")";
}

}  // namespace neon
