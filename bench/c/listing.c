/* Measures the listing of bench/listing.ts without JavaScript: a PROPFIND by ne_simple_propfind that reads
 * all values, and then its repetitions. Prints the seconds of the first PROPFIND, the median seconds of the
 * repetitions, and the number of resources. */
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

/* The seconds of one PROPFIND. */
static double measure(ne_session *session, const char *path) {
  const double start = now();
  resources = 0;
  if (ne_simple_propfind(session, path, NE_DEPTH_ONE, NULL, found, NULL) != NE_OK) {
    fprintf(stderr, "%s\n", ne_get_error(session));
    exit(1);
  }
  return now() - start;
}

static int compare(const void *a, const void *b) {
  const double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

/* usage: listing PORT PATH */
int main(int argc, char **argv) {
  enum { repetitions = 7 };
  double repeated[repetitions];
  if (argc != 3 || ne_sock_init() != 0) return 2;
  ne_session *session = ne_session_create("http", "127.0.0.1", (unsigned)atoi(argv[1]));
  const double seconds = measure(session, argv[2]);
  for (int i = 0; i < repetitions; i++) repeated[i] = measure(session, argv[2]);
  qsort(repeated, repetitions, sizeof repeated[0], compare);
  printf("{\"seconds\":%f,\"repeated\":%f,\"resources\":%ld}\n", seconds, repeated[repetitions / 2], resources);
  ne_session_destroy(session);
  return 0;
}
