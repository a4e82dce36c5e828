// Finds the declared character encoding, and gives it to neon's parser.
#include "classes/xml_encoding.h"

#include <ne_alloc.h>
#include <ne_basic.h>
#include <ne_string.h>
#include <string.h>

#include "core/since.h"

namespace neon {

std::string charset_of(ne_request *request) {
  // If the header names no charset, ne_get_content_type() would return the default charset of the media type.
  const char *const header = ne_get_response_header(request, "Content-Type");
  if (!header || !strcasestr(header, "charset")) return "";
  ne_content_type type{};
  if (ne_get_content_type(request, &type) != 0) return "";
  std::string charset = type.charset ? type.charset : "";
  ne_free(type.value);
  return charset;
}

std::string set_encoding(ne_xml_parser *parser, const std::string &charset) {
  using SetEncoding = int(ne_xml_parser *, const char *);
  const auto set = reinterpret_cast<SetEncoding *>(find_symbol("ne_xml_set_encoding"));
  if (charset.empty() || !set || set(parser, charset.c_str()) == 0) return "";
  return "The character encoding is not known: " + charset;
}

}  // namespace neon
