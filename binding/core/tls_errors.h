#pragma once

namespace neon {

/// Clears errors that OpenSSL has recorded on this thread and that neon has not cleared. OpenSSL records an
/// error when it lacks the requested digest, for example, or cannot read a part of a certificate. The next
/// TLS call on this thread would mistake the old error for its own. Has no effect with another TLS library.
void forget_tls_errors();

}  // namespace neon
