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

// Unread bytes may be in three places: neon's buffer, the buffer of the TLS library, and the descriptor. Only
// ne_sock_block() looks in all three. Its timeout is in seconds, and 0 means to wait for ever. It multiplies
// the timeout by 1000, as an int, for poll(2). With `no_time` seconds, the product overflows to 0
// milliseconds, so the function does not wait. returns_at_once() checks once whether this works.
constexpr int no_time = 1 << 29;

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

/// Whether ne_sock_block() returns at once. A separate thread calls ne_sock_block(), and this function waits
/// for the thread for at most 2 seconds. If ne_sock_block() has not returned by then, this function sends a
/// byte, which ends the call. The thread and this function share the sockets.
bool returns_at_once() {
  struct Trial {
    Pair pair;
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;
  };
  const auto trial = std::make_shared<Trial>();
  if (!trial->pair.connected()) return false;
  const bool started = start_thread([trial] {
    ne_sock_block(trial->pair.socket(), no_time);
    const std::lock_guard lock(trial->mutex);
    trial->over = true;
    trial->changed.notify_all();
  });
  if (!started) return false;
  std::unique_lock lock(trial->mutex);
  const bool at_once = trial->changed.wait_for(lock, std::chrono::seconds(2), [&] { return trial->over; });
  if (!at_once) trial->pair.speak();
  return at_once;
}

}  // namespace

bool is_silent(ne_socket *socket) {
  static const bool sees_buffers = returns_at_once();
  if (sees_buffers) return ne_sock_block(socket, no_time) == NE_SOCK_TIMEOUT;
  pollfd readable{ne_sock_fd(socket), POLLIN, 0};
  return ::poll(&readable, 1, 0) == 0;
}

}  // namespace neon
