/* What bench/listing.ts measures, without JavaScript: one PROPFIND through ne_simple_propfind, all values
 * looked at. Prints the seconds and how many resources there were. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ne_basic.h>
#include <ne_props.h>
#include <ne_session.h>
#include <ne_socket.h>

static long resources, length;

static int look(void *userdata, const ne_propname *name, const char *value, const ne_status *status) {
  (void)userdata;
  (void)name;
  (void)status;
  if (value) length += value[0];
  return 0;
}

static void found(void *userdata, const ne_uri *uri, const ne_prop_result_set *results) {
  (void)userdata;
  (void)uri;
  resources++;
  ne_propset_iterate(results, look, NULL);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* usage: listing PORT PATH */
int main(int argc, char **argv) {
  if (argc != 3 || ne_sock_init() != 0) return 2;
  ne_session *session = ne_session_create("http", "127.0.0.1", (unsigned)atoi(argv[1]));
  const double start = now();
  if (ne_simple_propfind(session, argv[2], NE_DEPTH_ONE, NULL, found, NULL) != NE_OK) {
    fprintf(stderr, "%s\n", ne_get_error(session));
    return 1;
  }
  printf("{\"seconds\":%f,\"resources\":%ld}\n", now() - start, resources);
  ne_session_destroy(session);
  return 0;
}
