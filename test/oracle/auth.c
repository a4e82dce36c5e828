/* auth PORT FUNCTION PROTOCOL ATTEMPTS[:LENGTH] TARGET...: sends GETs on one session. FUNCTION selects the
 * call that sets the callback for credentials: ne_set_server_auth (set), ne_add_server_auth (add) or
 * ne_add_auth (both). PROTOCOL is the mask of protocols for add and both. The callback supplies credentials
 * ATTEMPTS times and then refuses. Without LENGTH, only the last password is right. With LENGTH, each user
 * name and password has this number of bytes. The target "forget" calls ne_forget_auth. */
#include "twin.h"

#include <ne_auth.h>

static int attempts;
static size_t length;

static int answer(int attempt, char *username, char *password) {
  if (attempt >= attempts) return attempt;
  if (length > 0) {
    memset(username, 'u', length);
    memset(password, 'p', length);
    username[length] = password[length] = '\0';
    return 0;
  }
  strcpy(username, "alice");
  strcpy(password, attempt + 1 == attempts ? "secret" : "wrong");
  return 0;
}

static int creds(void *userdata, const char *realm, int attempt, char *username, char *password) {
  print_text((const char *)userdata, realm);
  print_number("attempt", attempt);
  return answer(attempt, username, password);
}

static int provide(void *userdata, int attempt, unsigned protocol, const char *realm, char *username,
                   char *password, size_t buflen) {
  print_text((const char *)userdata, realm);
  print_number("attempt", attempt);
  print_number("protocol", protocol);
  print_number("buflen", (long long)buflen);
  return answer(attempt, username, password);
}

static void get(ne_session *sess, const char *target) {
  ne_request *req = ne_request_create(sess, "GET", target);
  print_number("dispatch", ne_request_dispatch(req));
  print_text("error", ne_get_error(sess));
  print_status(req);
  ne_request_destroy(req);
}

int main(int argc, char **argv) {
  static char server[] = "server", either[] = "either";
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  const char *function = argument(argc, argv, 2, "set");
  unsigned protocol = (unsigned)atoi(argument(argc, argv, 3, "0"));
  const char *count = argument(argc, argv, 4, "1"), *colon = strchr(count, ':');
  attempts = atoi(count);
  length = colon ? (size_t)atoi(colon + 1) : 0;
  if (strcmp(function, "set") == 0) ne_set_server_auth(sess, creds, server);
  if (strcmp(function, "add") == 0) ne_add_server_auth(sess, protocol, creds, server);
  if (strcmp(function, "both") == 0) ne_add_auth(sess, protocol, provide, either);
  for (int i = 5; i < argc; i++) {
    if (strcmp(argv[i], "forget") == 0)
      ne_forget_auth(sess);
    else
      get(sess, argv[i]);
  }
  ne_session_destroy(sess);
  return 0;
}
