#include "ne/uri.h"

#include <optional>

#include "core/convert.h"
#include "core/describe.h"
#include "core/environment.h"
#include "core/error.h"

namespace neon {

namespace {

struct TextField {
  const char *name;
  char *ne_uri::*member;
};

constexpr std::array text_fields = {
    TextField{"scheme", &ne_uri::scheme},     TextField{"host", &ne_uri::host},
    TextField{"userinfo", &ne_uri::userinfo}, TextField{"path", &ne_uri::path},
    TextField{"query", &ne_uri::query},       TextField{"fragment", &ne_uri::fragment},
};

constexpr double max_port = 65535;

std::string field_of(const char *field, const char *argument) {
  return "The \"" + std::string(field) + "\" field of the \"" + argument + "\" argument ";
}

// A field's value and its type; nothing when it is missing.
std::optional<napi_value> present(napi_env env, napi_value object, const char *field, napi_valuetype *type) {
  napi_value value;
  check(env, napi_get_named_property(env, object, field, &value));
  check(env, napi_typeof(env, value, type));
  if (*type == napi_undefined || *type == napi_null) return std::nullopt;
  return value;
}

}  // namespace

GivenUri::GivenUri(napi_env env, napi_value object, const char *argument) : argument_(argument) {
  static_assert(neon::text_fields.size() == text_fields);
  napi_valuetype type;
  for (std::size_t i = 0; i < text_fields; ++i) {
    const auto [field, member] = neon::text_fields[i];
    const auto value = present(env, object, field, &type);
    if (!value) continue;
    if (type != napi_string)
      throw type_failure(code::argument_type,
                         field_of(field, argument) + "must be of type string. " + received(env, *value));
    texts_[i] = to_string(env, *value);
    if (texts_[i].find('\0') != std::string::npos)
      throw type_failure(code::argument_value,
                         field_of(field, argument) + "must be a string without null characters");
    c_.*member = texts_[i].data();
  }
  const auto port = present(env, object, "port", &type);
  if (!port) return;
  if (type != napi_number)
    throw type_failure(code::argument_type,
                       field_of("port", argument) + "must be of type number. " + received(env, *port));
  double number = 0;
  check(env, napi_get_value_double(env, *port, &number));
  if (!(number >= 0 && number <= max_port) || number != static_cast<unsigned>(number))
    throw range_failure(field_of("port", argument) +
                        "is out of range. It must be an integer >= 0 and <= 65535. " + received(env, *port));
  c_.port = static_cast<unsigned>(number);
}

const ne_uri *GivenUri::with_path() const {
  if (!c_.path)
    throw type_failure(code::argument_type, field_of("path", argument_) + "must be of type string");
  return &c_;
}

napi_value uri_object(napi_env env, const ne_uri &uri) {
  napi_value object;
  check(env, napi_create_object(env, &object));
  fill_uri(env, object, uri);
  return object;
}

void fill_uri(napi_env env, napi_value object, const ne_uri &uri) {
  const auto text = [env](const char *field) { return from(env, field); };
  const napi_value arguments[] = {object,
                                  text(uri.scheme),
                                  text(uri.host),
                                  text(uri.userinfo),
                                  from(env, static_cast<double>(uri.port)),
                                  text(uri.path),
                                  text(uri.query),
                                  text(uri.fragment)};
  check(env, napi_call_function(env, undefined(env), Environment::of(env).hook(Environment::Hook::FillUri),
                                std::size(arguments), arguments, nullptr));
}

}  // namespace neon
