/* session PORT: sends one GET, prints the properties of session and request, and destroys both handles. */
#include "twin.h"

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  print_text("scheme", ne_get_scheme(sess));
  print_text("hostport", ne_get_server_hostport(sess));

  ne_request *req = ne_request_create(sess, "GET", "/path?query=1");
  print_number("dispatch", ne_request_dispatch(req));
  print_text("error", ne_get_error(sess));
  print_status(req);
  print_text("X-Twin", ne_get_response_header(req, "X-Twin"));
  print_text("x-twin", ne_get_response_header(req, "x-twin"));
  print_text("X-Absent", ne_get_response_header(req, "X-Absent"));

  ne_request_destroy(req);
  ne_session_destroy(sess);
  return 0;
}
