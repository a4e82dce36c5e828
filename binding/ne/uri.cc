// The functions of ne_uri.h, and conversions between ne_uri and plain objects.
#include "ne/uri.h"

#include <cstring>

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

bool is_missing(napi_valuetype type) { return type == napi_undefined || type == napi_null; }

}  // namespace

GivenUri::GivenUri(const Napi::Object &object, const char *argument) : argument_(argument) {
  static_assert(neon::text_fields.size() == text_fields);
  for (std::size_t i = 0; i < text_fields; ++i) {
    const auto [field, member] = neon::text_fields[i];
    const Napi::Value value = get_property(object, field);
    const napi_valuetype type = value.Type();
    if (is_missing(type)) continue;
    if (type != napi_string)
      throw type_failure(code::argument_type,
                         field_of(field, argument) + "must be of type string. " + received(value));
    texts_[i] = to_string(value);
    if (texts_[i].find('\0') != std::string::npos)
      throw type_failure(code::argument_value,
                         field_of(field, argument) + "must be a string without null characters");
    c_.*member = texts_[i].data();
  }
  const Napi::Value port = get_property(object, "port");
  const napi_valuetype type = port.Type();
  if (is_missing(type)) return;
  if (type != napi_number)
    throw type_failure(code::argument_type,
                       field_of("port", argument) + "must be of type number. " + received(port));
  const double number = port.As<Napi::Number>();
  if (!(number >= 0 && number <= max_port) || number != static_cast<unsigned>(number))
    throw range_failure(field_of("port", argument) +
                        "is out of range. It must be an integer >= 0 and <= 65535. " + received(port));
  c_.port = static_cast<unsigned>(number);
}

const ne_uri *GivenUri::with_path() const {
  if (!c_.path)
    throw type_failure(code::argument_type, field_of("path", argument_) + "must be of type string");
  return &c_;
}

Napi::Value uri_object(Napi::Env env, const ne_uri &uri) {
  const Napi::Object object = Napi::Object::New(env);
  fill_uri(object, uri);
  return object;
}

void fill_uri(const Napi::Object &object, const ne_uri &uri) {
  const Napi::Env env = object.Env();
  const auto text = [env](const char *field) { return string_or_null(env, field); };
  call_javascript(Environment::of(env).hook(Environment::Hook::FillUri),
                  {object, text(uri.scheme), text(uri.host), text(uri.userinfo),
                   Napi::Number::New(env, uri.port), text(uri.path), text(uri.query), text(uri.fragment)});
}

namespace {

GivenUri uri_argument(const Arguments &arguments, std::size_t index, const char *name) {
  return {arguments.object(index, name), name};
}

Napi::Object filled_uri(const Arguments &arguments, std::size_t index, const char *name) {
  return arguments.out(index, name, {"scheme", "host", "userinfo", "port", "path", "query", "fragment"});
}

Napi::Value parse(const Arguments &arguments) {
  const std::string text = arguments.text(0, "uri");
  const Napi::Object parsed = filled_uri(arguments, 1, "parsed");
  Uri uri;
  const int result = ne_uri_parse(text.c_str(), &uri.c);
  fill_uri(parsed, uri.c);  // even after an error: the fields found so far
  return Napi::Number::New(arguments.env(), result);
}

Napi::Value unparse(const Arguments &arguments) {
  return take_string(arguments.env(), ne_uri_unparse(uri_argument(arguments, 0, "uri").with_path()));
}

// C empties the result first. JavaScript may pass the same object as the result and as another argument. The
// other arguments are therefore read first.
Napi::Value resolve(const Arguments &arguments) {
  const GivenUri base = uri_argument(arguments, 0, "base");
  const GivenUri relative = uri_argument(arguments, 1, "relative");
  const Napi::Object result = filled_uri(arguments, 2, "result");
  Uri uri;
  fill_uri(result, *ne_uri_resolve(base.with_path(), relative.with_path(), &uri.c));
  return result;
}

Napi::Value compare(const Arguments &arguments) {
  const GivenUri u1 = uri_argument(arguments, 0, "u1");
  const GivenUri u2 = uri_argument(arguments, 1, "u2");
  return Napi::Number::New(arguments.env(), ne_uri_cmp(u1.c(), u2.c()));
}

Napi::Value copy(const Arguments &arguments) {
  const Napi::Object dest = filled_uri(arguments, 0, "dest");
  const GivenUri src = uri_argument(arguments, 1, "src");
  Uri uri;
  fill_uri(dest, *ne_uri_copy(&uri.c, src.c()));
  return dest;
}

Napi::Value free_uri(const Arguments &arguments) {
  fill_uri(filled_uri(arguments, 0, "parsed"), ne_uri{});
  return arguments.env().Undefined();
}

Napi::Value default_port(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(),
                           static_cast<int>(ne_uri_defaultport(arguments.text(0, "scheme").c_str())));
}

// A path: a string, or bytes in any encoding.
std::string path_argument(const Arguments &arguments, std::size_t index, const char *name) {
  if (arguments[index].IsString()) return arguments.text(index, name);
  std::string bytes = arguments.bytes(index, name);
  if (bytes.find('\0') != std::string::npos)
    throw type_failure(code::argument_value,
                       "The \"" + std::string(name) + "\" argument must not have null bytes");
  return bytes;
}

// Converts a path that C returned to the type of argument 0, from which C made the path.
Napi::Value take_path(const Arguments &arguments, char *path) {
  const Napi::Env env = arguments.env();
  if (!path || arguments[0].IsString()) return take_string(env, path);
  const Memory memory(path);
  return Napi::Buffer<char>::Copy(env, path, std::strlen(path));
}

Napi::Value escape(const Arguments &arguments) {
  return take_string(arguments.env(), ne_path_escape(path_argument(arguments, 0, "path").c_str()));
}

Napi::Value escape_by_flags(const Arguments &arguments) {
  const std::string path = path_argument(arguments, 0, "path");
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, UINT32_MAX));
  return take_string(arguments.env(), ne_path_escapef(path.c_str(), flags));
}

Napi::Value unescape(const Arguments &arguments) {
  return take_path(arguments, ne_path_unescape(path_argument(arguments, 0, "epath").c_str()));
}

Napi::Value parent(const Arguments &arguments) {
  return take_path(arguments, ne_path_parent(path_argument(arguments, 0, "path").c_str()));
}

Napi::Value compare_paths(const Arguments &arguments) {
  const std::string p1 = path_argument(arguments, 0, "p1");
  return Napi::Number::New(arguments.env(),
                           ne_path_compare(p1.c_str(), path_argument(arguments, 1, "p2").c_str()));
}

Napi::Value child_of(const Arguments &arguments) {
  const std::string parent = path_argument(arguments, 0, "parent");
  return Napi::Number::New(arguments.env(),
                           ne_path_childof(parent.c_str(), path_argument(arguments, 1, "child").c_str()));
}

Napi::Value has_trailing_slash(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(),
                           ne_path_has_trailing_slash(path_argument(arguments, 0, "path").c_str()));
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
