/* loop OPERATION SCHEME HOST PORT PATH LENGTH EDGE FILE CA CONNECTIONS WARMUP SECONDS
 *
 * Repeats an operation (operations.h) on libneon, with a thread and a session for each connection. Works for
 * WARMUP seconds, then for SECONDS. Prints the count, the seconds and the processor time of the second period,
 * and the resident size after it, as JSON. */
#include "operations.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <ne_session.h>
#include <ne_socket.h>

struct worker {
  pthread_t thread;
  ne_session *session;
  operation *operate;
  const struct target *target;
  double end;
  long count;
};

struct measurement {
  long count;
  double seconds, cpu;
};

static struct measurement measure(struct worker *workers, int connections, double seconds);
static void *work(void *argument);
static double now(void);
static double cpu_time(void);
static double resident_mebibytes(void);

int main(int argc, char **argv) {
  if (argc != 13) return fprintf(stderr, "Error: loop takes 12 arguments\n"), 64;
  if (ne_sock_init() != 0) return 70;

  ne_ssl_certificate *ca = argv[9][0] ? ne_ssl_cert_read(argv[9]) : NULL;
  if (argv[9][0] && !ca) fail("cannot read the CA certificate");
  struct target target = {.scheme = argv[2],
                          .host = argv[3],
                          .port = (unsigned int)atoi(argv[4]),
                          .ca = ca,
                          .path = argv[5],
                          .length = strtoull(argv[6], NULL, 10),
                          .edge = argv[7],
                          .file = argv[8]};
  int connections = atoi(argv[10]);
  struct worker *workers = calloc((size_t)connections, sizeof *workers);
  for (int i = 0; i < connections; i++) {
    workers[i] = (struct worker){
        .session = open_session(&target), .operate = operation_called(argv[1]), .target = &target};
  }

  measure(workers, connections, atof(argv[11]));
  struct measurement measured = measure(workers, connections, atof(argv[12]));
  printf("{\"count\": %ld, \"seconds\": %.6f, \"cpuSeconds\": %.6f, \"memory\": %.1f}\n", measured.count,
         measured.seconds, measured.cpu, resident_mebibytes());

  for (int i = 0; i < connections; i++) ne_session_destroy(workers[i].session);
  free(workers);
  if (ca) ne_ssl_cert_free(ca);
  return 0;
}

/* Measures from the start of the first operation to the end of the last operation. */
static struct measurement measure(struct worker *workers, int connections, double seconds) {
  struct measurement measured = {0, now(), cpu_time()};
  double end = measured.seconds + seconds;
  for (int i = 0; i < connections; i++) {
    workers[i].end = end;
    workers[i].count = 0;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) fail("no thread");
  }
  for (int i = 0; i < connections; i++) {
    pthread_join(workers[i].thread, NULL);
    measured.count += workers[i].count;
  }
  measured.seconds = now() - measured.seconds;
  measured.cpu = cpu_time() - measured.cpu;
  return measured;
}

static void *work(void *argument) {
  struct worker *worker = argument;
  while (now() < worker->end) {
    worker->operate(worker->session, worker->target);
    worker->count++;
  }
  return NULL;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  struct timeval user = usage.ru_utime, system = usage.ru_stime;
  return (double)(user.tv_sec + system.tv_sec) + (double)(user.tv_usec + system.tv_usec) / 1e6;
}

/* The second number of statm is the resident size, in pages; 0 if /proc is missing. */
static double resident_mebibytes(void) {
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  if (statm) {
    if (fscanf(statm, "%*d %ld", &pages) != 1) pages = 0;
    fclose(statm);
  }
  return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1024 * 1024);
}
