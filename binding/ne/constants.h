// The names of neon's result codes, for errors.
#pragma once

namespace neon {

/// The name of an NE_* result code of ne_request.h; "NE_ERROR" for any other number. The text is a string
/// literal.
const char *result_name(int code);

}  // namespace neon
