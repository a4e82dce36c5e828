#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "core/interpose.h"
#include "core/watchdog.h"

namespace neon {

class Operation;

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

  /// Makes this socket the connection. Needed for a socket that was accepted; connect() calls attach()
  /// itself.
  void attach(ne_socket *socket);
  /// Whether there is a connection. Always false without interposition.
  bool is_open();
  /// Whether the peer of an idle connection has sent bytes that belong to no request, or has closed the
  /// connection. Call this only between two responses, on the thread that uses the connection.
  bool is_stale();
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

  std::mutex mutex_;
  int descriptor_ = -1;
  ne_socket *socket_ = nullptr;  // the socket of the descriptor; only the thread inside neon uses it
  bool abandoned_ = false;
  const Operation *running_ = nullptr;
  bool paused_ = false;
  Interruption interruption_ = Interruption::None;
  // Used by the watchdog: how many bytes had moved at its last look, and when that number last changed.
  std::uint64_t moved_ = 0;
  Clock::time_point moved_at_;
  Clock::time_point next_look_;
  std::chrono::seconds stall_limit_{120};  // the default of neon's own read timeout
  std::chrono::seconds next_stall_limit_{120};
  std::chrono::seconds connect_limit_{0};
  std::optional<Clock::time_point> deadline_;
  const Watching watching_{*this};
};

}  // namespace neon
