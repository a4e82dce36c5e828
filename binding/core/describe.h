#pragma once

#include <napi.h>

#include <string>

namespace neon {

/// "Received …", in the words of Node's own errors.
std::string received(Napi::Value value);
inline std::string received(Napi::Env env, napi_value value) { return received(Napi::Value(env, value)); }

}  // namespace neon
