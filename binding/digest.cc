#include "digest.h"

#include <dlfcn.h>

namespace neon {

// The one that libneon is bound to, as in tls_version().
void forget_digest_error() {
  static const auto clear = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "ERR_clear_error"));
  if (clear) clear();
}

}  // namespace neon
