/* version: prints the versions of neon and of the TLS library that C twins use. */
#include <dlfcn.h>

#include "twin.h"

int main(void) {
  begin_twin();
  print_text("neon", ne_version_string());
  const char *(*gnutls)(const char *) =
      (const char *(*)(const char *))dlsym(RTLD_DEFAULT, "gnutls_check_version");
  const char *(*openssl)(int) = (const char *(*)(int))dlsym(RTLD_DEFAULT, "OpenSSL_version");
  if (strstr(ne_version_string(), "GNU TLS") && gnutls)
    printf("tls=GnuTLS %s\n", gnutls(NULL));
  else
    print_text("tls", openssl ? openssl(0) : NULL);
  return 0;
}
