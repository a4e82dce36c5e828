#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace neon {

/// What the watchdog looks after: connections that may stall, lanes that idle.
class Watched {
 public:
  using Clock = std::chrono::steady_clock;

  /// Does what is due. On the watchdog's thread, with the list's lock held: own locks are taken inside it,
  /// never the other way round. Tells whether there may be more to do.
  virtual bool look(Clock::time_point now) = 0;
  /// The process exits. The same locks.
  virtual void process_exits() {}

 protected:
  ~Watched() = default;
};

/// The list of all connections and lanes, and the thread that looks after them now and then. The thread is
/// started by the first that has something to watch, and ends when nothing did for a while. Process exit: it
/// parks.
///
/// Who wakes: whoever gets something to watch calls wake() after it wrote that down under its own lock. The
/// thread says that it ends before it looks for the last time; so either wake() finds it ended, or the last
/// look finds what is to be watched.
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

/// Membership in the watchdog's list; the last member of what is watched, so that it is the first to go.
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
