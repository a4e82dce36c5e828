/* Provides what C twins share. A twin prints lines of key=value, like its JavaScript twin (twin.ts). */
#ifndef TWIN_H
#define TWIN_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ne_request.h>
#include <ne_session.h>
#include <ne_socket.h>
#include <ne_ssl.h>
#include <ne_string.h>
#include <ne_utils.h>

static inline void print_number(const char *key, long long value) { printf("%s=%lld\n", key, value); }

/* Prints a text. Backslashes and bytes outside printable ASCII become \xNN, and NULL becomes (null). */
static inline void print_text(const char *key, const char *value) {
  printf("%s=", key);
  if (value == NULL)
    printf("(null)");
  else
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
      printf(*p >= 0x20 && *p < 0x7f && *p != '\\' ? "%c" : "\\x%02x", *p);
  putchar('\n');
}

static inline void print_status(const ne_request *req) {
  const ne_status *status = ne_get_status(req);
  printf("status=%d.%d %d %d\n", status->major_version, status->minor_version, status->code, status->klass);
  print_text("reason", status->reason_phrase);
}

/* Prints every property of a certificate and of its issuers. */
static inline void print_certificate(const ne_ssl_certificate *cert) {
  for (; cert != NULL; cert = ne_ssl_cert_signedby(cert)) {
    char *subject = ne_ssl_readable_dname(ne_ssl_cert_subject(cert));
    char *issuer = ne_ssl_readable_dname(ne_ssl_cert_issuer(cert));
    char *hash = ne_ssl_cert_hdigest(cert, NE_HASH_SHA256 | NE_HASH_SPACE);
    char *base64 = ne_ssl_cert_export(cert);
    char digest[NE_SSL_DIGESTLEN], from[NE_SSL_VDATELEN], until[NE_SSL_VDATELEN];
    time_t from_time, until_time;
    print_text("subject", subject);
    print_text("issuer", issuer);
    print_number("self-issued", ne_ssl_dname_cmp(ne_ssl_cert_subject(cert), ne_ssl_cert_issuer(cert)) == 0);
    print_text("identity", ne_ssl_cert_identity(cert));
    print_number("digest", ne_ssl_cert_digest(cert, digest));
    print_text("sha1", digest);
    print_text("sha256", hash);
    ne_ssl_cert_validity(cert, from, until);
    print_text("from", from);
    print_text("until", until);
    ne_ssl_cert_validity_time(cert, &from_time, &until_time);
    print_number("from", (long long)from_time);
    print_number("until", (long long)until_time);
    print_text("base64", base64);
    ne_free(subject);
    ne_free(issuer);
    ne_free(hash);
    ne_free(base64);
  }
}

/* FNV-1a of 32 bits; start with HASH_START. */
#define HASH_START 2166136261u

static inline uint32_t hash_more(uint32_t hash, const char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
  return hash;
}

/* The argument with this number, or the default. The port has the number 1. */
static inline const char *argument(int argc, char **argv, int number, const char *fallback) {
  return argc > number ? argv[number] : fallback;
}

static inline unsigned int port_argument(int argc, char **argv) {
  return (unsigned int)atoi(argument(argc, argv, 1, "0"));
}

static inline void begin_twin(void) {
  if (ne_sock_init() != 0) exit(70);
  setvbuf(stdout, NULL, _IOLBF, 0);
}

#endif
