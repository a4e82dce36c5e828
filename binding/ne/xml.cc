// ne_xml.h: XML documents, parsed by libxml2 or expat.
#include "ne/xml.h"

#include <string>

#include "core/error.h"
#include "core/since.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/session/callback.h"

namespace neon {

// lib/ne/constants.ts repeats the value.
static_assert(std::string_view(NE_XML_MEDIA_TYPE) == "application/xml");

namespace {

// --- Called by neon while it parses -----------------------------------------------------------------------

/// A flat array of names and values.
Napi::Array attribute_list(Napi::Env env, const char **attributes) {
  const Napi::Array list = Napi::Array::New(env);
  for (std::uint32_t i = 0; attributes[i]; ++i) list.Set(i, Napi::String::New(env, attributes[i]));
  return list;
}

int on_start(void *userdata, int parent, const char *nspace, const char *name,
             const char **attributes) noexcept {
  const auto &handler = *static_cast<const XmlParser::Handler *>(userdata);
  const XmlParser::Start start(handler.parser);
  return handler.parser
      .ask(
          handler.parser, handler.start,
          [=](Napi::Env env) {
            return std::vector<napi_value>{Napi::Number::New(env, parent), string_or_null(env, nspace),
                                           string_or_null(env, name), attribute_list(env, attributes)};
          },
          to_int)
      .value_or(NE_XML_ABORT);
}

int on_text(void *userdata, int state, const char *text, std::size_t size) noexcept {
  const auto &handler = *static_cast<const XmlParser::Handler *>(userdata);
  return handler.parser
      .ask(
          handler.parser, *handler.cdata,
          [=](Napi::Env env) {
            return std::vector<napi_value>{Napi::Number::New(env, state), Napi::String::New(env, text, size)};
          },
          to_int)
      .value_or(NE_XML_ABORT);
}

int on_end(void *userdata, int state, const char *nspace, const char *name) noexcept {
  const auto &handler = *static_cast<const XmlParser::Handler *>(userdata);
  return handler.parser
      .ask(
          handler.parser, *handler.end,
          [=](Napi::Env env) {
            return std::vector<napi_value>{Napi::Number::New(env, state), string_or_null(env, nspace),
                                           string_or_null(env, name)};
          },
          to_int)
      .value_or(NE_XML_ABORT);
}

}  // namespace

// --- XmlParser --------------------------------------------------------------------------------------------

bool XmlParser::closed() const {
  if (!lent_) return false;
  const auto lender = lender_.lock();
  return !lender || lender->closed();
}

void XmlParser::require_own(const char *use) const {
  if (lent_)
    throw neon_failure(code::borrowed,
                       std::string("This parser is not the caller's own: it must not be ") + use);
}

void XmlParser::require_usable() const {
  if (use_count && !in_question())
    throw neon_failure(code::busy, "A promise that uses this parser is pending");
}

void XmlParser::require_idle() const {
  if (direct_ || in_question())
    throw neon_failure(code::reentrant,
                       "This parser is parsing: it must not parse or be destroyed inside its callbacks");
  require_usable();
}

void XmlParser::admit(const Executor &target) const {
  if (direct_ || (use_count && user != &target)) require_idle();
  require_whole();
}

// Throws if a handle that pushed handlers is destroyed, because C would still call the pushed handlers.
void XmlParser::require_whole() const {
  for (const std::shared_ptr<Handle> &pusher : pushers_)
    if (pusher->object().IsEmpty())
      throw neon_failure(code::destroyed, "A ne_207_parser of this ne_xml_parser is destroyed");
}

void XmlParser::push_handler(std::uint32_t start, std::optional<std::uint32_t> cdata,
                             std::optional<std::uint32_t> end) {
  handlers_.push_back(std::make_unique<Handler>(Handler{*this, start, cdata, end}));
  ne_xml_push_handler(c_, on_start, cdata ? on_text : nullptr, end ? on_end : nullptr,
                      handlers_.back().get());
}

void XmlParser::attach(std::shared_ptr<Handle> pusher, Napi::Object object) {
  pushers_.push_back(std::move(pusher));
  keep(object);
}

int XmlParser::parse(const char *block, std::size_t size) {
  began_ = true;
  return failed_ ? failed() : ne_xml_parse(c_, block, size);
}

int XmlParser::parse_directly(std::string_view block) {
  require_idle();
  require_whole();
  direct_ = true;
  const int result = parse(block.data(), block.size());
  direct_ = false;
  if (environment->env().IsExceptionPending()) throw_pending(environment->env());
  return result;
}

int XmlParser::failed() const {
  const int failure = ne_xml_failed(c_);
  return failure == 0 && failed_ ? NE_XML_ABORT : failure;
}

namespace {

void require_start(const XmlParser &parser, const char *function) {
  parser.require_usable();
  if (!parser.in_start_callback())
    throw neon_failure(code::invalid_state,
                       std::string(function) + " must be called inside a start callback of the parser");
}

/// An argument that becomes a C string, or NULL.
struct OptionalText {
  OptionalText(const Arguments &arguments, std::size_t index, const char *name)
      : given(!arguments.is_nullish(index)), text(given ? arguments.text(index, name) : "") {}
  const char *c() const { return given ? text.c_str() : nullptr; }

