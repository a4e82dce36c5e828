/* oldacl PORT: uses ne_acl.h to set an access control list with every kind of entry. */
#include "twin.h"

#include <ne_acl.h>

int main(int argc, char **argv) {
  char href[] = "/users/a?b&amp;c", property[] = "owner";
  const ne_acl_entry entries[] = {{ne_acl_href, ne_acl_grant, href, 0, 1, 0, 1, 0},
                                  {ne_acl_property, ne_acl_deny, property, 1, 0, 1, 0, 1},
                                  {ne_acl_all, ne_acl_grant, NULL, 1, 1, 1, 1, 1},
                                  {ne_acl_all, ne_acl_deny, NULL, 0, -1, 2, 0, 0}};
  begin_twin();
  ne_session *sess = ne_session_create("http", "127.0.0.1", port_argument(argc, argv));
  for (int count = 4; count >= 0; count -= 2) {
    print_number("acl", ne_acl_set(sess, "/acl", entries, count));
    print_text("error", ne_get_error(sess));
  }
  ne_session_destroy(sess);
  return 0;
}
