/* pull PORT SIZE COUNT [sizes]: sends COUNT requests on one session and reads the response bodies in blocks
 * of at most SIZE bytes. Prints the sizes of the blocks only with "sizes", since the sizes depend on how the
 * network splits the body. */
#include "twin.h"

static int pull(ne_session *sess, size_t size, int with_sizes);
static ssize_t read_blocks(ne_request *req, size_t size, int with_sizes);

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  size_t size = (size_t)atoi(argument(argc, argv, 2, "4096"));
  int count = atoi(argument(argc, argv, 3, "1"));
  int with_sizes = strcmp(argument(argc, argv, 4, ""), "sizes") == 0;

  for (int i = 0; i < count; i++)
    if (pull(sess, size, with_sizes) != NE_OK) break;
  ne_session_destroy(sess);
  return 0;
}

static int pull(ne_session *sess, size_t size, int with_sizes) {
  ne_request *req = ne_request_create(sess, "GET", "/body");
  int result = ne_begin_request(req);
  print_number("begin", result);
  if (result == NE_OK) {
    print_status(req);
    if (read_blocks(req, size, with_sizes) < 0) result = NE_ERROR;
  }
  if (result == NE_OK) {
    result = ne_end_request(req);
    print_number("end", result);
  }
  print_text("error", ne_get_error(sess));
  ne_request_destroy(req);
  return result;
}

static ssize_t read_blocks(ne_request *req, size_t size, int with_sizes) {
  char *block = malloc(size);
  long long total = 0;
  uint32_t hash = HASH_START;
  ssize_t got;

  while ((got = ne_read_response_block(req, block, size)) > 0) {
    if (with_sizes) print_number("block", got);
    total += got;
    hash = hash_more(hash, block, (size_t)got);
  }
  print_number("last", got);
  print_number("total", total);
  print_number("hash", hash);
  free(block);
  return got;
}
