/* upload PORT REQUEST...: sends PUTs on one session. A REQUEST is "SOURCE SIZE WORD...": where the body
 * comes from, its size, and words that set flags, repeat the request or cause faults. */
#include "twin.h"

#include <unistd.h>

#define AHEAD 5 /* the number of bytes in a file before the body, and after it */

struct source {
  ne_session *sess;
  char *bytes;
  long long size, given;
  int rewinds;
  const char *words;
};

static void upload(ne_session *sess, const char *words);
static void set_body(ne_request *req, struct source *source, FILE *file);
static char *letters(size_t size);
static void fill(FILE *file, const struct source *source);
static ssize_t provide(void *userdata, char *buffer, size_t buflen);
static ssize_t failure(const struct source *source);

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  for (int i = 2; i < argc; i++) upload(sess, argv[i]);
  ne_session_destroy(sess);
  return 0;
}

static void upload(ne_session *sess, const char *words) {
  struct source source = {.sess = sess, .words = words};
  if (sscanf(words, "%*s %lld", &source.size) != 1) exit(64);
  source.bytes = letters((size_t)source.size);
  FILE *file = tmpfile();
  fill(file, &source);

  ne_request *req = ne_request_create(sess, "PUT", "/upload");
  if (strstr(words, " expect")) ne_set_request_flag(req, NE_REQFLAG_EXPECT100, 1);
  if (strstr(words, " unsafe")) ne_set_request_flag(req, NE_REQFLAG_IDEMPOTENT, 0);
  set_body(req, &source, file);

  for (int times = strstr(words, " again") ? 2 : 1; times > 0; times--) {
    print_number("dispatch", ne_request_dispatch(req));
    print_text("error", ne_get_error(sess));
    print_status(req);
    print_number("rewinds", source.rewinds);
  }
  ne_request_destroy(req);
  fclose(file);
  free(source.bytes);
}

static void set_body(ne_request *req, struct source *source, FILE *file) {
  long long length = source->size;
  if (strstr(source->words, " beyond")) length += 100;
  if (strstr(source->words, " within")) length -= 100;
  if (strncmp(source->words, "buffer ", 7) == 0)
    ne_set_request_body_buffer(req, source->bytes, (size_t)source->size);
  if (strncmp(source->words, "fd ", 3) == 0) ne_set_request_body_fd(req, fileno(file), AHEAD, length);
  if (strncmp(source->words, "stdout ", 7) == 0) ne_set_request_body_fd(req, STDOUT_FILENO, AHEAD, length);
  if (strncmp(source->words, "provider ", 9) == 0) ne_set_request_body_provider(req, length, provide, source);
  if (strncmp(source->words, "chunked ", 8) == 0) ne_set_request_body_provider(req, -1, provide, source);
}

static char *letters(size_t size) {
  char *bytes = malloc(size + 1);
  for (size_t i = 0; i < size; i++) bytes[i] = (char)('a' + i % 23);
  bytes[size] = '\0';
  return bytes;
}

static void fill(FILE *file, const struct source *source) {
  fputs("AHEAD", file);
  fwrite(source->bytes, 1, (size_t)source->size, file);
  fputs("AFTER", file);
  fflush(file);
}

/* Provides pieces of 3000 bytes. */
static ssize_t provide(void *userdata, char *buffer, size_t buflen) {
  struct source *source = userdata;
  print_number("provide", (long long)buflen);
  if (buflen == 0) {
    source->given = 0;
    return source->rewinds++ > 0 && strstr(source->words, " once") ? failure(source) : 0;
  }
  if (source->given > 0 && strstr(source->words, " fail")) return failure(source);

  long long count = source->size - source->given;
  if (count > 3000) count = 3000;
  if (count > (long long)buflen) count = (long long)buflen;
  memcpy(buffer, source->bytes + source->given, (size_t)count);
  source->given += count;
  return (ssize_t)count;
}

static ssize_t failure(const struct source *source) {
  ne_set_error(source->sess, "%s", "The source has run dry");
  return -1;
}
