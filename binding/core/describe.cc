#include "core/describe.h"

#include "core/convert.h"

namespace neon {

namespace {

std::string shortened(std::string text) {
  constexpr std::size_t max = 25;
  if (text.size() > max) text = text.substr(0, max) + "...";
  return text;
}

// What looks at an object of the user's may run code of the user's, which may throw: that is swallowed.
bool succeeded(napi_env env, napi_status status) {
  if (status == napi_ok) return true;
  bool pending = false;
  napi_value ignored;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending)
    napi_get_and_clear_last_exception(env, &ignored);
  return false;
}

std::string constructor_name(napi_env env, napi_value object) {
  napi_value constructor, name;
  napi_valuetype type;
  if (!succeeded(env, napi_get_named_property(env, object, "constructor", &constructor))) return {};
  if (!succeeded(env, napi_typeof(env, constructor, &type)) || type != napi_function) return {};
  if (!succeeded(env, napi_get_named_property(env, constructor, "name", &name))) return {};
  if (!succeeded(env, napi_typeof(env, name, &type)) || type != napi_string) return {};
  return to_string(env, name);
}

}  // namespace

std::string received(napi_env env, napi_value value) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return "Received something else";
  switch (type) {
    case napi_undefined:
      return "Received undefined";
    case napi_null:
      return "Received null";
    case napi_function:
      return "Received a function";
    case napi_string:
      return "Received type string ('" + shortened(to_string(env, value)) + "')";
    case napi_object: {
      const std::string name = constructor_name(env, value);
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
  napi_value text;
  if (napi_coerce_to_string(env, value, &text) != napi_ok) return "Received something else";
  const char *name = type == napi_boolean ? "boolean" : type == napi_number ? "number" : "bigint";
  return std::string("Received type ") + name + " (" + to_string(env, text) + ")";
}

}  // namespace neon
