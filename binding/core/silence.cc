#include "core/silence.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/interpose.h"
#include "core/thread.h"

namespace neon {

namespace {

// neon multiplies its timeouts by 1000, as an int, for poll(2). With `no_time` seconds, the product overflows
// to 0 milliseconds, so poll(2) does not wait. This function checks that neon waits neither in
// ne_sock_block(), nor in a read with this timeout.
bool waits_for_nothing(ne_socket *socket) {
  char byte = 0;
  ne_sock_read_timeout(socket, no_time);
  return ne_sock_block(socket, no_time) == NE_SOCK_TIMEOUT &&
         real::read(socket, &byte, 1) == NE_SOCK_TIMEOUT &&
         real::read_line(socket, &byte, 1) == NE_SOCK_TIMEOUT;
}

/// A socket of neon and its peer, connected over loopback. Neither has sent anything.
class Pair final {
 public:
  Pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *const name = reinterpret_cast<sockaddr *>(&address);
    connected_ = ::bind(listener, name, size) == 0 && ::listen(listener, 1) == 0 &&
                 ::getsockname(listener, name, &size) == 0 && ::connect(peer_, name, size) == 0 &&
                 ne_sock_accept(socket_, listener) == 0;
    if (listener >= 0) ::close(listener);
  }
  ~Pair() {
    real::close(socket_);
    if (peer_ >= 0) ::close(peer_);
  }
  Pair(const Pair &) = delete;
  Pair &operator=(const Pair &) = delete;

  bool connected() const { return connected_; }
  ne_socket *socket() const { return socket_; }
  void speak() const { static_cast<void>(!::send(peer_, "", 1, MSG_NOSIGNAL)); }

 private:
  const int peer_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ne_socket *const socket_ = ne_sock_create();
  bool connected_ = false;
};

/// Whether waits_for_nothing() holds. A separate thread calls it, and this function waits for the thread for
/// at most 2 seconds. If the thread has not returned by then, this function sends a byte, which ends the
/// call. The thread and this function share the sockets.
bool try_no_time() {
  struct Trial {
    Pair pair;
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false, right = false;
  };
  const auto trial = std::make_shared<Trial>();
  if (!trial->pair.connected()) return false;
  const bool started = start_thread([trial] {
    const bool right = waits_for_nothing(trial->pair.socket());
    const std::lock_guard lock(trial->mutex);
    trial->right = right;
    trial->over = true;
    trial->changed.notify_all();
  });
  if (!started) return false;
  std::unique_lock lock(trial->mutex);
  if (trial->changed.wait_for(lock, std::chrono::seconds(2), [&] { return trial->over; }))
    return trial->right;
  for (int call = 0; call < 3; ++call) trial->pair.speak();
  return false;
}

// Counts neon's reads.
class Reads final : public Interposed {
 public:
  int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port) override {
    return real::connect(socket, address, port);
  }
  int close(ne_socket *socket) override { return real::close(socket); }
  ne_sock_addr *resolve(const char *hostname, int flags) override { return real::resolve(hostname, flags); }
  ssize_t read(ne_socket *socket, char *buffer, std::size_t size) override {
    ++count;
    return real::read(socket, buffer, size);
  }
  ssize_t peek(ne_socket *socket, char *buffer, std::size_t size) override {
    return real::peek(socket, buffer, size);
  }
  ssize_t read_line(ne_socket *socket, char *buffer, std::size_t size) override {
    return real::read_line(socket, buffer, size);
  }

  int count = 0;
};

}  // namespace

// ne_sock_fullread() is the only function of ne_socket.h that reads by calling another one.
bool reads_are_interposed() {
  static const bool are = [] {
    const Pair pair;
    if (!pair.connected()) return false;
    pair.speak();
    Reads reads;
    const Interposing interposing(&reads);
    char byte = 0;
    return ne_sock_fullread(pair.socket(), &byte, 1) == 0 && reads.count > 0;
  }();
  return are;
}

bool knows_no_time() {
  static const bool knows = try_no_time();
  return knows;
}

// Unread bytes may be in three places: neon's buffer, the buffer of the TLS library, and the descriptor. Only
// ne_sock_block() looks in all three.
bool is_silent(ne_socket *socket) {
  if (knows_no_time()) return ne_sock_block(socket, no_time) == NE_SOCK_TIMEOUT;
  pollfd readable{ne_sock_fd(socket), POLLIN, 0};
  return ::poll(&readable, 1, 0) == 0;
}

}  // namespace neon
