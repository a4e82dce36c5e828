#pragma once

#include <string>

namespace neon {

/// C writes names, namespaces and values into XML as they are, as `<name xmlns="nspace">value</name>`, with
/// the prefix D for "DAV:". Throws ERR_INVALID_ARG_VALUE when the result would not be one well-formed element
/// of this name; `what` names the argument in the message. Uses neon's own parser where a simple check is not
/// enough.
void require_element(const std::string &name, const char *nspace, const char *value, const std::string &what);

/// Checks, in the same way, text that C writes inside an element in the namespace "DAV:", where no prefix is
/// declared.
void require_well_formed(const std::string &content, const std::string &what);

}  // namespace neon
