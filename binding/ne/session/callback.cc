// Conversion of what a callback returned to what C expects of it.
#include "ne/session/callback.h"

#include <cmath>

namespace neon {

int to_int(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_undefined) return 0;
  if (type == napi_boolean) {
    bool boolean = false;
    check(env, napi_get_value_bool(env, value, &boolean));
    return boolean ? 1 : 0;
  }
  double number = 0.5;
  if (type == napi_number) check(env, napi_get_value_double(env, value, &number));
  if (number != std::trunc(number) || std::abs(number) > INT32_MAX)
    throw type_failure(code::argument_type, "A callback must return an integer, a boolean or nothing");
  return static_cast<int>(number);
}

}  // namespace neon
