/* locks PORT STEP…: runs the steps on one session with a lock store. A step is a word with its arguments,
 * separated by commas:
 *
 * - lock,PATH,SCOPE,DEPTH,TIMEOUT[,OWNER] obtains a lock and keeps it;
 * - add adds the lock to the store, and remove removes it;
 * - refresh,TIMEOUT refreshes the lock, and unlock releases it;
 * - discover,PATH discovers locks;
 * - resource,METHOD,PATH,DEPTH[,PATH,DEPTH] sends a request that uses these resources;
 * - parent has the same arguments as resource, and also uses the parents of the resources;
 * - list prints the tokens of all locks in the store, and find,PATH prints the token of one lock;
 * - sharepoint sets NE_SESSFLAG_SHAREPOINT;
 * - acl sets an access control list with entries of every kind. */
#include "twin.h"

#include <ne_acl3744.h>
#include <ne_alloc.h>
#include <ne_basic.h>
#include <ne_locks.h>

static void print_lock(const struct ne_lock *lock) {
  print_text("scheme", lock->uri.scheme);
  print_text("path", lock->uri.path);
  print_number("depth", lock->depth);
  print_number("type", lock->type);
  print_number("scope", lock->scope);
  print_text("token", lock->token);
  print_text("owner", lock->owner);
  print_number("timeout", lock->timeout);
}

static void on_lock(void *userdata, const struct ne_lock *lock, const ne_uri *uri, const ne_status *status) {
  (void)userdata;
  print_text("found", uri->path);
  if (lock) print_lock(lock);
  if (status) print_number("status", status->code);
}

static char *next(char **rest) { return *rest ? strsep(rest, ",") : NULL; }

static int number(char **rest) {
  const char *text = next(rest);
  return text ? atoi(text) : 0;
}

static struct ne_lock *obtain(ne_session *sess, char *rest) {
  struct ne_lock *lock = ne_lock_create();
  ne_fill_server_uri(sess, &lock->uri);
  lock->uri.path = ne_strdup(next(&rest));
  lock->scope = number(&rest);
  lock->depth = number(&rest);
  lock->timeout = number(&rest);
  if (rest) lock->owner = ne_strdup(rest);
  print_number("lock", ne_lock(sess, lock));
  print_lock(lock);
  return lock;
}

static void list(ne_lock_store *store) {
  struct ne_lock *lock;
  for (lock = ne_lockstore_first(store); lock; lock = ne_lockstore_next(store))
    print_text("listed", lock->token);
}

static void find(ne_session *sess, ne_lock_store *store, const char *path) {
  ne_uri uri = {0};
  struct ne_lock *lock;
  ne_fill_server_uri(sess, &uri);
  uri.path = ne_strdup(path);
  lock = ne_lockstore_findbyuri(store, &uri);
  print_text("found", lock ? lock->token : NULL);
  ne_uri_free(&uri);
}

static void send_using(ne_session *sess, char *rest, int parents) {
  const char *method = next(&rest), *first = next(&rest);
  ne_request *req = ne_request_create(sess, method, first);
  for (const char *path = first; path; path = next(&rest)) {
    ne_lock_using_resource(req, path, number(&rest));
    if (parents) ne_lock_using_parent(req, path);
  }
  print_number(method, ne_request_dispatch(req));
  print_status(req);
  ne_request_destroy(req);
}

static int set_acl(ne_session *sess) {
  char href[] = "/users/a?b&amp;c", property[] = "owner", named[] = "x:y xmlns:x='urn:x'";
  const ne_acl_entry entries[] = {
      {ne_acl_href, ne_acl_grant, href, NE_ACL_READ | NE_ACL_WRITE},
      {ne_acl_property, ne_acl_deny, property,
       NE_ACL_WRITE_PROPERTIES | NE_ACL_WRITE_CONTENT | NE_ACL_UNLOCK},
      {ne_acl_property, ne_acl_grant, named, NE_ACL_READ_ACL | NE_ACL_READ_CUPRIVSET | NE_ACL_WRITE_ACL},
      {ne_acl_all, ne_acl_deny, NULL, NE_ACL_BIND | NE_ACL_UNBIND},
      {ne_acl_authenticated, ne_acl_grant, NULL, NE_ACL_ALL},
      {ne_acl_unauthenticated, ne_acl_deny, NULL, 0},
      {ne_acl_self, ne_acl_grant, NULL, 0xffffffff}};
  return ne_acl3744_set(sess, "/acl", entries, sizeof entries / sizeof entries[0]);
}

int main(int argc, char **argv) {
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  ne_lock_store *store = ne_lockstore_create();
  struct ne_lock *lock = NULL;
  ne_lockstore_register(store, sess);
  for (int i = 2; i < argc; i++) {
    char *rest = argv[i];
    const char *word = next(&rest);
    if (strcmp(word, "lock") == 0) lock = obtain(sess, rest);
    if (strcmp(word, "add") == 0) ne_lockstore_add(store, lock);
    if (strcmp(word, "remove") == 0) ne_lockstore_remove(store, lock);
    if (strcmp(word, "refresh") == 0) {
      lock->timeout = number(&rest);
      print_number("refresh", ne_lock_refresh(sess, lock));
      print_lock(lock);
    }
    if (strcmp(word, "unlock") == 0) print_number("unlock", ne_unlock(sess, lock));
    if (strcmp(word, "discover") == 0)
      print_number("discover", ne_lock_discover(sess, next(&rest), on_lock, NULL));
    if (strcmp(word, "resource") == 0) send_using(sess, rest, 0);
    if (strcmp(word, "parent") == 0) send_using(sess, rest, 1);
    if (strcmp(word, "list") == 0) list(store);
    if (strcmp(word, "find") == 0) find(sess, store, next(&rest));
    if (strcmp(word, "sharepoint") == 0) ne_set_session_flag(sess, NE_SESSFLAG_SHAREPOINT, 1);
    if (strcmp(word, "acl") == 0) print_number("acl", set_acl(sess));
    print_text("error", ne_get_error(sess));
  }
  ne_session_destroy(sess);
  ne_lockstore_destroy(store);
  return 0;
}
