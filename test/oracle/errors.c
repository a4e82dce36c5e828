/* errors PORT [HOST]: sends two requests that are meant to fail, with a read timeout of one second. */
#include "twin.h"

#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess =
      ne_session_create("http", argument(argc, argv, 2, "127.0.0.1"), port_argument(argc, argv));
  ne_set_read_timeout(sess, 1);

  for (int i = 0; i < 2; i++) {
    ne_request *req = ne_request_create(sess, "GET", "/");
    double start = now();
    print_number("dispatch", ne_request_dispatch(req));
    print_number("seconds", (long long)(now() - start + 0.5));
    print_text("error", ne_get_error(sess));
    print_status(req);
    ne_request_destroy(req);
  }
  ne_session_destroy(sess);
  return 0;
}
