#pragma once

#include <ne_socket.h>

namespace neon {

/// Receives neon's own calls to ne_sock_connect, ne_sock_close and ne_addr_resolve while an operation
/// of ours runs on the thread. Only virtual functions: when two copies of the addon are in one process,
/// libneon calls the interposer of the first for the operations of both.
class Interposed {
 public:
  virtual int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port) = 0;
  virtual int close(ne_socket *socket) = 0;
  virtual ne_sock_addr *resolve(const char *hostname, int flags) = 0;

 protected:
  ~Interposed() = default;
};

/// neon's own functions behind the interposed names.
namespace real {
int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port);
int close(ne_socket *socket);
ne_sock_addr *resolve(const char *hostname, int flags);
}  // namespace real

/// Makes `interposed` the calling thread's for the time of a C++ block.
class Interposing final {
 public:
  explicit Interposing(Interposed *interposed);
  ~Interposing();
  Interposing(const Interposing &) = delete;
  Interposing &operator=(const Interposing &) = delete;

 private:
  Interposed *const outer_;
};

/// Whether libneon's calls really arrive here. They do in a normal load on ELF systems; they do not when
/// another addon loaded libneon first, or the distribution linked it with -Bsymbolic-functions, or on macOS.
bool interposition_works();

}  // namespace neon
