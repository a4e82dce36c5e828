/* uri PORT TABLE: parses each line of a file with ne_uri.h, as a URI reference and as a path. */
#include "twin.h"

#include <ne_uri.h>

static void print_uri(const ne_uri *uri) {
  print_text("scheme", uri->scheme);
  print_text("host", uri->host);
  print_text("userinfo", uri->userinfo);
  print_number("port", uri->port);
  print_text("path", uri->path);
  print_text("query", uri->query);
  print_text("fragment", uri->fragment);
}

/* Prints a text that neon allocated, and frees it. */
static void print_taken(const char *key, char *text) {
  print_text(key, text);
  free(text);
}

static void print_reference(const ne_uri *base, const ne_uri *before, const char *line, ne_uri *uri) {
  int result = ne_uri_parse(line, uri);
  print_number("parse", result);
  print_uri(uri);
  if (uri->scheme != NULL) print_number("defaultport", ne_uri_defaultport(uri->scheme));
  if (result != 0) return;

  ne_uri resolved, copied;
  print_taken("unparse", ne_uri_unparse(uri));
  print_number("returned", ne_uri_resolve(base, uri, &resolved) == &resolved);
  print_uri(&resolved);
  print_taken("resolved", ne_uri_unparse(&resolved));
  print_number("returned", ne_uri_copy(&copied, uri) == &copied);
  print_number("copied", ne_uri_cmp(&copied, uri));
  print_number("cmp", ne_uri_cmp(before, uri));
  print_number("back", ne_uri_cmp(uri, before));
  ne_uri_free(&resolved);
  ne_uri_free(&copied);
}

static void print_path(const char *before, const char *path) {
  print_taken("escape", ne_path_escape(path));
  for (unsigned int flags = 0; flags < 8; flags++) print_taken("escapef", ne_path_escapef(path, flags));
  print_taken("unescape", ne_path_unescape(path));
  print_taken("parent", ne_path_parent(path));
  print_number("slash", ne_path_has_trailing_slash(path));
  print_number("compare", ne_path_compare(before, path));
  print_number("childof", ne_path_childof(before, path));
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
    print_text("line", line);
    ne_uri uri;
    print_reference(&base, &before, line, &uri);
    print_path(lines[(i + 1) % 2], line);
    ne_uri_free(&before);
    before = uri;
  }
  ne_uri_free(&base);
  ne_uri_free(&before);
  print_uri(&base);
  fclose(table);
  return 0;
}
