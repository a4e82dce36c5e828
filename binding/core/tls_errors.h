#pragma once

namespace neon {

/// Clears the errors that OpenSSL recorded on this thread, where neon does not: when it lacked the requested
/// digest, or could not read a part of a certificate. The next call that TLS makes on this thread would take
/// that for its own failure. With another TLS library nothing happens.
void forget_tls_errors();

}  // namespace neon
