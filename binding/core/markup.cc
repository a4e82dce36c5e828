#include "core/markup.h"

#include <ne_xml.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "core/error.h"

namespace neon {

namespace {

bool is_plain(char c) { return (c >= ' ' && c <= '~' && c != '<' && c != '>' && c != '&') || c == '\n'; }

// The following functions accept simple texts without a parser. The parser may accept a text that they do
// not.
bool is_plain_text(std::string_view text) { return std::all_of(text.begin(), text.end(), is_plain); }

bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

struct Destroy {
  void operator()(ne_xml_parser *parser) const { ne_xml_destroy(parser); }
};

// Whether the document is well-formed, and its root element has this name.
bool is_element(const std::string &name, const std::string &document) {
  const auto start = [](void *userdata, int parent, const char *, const char *name, const char **) noexcept {
    const bool other = parent == NE_XML_STATEROOT && *static_cast<const std::string *>(userdata) != name;
    return other ? NE_XML_ABORT : 1;
  };
  const std::unique_ptr<ne_xml_parser, Destroy> parser(ne_xml_create());
  ne_xml_push_handler(parser.get(), start, nullptr, nullptr, const_cast<std::string *>(&name));
  return ne_xml_parse(parser.get(), document.data(), document.size()) == 0 &&
         ne_xml_parse(parser.get(), nullptr, 0) == 0;
}

[[noreturn]] void refuse(const std::string &what) {
  throw type_failure(code::argument_value, what + " must be well-formed XML: it is sent as it is");
}

}  // namespace

void require_element(const std::string &name, const char *nspace, const char *value,
                     const std::string &what) {
  const std::string_view space = nspace ? nspace : "", content = value ? value : "";
  // A quotation mark would end the attribute, and text after it could start other attributes.
  const bool whole_space = space.find('"') == std::string_view::npos;
  if (whole_space && is_plain_name(name) && is_plain_text(space) && is_plain_text(content)) return;
  std::string document = "<" + name + " xmlns=\"";
  document.append(space).append("\" xmlns:D=\"DAV:\">").append(content).append("</" + name + ">");
  if (!whole_space || !is_element(name, document)) refuse(what);
}

// Refuses text that closes the element and opens another element, which would be a second root.
void require_well_formed(const std::string &content, const std::string &what) {
  if (!is_element("a", "<a xmlns='DAV:'>" + content + "</a>")) refuse(what);
}

}  // namespace neon
