#include "core/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#if __has_include(<linux/tcp.h>)
#include <linux/sockios.h>
#include <linux/tcp.h>
#endif

#include <algorithm>
#include <utility>

#include "core/exit.h"
#include "core/shared_lane.h"
#include "core/silence.h"

namespace neon {

namespace {

// This extra time lets neon's own timeouts expire first, even when the thread gets no processor for a while.
constexpr std::chrono::milliseconds grace{1500};

// Gets the number of bytes that have crossed this socket in both directions. Returns false when the system
// cannot report the number. The watchdog then treats the connection as active.
bool bytes_moved(int descriptor, std::uint64_t &bytes) {
#if __has_include(<linux/tcp.h>)
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  bytes = info.tcpi_bytes_acked + info.tcpi_bytes_received;
  return true;
#else
  static_cast<void>(descriptor);
  static_cast<void>(bytes);
  return false;
#endif
}

}  // namespace

void Connection::begin(const Operation &operation, std::optional<Clock::time_point> deadline) {
  {
    const std::lock_guard lock(mutex_);
    running_ = &operation;
    deadline_ = deadline;
    paused_ = false;
    interruption_ = Interruption::None;
    moved_ = 0;
    watch_from_now();
  }
  enter_lane();
  Watchdog::instance().wake();
}

// Prepares the socket for the lane that runs the operation.
void Connection::enter_lane() {
  SharedLane *const shared = SharedLane::current();
  needs_own_lane_ = false;
  awaits_response_ = shared != nullptr;
  if (!socket_ || shared == watcher_.get()) return;
  if (watcher_) {
    watcher_->forget(descriptor_);
    watcher_.reset();
    ne_sock_read_timeout(socket_, static_cast<int>(read_timeout_.count()));
  } else if (shared->watch(descriptor_)) {
    watcher_ = shared->shared_from_this();
    ne_sock_read_timeout(socket_, no_time);
  }
}

bool Connection::is_ready() {
#ifdef SIOCOUTQ
  int unsent = 0;
  return watcher_ && ::ioctl(descriptor_, SIOCOUTQ, &unsent) == 0 && unsent == 0;
#else
  return false;
#endif
}

Connection::Interruption Connection::end() {
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
  const Interruption why = interruption_;
  interruption_ = Interruption::None;
  return why;
}

void Connection::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
}

void Connection::resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  moved_at_ = Clock::now();
}

std::chrono::seconds Connection::stall_limit() {
  const std::lock_guard lock(mutex_);
  return stall_limit_;
}

void Connection::set_stall_limit(std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  next_stall_limit_ = limit;
}

void Connection::set_connect_limit(std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  connect_limit_ = limit;
}

void Connection::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = descriptor_ >= 0;
}

void Connection::interrupt(const Operation &operation) {
  const std::lock_guard lock(mutex_);
  if (running_ == &operation) cut(Interruption::Aborted);
}

void Connection::cut(Interruption why) {
  if (interruption_ != Interruption::None) return;
  interruption_ = why;
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

void Connection::when_slow(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  when_slow_ = std::move(function);
  moved_before_.reset();
}

Connection::Interruption Connection::interruption() {
  const std::lock_guard lock(mutex_);
  return interruption_;
}

bool Connection::look(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!running_) return false;
  const bool is_due = now >= next_look_;
  if ((!is_due && !when_slow_) || descriptor_ < 0 || paused_ || interruption_ != Interruption::None)
    return true;
  std::uint64_t bytes = 0;
  const bool is_known = bytes_moved(descriptor_, bytes);
  if (when_slow_ && std::exchange(moved_before_, bytes) == bytes) std::exchange(when_slow_, nullptr)();
  if (!is_due || !is_known) return true;
  next_look_ = now + stall_limit_ / 4;
  if (bytes != moved_) {
    moved_ = bytes;
    moved_at_ = now;
  } else if (now - moved_at_ >= stall_limit_ + std::max<Clock::duration>(grace, stall_limit_ / 4)) {
    cut(Interruption::Stalled);
  }
  return true;
}

void Connection::process_exits() {
  const std::lock_guard lock(mutex_);
  if (running_) cut(Interruption::Aborted);
}

// Gives an attempt to connect only the time until the deadline. Returns false when the deadline has passed.
bool Connection::limit_connect(ne_socket *socket) {
  const std::lock_guard lock(mutex_);
  if (!deadline_) return true;
  const auto left = std::chrono::ceil<std::chrono::seconds>(*deadline_ - Clock::now());
  if (left.count() <= 0) return false;
  const auto limit = connect_limit_.count() > 0 ? std::min(left, connect_limit_) : left;
  ne_sock_connect_timeout(socket, static_cast<int>(limit.count()));
  return true;
}

