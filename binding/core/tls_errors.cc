#include "core/tls_errors.h"

#include <dlfcn.h>

namespace neon {

// The one that libneon is bound to, as in tls_version().
void forget_tls_errors() {
  static const auto clear = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "ERR_clear_error"));
  if (clear) clear();
}

}  // namespace neon
