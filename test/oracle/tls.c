/* tls PORT HOST[/PATH] CLIENT CA...: sends GETs on three sessions. The first session has no verify
 * callback. The second session's callback refuses the server's certificate, and the third session's callback
 * accepts it. The third session then sends another GET on a new connection. The response, a page of openssl's
 * s_server, tells whether the TLS session was resumed. The server is always at 127.0.0.1. CLIENT is "-" (no
 * certificate), "set=FILE" (a PKCS#12 file), "provide=FILE" (a callback that provides the file), or
 * "provide=" (a callback that provides nothing). */
#include "twin.h"

enum mode { no_callback, refuse, accept };
static const char *const mode_names[] = {"no callback", "refuse", "accept"};

static int verify(void *userdata, int failures, const ne_ssl_certificate *cert) {
  const enum mode *mode = userdata;
  print_number("failures", failures);
  print_certificate(cert);
  return *mode == accept ? 0 : 1;
}

static void set_client_certificate(ne_session *sess, const char *file) {
  ne_ssl_client_cert *clicert = ne_ssl_clicert_read(file);
  if (clicert == NULL) exit(70);
  if (ne_ssl_clicert_encrypted(clicert)) print_number("decrypt", ne_ssl_clicert_decrypt(clicert, "secret"));
  ne_ssl_set_clicert(sess, clicert);
  ne_ssl_clicert_free(clicert);
}

static void provide(void *userdata, ne_session *sess, const ne_ssl_dname *const *dnames, int count) {
  const char *file = userdata;
  print_number("provide", count);
  for (int i = 0; i < count; i++) {
    char *name = ne_ssl_readable_dname(dnames[i]);
    print_text("authority", name);
    ne_free(name);
  }
  if (*file != '\0') set_client_certificate(sess, file);
}

/* Looks for the word in each block. s_server's page may need several blocks, but the word is never split. */
static int find_reused(void *userdata, const char *buf, size_t len) {
  int *reused = userdata;
  static const char word[] = "Reused, ";
  for (size_t i = 0; i + sizeof word - 1 <= len; i++)
    if (memcmp(buf + i, word, sizeof word - 1) == 0) *reused = 1;
  return 0;
}

static void get(ne_session *sess, const char *path) {
  int reused = 0;
  ne_request *req = ne_request_create(sess, "GET", path);
  ne_add_response_body_reader(req, ne_accept_2xx, find_reused, &reused);
  print_number("dispatch", ne_request_dispatch(req));
  print_text("error", ne_get_error(sess));
  print_status(req);
  print_number("reused", reused);
  ne_request_destroy(req);
}

int main(int argc, char **argv) {
  begin_twin();
  char host[256];
  const char *place = argument(argc, argv, 2, ""), *slash = strchr(place, '/');
  snprintf(host, sizeof host, "%.*s", (int)strcspn(place, "/"), place);
  const char *path = slash ? slash : "/";
  const char *client = argument(argc, argv, 3, "-");
  ne_inet_addr *loopback = ne_iaddr_parse("127.0.0.1", ne_iaddr_ipv4);
  const ne_inet_addr *addresses[] = {loopback};

  for (enum mode mode = no_callback; mode <= accept; mode++) {
    ne_session *sess = ne_session_create("https", host, port_argument(argc, argv));
    ne_set_addrlist(sess, addresses, 1);
    for (int i = 4; i < argc; i++) {
      ne_ssl_certificate *ca = ne_ssl_cert_read(argv[i]);
      if (ca == NULL) exit(70);
      ne_ssl_trust_cert(sess, ca);
      ne_ssl_cert_free(ca);
    }
    if (strncmp(client, "set=", 4) == 0) set_client_certificate(sess, client + 4);
    if (strncmp(client, "provide=", 8) == 0) ne_ssl_provide_clicert(sess, provide, (char *)client + 8);
    if (mode != no_callback) ne_ssl_set_verify(sess, verify, &mode);

    print_text("mode", mode_names[mode]);
    get(sess, path);
    if (mode == accept) {
      ne_close_connection(sess);
      get(sess, path);
    }
    ne_session_destroy(sess);
  }
  ne_iaddr_free(loopback);
  return 0;
}