  const bool given;
  const std::string text;
};

Napi::Value create(const Arguments &arguments) {
  return to_object(std::make_shared<XmlParser>(arguments.environment()));
}

Napi::Value push_handler(const Arguments &arguments) {
  const auto parser = usable<XmlParser>(arguments);
  const Napi::Function start = arguments.function(1, "startelm");
  const Napi::Function cdata = arguments.optional_function(2, "cdata");
  const Napi::Function end = arguments.optional_function(3, "endelm");
  const auto keep = [&](Napi::Function function) {
    return function.IsEmpty() ? std::nullopt : std::optional(parser->keep(function));
  };
  const std::uint32_t start_number = parser->keep(start);
  const auto cdata_number = keep(cdata), end_number = keep(end);
  parser->push_handler(start_number, cdata_number, end_number);
  return arguments.env().Undefined();
}

Napi::Value failed(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), usable<XmlParser>(arguments)->failed());
}

Napi::Value set_error(const Arguments &arguments) {
  const auto parser = usable<XmlParser>(arguments);
  ne_xml_set_error(parser->c(), arguments.text(1, "msg").c_str());
  return arguments.env().Undefined();
}

Napi::Value get_error(const Arguments &arguments) {
  return Napi::String::New(arguments.env(), ne_xml_get_error(usable<XmlParser>(arguments)->c()));
}

// The size of a block must fit into an int, the type that libxml2 and expat use for it.
Napi::Value parse(const Arguments &arguments) {
  const auto parser = arguments.handle<XmlParser>(0, "p");
  const std::string block = arguments.is_nullish(1) ? "" : arguments.bytes(1, "block", INT32_MAX);
  parser->require_own("given a document");
  return Napi::Number::New(arguments.env(), parser->parse_directly(block));
}

Napi::Value current_line(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), ne_xml_currentline(usable<XmlParser>(arguments)->c()));
}

Napi::Value doc_encoding(const Arguments &arguments) {
  return string_or_null(arguments.env(), ne_xml_doc_encoding(usable<XmlParser>(arguments)->c()));
}

Napi::Value set_encoding(const Arguments &arguments) {
  const auto parser = arguments.handle<XmlParser>(0, "p");
  const std::string encoding = arguments.text(1, "encoding");
  parser->require_idle();
  if (parser->began())
    throw neon_failure(code::invalid_state, "The encoding must be set before the parser is given a document");
  const auto set = Since<int(ne_xml_parser *, const char *)>::required("ne_xml_set_encoding");
  return Napi::Number::New(arguments.env(), set(parser->c(), encoding.c_str()));
}

