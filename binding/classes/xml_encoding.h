// The character encoding that a response declares for its XML document.
#pragma once

#include <ne_request.h>
#include <ne_xml.h>

#include <string>

namespace neon {

/// The charset in the Content-Type of a response; empty without one.
std::string charset_of(ne_request *request);

/// Makes the parser read its document in this encoding (RFC 7303, section 3). Versions of neon that have
/// ne_xml_set_encoding do the same in ne_xml_dispatch_request. With older versions, the declaration in the
/// document decides. Returns an empty text, or the reason why the encoding cannot be set.
std::string set_encoding(ne_xml_parser *parser, const std::string &charset);

}  // namespace neon
