#include "uri.h"

#include <ne_alloc.h>

#include <iterator>
#include <optional>
#include <utility>

#include "convert.h"
#include "error.h"

namespace neon {

// All is read before anything is allocated: what is thrown would leave it behind.
Uri::Uri(napi_env env, napi_value object, const std::string &name) {
  const std::pair<const char *, char * ne_uri::*> fields[] = {
      {"scheme", &ne_uri::scheme}, {"host", &ne_uri::host},   {"userinfo", &ne_uri::userinfo},
      {"path", &ne_uri::path},     {"query", &ne_uri::query}, {"fragment", &ne_uri::fragment}};
  const auto what = [&](const char *field) {
    return std::string("The \"") + field + "\" of \"" + name + "\"";
  };
  std::optional<std::string> texts[std::size(fields)];
  for (std::size_t i = 0; i < std::size(fields); ++i) {
    napi_value value = field(env, object, fields[i].first);
    if (!is_nullish(env, value)) texts[i] = text_of(env, value, what(fields[i].first));
  }
  napi_value port = field(env, object, "port");
  if (!is_nullish(env, port)) c_.port = static_cast<unsigned>(integer_of(env, port, what("port"), 0, 65535));
  for (std::size_t i = 0; i < std::size(fields); ++i)
    if (texts[i]) c_.*fields[i].second = ne_strdup(texts[i]->c_str());
}

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
