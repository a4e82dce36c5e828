/* headers PORT WORD...: sends two PUTs on one session. Each WORD adds a header, a body or a setting. */
#include "twin.h"

static void prepare_session(ne_session *sess, int count, char **words);
static void prepare_request(ne_request *req, int count, char **words);

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  prepare_session(sess, argc - 2, argv + 2);

  for (int i = 0; i < 2; i++) {
    ne_request *req = ne_request_create(sess, "PUT", "/x");
    prepare_request(req, argc - 2, argv + 2);
    print_number("dispatch", ne_request_dispatch(req));
    print_text("error", ne_get_error(sess));
    print_status(req);
    ne_request_destroy(req);
  }
  ne_session_destroy(sess);
  return 0;
}

static void prepare_session(ne_session *sess, int count, char **words) {
  for (int i = 0; i < count; i++) {
    if (strcmp(words[i], "agent") == 0) ne_set_useragent(sess, "twin/1.0");
    if (strcmp(words[i], "close") == 0) ne_set_session_flag(sess, NE_SESSFLAG_PERSIST, 0);
    if (strcmp(words[i], "expect") == 0) ne_set_session_flag(sess, NE_SESSFLAG_EXPECT100, 1);
  }
  print_number("persist", ne_get_session_flag(sess, NE_SESSFLAG_PERSIST));
  print_number("expect100", ne_get_session_flag(sess, NE_SESSFLAG_EXPECT100));
}

static void prepare_request(ne_request *req, int count, char **words) {
  for (int i = 0; i < count; i++) {
    if (strcmp(words[i], "add") == 0) {
      ne_add_request_header(req, "X-Added", "one");
      ne_add_request_header(req, "X-Added", "\xc3\xa9");
    }
    if (strcmp(words[i], "print") == 0)
      ne_print_request_header(req, "X-Printed", "%s-%05d-%x%%", "two", 42, 255);
    if (strcmp(words[i], "body") == 0) ne_set_request_body_buffer(req, "body\0body", 9);
    if (strcmp(words[i], "empty") == 0) ne_set_request_body_buffer(req, "", 0);
    if (strcmp(words[i], "unsafe") == 0) ne_set_request_flag(req, NE_REQFLAG_IDEMPOTENT, 0);
  }
  print_number("request expect100", ne_get_request_flag(req, NE_REQFLAG_EXPECT100));
  print_number("idempotent", ne_get_request_flag(req, NE_REQFLAG_IDEMPOTENT));
}
