/* certificate PORT FILE...: reads each file as a certificate (PEM) and as a client certificate (PKCS#12, with
 * the password "secret"), and prints its properties. Nothing is sent. */
#include "twin.h"

static void print_client_certificate(ne_ssl_client_cert *clicert) {
  print_number("encrypted", ne_ssl_clicert_encrypted(clicert) != 0);
  print_text("name", ne_ssl_clicert_name(clicert));
  for (const char *const *password = (const char *const[]){"", "wrong", "secret", NULL};
       *password != NULL && ne_ssl_clicert_encrypted(clicert); password++)
    print_number(*password, ne_ssl_clicert_decrypt(clicert, *password));
  print_text("name", ne_ssl_clicert_name(clicert));
  if (!ne_ssl_clicert_encrypted(clicert)) print_certificate(ne_ssl_clicert_owner(clicert));
  ne_ssl_clicert_free(clicert);
}

int main(int argc, char **argv) {
  begin_twin();
  for (int i = 2; i < argc; i++) {
    print_number("file", i);
    ne_ssl_certificate *cert = ne_ssl_cert_read(argv[i]);
    print_number("certificate", cert != NULL);
    if (cert != NULL) {
      print_certificate(cert);
      ne_ssl_cert_free(cert);
    }
    ne_ssl_client_cert *clicert = ne_ssl_clicert_read(argv[i]);
    print_number("client certificate", clicert != NULL);
    if (clicert != NULL) print_client_certificate(clicert);
  }
  return 0;
}
