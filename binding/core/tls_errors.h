#pragma once

namespace neon {

/// Clears the errors that OpenSSL recorded on this thread and neon did not clear: OpenSSL lacked the
/// requested digest, or could not read a part of a certificate. The next TLS call on this thread would take
/// such an error for its own. Has no effect with another TLS library.
void forget_tls_errors();

}  // namespace neon
