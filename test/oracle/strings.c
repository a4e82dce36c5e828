/* strings PORT TEXT...: what ne_string.h makes of each text. */
#include "twin.h"

#include <errno.h>

/* In newer versions only. */
char *ne_strlower(char *str) __attribute__((weak));
char *ne_strupper(char *str) __attribute__((weak));
unsigned long ne_strhextoul(const char *str, const char **endptr) __attribute__((weak));

static void say_made(const char *key, char *made) {
  say_text(key, made);
  free(made);
}

static void say_tokens(const char *text, char separator, const char *quotes) {
  char *copy = strdup(text), *rest = copy;
  while (rest != NULL) {
    char *before = rest;
    say_text("token", quotes ? ne_qtoken(&rest, separator, quotes) : ne_token(&rest, separator));
    say_text("rest", rest);
    if (rest == before) break;
  }
  free(copy);
}

static void say_edited(const char *key, const char *text, char *(*edit)(char *)) {
  if (edit == NULL) {
    say_text(key, "unsupported");
    return;
  }
  char *copy = strdup(text);
  say_text(key, edit(copy));
  free(copy);
}

static char *shave(char *text) { return ne_shave(text, " \t\"x"); }

static void say_hashes(const char *text) {
  static const unsigned int formats[] = {0, NE_HASH_COLON, NE_HASH_SPACE, NE_HASH_COLON | NE_HASH_SPACE,
                                         0x4000};
  for (unsigned int algorithm = 0; algorithm < 17; algorithm++)
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
      say_made("hash", ne_strhash(algorithm | formats[i], text, "", text, NULL));
}

static void say_decoded(const char *text) {
  unsigned char *bytes = NULL;
  size_t size = ne_unbase64(text, &bytes);
  say_made("decoded", size == 0 ? NULL : ne_strnqdup(bytes, size));
  if (size != 0) free(bytes);
}

static void say_comparisons(const char *text, const char *other) {
  say_number("compared", ne_strcasecmp(text, other));
  for (size_t n = 0; n < 6; n++) say_number("compared start", ne_strncasecmp(text, other, n));
}

static void say_hex(const char *text) {
  if (ne_strhextoul == NULL) {
    say_text("hex", "unsupported");
    return;
  }
  const char *end = NULL;
  unsigned long number = ne_strhextoul(text, &end);
  int error = errno;
  say_number("hex", error == 0 ? (long long)number : -1);
  say_number("errno", error);
  say_text("end", end);
}

static void say_buffer(const char *text) {
  ne_buffer *buf = ne_buffer_ncreate(3);
  ne_buffer_concat(buf, text, "|", text, NULL);
  ne_buffer_qappend(buf, (const unsigned char *)text, strlen(text));
  ne_buffer_czappend(buf, "|");
  say_number("printed", (long long)ne_buffer_snprintf(buf, 20, "%s-%04d", text, 42));
  say_number("used", (long long)buf->used);
  say_number("length", (long long)buf->length);
  say_number("size", (long long)ne_buffer_size(buf));
  say_made("buffer", ne_buffer_finish(buf));
}

int main(int argc, char **argv) {
  begin_twin();
  for (int i = 2; i < argc; i++) {
    const char *text = argv[i];
    const unsigned char *bytes = (const unsigned char *)text;
    say_text("text", text);
    say_tokens(text, ',', NULL);
    say_tokens(text, ';', "\"'");
    say_edited("shaved", text, shave);
    say_edited("clean", text, ne_strclean);
    say_edited("lower", text, ne_strlower);
    say_edited("upper", text, ne_strupper);
    say_made("concatenated", ne_concat(text, "", text, "+", NULL));
    say_made("quoted", ne_strnqdup(bytes, strlen(text)));
    say_made("base64", ne_base64(bytes, strlen(text)));
    say_decoded(text);
    say_hashes(text);
    say_made("parameter", ne_strparam("UTF-8", NULL, bytes));
    say_made("parameter", ne_strparam("utf-8", "en", bytes));
    say_comparisons(text, argv[i > 2 ? i - 1 : argc - 1]);
    say_hex(text);
    say_buffer(text);
  }
  char error[512];
  for (int number = -3; number < 140; number++) say_text("error", ne_strerror(number, error, sizeof error));
  for (int c = 0; c < 256; c++) say_number("lower", ne_tolower(c));
  return 0;
}
