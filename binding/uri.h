#pragma once

#include <napi.h>
#include <ne_uri.h>

#include <string>

namespace neon {

/// A `ne_uri` made of an object with its fields, where a missing one is NULL or 0.
class Uri final {
 public:
  /// `name` is that of the argument; throws when a field is wrong.
  Uri(napi_env env, napi_value object, const std::string &name);
  ~Uri() { ne_uri_free(&c_); }
  Uri(const Uri &) = delete;
  Uri &operator=(const Uri &) = delete;

  const ne_uri &c() const { return c_; }

 private:
  ne_uri c_{};
};

/// A plain object with the fields of `ne_uri`.
napi_value uri_object(napi_env env, const ne_uri &uri);

}  // namespace neon
