/*
 * Implements another addon, which uses the system's OpenSSL. The addon is either linked with this OpenSSL or
 * loads it by dlopen with the flags in -DOPEN=. The addon needs no headers: it declares the functions of
 * OpenSSL and Node itself.
 *
 * Node exports many symbols of its own OpenSSL. They replace the system's symbols if the addon is linked with
 * the system's OpenSSL, or opens it without RTLD_DEEPBIND. The system's OpenSSL may then fail, which is not
 * libneon's fault. The test requires only that HTTPS in libneon works afterwards.
 */
#ifdef OPEN
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef OPEN
#include <dlfcn.h>

static void *library;

static void *find(const char *name) {
  if (!library) library = dlopen("libssl.so.3", OPEN);
  void *found = library ? dlsym(library, name) : NULL;
  if (!found) {
    fprintf(stderr, "%s\n", dlerror());
    abort();
  }
  return found;
}

#define OPENSSL_init_ssl ((int (*)(uint64_t, const void *))find("OPENSSL_init_ssl"))
#define TLS_client_method ((const void *(*)(void))find("TLS_client_method"))
#define SSL_CTX_new ((void *(*)(const void *))find("SSL_CTX_new"))
#define SSL_CTX_set_default_verify_paths ((int (*)(void *))find("SSL_CTX_set_default_verify_paths"))
#else
int OPENSSL_init_ssl(uint64_t, const void *);
const void *TLS_client_method(void);
void *SSL_CTX_new(const void *);
int SSL_CTX_set_default_verify_paths(void *);
#endif

/* Never freed, as in a typical client library. */
static void *context;

void *napi_register_module_v1(void *env, void *exports) {
  (void)env;
  if (OPENSSL_init_ssl(0, NULL)) context = SSL_CTX_new(TLS_client_method());
  if (context) SSL_CTX_set_default_verify_paths(context);
  return exports;
}