// C looks the name up in the list `attrs`. C resolves the prefixes of attributes by the namespaces that are
// in scope for the starting element.
Napi::Value get_attr(const Arguments &arguments) {
  const auto parser = arguments.handle<XmlParser>(0, "p");
  std::vector<std::string> texts;
  for (const Napi::Value &value : arguments.list(1, "attrs"))
    texts.push_back(text_of(value, "An element of \"attrs\""));
  if (texts.size() % 2 != 0)
    throw type_failure(code::argument_value, "The \"attrs\" argument must hold pairs of name and value");
  std::vector<const char *> attributes;
  attributes.reserve(texts.size() + 1);
  for (const std::string &text : texts) attributes.push_back(text.c_str());
  attributes.push_back(nullptr);
  const OptionalText nspace(arguments, 2, "nspace");
  const std::string name = arguments.text(3, "name");
  require_start(*parser, "ne_xml_get_attr");
  return string_or_null(arguments.env(),
                        ne_xml_get_attr(parser->c(), attributes.data(), nspace.c(), name.c_str()));
}

Napi::Value resolve_nspace(const Arguments &arguments) {
  const auto parser = arguments.handle<XmlParser>(0, "p");
  const OptionalText prefix(arguments, 1, "prefix");
  require_start(*parser, "ne_xml_resolve_nspace");
  return string_or_null(arguments.env(), ne_xml_resolve_nspace(parser->c(), prefix.c(), prefix.text.size()));
}

Napi::Value destroy(const Arguments &arguments) {
  const auto parser = arguments.handle<XmlParser>(0, "p");
  parser->require_own("destroyed");
  parser->require_idle();
  HandleWrap::destroy(*parser);
  return arguments.env().Undefined();
}

/// One entry of an idmap, with the strings to which the entry points.
struct MapEntry {
  explicit MapEntry(Napi::Value value) {
    const Napi::Object object = require_object(value, "An entry of \"map\"");
    nspace = text_of(get_property(object, "nspace"), "The \"nspace\" of an entry of \"map\"");
    name = text_of(get_property(object, "name"), "The \"name\" of an entry of \"map\"");
    id = static_cast<int>(
        integer_of(get_property(object, "id"), "The \"id\" of an entry of \"map\"", INT32_MIN, INT32_MAX));
  }
  std::string nspace, name;
  int id;
};

Napi::Value map_id(const Arguments &arguments) {
  std::vector<MapEntry> entries;
  for (const Napi::Value &value : arguments.list(0, "map")) entries.emplace_back(value);
  const std::string nspace = arguments.text(1, "nspace"), name = arguments.text(2, "name");
  std::vector<ne_xml_idmap> map;
  map.reserve(entries.size());
  for (const MapEntry &entry : entries) map.push_back({entry.nspace.c_str(), entry.name.c_str(), entry.id});
  return Napi::Number::New(arguments.env(),
                           ne_xml_mapid(map.data(), map.size(), nspace.c_str(), name.c_str()));
}

}  // namespace

void register_xml(Topic &topic) {
  // Creating the first parser initialises the XML library. The first parser is therefore created here, before
  // several threads create parsers.
  [[maybe_unused]] static const bool initialized = (ne_xml_destroy(ne_xml_create()), true);
  topic.plain("ne_xml_create", create);
  topic.plain("ne_xml_push_handler", push_handler);
  topic.plain("ne_xml_failed", failed);
  topic.plain("ne_xml_set_error", set_error);
  topic.plain("ne_xml_get_error", get_error);
  topic.plain("ne_xml_parse", parse);
  topic.plain("ne_xml_currentline", current_line);
  topic.plain("ne_xml_doc_encoding", doc_encoding);
  topic.plain("ne_xml_set_encoding", set_encoding);
  topic.plain("ne_xml_get_attr", get_attr);
  topic.plain("ne_xml_resolve_nspace", resolve_nspace);
  topic.plain("ne_xml_destroy", destroy);
  topic.plain("ne_xml_mapid", map_id);
}

}  // namespace neon
