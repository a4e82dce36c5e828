#pragma once

// Dates: fast parsers for the two common formats, and the lock for C's own functions.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace neon {

/// Hold this lock while calling a function that may use C's gmtime(), whose result the whole process shares.
/// In neon 0.32, ne_rfc1123_date() and ne_ssl_cert_validity() may use it.
inline std::mutex gmtime_mutex;

/// These functions convert a date to milliseconds since 1970. usual_iso8601() accepts only the form
/// `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339). usual_httpdate() accepts only `Www, DD Mmm YYYY HH:MM:SS GMT` (RFC
/// 9110, section 5.6.7). Nearly all dates have one of these forms. neon's functions accept other forms too,
/// but take ten times as long.
std::optional<std::int64_t> usual_iso8601(std::string_view text);
std::optional<std::int64_t> usual_httpdate(std::string_view text);

}  // namespace neon
