#pragma once

// Dates in the two usual forms, read without C, and the lock around C's own functions.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace neon {

/// Must be held around functions that may use C's gmtime(), whose result the whole process shares. In neon
/// 0.32 these functions are ne_rfc1123_date() and ne_ssl_cert_validity().
inline std::mutex gmtime_mutex;

/// Milliseconds since 1970 of a date in exactly the form `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339), or
/// `Www, DD Mmm YYYY HH:MM:SS GMT` (RFC 9110, section 5.6.7). Nearly all dates have one of these forms. For
/// dates in other forms, use neon's functions, which take ten times as long.
std::optional<std::int64_t> usual_iso8601(std::string_view text);
std::optional<std::int64_t> usual_httpdate(std::string_view text);

}  // namespace neon
