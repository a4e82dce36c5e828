#pragma once

// Conversions between `ne_uri` and plain objects with the same fields.

#include <napi.h>
#include <ne_uri.h>

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

/// A `ne_uri` made from a plain object with the same fields. Missing fields are NULL or 0. C only reads this
/// `ne_uri`.
class GivenUri final {
 public:
  /// `argument` names the object in errors. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (a NUL in
  /// text) and ERR_OUT_OF_RANGE (the port).
  GivenUri(const Napi::Object &object, const char *argument);
  GivenUri(const GivenUri &) = delete;
  GivenUri &operator=(const GivenUri &) = delete;

  const ne_uri *c() const { return &c_; }
  /// Returns the `ne_uri` for C functions that dereference its path. Throws ERR_INVALID_ARG_TYPE if the path
  /// is missing.
  const ne_uri *with_path() const;

 private:
  static constexpr std::size_t text_fields = 6;

  const char *const argument_;
  std::array<std::string, text_fields> texts_;
  ne_uri c_{};
};

/// A plain object with the fields of `ne_uri`.
Napi::Value uri_object(Napi::Env env, const ne_uri &uri);

/// Sets all fields of `ne_uri` in an object.
void fill_uri(const Napi::Object &object, const ne_uri &uri);

}  // namespace neon
