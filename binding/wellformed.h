#pragma once

#include <string>

namespace neon {

/// Whether this may stand inside an element, in the namespace `DAV:`, as it is: C puts some text into XML
/// without escaping it.
bool is_well_formed(const std::string &content);

/// Throws ERR_INVALID_ARG_VALUE when it may not; `what` says what must be well-formed.
void require_well_formed(const std::string &content, const std::string &what);

}  // namespace neon
