/* addresses PORT QUERY…: parses and resolves addresses. "4 TEXT" and "6 TEXT" parse an address, "name TEXT"
 * resolves a name, "canon TEXT" also asks for its canonical name, and "reverse TEXT" finds the name of an
 * IPv4 address. The port is not used. */
#include "twin.h"

static void print_address(const ne_inet_addr *addr) {
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
    print_text("no address", text);
    return;
  }
  ne_inet_addr *localhost = ne_iaddr_parse("127.0.0.1", ne_iaddr_ipv4);
  print_address(addr);
  print_number("localhost", ne_iaddr_cmp(addr, localhost) == 0);
  ne_iaddr_free(localhost);
  ne_iaddr_free(addr);
}

static void resolve(const char *name, int flags) {
  ne_sock_addr *answer = ne_addr_resolve(name, flags);
  char error[256];
  print_number("result", ne_addr_result(answer));
  print_text("error", ne_addr_error(answer, error, sizeof error));
  if (ne_addr_result(answer) == 0) {
    print_text("canonical", ne_addr_canonical(answer));
    for (const ne_inet_addr *addr = ne_addr_first(answer); addr != NULL; addr = ne_addr_next(answer))
      print_address(addr);
  }
  ne_addr_destroy(answer);
}

static void reverse(const char *text) {
  ne_inet_addr *addr = ne_iaddr_parse(text, ne_iaddr_ipv4);
  char name[1025] = "";
  print_number("reverse", ne_iaddr_reverse(addr, name, sizeof name));
  print_text("name", name);
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
