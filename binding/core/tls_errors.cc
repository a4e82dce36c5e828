#include "core/tls_errors.h"

#include <dlfcn.h>

namespace neon {

// Calls the OpenSSL that libneon is bound to. tls_version() finds this OpenSSL in the same way.
void forget_tls_errors() {
  static const auto clear = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "ERR_clear_error"));
  if (clear) clear();
}

}  // namespace neon
