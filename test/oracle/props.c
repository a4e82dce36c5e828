/* props PORT METHOD…: makes a call for each METHOD on one session. "0", "1" and "infinite" call
 * ne_simple_propfind with this depth, for three named properties. "all" calls ne_simple_propfind for all
 * properties, "names" calls ne_propnames, and "patch" calls ne_proppatch. "complex" and "complex-all" use a
 * propfind handler that has private values and an XML handler for structured properties. */
#include "twin.h"

#include <ne_alloc.h>
#include <ne_basic.h>
#include <ne_props.h>

static const ne_propname names[] = {{"DAV:", "getcontentlength"}, {"u", "x"}, {NULL, "plain"}, {NULL, NULL}};

static void print_property_status(const ne_status *status) {
  if (status == NULL) {
    print_text("status", NULL);
    return;
  }
  printf("status=%d.%d %d %d\n", status->major_version, status->minor_version, status->code, status->klass);
  print_text("reason", status->reason_phrase);
}

static int on_property(void *userdata, const ne_propname *pname, const char *value, const ne_status *status) {
  int *left = userdata;
  print_text("nspace", pname->nspace);
  print_text("name", pname->name);
  print_text("value", value);
  print_property_status(status);
  return --*left == 0 ? 42 : 0;
}

static void on_results(void *userdata, const ne_uri *uri, const ne_prop_result_set *set) {
  char *text = ne_uri_unparse(uri);
  int all = 1000, two = 2;
  (void)userdata;
  print_text("resource", text);
  ne_free(text);
  print_text("private", ne_propset_private(set));
  print_number("iterate", ne_propset_iterate(set, on_property, &all));
  print_number("iterate", ne_propset_iterate(set, on_property, &two));
  for (const ne_propname *name = names; name->name != NULL; name++) {
    print_text("value", ne_propset_value(set, name));
    print_text("lang", ne_propset_lang(set, name));
    print_property_status(ne_propset_status(set, name));
  }
}

static void *create_private(void *userdata, const ne_uri *uri) {
  (void)userdata;
  print_text("create", uri->path);
  return strcmp(uri->path, "/base/none") == 0 ? NULL : ne_strdup(uri->path);
}

static void destroy_private(void *userdata, void *complex) {
  (void)userdata;
  print_text("destroy", complex);
  ne_free(complex);
}

enum { TYPE = NE_PROPS_STATE_TOP + 1, INSIDE };

static int on_start(void *userdata, int parent, const char *nspace, const char *name, const char **atts) {
  (void)atts;
  if (parent == NE_207_STATE_PROP && strcmp(nspace, "DAV:") == 0 && strcmp(name, "resourcetype") == 0)
    return TYPE;
  if (parent != TYPE && parent != INSIDE) return NE_XML_DECLINE;
  print_text("type", name);
  print_text("current", ne_propfind_current_private(userdata));
  return INSIDE;
}

static int on_text(void *userdata, int state, const char *cdata, size_t len) {
  char *text = ne_strndup(cdata, len);
  (void)userdata;
  print_number("state", state);
  print_text("text", text);
  ne_free(text);
  return 0;
}

static int on_end(void *userdata, int state, const char *nspace, const char *name) {
  (void)userdata, (void)nspace;
  print_number("end", state);
  print_text("name", name);
  return 0;
}

static int patch(ne_session *sess) {
  const ne_proppatch_operation ops[] = {{&names[1], ne_propset, "<y>1</y> &amp; <D:z/>"},
                                        {&names[2], ne_propset, ""},
                                        {&names[0], ne_propremove, NULL},
                                        {NULL, ne_propset, NULL}};
  return ne_proppatch(sess, "/base/", ops);
}

static int complex_propfind(ne_session *sess, int all) {
  ne_propfind_handler *handler = ne_propfind_create(sess, "/base/", NE_DEPTH_ONE);
  int result;
  ne_propfind_set_private(handler, create_private, destroy_private, NULL);
  ne_xml_push_handler(ne_propfind_get_parser(handler), on_start, on_text, on_end, handler);
  ne_add_request_header(ne_propfind_get_request(handler), "X-Twin", "complex");
  print_text("current", ne_propfind_current_private(handler));
  if (all)
    result = ne_propfind_allprop(handler, on_results, NULL);
  else
    result = ne_propfind_named(handler, names, on_results, NULL);
  print_text("current", ne_propfind_current_private(handler));
  print_status(ne_propfind_get_request(handler));
  ne_propfind_destroy(handler);
  return result;
}

static int run(ne_session *sess, const char *method) {
  if (strcmp(method, "0") == 0)
    return ne_simple_propfind(sess, "/base/", NE_DEPTH_ZERO, names, on_results, NULL);
  if (strcmp(method, "1") == 0)
    return ne_simple_propfind(sess, "/base/", NE_DEPTH_ONE, names, on_results, NULL);
  if (strcmp(method, "infinite") == 0)
    return ne_simple_propfind(sess, "/base/", NE_DEPTH_INFINITE, names, on_results, NULL);
  if (strcmp(method, "all") == 0)
    return ne_simple_propfind(sess, "/base/", NE_DEPTH_ONE, NULL, on_results, NULL);
  if (strcmp(method, "names") == 0) return ne_propnames(sess, "/base/", NE_DEPTH_ONE, on_results, NULL);
  if (strcmp(method, "patch") == 0) return patch(sess);
  return complex_propfind(sess, strcmp(method, "complex-all") == 0);
}

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  for (int i = 2; i < argc; i++) {
    print_number(argv[i], run(sess, argv[i]));
    print_text("error", ne_get_error(sess));
  }
  ne_session_destroy(sess);
  return 0;
}
