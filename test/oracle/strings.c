/* strings PORT TEXT...: calls the functions of ne_string.h with each text. */
#include "twin.h"

#include <errno.h>

/* Functions that only newer versions of neon have. */
char *ne_strlower(char *str) __attribute__((weak));
char *ne_strupper(char *str) __attribute__((weak));
unsigned long ne_strhextoul(const char *str, const char **endptr) __attribute__((weak));

static void print_made(const char *key, char *made) {
  print_text(key, made);
  free(made);
}

static void print_tokens(const char *text, char separator, const char *quotes) {
  char *copy = strdup(text), *rest = copy;
  while (rest != NULL) {
    char *before = rest;
    print_text("token", quotes ? ne_qtoken(&rest, separator, quotes) : ne_token(&rest, separator));
    print_text("rest", rest);
    if (rest == before) break;
  }
  free(copy);
}

static void print_edited(const char *key, const char *text, char *(*edit)(char *)) {
  if (edit == NULL) {
    print_text(key, "unsupported");
    return;
  }
  char *copy = strdup(text);
  print_text(key, edit(copy));
  free(copy);
}

static char *shave(char *text) { return ne_shave(text, " \t\"x"); }

static void print_hashes(const char *text) {
  static const unsigned int formats[] = {0, NE_HASH_COLON, NE_HASH_SPACE, NE_HASH_COLON | NE_HASH_SPACE,
                                         0x4000};
  for (unsigned int algorithm = 0; algorithm < 17; algorithm++)
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
      print_made("hash", ne_strhash(algorithm | formats[i], text, "", text, NULL));
}

static void print_decoded(const char *text) {
  unsigned char *bytes = NULL;
  size_t size = ne_unbase64(text, &bytes);
  print_made("decoded", size == 0 ? NULL : ne_strnqdup(bytes, size));
  if (size != 0) free(bytes);
}

static void print_comparisons(const char *text, const char *other) {
  print_number("compared", ne_strcasecmp(text, other));
  for (size_t n = 0; n < 6; n++) print_number("compared start", ne_strncasecmp(text, other, n));
}

static void print_hex(const char *text) {
  if (ne_strhextoul == NULL) {
    print_text("hex", "unsupported");
    return;
  }
  const char *end = NULL;
  unsigned long number = ne_strhextoul(text, &end);
  int error = errno;
  print_number("hex", error == 0 ? (long long)number : -1);
  print_number("errno", error);
  print_text("end", end);
}

static void print_buffer(const char *text) {
  ne_buffer *buf = ne_buffer_ncreate(3);
  ne_buffer_concat(buf, text, "|", text, NULL);
  ne_buffer_qappend(buf, (const unsigned char *)text, strlen(text));
  ne_buffer_czappend(buf, "|");
  print_number("printed", (long long)ne_buffer_snprintf(buf, 20, "%s-%04d", text, 42));
  print_number("used", (long long)buf->used);
  print_number("length", (long long)buf->length);
  print_number("size", (long long)ne_buffer_size(buf));
  print_made("buffer", ne_buffer_finish(buf));
}

int main(int argc, char **argv) {
  begin_twin();
  for (int i = 2; i < argc; i++) {
    const char *text = argv[i];
    const unsigned char *bytes = (const unsigned char *)text;
    print_text("text", text);
    print_tokens(text, ',', NULL);
    print_tokens(text, ';', "\"'");
    print_edited("shaved", text, shave);
    print_edited("clean", text, ne_strclean);
    print_edited("lower", text, ne_strlower);
    print_edited("upper", text, ne_strupper);
    print_made("concatenated", ne_concat(text, "", text, "+", NULL));
    print_made("quoted", ne_strnqdup(bytes, strlen(text)));
    print_made("base64", ne_base64(bytes, strlen(text)));
    print_decoded(text);
    print_hashes(text);
    print_made("parameter", ne_strparam("UTF-8", NULL, bytes));
    print_made("parameter", ne_strparam("utf-8", "en", bytes));
    print_comparisons(text, argv[i > 2 ? i - 1 : argc - 1]);
    print_hex(text);
    print_buffer(text);
  }
  char error[512];
  for (int number = -3; number < 140; number++) print_text("error", ne_strerror(number, error, sizeof error));
  for (int c = 0; c < 256; c++) print_number("lower", ne_tolower(c));
  return 0;
}
