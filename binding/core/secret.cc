// Reads a secret from JavaScript into memory that the caller wipes.
#include "core/secret.h"

#include "core/error.h"
#include "core/value.h"

namespace neon {

// Uses Node-API directly: node-addon-api would return a copy that is not wiped.
void read_secret(Napi::Value string, const std::string &what, char *text, std::size_t room) {
  const Napi::Env env = string.Env();
  std::size_t length = 0;
  check(env, napi_get_value_string_utf8(env, string, nullptr, 0, &length));
  if (length >= room)
    throw range_failure(what + " must be shorter than " + std::to_string(room) + " bytes. Received " +
                        std::to_string(length) + " bytes");
  check(env, napi_get_value_string_utf8(env, string, text, room, &length));
  if (std::strlen(text) != length)
    throw type_failure(code::argument_value, what + " must be a string without null bytes");
}

}  // namespace neon
