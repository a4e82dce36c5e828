/* loop SCHEME HOST PORT PATH CONNECTIONS WARMUP SECONDS
 *
 * GETs on libneon: a thread and a session for each connection, each creating, dispatching and destroying one
 * request after the other. Counts after WARMUP seconds, and prints the count, the seconds and the processor
 * time as JSON. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <ne_request.h>
#include <ne_session.h>
#include <ne_socket.h>

struct worker {
  pthread_t thread;
  ne_session *session;
  const char *path;
  double start, end;
  long count;
  double finished;
};

static void *work(void *argument);
static void get(ne_session *session, const char *path);
static double now(void);
static double cpu_time(void);
static void sleep_until(double time);

int main(int argc, char **argv) {
  if (argc != 8) return fprintf(stderr, "usage: loop SCHEME HOST PORT PATH CONNECTIONS WARMUP SECONDS\n"), 64;
  if (ne_sock_init() != 0) return 70;

  int connections = atoi(argv[5]);
  double start = now() + atof(argv[6]), end = start + atof(argv[7]);
  struct worker *workers = calloc((size_t)connections, sizeof *workers);

  for (int i = 0; i < connections; i++) {
    ne_session *session = ne_session_create(argv[1], argv[2], (unsigned int)atoi(argv[3]));
    workers[i] = (struct worker){.session = session, .path = argv[4], .start = start, .end = end};
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return 71;
  }
  sleep_until(start);
  double cpu = cpu_time();

  long count = 0;
  double finished = end;
  for (int i = 0; i < connections; i++) {
    pthread_join(workers[i].thread, NULL);
    ne_session_destroy(workers[i].session);
    count += workers[i].count;
    if (workers[i].finished > finished) finished = workers[i].finished;
  }
  cpu = cpu_time() - cpu;
  free(workers);

  printf("{\"count\": %ld, \"seconds\": %.6f, \"cpuSeconds\": %.6f}\n", count, finished - start, cpu);
  return 0;
}

static void *work(void *argument) {
  struct worker *worker = argument;
  while (now() < worker->start) get(worker->session, worker->path);
  while ((worker->finished = now()) < worker->end) {
    get(worker->session, worker->path);
    worker->count++;
  }
  return NULL;
}

static void get(ne_session *session, const char *path) {
  ne_request *request = ne_request_create(session, "GET", path);
  if (ne_request_dispatch(request) != NE_OK || ne_get_status(request)->code != 200) {
    fprintf(stderr, "%s\n", ne_get_error(session));
    exit(1);
  }
  ne_request_destroy(request);
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

static void sleep_until(double time) {
  double left = time - now();
  if (left <= 0) return;
  struct timespec pause = {.tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
  nanosleep(&pause, NULL);
}
