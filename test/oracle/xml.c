/* xml PORT SIZE DOCUMENT: parses a document in blocks of SIZE bytes and prints the events. PORT is not
 * used. The first handler declines elements whose name begins with "skip". It aborts at elements whose name
 * begins with "abort", and at text that ends with "!". */
#include "twin.h"

#include <ne_alloc.h>
#include <ne_xml.h>

static int on_start(void *userdata, int parent, const char *nspace, const char *name, const char **atts) {
  ne_xml_parser *p = userdata;
  print_number("start", parent);
  print_text("nspace", nspace);
  print_text("name", name);
  for (int n = 0; atts[n] != NULL; n++) print_text("att", atts[n]);
  print_text("b", ne_xml_get_attr(p, atts, NULL, "b"));
  print_text("u:b", ne_xml_get_attr(p, atts, "u", "b"));
  print_text("p", ne_xml_resolve_nspace(p, "p", 1));
  print_text("default", ne_xml_resolve_nspace(p, NULL, 0));
  if (strncmp(name, "abort", 5) == 0) {
    ne_xml_set_error(p, "aborted");
    return -3;
  }
  return strncmp(name, "skip", 4) == 0 ? NE_XML_DECLINE : parent + 1;
}

static int on_text(void *userdata, int state, const char *cdata, size_t len) {
  char *text = ne_strndup(cdata, len);
  (void)userdata;
  print_number("text", state);
  print_text("cdata", text);
  ne_free(text);
  return len > 0 && cdata[len - 1] == '!' ? 5 : 0;
}

static int on_end(void *userdata, int state, const char *nspace, const char *name) {
  (void)userdata;
  print_number("end", state);
  print_text("nspace", nspace);
  print_text("name", name);
  return 0;
}

static int on_second(void *userdata, int parent, const char *nspace, const char *name, const char **atts) {
  (void)userdata, (void)nspace, (void)atts;
  print_number("second", parent);
  return strcmp(name, "skip-not") == 0 ? 100 : NE_XML_DECLINE;
}

int main(int argc, char **argv) {
  begin_twin();
  size_t size = (size_t)atoi(argument(argc, argv, 2, "1"));
  const char *document = argument(argc, argv, 3, "");
  size_t length = strlen(document);
  ne_xml_parser *p = ne_xml_create();
  ne_xml_push_handler(p, on_start, on_text, on_end, p);
  ne_xml_push_handler(p, on_second, NULL, NULL, p);
  for (size_t at = 0; at < length; at += size)
    print_number("parse", ne_xml_parse(p, document + at, length - at < size ? length - at : size));
  print_number("last", ne_xml_parse(p, NULL, 0));
  print_number("failed", ne_xml_failed(p));
  print_text("error", ne_xml_get_error(p));
  print_number("line", ne_xml_currentline(p));
  print_text("encoding", ne_xml_doc_encoding(p));
  ne_xml_destroy(p);
  return 0;
}
