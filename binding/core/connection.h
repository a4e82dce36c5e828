#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/interpose.h"
#include "core/watchdog.h"

namespace neon {

class Operation;
class SharedLane;

/// The connection of a neon session, or of a `ne_socket` that belongs to no session.
///
/// neon hides the socket of a session, so this class records the descriptor of the socket. To end a blocked
/// call, it calls shutdown(2) on the descriptor.
///
/// The thread inside neon changes the state (begin, end, connect, close), under `mutex_`. The JavaScript
/// thread (interrupt), the watchdog and the exit handler hold the same lock when they shut the descriptor
/// down. So the descriptor cannot be closed and reused meanwhile. The executor (a session or a socket) owns
/// the connection, and each operation owns its executor. So the connection always exists from begin() to
/// end().
class Connection final : public Interposed, public Watched {
 public:
  enum class Interruption { None, Aborted, Stalled };

  Connection() = default;
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;
  ~Connection() = default;

  /// Called when an operation enters neon. From now on the watchdog shuts the socket down when no bytes move
  /// for stall_limit(), and an attempt to connect ends at the deadline, if there is one.
  void begin(const Operation &operation, std::optional<Clock::time_point> deadline);
  /// Called when the operation has left neon. Returns the interruption, if there was one.
  Interruption end();
  /// Called before the operation waits for JavaScript, a file or a pipe. The watchdog ignores the connection
  /// until resume().
  void pause();
  void resume();

  /// Gives up the rest of the exchange: close() will reset the connection, as after an interruption. A server
  /// that is blocked in a send notices a reset at once. It may notice a normal close only after a minute.
  void abandon();
  /// Ends this operation if it is inside neon.
  void interrupt(const Operation &operation);
  Interruption interruption();

  int connect(ne_socket *socket, const ne_inet_addr *address, unsigned port) override;
  int close(ne_socket *socket) override;
  ne_sock_addr *resolve(const char *hostname, int flags) override;
  ssize_t read(ne_socket *socket, char *buffer, std::size_t size) override;
  ssize_t peek(ne_socket *socket, char *buffer, std::size_t size) override;
  ssize_t read_line(ne_socket *socket, char *buffer, std::size_t size) override;

  /// Makes this socket the connection. Needed for a socket that was accepted; connect() calls attach()
  /// itself.
  void attach(ne_socket *socket);
  /// Whether there is a connection. Always false without interposition.
  bool is_open() const;
  /// Whether the peer of an idle connection has sent bytes that belong to no request, or has closed the
  /// connection. Call this only between two responses, on the thread that uses the connection.
  bool is_stale();
  /// Whether the running operation can begin on the shared lane: there is a connection, and the peer has
  /// received all that was sent on it before. So there is room for a small request in the buffer of the
  /// socket, and sending it does not wait. To be called on the shared lane.
  bool is_ready();
  /// Whether the running operation has asked the shared lane for what would wait too long there: a look-up,
  /// or a new connection, also because the old one has ended before the response. neon has then received an
  /// error.
  bool needs_own_lane() const { return needs_own_lane_; }
  /// Makes the watchdog call `function` once, on its thread and under the lock, when no bytes have crossed
  /// the connection between two of its looks. The function must not use the connection. With null, takes this
  /// back; the function does not run any more after that.
  void when_slow(std::function<void()> function);
  /// Replaces stall_limit() for the running operation, until the next connection.
  void limit_stall(std::chrono::seconds limit);

  /// Sets the time without traffic after which the watchdog ends the running operation. A new limit applies
  /// from the next connection on. A new read timeout of neon does the same.
  std::chrono::seconds stall_limit();
  void set_stall_limit(std::chrono::seconds limit);
  /// Sets neon's own connect timeout, which a deadline may shorten; 0 means no limit.
  void set_connect_limit(std::chrono::seconds limit);

  bool look(Clock::time_point now) override;
  void process_exits() override;

 private:
  void cut(Interruption why);
  bool limit_connect(ne_socket *socket);
  void watch_from_now();
  void enter_lane();
  template <class Call>
  ssize_t receive(ne_socket *socket, Call call);
  bool wait_for_bytes(SharedLane &shared);
  int refuse(ne_socket *socket);

  mutable std::mutex mutex_;
  int descriptor_ = -1;
  ne_socket *socket_ = nullptr;  // the socket of the descriptor; only the thread inside neon uses it
  // The shared lane that watches the descriptor, or null. While it does, neon's timeout of the socket is
  // `no_time`, and receive() keeps the time. Only the thread inside neon uses these members.
  std::shared_ptr<SharedLane> watcher_;
  bool awaits_response_ = false;  // nothing was read since the operation began
  bool needs_own_lane_ = false;
  bool abandoned_ = false;
  const Operation *running_ = nullptr;
  bool paused_ = false;
  Interruption interruption_ = Interruption::None;
  // Used by the watchdog: how many bytes had moved at its last look, and when that number last changed.
  std::uint64_t moved_ = 0;
  Clock::time_point moved_at_;
  std::function<void()> when_slow_;
  std::optional<std::uint64_t> moved_before_;  // at the watchdog's last look for when_slow_
  Clock::time_point next_look_;
  std::chrono::seconds read_timeout_{120};  // of the socket
  std::chrono::seconds stall_limit_{120};   // the default of neon's own read timeout
  std::chrono::seconds next_stall_limit_{120};
  std::chrono::seconds connect_limit_{0};
  std::optional<Clock::time_point> deadline_;
  const Watching watching_{*this};
};

}  // namespace neon
