/* xml PORT SIZE DOCUMENT: what a parser tells of a document that is given in blocks of SIZE bytes. The server
 * is not asked. Elements whose name begins with "skip" are declined by the first handler, and those that
 * begin with "abort" abort; so does text that ends with "!". */
#include "twin.h"

#include <ne_alloc.h>
#include <ne_xml.h>

static int on_start(void *userdata, int parent, const char *nspace, const char *name, const char **atts) {
  ne_xml_parser *p = userdata;
  say_number("start", parent);
  say_text("nspace", nspace);
  say_text("name", name);
  for (int n = 0; atts[n] != NULL; n++) say_text("att", atts[n]);
  say_text("b", ne_xml_get_attr(p, atts, NULL, "b"));
  say_text("u:b", ne_xml_get_attr(p, atts, "u", "b"));
  say_text("p", ne_xml_resolve_nspace(p, "p", 1));
  say_text("default", ne_xml_resolve_nspace(p, NULL, 0));
  if (strncmp(name, "abort", 5) == 0) {
    ne_xml_set_error(p, "aborted");
    return -3;
  }
  return strncmp(name, "skip", 4) == 0 ? NE_XML_DECLINE : parent + 1;
}

static int on_text(void *userdata, int state, const char *cdata, size_t len) {
  char *text = ne_strndup(cdata, len);
  (void)userdata;
  say_number("text", state);
  say_text("cdata", text);
  ne_free(text);
  return len > 0 && cdata[len - 1] == '!' ? 5 : 0;
}

static int on_end(void *userdata, int state, const char *nspace, const char *name) {
  (void)userdata;
  say_number("end", state);
  say_text("nspace", nspace);
  say_text("name", name);
  return 0;
}

static int on_second(void *userdata, int parent, const char *nspace, const char *name, const char **atts) {
  (void)userdata, (void)nspace, (void)atts;
  say_number("second", parent);
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
    say_number("parse", ne_xml_parse(p, document + at, length - at < size ? length - at : size));
  say_number("last", ne_xml_parse(p, NULL, 0));
  say_number("failed", ne_xml_failed(p));
  say_text("error", ne_xml_get_error(p));
  say_number("line", ne_xml_currentline(p));
  say_text("encoding", ne_xml_doc_encoding(p));
  ne_xml_destroy(p);
  return 0;
}
