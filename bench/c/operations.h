/* Implements the operations of the C peer, by their names in peer.ts. Bodies are read in blocks of 64 KiB. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ne_request.h>
#include <ne_session.h>
#include <ne_ssl.h>

#define BLOCK 65536

struct target {
  const char *scheme, *host;
  unsigned int port;
  const ne_ssl_certificate *ca; /* the authority to trust, or NULL */
  const char *path;
  size_t length;
  const char *edge; /* the bytes with which the body begins and ends */
  const char *file;
};

typedef void operation(ne_session *session, const struct target *target);

static inline void fail(const char *reason) {
  fprintf(stderr, "Error: %s\n", reason);
  exit(1);
}

static inline void require(ne_session *session, int result) {
  if (result != NE_OK) fail(ne_get_error(session));
}

static inline void require_status(ne_session *session, ne_request *request) {
  if (ne_get_status(request)->code != 200) fail(ne_get_error(session));
}

static inline void require_body(const struct target *target, size_t length, const char *first,
                                const char *last) {
  if (length != target->length) fail("the body has another length");
  size_t edge = strlen(target->edge);
  if (memcmp(first, target->edge, edge) != 0 || memcmp(last, target->edge, edge) != 0) fail("another body");
}

/* Gets a body, which neon reads and discards. */
static inline void get(ne_session *session, const struct target *target) {
  ne_request *request = ne_request_create(session, "GET", target->path);
  require(session, ne_request_dispatch(request));
  require_status(session, request);
  ne_request_destroy(request);
}

static inline ne_request *begin_get(ne_session *session, const struct target *target) {
  ne_request *request = ne_request_create(session, "GET", target->path);
  require(session, ne_begin_request(request));
  require_status(session, request);
  return request;
}

static inline void end_get(ne_session *session, ne_request *request) {
  require(session, ne_end_request(request));
  ne_request_destroy(request);
}

static inline void download_bytes(ne_session *session, const struct target *target) {
  ne_request *request = begin_get(session, target);
  size_t size = target->length + 1; /* C detects the end of the body only while there is room */
  char *bytes = malloc(size);
  size_t length = 0;
  for (;;) {
    size_t room = size - length;
    ssize_t count = ne_read_response_block(request, bytes + length, room < BLOCK ? room : BLOCK);
    if (count < 0) fail(ne_get_error(session));
    if (count == 0) break;
    length += (size_t)count;
  }
  end_get(session, request);
  require_body(target, length, bytes, bytes + length - strlen(target->edge));
  free(bytes);
}

static inline void download_stream(ne_session *session, const struct target *target) {
  ne_request *request = begin_get(session, target);
  char *block = malloc(BLOCK);
  size_t length = 0;
  for (ssize_t count; (count = ne_read_response_block(request, block, BLOCK)) != 0;) {
    if (count < 0) fail(ne_get_error(session));
    length += (size_t)count;
  }
  end_get(session, request);
  if (length != target->length) fail("the body has another length");
  free(block);
}

static inline int open_file(const struct target *target, int flags) {
  int fd = open(target->file, flags, 0666);
  if (fd < 0) fail("cannot open the file");
  return fd;
}

static inline void require_file(const struct target *target) {
  int fd = open_file(target, O_RDONLY);
  struct stat facts;
  size_t edge = strlen(target->edge);
  char first[BLOCK], last[BLOCK];
  if (fstat(fd, &facts) != 0 || pread(fd, first, edge, 0) != (ssize_t)edge ||
      pread(fd, last, edge, facts.st_size - (off_t)edge) != (ssize_t)edge)
    fail("cannot read the file");
  require_body(target, (size_t)facts.st_size, first, last);
  close(fd);
}

static inline void download_file(ne_session *session, const struct target *target) {
  ne_request *request = begin_get(session, target);
  int fd = open_file(target, O_WRONLY | O_CREAT | O_TRUNC);
  require(session, ne_read_response_to_fd(request, fd));
  close(fd);
  end_get(session, request);
  require_file(target);
}

static inline void require_received(const struct target *target, ne_request *request) {
  const char *received = ne_get_response_header(request, "Received");
  if (received == NULL || strtoull(received, NULL, 10) != target->length) fail("another length was received");
}

/* Puts a body that is in memory; its bytes do not matter. */
static inline void put(ne_session *session, const struct target *target) {
  static const char body[BLOCK];
  ne_request *request = ne_request_create(session, "PUT", target->path);
  ne_set_request_body_buffer(request, body, target->length);
  require(session, ne_request_dispatch(request));
  require_status(session, request);
  require_received(target, request);
  ne_request_destroy(request);
}

static inline void upload_file(ne_session *session, const struct target *target) {
  ne_request *request = ne_request_create(session, "PUT", target->path);
  int fd = open_file(target, O_RDONLY);
  ne_set_request_body_fd(request, fd, 0, (ne_off_t)target->length);
  require(session, ne_request_dispatch(request));
  close(fd);
  require_status(session, request);
  require_received(target, request);
  ne_request_destroy(request);
}

static inline ne_session *open_session(const struct target *target) {
  ne_session *session = ne_session_create(target->scheme, target->host, target->port);
  if (target->ca) ne_ssl_trust_cert(session, target->ca);
  return session;
}

/* Gets a body on a new session, and so on a new connection. */
static inline void connect_and_get(ne_session *session, const struct target *target) {
  (void)session;
  ne_session *own = open_session(target);
  get(own, target);
  ne_session_destroy(own);
}

static inline operation *operation_called(const char *name) {
  static const struct {
    const char *name;
    operation *run;
  } operations[] = {
      {"get", get},
      {"blocking", get},
      {"connect", connect_and_get},
      {"downloadBytes", download_bytes},
      {"downloadStream", download_stream},
      {"downloadFile", download_file},
      {"put", put},
      {"uploadFile", upload_file},
  };
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    if (strcmp(operations[i].name, name) == 0) return operations[i].run;
  fprintf(stderr, "Error: no operation %s\n", name);
  exit(64);
}

#endif
