#pragma once

#include <napi.h>
#include <ne_uri.h>

namespace neon {

/// A plain object with the fields of `ne_uri`.
napi_value uri_object(napi_env env, const ne_uri &uri);

}  // namespace neon
