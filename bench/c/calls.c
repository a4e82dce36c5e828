/* Makes the calls of bench/calls.ts without JavaScript: prints the calls a second of one function. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ne_dates.h>
#include <ne_string.h>
#include <ne_uri.h>
#include <ne_utils.h>

static const char *text;

static void version_match(void) { ne_version_match(0, 32); }

static void uri_parse(void) {
  ne_uri uri;
  ne_uri_parse(text, &uri);
  ne_uri_free(&uri);
}

static void path_escape(void) { free(ne_path_escape(text)); }

static void path_unescape(void) { free(ne_path_unescape(text)); }

static void httpdate_parse(void) { ne_httpdate_parse(text); }

static void rfc1123_date(void) { free(ne_rfc1123_date(atol(text))); }

static void base64(void) { free(ne_base64((const unsigned char *)text, strlen(text))); }

static const struct {
  const char *name;
  void (*call)(void);
} calls[] = {
    {"ne_version_match", version_match},
    {"ne_uri_parse", uri_parse},
    {"ne_path_escape", path_escape},
    {"ne_path_unescape", path_unescape},
    {"ne_httpdate_parse", httpdate_parse},
    {"ne_rfc1123_date", rfc1123_date},
    {"ne_base64", base64},
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* usage: calls FUNCTION ARGUMENT SECONDS */
int main(int argc, char **argv) {
  if (argc != 4) return 2;
  text = argv[2];
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (strcmp(calls[i].name, argv[1]) != 0) continue;
    double start = now(), elapsed;
    long count = 0;
    do {
      for (int j = 0; j < 1000; j++) calls[i].call();
      count += 1000;
      elapsed = now() - start;
    } while (elapsed < atof(argv[3]));
    printf("%f\n", (double)count / elapsed);
    return 0;
  }
  return 2;
}
