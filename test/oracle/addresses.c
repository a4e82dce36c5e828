/* addresses PORT QUESTION…: what neon says of addresses: "4 TEXT", "6 TEXT" parses, "name TEXT" looks the
 * name up, "canon TEXT" its canonical name, too, "reverse TEXT" the name of an IPv4 address. The port is not
 * used. */
#include "twin.h"

static void say_address(const ne_inet_addr *addr) {
  unsigned char raw[16];
  char text[128];
  size_t size = ne_iaddr_typeof(addr) == ne_iaddr_ipv6 ? 16 : 4;
  ne_iaddr_raw(addr, raw);
  printf("%s type %d", ne_iaddr_print(addr, text, sizeof text), (int)ne_iaddr_typeof(addr));
  for (size_t i = 0; i < size; i++) printf(" %02x", raw[i]);
  putchar('\n');
}

static void parse(const char *text, ne_iaddr_type type) {
  ne_inet_addr *addr = ne_iaddr_parse(text, type);
  if (addr == NULL) {
    say_text("no address", text);
    return;
  }
  ne_inet_addr *localhost = ne_iaddr_parse("127.0.0.1", ne_iaddr_ipv4);
  say_address(addr);
  say_number("localhost", ne_iaddr_cmp(addr, localhost) == 0);
  ne_iaddr_free(localhost);
  ne_iaddr_free(addr);
}

static void resolve(const char *name, int flags) {
  ne_sock_addr *answer = ne_addr_resolve(name, flags);
  char error[256];
  say_number("result", ne_addr_result(answer));
  say_text("error", ne_addr_error(answer, error, sizeof error));
  if (ne_addr_result(answer) == 0) {
    say_text("canonical", ne_addr_canonical(answer));
    for (const ne_inet_addr *addr = ne_addr_first(answer); addr != NULL; addr = ne_addr_next(answer))
      say_address(addr);
  }
  ne_addr_destroy(answer);
}

static void reverse(const char *text) {
  ne_inet_addr *addr = ne_iaddr_parse(text, ne_iaddr_ipv4);
  char name[1025] = "";
  say_number("reverse", ne_iaddr_reverse(addr, name, sizeof name));
  say_text("name", name);
  ne_iaddr_free(addr);
}

int main(int argc, char **argv) {
  begin_twin();
  for (int i = 2; i < argc; i++) {
    char *text = strchr(argv[i], ' ') + 1;
    switch (argv[i][0]) {
      case '4':
        parse(text, ne_iaddr_ipv4);
        break;
      case '6':
        parse(text, ne_iaddr_ipv6);
        break;
      case 'r':
        reverse(text);
        break;
      default:
        resolve(text, argv[i][0] == 'c' ? NE_ADDR_CANON : 0);
    }
  }
  return 0;
}
