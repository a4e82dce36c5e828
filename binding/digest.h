#pragma once

namespace neon {

/// Forgets what OpenSSL noted down when it did not have a digest that neon asked it for: the next call that
/// TLS makes on this thread would take that for its own failure. With another TLS library nothing happens.
void forget_digest_error();

}  // namespace neon
