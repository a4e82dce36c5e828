// The functions of ne_uri.h, and conversions between ne_uri and plain objects.
#include "ne/uri.h"

#include <optional>

#include "core/arguments.h"
#include "core/describe.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/topic.h"

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

namespace {

GivenUri uri_argument(const Arguments &arguments, std::size_t index, const char *name) {
  return {arguments.env(), arguments.object(index, name), name};
}

napi_value parse(const Arguments &arguments) {
  const std::string text = arguments.text(0, "uri");
  napi_value parsed = arguments.object(1, "parsed");
  Uri uri;
  const int result = ne_uri_parse(text.c_str(), &uri.c);
  fill_uri(arguments.env(), parsed, uri.c);  // after an error, too: with what was found before it
  return from(arguments.env(), result);
}

napi_value unparse(const Arguments &arguments) {
  return take(arguments.env(), ne_uri_unparse(uri_argument(arguments, 0, "uri").with_path()));
}

// C empties the result first; here it may be one of the others, which were read before.
napi_value resolve(const Arguments &arguments) {
  const GivenUri base = uri_argument(arguments, 0, "base");
  const GivenUri relative = uri_argument(arguments, 1, "relative");
  napi_value result = arguments.object(2, "result");
  Uri uri;
  fill_uri(arguments.env(), result, *ne_uri_resolve(base.with_path(), relative.with_path(), &uri.c));
  return result;
}

napi_value compare(const Arguments &arguments) {
  const GivenUri u1 = uri_argument(arguments, 0, "u1");
  const GivenUri u2 = uri_argument(arguments, 1, "u2");
  return from(arguments.env(), ne_uri_cmp(u1.c(), u2.c()));
}

napi_value copy(const Arguments &arguments) {
  napi_value dest = arguments.object(0, "dest");
  const GivenUri src = uri_argument(arguments, 1, "src");
  Uri uri;
  fill_uri(arguments.env(), dest, *ne_uri_copy(&uri.c, src.c()));
  return dest;
}

napi_value free_uri(const Arguments &arguments) {
  fill_uri(arguments.env(), arguments.object(0, "parsed"), ne_uri{});
  return undefined(arguments.env());
}

napi_value default_port(const Arguments &arguments) {
  return from(arguments.env(), static_cast<int>(ne_uri_defaultport(arguments.text(0, "scheme").c_str())));
}

napi_value escape(const Arguments &arguments) {
  return take(arguments.env(), ne_path_escape(arguments.text(0, "path").c_str()));
}

napi_value escape_by_flags(const Arguments &arguments) {
  const std::string path = arguments.text(0, "path");
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, UINT32_MAX));
  return take(arguments.env(), ne_path_escapef(path.c_str(), flags));
}

napi_value unescape(const Arguments &arguments) {
  return take(arguments.env(), ne_path_unescape(arguments.text(0, "epath").c_str()));
}

napi_value parent(const Arguments &arguments) {
  return take(arguments.env(), ne_path_parent(arguments.text(0, "path").c_str()));
}

napi_value compare_paths(const Arguments &arguments) {
  const std::string p1 = arguments.text(0, "p1");
  return from(arguments.env(), ne_path_compare(p1.c_str(), arguments.text(1, "p2").c_str()));
}

napi_value child_of(const Arguments &arguments) {
  const std::string parent = arguments.text(0, "parent");
  return from(arguments.env(), ne_path_childof(parent.c_str(), arguments.text(1, "child").c_str()));
}

napi_value has_trailing_slash(const Arguments &arguments) {
  return from(arguments.env(), ne_path_has_trailing_slash(arguments.text(0, "path").c_str()));
}

}  // namespace

void register_uri(Topic &topic) {
  topic.plain("ne_uri_parse", parse);
  topic.plain("ne_uri_unparse", unparse);
  topic.plain("ne_uri_resolve", resolve);
  topic.plain("ne_uri_cmp", compare);
  topic.plain("ne_uri_copy", copy);
  topic.plain("ne_uri_free", free_uri);
  topic.plain("ne_uri_defaultport", default_port);
  topic.plain("ne_path_escape", escape);
  topic.plain("ne_path_escapef", escape_by_flags);
  topic.plain("ne_path_unescape", unescape);
  topic.plain("ne_path_parent", parent);
  topic.plain("ne_path_compare", compare_paths);
  topic.plain("ne_path_childof", child_of);
  topic.plain("ne_path_has_trailing_slash", has_trailing_slash);
}

}  // namespace neon
