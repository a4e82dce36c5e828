/* md5 PORT FILE...: sums of the files, and of their first bytes in pieces. */
#include "twin.h"

#include <ne_md5.h>

#define MOST 300

static void say_digest(const char *key, const void *digest) {
  char text[33];
  if (digest == NULL) {
    say_text(key, NULL);
    return;
  }
  ne_md5_to_ascii(digest, text);
  say_text(key, text);
  unsigned char back[16];
  ne_ascii_to_md5(text, back);
  if (memcmp(back, digest, 16) != 0) say_text(key, "another");
}

static void say_pieces(const char *bytes, size_t size) {
  static const size_t pieces[] = {1, 7, 63, 64, 65, 128};
  uint32_t state[4], digest[4];
  char text[33];
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    struct ne_md5_ctx *ctx = ne_md5_create_ctx();
    say_digest("state", ne_md5_read_ctx(ctx, state));
    for (size_t at = 0; at < size; at += pieces[i]) {
      size_t piece = size - at < pieces[i] ? size - at : pieces[i];
      if (piece % 64 == 0)
        ne_md5_process_block(bytes + at, piece, ctx);
      else
        ne_md5_process_bytes(bytes + at, piece, ctx);
    }
    struct ne_md5_ctx *copy = ne_md5_dup_ctx(ctx);
    ne_md5_process_bytes("more", 4, copy);
    say_digest("state", ne_md5_read_ctx(ctx, state));
    say_text("ascii", ne_md5_finish_ascii(ctx, text));
    say_digest("copy", ne_md5_finish_ctx(copy, digest));
    ne_md5_destroy_ctx(copy);
    ne_md5_destroy_ctx(ctx);
  }
}

int main(int argc, char **argv) {
  begin_twin();
  for (int i = 2; i < argc; i++) {
    say_text("file", argv[i]);
    FILE *file = fopen(argv[i], "r");
    if (file == NULL) return 1;
    uint32_t digest[4];
    int result = ne_md5_stream(file, digest);
    say_number("stream", result);
    if (result == 0) say_digest("sum", digest);
    rewind(file);
    char bytes[MOST];
    if (result == 0) say_pieces(bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
  }
  return 0;
}
