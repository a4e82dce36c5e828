// The common part of the handlers of XML in the classes: their elements, the limit on nesting, and text.
#pragma once

#include <ne_xml.h>

#include <cstdio>
#include <span>
#include <string_view>

namespace neon {

/// An element of the namespace `DAV:`, and a parent in which a handler accepts it.
struct ChildElement {
  int parent;
  std::string_view name;
  int state;
};

/// The state of an element; NE_XML_DECLINE when the handler does not accept the element inside `parent`.
inline int state_of(std::span<const ChildElement> children, int parent, std::string_view nspace,
                    std::string_view name) {
  if (nspace == "DAV:")
    for (const ChildElement &child : children)
      if (child.parent == parent && child.name == name) return child.state;
  return NE_XML_DECLINE;
}

/// The text without the white space around it.
inline std::string_view shaved(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const std::size_t start = text.find_first_not_of(white);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(white) + 1 - start);
}

/// Why a document was refused that ended inside an element. neon reports no error when libxml2 stops because
/// it cannot convert the encoding of the document.
inline constexpr const char *incomplete_document = "XML parse error: the document is not complete";

/// How deeply elements may be nested. To find the default namespace of an element, neon searches all its
/// ancestors. The time therefore grows with the square of the depth. Without a limit, a document of 63 KB
/// could keep a thread busy for a second.
inline constexpr int max_depth = 1000;

/// Makes the excessive depth the error text of the parser. The caller must then abort the parser.
inline void set_too_deep(ne_xml_parser *parser) noexcept {
  char text[128];
  std::snprintf(text, sizeof text, "XML parse error at line %d: elements are nested deeper than %d",
                ne_xml_currentline(parser), max_depth);
  ne_xml_set_error(parser, text);
}

}  // namespace neon
