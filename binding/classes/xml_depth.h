// The limit on nested elements in XML that the classes parse.
#pragma once

#include <ne_xml.h>

#include <cstdio>

namespace neon {

/// How deeply elements may be nested. neon looks the default namespace of an element up through all of its
/// ancestors, so that its time grows with the square of the depth: 63 KB can keep a thread busy for a second.
inline constexpr int max_depth = 1000;

/// Makes it the error of the parser, which is to be aborted then.
inline void set_too_deep(ne_xml_parser *parser) noexcept {
  char text[128];
  std::snprintf(text, sizeof text, "XML parse error at line %d: elements are nested deeper than %d",
                ne_xml_currentline(parser), max_depth);
  ne_xml_set_error(parser, text);
}

}  // namespace neon
