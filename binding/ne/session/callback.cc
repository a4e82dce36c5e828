// Converts the return value of a callback to the int that C expects.
#include "ne/session/callback.h"

#include <cmath>

namespace neon {

int to_int(Napi::Env, Napi::Value value) {
  const napi_valuetype type = value.Type();
  if (type == napi_undefined) return 0;
  if (type == napi_boolean) return value.As<Napi::Boolean>() ? 1 : 0;
  const double number = type == napi_number ? value.As<Napi::Number>().DoubleValue() : 0.5;
  if (number != std::trunc(number) || std::abs(number) > INT32_MAX)
    throw type_failure(code::argument_type, "A callback must return an integer, a boolean or nothing");
  return static_cast<int>(number);
}

}  // namespace neon
