#pragma once

#include <node_api.h>

#include <string>

namespace neon {

/// "Received …", as Node's own errors say it.
std::string received(napi_env env, napi_value value);

}  // namespace neon
