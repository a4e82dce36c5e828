/* tls-versions PORT CA MIN:MAX...: sends a GET to localhost for each range of versions (NE_SSL_PROTO_*, as
 * numbers). The response, a page of openssl's s_server, states the negotiated version. */
#include <dlfcn.h>

#include "twin.h"

struct page {
  char text[16384];
  size_t length;
};

static int keep(void *userdata, const char *buf, size_t len) {
  struct page *page = userdata;
  if (len >= sizeof page->text - page->length) return -1;
  memcpy(page->text + page->length, buf, len);
  page->length += len;
  return 0;
}

static void print_version(const struct page *page) {
  static const char label[] = "Protocol  : ";
  const char *found = strstr(page->text, label), *value = found ? found + sizeof label - 1 : "";
  char version[16];
  snprintf(version, sizeof version, "%.*s", (int)strcspn(value, "\n"), value);
  print_text("version", version);
}

int main(int argc, char **argv) {
  begin_twin();
  /* The headers of neon 0.32 do not declare this function. */
  int (*set_protovers)(ne_session *, int, int) =
      (int (*)(ne_session *, int, int))dlsym(RTLD_DEFAULT, "ne_ssl_set_protovers");
  if (set_protovers == NULL) exit(70);
  ne_ssl_certificate *ca = ne_ssl_cert_read(argument(argc, argv, 2, ""));
  if (ca == NULL) exit(70);

  for (int i = 3; i < argc; i++) {
    print_text("range", argv[i]);
    ne_session *sess = ne_session_create("https", "localhost", port_argument(argc, argv));
    ne_ssl_trust_cert(sess, ca);
    print_number("set", set_protovers(sess, atoi(argv[i]), atoi(strchr(argv[i], ':') + 1)));
    print_text("error", ne_get_error(sess));
    struct page page = {.length = 0};
    ne_request *req = ne_request_create(sess, "GET", "/");
    ne_add_response_body_reader(req, ne_accept_2xx, keep, &page);
    print_number("dispatch", ne_request_dispatch(req));
    print_text("error", ne_get_error(sess));
    print_version(&page);
    ne_request_destroy(req);
    ne_session_destroy(sess);
  }
  ne_ssl_cert_free(ca);
  return 0;
}
