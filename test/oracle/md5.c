/* md5 PORT FILE...: computes the digest of each file. Also computes the digest of its first bytes, in
 * pieces of several sizes. */
#include "twin.h"

#include <ne_md5.h>

#define MAX_BYTES 300

static void print_digest(const char *key, const void *digest) {
  char text[33];
  if (digest == NULL) {
    print_text(key, NULL);
    return;
  }
  ne_md5_to_ascii(digest, text);
  print_text(key, text);
  unsigned char back[16];
  ne_ascii_to_md5(text, back);
  if (memcmp(back, digest, 16) != 0) print_text(key, "another");
}

static void print_pieces(const char *bytes, size_t size) {
  static const size_t pieces[] = {1, 7, 63, 64, 65, 128};
  uint32_t state[4], digest[4];
  char text[33];
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    struct ne_md5_ctx *ctx = ne_md5_create_ctx();
    print_digest("state", ne_md5_read_ctx(ctx, state));
    for (size_t at = 0; at < size; at += pieces[i]) {
      size_t piece = size - at < pieces[i] ? size - at : pieces[i];
      if (piece % 64 == 0)
        ne_md5_process_block(bytes + at, piece, ctx);
      else
        ne_md5_process_bytes(bytes + at, piece, ctx);
    }
    struct ne_md5_ctx *copy = ne_md5_dup_ctx(ctx);
    ne_md5_process_bytes("more", 4, copy);
    print_digest("state", ne_md5_read_ctx(ctx, state));
    print_text("ascii", ne_md5_finish_ascii(ctx, text));
    print_digest("copy", ne_md5_finish_ctx(copy, digest));
    ne_md5_destroy_ctx(copy);
    ne_md5_destroy_ctx(ctx);
  }
}

int main(int argc, char **argv) {
  begin_twin();
  for (int i = 2; i < argc; i++) {
    print_text("file", argv[i]);
    FILE *file = fopen(argv[i], "r");
    if (file == NULL) return 1;
    uint32_t digest[4];
    int result = ne_md5_stream(file, digest);
    print_number("stream", result);
    if (result == 0) print_digest("sum", digest);
    rewind(file);
    char bytes[MAX_BYTES];
    if (result == 0) print_pieces(bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
  }
  return 0;
}
