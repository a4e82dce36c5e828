#include "wellformed.h"

#include <ne_xml.h>

#include <memory>

#include "error.h"

namespace neon {

namespace {

int accept_all(void *, int, const char *, const char *, const char **) noexcept { return 1; }

}  // namespace

// In a root element of its own: what closes that, and opens another, would be a second root.
bool is_well_formed(const std::string &content) {
  const std::unique_ptr<ne_xml_parser, void (*)(ne_xml_parser *)> parser(ne_xml_create(), ne_xml_destroy);
  ne_xml_push_handler(parser.get(), accept_all, nullptr, nullptr, nullptr);
  const std::string document = "<a xmlns='DAV:'>" + content + "</a>";
  ne_xml_parse(parser.get(), document.data(), document.size());
  ne_xml_parse(parser.get(), nullptr, 0);
  return ne_xml_failed(parser.get()) == 0;
}

void require_well_formed(const std::string &content, const std::string &what) {
  if (!is_well_formed(content))
    throw type_failure(code::argument_value,
                       what + " must be well-formed XML, since it becomes part of a document as it is");
}

}  // namespace neon
