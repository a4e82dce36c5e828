#pragma once

#include <mutex>

namespace neon {

/// Held around what may use C's gmtime(), whose result belongs to the whole process: in neon 0.32
/// ne_rfc1123_date() and ne_ssl_cert_validity() do.
inline std::mutex gmtime_mutex;

}  // namespace neon
