#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace neon {

/// An object that the watchdog looks after, such as a connection that may stall or a lane that is idle.
class Watched {
 public:
  using Clock = std::chrono::steady_clock;

  /// Does the work that is due, and returns whether there may be more. Runs on the watchdog's thread with the
  /// list's lock held. An object may take its own lock inside look(). It must never take the list's lock
  /// while it holds its own.
  virtual bool look(Clock::time_point now) = 0;
  /// Called when the process exits, with the list's lock held, like look().
  virtual void process_exits() {}

 protected:
  ~Watched() = default;
};

/// The list of all connections and lanes, and the thread that calls their look() at intervals. The first
/// object that needs watching starts the thread. The thread ends when no object has needed watching for a
/// while. When the process exits, the thread parks.
///
/// Waking: an object that needs watching records this need under its own lock, and then calls wake(). Before
/// it ends, the thread marks itself as ended, and then looks once more. So either wake() finds the mark and
/// starts a new thread, or the last look finds the object.
class Watchdog final {
 public:
  static Watchdog &instance();

  void wake();
  void process_exits();

 private:
  friend class Watching;
  void run();
  bool look_at_all();

  std::mutex mutex_;
  class Watching *first_ = nullptr;
  std::atomic<bool> awake_{false};
};

/// An entry in the watchdog's list. It must be the last member of the watched class, so that it is destroyed
/// first.
class Watching final {
 public:
  explicit Watching(Watched &watched);
  ~Watching();
  Watching(const Watching &) = delete;
  Watching &operator=(const Watching &) = delete;

 private:
  friend class Watchdog;
  Watched &watched_;
  Watching *previous_ = nullptr;
  Watching *next_ = nullptr;
};

}  // namespace neon
