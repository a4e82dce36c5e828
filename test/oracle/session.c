/* session PORT: one GET, all that neon says about it, both destroyed. */
#include "twin.h"

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  say_text("scheme", ne_get_scheme(sess));
  say_text("hostport", ne_get_server_hostport(sess));

  ne_request *req = ne_request_create(sess, "GET", "/path?query=1");
  say_number("dispatch", ne_request_dispatch(req));
  say_text("error", ne_get_error(sess));
  say_status(req);
  say_text("X-Twin", ne_get_response_header(req, "X-Twin"));
  say_text("x-twin", ne_get_response_header(req, "x-twin"));
  say_text("X-Absent", ne_get_response_header(req, "X-Absent"));

  ne_request_destroy(req);
  ne_session_destroy(sess);
  return 0;
}
