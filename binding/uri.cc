#include "uri.h"

#include "convert.h"
#include "error.h"

namespace neon {

napi_value uri_object(napi_env env, const ne_uri &uri) {
  napi_value object;
  check(env, napi_create_object(env, &object));
  set(env, object, "scheme", from(env, static_cast<const char *>(uri.scheme)));
  set(env, object, "host", from(env, static_cast<const char *>(uri.host)));
  set(env, object, "userinfo", from(env, static_cast<const char *>(uri.userinfo)));
  set(env, object, "port", from(env, static_cast<int>(uri.port)));
  set(env, object, "path", from(env, static_cast<const char *>(uri.path)));
  set(env, object, "query", from(env, static_cast<const char *>(uri.query)));
  set(env, object, "fragment", from(env, static_cast<const char *>(uri.fragment)));
  return object;
}

}  // namespace neon
