#pragma once

namespace neon {

/// Clears errors that OpenSSL has recorded on this thread and that neon has not cleared, such as the errors
/// recorded when OpenSSL lacks the requested digest or cannot read a part of a certificate. The next TLS call
/// on this thread would mistake such an error for its own. Has no effect with another TLS library.
void forget_tls_errors();

}  // namespace neon
