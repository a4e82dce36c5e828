#include "core/interpose.h"

#include <dlfcn.h>
#include <ne_request.h>
#include <ne_session.h>
#include <pthread.h>

// The only data that all copies of the addon in a process share: the key under which a thread finds the
// Interposed object to call. Addons are loaded locally, so each copy would normally use its own key. The
// symbol type gnu_unique_object makes the dynamic linker bind every copy to the key of the first copy.
extern "C" {
struct libneon_interposer_v2 {
  pthread_once_t once;
  pthread_key_t key;
};
__attribute__((visibility("default"))) extern libneon_interposer_v2 libneon_interposer_key_v2;
}
#ifdef __ELF__
// Written in assembly, because clang does not let assembly change the symbol type of a variable that the
// compiler defines.
static_assert(sizeof(libneon_interposer_v2) == 8 && PTHREAD_ONCE_INIT == 0);
__asm__(
    ".pushsection .bss\n"
    ".balign 8\n"
    ".type libneon_interposer_key_v2, @gnu_unique_object\n"
    ".size libneon_interposer_key_v2, 8\n"
    "libneon_interposer_key_v2: .zero 8\n"
    ".popsection");
#else
libneon_interposer_v2 libneon_interposer_key_v2 = {PTHREAD_ONCE_INIT, 0};
#endif

namespace neon {

namespace {

pthread_key_t key() {
  pthread_once(&libneon_interposer_key_v2.once,
               [] { pthread_key_create(&libneon_interposer_key_v2.key, nullptr); });
  return libneon_interposer_key_v2.key;
}

Interposed *current() { return static_cast<Interposed *>(pthread_getspecific(key())); }

template <class Function>
Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// Detects whether libneon calls the addon, without sending anything to the network.
class Probe final : public Interposed {
 public:
  int connect(ne_socket *, const ne_inet_addr *, unsigned) override {
    reached = true;
    return NE_SOCK_ERROR;
  }
  int close(ne_socket *socket) override { return real::close(socket); }
  ne_sock_addr *resolve(const char *hostname, int flags) override { return real::resolve(hostname, flags); }
  ssize_t read(ne_socket *socket, char *buffer, std::size_t size) override {
    return real::read(socket, buffer, size);
  }
  ssize_t peek(ne_socket *socket, char *buffer, std::size_t size) override {
    return real::peek(socket, buffer, size);
  }
  ssize_t read_line(ne_socket *socket, char *buffer, std::size_t size) override {
    return real::read_line(socket, buffer, size);
  }

  bool reached = false;
};

}  // namespace

namespace real {

int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port) {
  static const auto function = next<decltype(&::ne_sock_connect)>("ne_sock_connect");
  return function(socket, address, port);
}

int close(ne_socket *socket) {
  static const auto function = next<decltype(&::ne_sock_close)>("ne_sock_close");
  return function(socket);
}

ne_sock_addr *resolve(const char *hostname, int flags) {
  static const auto function = next<decltype(&::ne_addr_resolve)>("ne_addr_resolve");
  return function(hostname, flags);
}

ssize_t read(ne_socket *socket, char *buffer, std::size_t size) {
  static const auto function = next<decltype(&::ne_sock_read)>("ne_sock_read");
  return function(socket, buffer, size);
}

ssize_t peek(ne_socket *socket, char *buffer, std::size_t size) {
  static const auto function = next<decltype(&::ne_sock_peek)>("ne_sock_peek");
  return function(socket, buffer, size);
}

ssize_t read_line(ne_socket *socket, char *buffer, std::size_t size) {
  static const auto function = next<decltype(&::ne_sock_readline)>("ne_sock_readline");
  return function(socket, buffer, size);
}

}  // namespace real

Interposing::Interposing(Interposed *interposed) : outer_(current()) {
  pthread_setspecific(key(), interposed);
}

Interposing::~Interposing() { pthread_setspecific(key(), outer_); }

bool interposition_works() {
  static const bool works = [] {
    Probe probe;
    const Interposing interposing(&probe);
    // Even if libneon does not call the interposer, the request fails at once, since no server can listen on
    // port 0.
    ne_session *session = ne_session_create("http", "127.0.0.1", 0);
    ne_request *request = ne_request_create(session, "GET", "/");
    ne_request_dispatch(request);
    ne_request_destroy(request);
    ne_session_destroy(session);
    return probe.reached;
  }();
  return works;
}

}  // namespace neon

// libneon calls its own exported functions through the PLT. In a normal load this addon precedes libneon in
// the lookup scope, so libneon calls the functions below.
extern "C" {

__attribute__((visibility("default"))) int ne_sock_connect(ne_socket *socket, const ne_inet_addr *address,
                                                           unsigned int port) {
  neon::Interposed *interposed = neon::current();
  return interposed ? interposed->connect(socket, address, port) : neon::real::connect(socket, address, port);
}

__attribute__((visibility("default"))) int ne_sock_close(ne_socket *socket) {
  neon::Interposed *interposed = neon::current();
  return interposed ? interposed->close(socket) : neon::real::close(socket);
}

__attribute__((visibility("default"))) ne_sock_addr *ne_addr_resolve(const char *hostname, int flags) {
  neon::Interposed *interposed = neon::current();
  return interposed ? interposed->resolve(hostname, flags) : neon::real::resolve(hostname, flags);
}

__attribute__((visibility("default"))) ssize_t ne_sock_read(ne_socket *socket, char *buffer,
                                                            std::size_t size) {
  neon::Interposed *interposed = neon::current();
  return interposed ? interposed->read(socket, buffer, size) : neon::real::read(socket, buffer, size);
}

__attribute__((visibility("default"))) ssize_t ne_sock_peek(ne_socket *socket, char *buffer,
                                                            std::size_t size) {
  neon::Interposed *interposed = neon::current();
  return interposed ? interposed->peek(socket, buffer, size) : neon::real::peek(socket, buffer, size);
}

__attribute__((visibility("default"))) ssize_t ne_sock_readline(ne_socket *socket, char *buffer,
                                                                std::size_t size) {
  neon::Interposed *interposed = neon::current();
  return interposed ? interposed->read_line(socket, buffer, size)
                    : neon::real::read_line(socket, buffer, size);
}

// neon takes SOCKS proxies from the system's settings too, and these have no user name. If such a proxy asks
// for a name, neon would read from NULL. So this function passes empty strings instead of NULL.
__attribute__((visibility("default"))) int ne_sock_proxy(ne_socket *socket, ne_sock_sversion version,
                                                         const ne_inet_addr *address, const char *hostname,
                                                         unsigned int port, const char *username,
                                                         const char *password) {
  static const auto function = neon::next<decltype(&::ne_sock_proxy)>("ne_sock_proxy");
  return function(socket, version, address, hostname, port, username ? username : "",
                  password ? password : "");
}
}
