#pragma once

#include <ne_socket.h>
#include <sys/types.h>

#include <cstddef>

namespace neon {

/// Receives neon's own calls to these functions of ne_socket.h while an operation of this addon runs on the
/// thread. All functions are virtual, because a process may have two copies of the addon.
/// In such a process, libneon calls the interposer of the first copy for the operations of both copies.
class Interposed {
 public:
  virtual int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port) = 0;
  virtual int close(ne_socket *socket) = 0;
  virtual ne_sock_addr *resolve(const char *hostname, int flags) = 0;
  virtual ssize_t read(ne_socket *socket, char *buffer, std::size_t size) = 0;
  virtual ssize_t peek(ne_socket *socket, char *buffer, std::size_t size) = 0;
  virtual ssize_t read_line(ne_socket *socket, char *buffer, std::size_t size) = 0;

 protected:
  ~Interposed() = default;
};

/// neon's own functions behind the interposed names.
namespace real {
int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port);
int close(ne_socket *socket);
ne_sock_addr *resolve(const char *hostname, int flags);
ssize_t read(ne_socket *socket, char *buffer, std::size_t size);
ssize_t peek(ne_socket *socket, char *buffer, std::size_t size);
ssize_t read_line(ne_socket *socket, char *buffer, std::size_t size);
}  // namespace real

/// Makes `interposed` the receiver of neon's calls on this thread until the end of a C++ block. If it is
/// null, the calls reach neon's own functions.
class Interposing final {
 public:
  explicit Interposing(Interposed *interposed);
  ~Interposing();
  Interposing(const Interposing &) = delete;
  Interposing &operator=(const Interposing &) = delete;

 private:
  Interposed *const outer_;
};

/// Whether the interposer really receives libneon's calls. It receives them in a normal load on ELF systems.
/// It does not receive them when another addon loaded libneon first, when the distribution linked libneon
/// with -Bsymbolic-functions, or on macOS.
bool interposition_works();

}  // namespace neon
