/* socket PORT COMMAND…: connects, runs the commands in order, and prints their results. "line N",
 * "read N", "peek N" and "full N" receive into a buffer of N bytes. "write TEXT" and "vector TEXT|TEXT…"
 * send. "block N" calls ne_sock_block. "timeout N" calls ne_sock_read_timeout. "shutdown N" calls
 * ne_sock_shutdown. "socks VERSION HOST USER PASSWORD" calls ne_sock_proxy, where "-" is NULL. */
#include "twin.h"

static ne_socket *sock;

static void print_result(const char *command, ssize_t result) {
  print_number(command, result);
  if (result < 0) print_text("error", ne_sock_error(sock));
}

static void receive(const char *command, size_t size) {
  char *buffer = calloc(size + 1, 1);
  ssize_t result = strcmp(command, "line") == 0   ? ne_sock_readline(sock, buffer, size)
                   : strcmp(command, "read") == 0 ? ne_sock_read(sock, buffer, size)
                   : strcmp(command, "peek") == 0 ? ne_sock_peek(sock, buffer, size)
                                                  : ne_sock_fullread(sock, buffer, size);
  print_result(command, result);
  if (result >= 0) print_text("bytes", buffer);
  free(buffer);
}

static void write_blocks(char *texts) {
  struct ne_iovec blocks[10];
  int count = 0;
  for (char *text = strtok(texts, "|"); text != NULL; text = strtok(NULL, "|"), count++) {
    blocks[count].base = text;
    blocks[count].len = strlen(text);
  }
  print_result("vector", ne_sock_fullwritev(sock, blocks, count));
}

static void use_proxy(char *values) {
  const char *version = strtok(values, " "), *host = strtok(NULL, " ");
  const char *user = strtok(NULL, " "), *password = strtok(NULL, " ");
  ne_inet_addr *addr = ne_iaddr_parse(host, ne_iaddr_ipv4);
  print_result("socks", ne_sock_proxy(sock, (enum ne_sock_sversion)atoi(version), addr,
                                      addr == NULL ? host : NULL, 8080, strcmp(user, "-") == 0 ? NULL : user,
                                      strcmp(password, "-") == 0 ? NULL : password));
  if (addr != NULL) ne_iaddr_free(addr);
}

static void run(char *line) {
  char *rest = strchr(line, ' ');
  *rest++ = '\0';
  if (strcmp(line, "write") == 0)
    print_result(line, ne_sock_fullwrite(sock, rest, strlen(rest)));
  else if (strcmp(line, "vector") == 0)
    write_blocks(rest);
  else if (strcmp(line, "block") == 0)
    print_result(line, ne_sock_block(sock, atoi(rest)));
  else if (strcmp(line, "timeout") == 0)
    ne_sock_read_timeout(sock, atoi(rest));
  else if (strcmp(line, "shutdown") == 0)
    print_result(line, ne_sock_shutdown(sock, (unsigned)atoi(rest)));
  else if (strcmp(line, "socks") == 0)
    use_proxy(rest);
  else
    receive(line, (size_t)atoi(rest));
}

int main(int argc, char **argv) {
  begin_twin();
  ne_inet_addr *addr = ne_iaddr_parse("127.0.0.1", ne_iaddr_ipv4);
  unsigned int port = 0;
  char text[64];

  sock = ne_sock_create();
  ne_sock_connect_timeout(sock, 10);
  print_result("connect", ne_sock_connect(sock, addr, port_argument(argc, argv)));
  ne_inet_addr *peer = ne_sock_peer(sock, &port);
  printf("peer=%s:%u\n", ne_iaddr_print(peer, text, sizeof text), port);
  for (int i = 2; i < argc; i++) run(argv[i]);
  print_text("last error", ne_sock_error(sock));
  print_text("cipher", ne_sock_cipher(sock));
  print_number("close", ne_sock_close(sock));
  ne_iaddr_free(peer);
  ne_iaddr_free(addr);
  return 0;
}
