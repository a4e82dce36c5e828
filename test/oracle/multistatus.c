/* multistatus PORT METHOD…: sends a request for each METHOD on one session. METHOD is the way to read the 207
 * response: ne_xml_dispatch_request ("dispatch"), ne_xml_parse_response between begin and end ("pull"), a
 * parser as a body reader ("reader"), or ne_simple_request ("simple"). */
#include "twin.h"

#include <ne_207.h>
#include <ne_alloc.h>
#include <ne_xmlreq.h>

static void *on_start_response(void *userdata, const ne_uri *uri) {
  char *text = ne_uri_unparse(uri);
  print_text("response", text);
  ne_free(text);
  return userdata;
}

static void print_end(const char *key, int same, const ne_status *status, const char *description) {
  print_number(key, same);
  if (status) {
    printf("status=%d.%d %d %d\n", status->major_version, status->minor_version, status->code, status->klass);
    print_text("reason", status->reason_phrase);
  }
  print_text("description", description);
}

static void on_end_response(void *userdata, void *response, const ne_status *status,
                            const char *description) {
  print_end("end_response", response == userdata, status, description);
}

static void *on_start_propstat(void *userdata, void *response) {
  print_number("propstat", response == userdata);
  return response;
}

static void on_end_propstat(void *userdata, void *propstat, const ne_status *status,
                            const char *description) {
  print_end("end_propstat", propstat == userdata, status, description);
}

static int on_property(void *userdata, int parent, const char *nspace, const char *name, const char **atts) {
  (void)userdata, (void)atts;
  if (parent != NE_207_STATE_PROP) return NE_XML_DECLINE;
  print_text("nspace", nspace);
  print_text("property", name);
  return NE_207_STATE_TOP;
}

static int on_value(void *userdata, int state, const char *cdata, size_t len) {
  char *text = ne_strndup(cdata, len);
  (void)userdata;
  print_number("state", state);
  print_text("value", text);
  ne_free(text);
  return 0;
}

static int pull(ne_request *req, ne_xml_parser *p) {
  int result = ne_begin_request(req);
  if (result == NE_OK) result = ne_xml_parse_response(req, p);
  return result == NE_OK ? ne_end_request(req) : result;
}

static int run(const char *method, ne_session *sess, ne_request *req, ne_xml_parser *p) {
  if (strcmp(method, "dispatch") == 0) return ne_xml_dispatch_request(req, p);
  if (strcmp(method, "pull") == 0) return pull(req, p);
  if (strcmp(method, "simple") == 0) return ne_simple_request(sess, req);
  ne_add_response_body_reader(req, ne_accept_207, ne_xml_parse_v, p);
  return ne_request_dispatch(req);
}

static void request(ne_session *sess, const char *method) {
  static const char body[] = "<propfind xmlns=\"DAV:\"><allprop/></propfind>";
  ne_request *req = ne_request_create(sess, "PROPFIND", "/base/");
  ne_xml_parser *p = ne_xml_create();
  ne_uri base = {0};
  ne_207_parser *p207;

  ne_fill_server_uri(sess, &base);
  base.path = ne_strdup("/base/");
  p207 = ne_207_create(p, &base, &base);
  ne_207_set_response_handlers(p207, on_start_response, on_end_response);
  ne_207_set_propstat_handlers(p207, on_start_propstat, on_end_propstat);
  ne_xml_push_handler(p, on_property, on_value, NULL, NULL);
  ne_add_request_header(req, "Depth", "1");
  ne_add_request_header(req, "Content-Type", NE_XML_MEDIA_TYPE);
  ne_set_request_body_buffer(req, body, strlen(body));

  print_number(method, run(method, sess, req, p));
  print_text("error", ne_get_error(sess));
  print_number("failed", ne_xml_failed(p));
  print_text("parser", ne_xml_get_error(p));
  ne_207_destroy(p207);
  ne_xml_destroy(p);
  ne_uri_free(&base);
  if (strcmp(method, "simple") == 0) return;
  print_status(req);
  ne_request_destroy(req);
}

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  for (int i = 2; i < argc; i++) request(sess, argv[i]);
  ne_session_destroy(sess);
  return 0;
}
