/* basic PORT CALL...: makes calls of ne_basic.h, ne_redirect.h and ne_compress.h on one session. A CALL is
 * a name with arguments, separated by blanks. Each call may write to a new file. The file's size and hash are
 * then printed. */
#include "twin.h"

#include <unistd.h>

#include <ne_alloc.h>
#include <ne_basic.h>
#include <ne_compress.h>
#include <ne_redirect.h>

#define WORDS 6

static FILE *file;

static void print_file(void) {
  char block[4096];
  size_t got;
  long long total = 0;
  uint32_t hash = HASH_START;
  lseek(fileno(file), 0, SEEK_SET);
  while ((got = fread(block, 1, sizeof block, file)) > 0) {
    total += (long long)got;
    hash = hash_more(hash, block, got);
  }
  print_number("file", total);
  print_number("hash", hash);
}

static void letters(long size) {
  for (long i = 0; i < size; i++) putc('a' + (int)(i % 23), file);
  fflush(file);
}

static int modtime(ne_session *sess, const char *path) {
  time_t time = 5;
  int result = ne_getmodtime(sess, path, &time);
  print_number("time", (long long)time);
  return result;
}

static int options(ne_session *sess, const char *path) {
  ne_server_capabilities caps;
  int result = ne_options(sess, path, &caps);
  printf("caps=%u %u %u\n", caps.dav_class1, caps.dav_class2, caps.dav_executable);
  return result;
}

static int options2(ne_session *sess, const char *path) {
  unsigned int caps = 77;
  int result = ne_options2(sess, path, &caps);
  print_number("caps", caps);
  return result;
}

static int range(ne_session *sess, const char *start, const char *end, const char *path) {
  ne_content_range wanted = {atoll(start), atoll(end), 0};
  int result = ne_get_range(sess, path, &wanted, fileno(file));
  printf("range=%lld %lld %lld\n", (long long)wanted.start, (long long)wanted.end, (long long)wanted.total);
  return result;
}

static int type(ne_session *sess, const char *depth, const char *path) {
  ne_request *req = ne_request_create(sess, "GET", path);
  ne_content_type given = {0};
  ne_add_depth_header(req, atoi(depth));
  int result = ne_request_dispatch(req);
  if (ne_get_content_type(req, &given) == 0) {
    print_text("type", given.type);
    print_text("subtype", given.subtype);
    print_text("charset", given.charset);
    print_text("value", given.value);
    ne_free(given.value);
  }
  ne_request_destroy(req);
  return result;
}

static int on_block(void *userdata, const char *buf, size_t len) {
  long *left = userdata;
  print_number("last", len == 0);
  fwrite(buf, 1, len, file);
  fflush(file);
  *left -= (long)len;
  return *left < 0;
}

static int gzip(ne_session *sess, const char *max, const char *path) {
  long left = atol(max);
  ne_request *req = ne_request_create(sess, "GET", path);
  ne_decompress *ctx = ne_decompress_reader(req, ne_accept_2xx, on_block, &left);
  int result = ne_request_dispatch(req);
  print_status(req);
  ne_decompress_destroy(ctx);
  ne_request_destroy(req);
  return result;
}

static void print_location(ne_session *sess) {
  const ne_uri *uri = ne_redirect_location(sess);
  if (!uri) return print_text("location", NULL);
  print_text("scheme", uri->scheme);
  print_text("host", uri->host);
  printf("port=:%u\n", uri->port); /* the colon makes the comparison replace the server's port by PORT */
  print_text("path", uri->path);
  print_text("query", uri->query);
}

static int call(ne_session *sess, char **w) {
  const int fd = fileno(file);
  if (!strcmp(w[0], "get")) return ne_get(sess, w[1], fd);
  if (!strcmp(w[0], "put")) return letters(atol(w[1])), ne_put(sess, w[2], fd);
  if (!strcmp(w[0], "post")) return ne_post(sess, w[2], fd, w[1]);
  if (!strcmp(w[0], "range")) return range(sess, w[1], w[2], w[3]);
  if (!strcmp(w[0], "modtime")) return modtime(sess, w[1]);
  if (!strcmp(w[0], "options")) return options(sess, w[1]);
  if (!strcmp(w[0], "options2")) return options2(sess, w[1]);
  if (!strcmp(w[0], "copy")) return ne_copy(sess, atoi(w[1]), atoi(w[2]), w[3], w[4]);
  if (!strcmp(w[0], "move")) return ne_move(sess, atoi(w[1]), w[2], w[3]);
  if (!strcmp(w[0], "delete")) return ne_delete(sess, w[1]);
  if (!strcmp(w[0], "mkcol")) return ne_mkcol(sess, w[1]);
  if (!strcmp(w[0], "type")) return type(sess, w[1], w[2]);
  if (!strcmp(w[0], "gzip")) return gzip(sess, w[1], w[2]);
  if (!strcmp(w[0], "rfc4918")) return ne_set_session_flag(sess, NE_SESSFLAG_RFC4918, 1), NE_OK;
  if (!strcmp(w[0], "redirect")) return ne_redirect_register(sess), NE_OK;
  exit(64);
}

static void run_call(ne_session *sess, char *words) {
  char *w[WORDS] = {0};
  int count = 0;
  for (char *word = strtok(words, " "); word && count < WORDS; word = strtok(NULL, " ")) w[count++] = word;
  file = tmpfile();
  print_number(w[0], call(sess, w));
  print_text("error", ne_get_error(sess));
  print_location(sess);
  print_file();
  fclose(file);
}

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  for (int i = 2; i < argc; i++) run_call(sess, argv[i]);
  ne_session_destroy(sess);
  return 0;
}
