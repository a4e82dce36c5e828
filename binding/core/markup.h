#pragma once

#include <string>

namespace neon {

/// C writes names, namespaces and values into XML without escaping, as `<name xmlns="nspace">value</name>`.
/// The prefix D is declared for "DAV:". Throws ERR_INVALID_ARG_VALUE when the result would not be one
/// well-formed element with this name. `what` names the argument in the message. Uses neon's own parser when
/// a simple check is not enough.
void require_element(const std::string &name, const char *nspace, const char *value, const std::string &what);

/// C writes `content` inside an element of the namespace "DAV:", where no prefix is declared. Throws
/// ERR_INVALID_ARG_VALUE when the element would not be well-formed. `what` names the argument in the message.
void require_well_formed(const std::string &content, const std::string &what);

}  // namespace neon