int Connection::connect(ne_socket *socket, const ne_inet_addr *address, unsigned port) {
  if (interruption() != Interruption::None || !limit_connect(socket)) {
    ne_sock_set_error(socket, "%s", "Operation aborted");
    return NE_SOCK_ERROR;  // neon then calls connect() with its next address
  }
  if (SharedLane::current()) return refuse(socket);
  int result;
  {
    const SafePoint outside;
    result = real::connect(socket, address, port);
  }
  if (result == 0) attach(socket);
  return result;
}

void Connection::attach(ne_socket *socket) {
  const std::lock_guard lock(mutex_);
  descriptor_ = ne_sock_fd(socket);
  socket_ = socket;
  SharedLane::available();  // on this thread, because it may take a while
  stall_limit_ = read_timeout_ = next_stall_limit_;
  watch_from_now();
  if (interruption_ != Interruption::None) ::shutdown(descriptor_, SHUT_RDWR);
}

bool Connection::is_open() const {
  const std::lock_guard lock(mutex_);
  return descriptor_ >= 0;
}

bool Connection::is_stale() { return is_open() && !is_silent(socket_); }

void Connection::limit_stall(std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  stall_limit_ = limit;
  watch_from_now();
}

void Connection::watch_from_now() {
  moved_at_ = Clock::now();
  next_look_ = moved_at_ + stall_limit_ / 4;
}

int Connection::close(ne_socket *socket) {
  {
    const std::lock_guard lock(mutex_);
    const int descriptor = ne_sock_fd(socket);
    if (descriptor >= 0) {
      // Makes the socket non-blocking. Otherwise the TLS closure alert could wait for a peer that reads
      // nothing.
      const int flags = ::fcntl(descriptor, F_GETFL);
      if (flags >= 0) ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    }
    if (descriptor == descriptor_) {
      const linger reset{1, 0};
      if (abandoned_ || interruption_ != Interruption::None)
        ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      watcher_.reset();  // epoll forgets a closed descriptor itself
      abandoned_ = false;
      descriptor_ = -1;
      socket_ = nullptr;
    }
  }
  return real::close(socket);
}

// Leaves to the lane's own thread what would wait too long on the shared lane.
int Connection::refuse(ne_socket *socket) {
  needs_own_lane_ = true;
  ne_sock_set_error(socket, "%s", "This call needs a thread of its own");
  return NE_SOCK_ERROR;
}

// On the shared lane, looks up an invalid name instead, which fails at once.
ne_sock_addr *Connection::resolve(const char *hostname, int flags) {
  if (SharedLane::current()) {
    needs_own_lane_ = true;
    return real::resolve("[]", flags);
  }
  const SafePoint outside;
  return real::resolve(hostname, flags);
}

ssize_t Connection::read(ne_socket *socket, char *buffer, std::size_t size) {
  return receive(socket, [&] { return real::read(socket, buffer, size); });
}

ssize_t Connection::peek(ne_socket *socket, char *buffer, std::size_t size) {
  return receive(socket, [&] { return real::peek(socket, buffer, size); });
}

// If only a part of a line has arrived, neon keeps it in its buffer for the next call.
ssize_t Connection::read_line(ne_socket *socket, char *buffer, std::size_t size) {
  return receive(socket, [&] { return real::read_line(socket, buffer, size); });
}

// On the shared lane, `call` returns NE_SOCK_TIMEOUT when it cannot go on, and is repeated when more bytes
// have arrived.
template <class Call>
ssize_t Connection::receive(ne_socket *socket, Call call) {
  SharedLane *const shared = SharedLane::current();
  if (!shared || !watcher_) return call();
  const bool is_first = std::exchange(awaits_response_, false);
  // Nothing could be read before the request was sent. So epoll is still to report the first bytes.
  bool in_time = !is_first || wait_for_bytes(*shared);
  for (;;) {
    const ssize_t result = call();
    // neon would connect again now. It would try the addresses of the server one after the other, and forget
    // which of them is good.
    if (is_first && (result == NE_SOCK_CLOSED || result == NE_SOCK_RESET || result == NE_SOCK_TRUNC))
      return refuse(socket);
    if (result != NE_SOCK_TIMEOUT || !in_time) {
      shared->take_turns();
      return result;
    }
    in_time = wait_for_bytes(*shared);
  }
}

// Returns false when neon's read timeout has passed.
bool Connection::wait_for_bytes(SharedLane &shared) {
  return shared.wait_readable(descriptor_, Clock::now() + read_timeout_);
}

}  // namespace neon
