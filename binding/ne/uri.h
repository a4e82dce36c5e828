#pragma once

#include <ne_uri.h>
#include <node_api.h>

#include <array>
#include <string>

namespace neon {

/// A `ne_uri` whose fields C allocated.
class Uri final {
 public:
  Uri() = default;
  ~Uri() { ne_uri_free(&c); }
  Uri(const Uri &) = delete;
  Uri &operator=(const Uri &) = delete;

  ne_uri c{};
};

/// A `ne_uri` made of a plain object with its fields; what is missing there is NULL or 0. C only reads it.
class GivenUri final {
 public:
  /// `argument` names the object in errors. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (a NUL in
  /// text) and ERR_OUT_OF_RANGE (the port).
  GivenUri(napi_env env, napi_value object, const char *argument);
  GivenUri(const GivenUri &) = delete;
  GivenUri &operator=(const GivenUri &) = delete;

  const ne_uri *c() const { return &c_; }
  /// The same where C would dereference the path: ERR_INVALID_ARG_TYPE without one.
  const ne_uri *with_path() const;

 private:
  static constexpr std::size_t text_fields = 6;

  const char *const argument_;
  std::array<std::string, text_fields> texts_;
  ne_uri c_{};
};

/// A plain object with the fields of `ne_uri`.
napi_value uri_object(napi_env env, const ne_uri &uri);

/// Sets all fields of `ne_uri` in an object.
void fill_uri(napi_env env, napi_value object, const ne_uri &uri);

}  // namespace neon
