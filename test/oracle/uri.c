/* uri PORT TABLE: what ne_uri.h makes of each line of a file, as a URI reference and as a path. */
#include "twin.h"

#include <ne_uri.h>

static void say_uri(const ne_uri *uri) {
  say_text("scheme", uri->scheme);
  say_text("host", uri->host);
  say_text("userinfo", uri->userinfo);
  say_number("port", uri->port);
  say_text("path", uri->path);
  say_text("query", uri->query);
  say_text("fragment", uri->fragment);
}

/* Prints a text that neon allocated, and frees it. */
static void say_taken(const char *key, char *text) {
  say_text(key, text);
  free(text);
}

static void say_reference(const ne_uri *base, const ne_uri *before, const char *line, ne_uri *uri) {
  int result = ne_uri_parse(line, uri);
  say_number("parse", result);
  say_uri(uri);
  if (uri->scheme != NULL) say_number("defaultport", ne_uri_defaultport(uri->scheme));
  if (result != 0) return;

  ne_uri resolved, copied;
  say_taken("unparse", ne_uri_unparse(uri));
  say_number("returned", ne_uri_resolve(base, uri, &resolved) == &resolved);
  say_uri(&resolved);
  say_taken("resolved", ne_uri_unparse(&resolved));
  say_number("returned", ne_uri_copy(&copied, uri) == &copied);
  say_number("copied", ne_uri_cmp(&copied, uri));
  say_number("cmp", ne_uri_cmp(before, uri));
  say_number("back", ne_uri_cmp(uri, before));
  ne_uri_free(&resolved);
  ne_uri_free(&copied);
}

static void say_path(const char *before, const char *path) {
  say_taken("escape", ne_path_escape(path));
  for (unsigned int flags = 0; flags < 8; flags++) say_taken("escapef", ne_path_escapef(path, flags));
  say_taken("unescape", ne_path_unescape(path));
  say_taken("parent", ne_path_parent(path));
  say_number("slash", ne_path_has_trailing_slash(path));
  say_number("compare", ne_path_compare(before, path));
  say_number("childof", ne_path_childof(before, path));
}

int main(int argc, char **argv) {
  begin_twin();
  FILE *table = fopen(argument(argc, argv, 2, ""), "r");
  if (table == NULL) return 71;
  ne_uri base, before = {0};
  char lines[2][1024] = {"", ""};
  ne_uri_parse("http://a/b/c/d;p?q", &base);

  for (int i = 0; fgets(lines[i % 2], sizeof lines[0], table) != NULL; i++) {
    char *line = lines[i % 2];
    line[strcspn(line, "\n")] = '\0';
    say_text("line", line);
    ne_uri uri;
    say_reference(&base, &before, line, &uri);
    say_path(lines[(i + 1) % 2], line);
    ne_uri_free(&before);
    before = uri;
  }
  ne_uri_free(&base);
  ne_uri_free(&before);
  say_uri(&base);
  fclose(table);
  return 0;
}
