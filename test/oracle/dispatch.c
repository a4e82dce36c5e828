/* dispatch PORT REQUEST...: dispatches each request on one session. A REQUEST is "METHOD TARGET WORD...".
 * The words select readers for the response body, set flags, or repeat the request. */
#include "twin.h"

struct reader {
  const char *name;
  int refuses;
  long long total;
  uint32_t hash;
};

static void dispatch(ne_session *sess, const char *words);
static void set_flags(ne_session *sess, ne_request *req, const char *words);
static int accept_not_404(void *userdata, ne_request *req, const ne_status *status);
static int read_body(void *userdata, const char *block, size_t size);
static void print_reader(const struct reader *reader);
static void print_headers(ne_request *req);

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  for (int i = 2; i < argc; i++) dispatch(sess, argv[i]);
  ne_session_destroy(sess);
  return 0;
}

static void dispatch(ne_session *sess, const char *words) {
  char method[16], target[64];
  if (sscanf(words, "%15s %63s", method, target) != 2) exit(64);
  int refuses = strstr(words, " refuse") != NULL;
  struct reader always = {"always", refuses, 0, HASH_START};
  struct reader success = {"2xx", refuses, 0, HASH_START};
  struct reader not_404 = {"not404", refuses, 0, HASH_START};

  ne_request *req = ne_request_create(sess, method, target);
  set_flags(sess, req, words);
  ne_add_response_body_reader(req, ne_accept_always, read_body, &always);
  if (strstr(words, " 2xx")) ne_add_response_body_reader(req, ne_accept_2xx, read_body, &success);
  if (strstr(words, " not404")) ne_add_response_body_reader(req, accept_not_404, read_body, &not_404);

  for (int times = strstr(words, " again") ? 2 : 1; times > 0; times--) {
    print_number("dispatch", ne_request_dispatch(req));
    print_text("error", ne_get_error(sess));
    print_status(req);
    print_reader(&always);
    print_reader(&success);
    print_reader(&not_404);
    print_headers(req);
  }
  ne_request_destroy(req);
}

static void set_flags(ne_session *sess, ne_request *req, const char *words) {
  if (strstr(words, " icy")) ne_set_session_flag(sess, NE_SESSFLAG_ICYPROTO, 1);
  if (strstr(words, " unsafe")) ne_set_request_flag(req, NE_REQFLAG_IDEMPOTENT, 0);
}

static int accept_not_404(void *userdata, ne_request *req, const ne_status *status) {
  print_text("asks", ((const struct reader *)userdata)->name);
  print_number("about", status->code);
  print_text("type", ne_get_response_header(req, "Content-Type"));
  return status->code != 404;
}

static int read_body(void *userdata, const char *block, size_t size) {
  struct reader *reader = userdata;
  if (size == 0) print_text("complete", reader->name);
  if (reader->refuses) return -1;
  reader->total += (long long)size;
  reader->hash = hash_more(reader->hash, block, size);
  return 0;
}

static void print_reader(const struct reader *reader) {
  print_text("reader", reader->name);
  print_number("total", reader->total);
  print_number("hash", reader->hash);
}

struct field {
  const char *name, *value;
};

static int by_name(const void *one, const void *other) {
  return strcmp(((const struct field *)one)->name, ((const struct field *)other)->name);
}

static void print_headers(ne_request *req) {
  struct field fields[256];
  size_t count = 0;
  void *cursor = NULL;
  while (count < 256 &&
         (cursor = ne_response_header_iterate(req, cursor, &fields[count].name, &fields[count].value)))
    count++;
  qsort(fields, count, sizeof fields[0], by_name);
  print_number("fields", (long long)count);
  for (size_t i = 0; i < count; i++) print_text(fields[i].name, fields[i].value);
}
