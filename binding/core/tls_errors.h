#pragma once

namespace neon {

/// Forgets what OpenSSL noted down on this thread, where neon does not: when it had not the digest that it
/// was asked for, or when a certificate holds what it cannot read. The next call that TLS makes on this
/// thread would take that for its own failure. With another TLS library nothing happens.
void forget_tls_errors();

}  // namespace neon
