#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace neon {

/// An object that the watchdog looks after: a connection that may stall, a lane that idles.
class Watched {
 public:
  using Clock = std::chrono::steady_clock;

  /// Does the work that is due. Runs on the watchdog's thread with the list's lock held. An object may take
  /// its own lock while the list's lock is held, but never the other way round. Returns whether there may be
  /// more to do.
  virtual bool look(Clock::time_point now) = 0;
  /// Called when the process exits, with the list's lock held, like look().
  virtual void process_exits() {}

 protected:
  ~Watched() = default;
};

/// The list of all connections and lanes, and the thread that looks after them now and then. The first object
/// that needs watching starts the thread, which ends when no object has needed watching for a while. When the
/// process exits, the thread parks.
///
/// Waking: an object that needs watching records this need under its own lock, then calls wake(). The thread
/// marks itself as ended before it looks for the last time. So either wake() finds the thread ended and
/// starts a new one, or the last look finds the object.
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

/// An entry in the watchdog's list: the last member of the watched class, so that it is destroyed first.
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
