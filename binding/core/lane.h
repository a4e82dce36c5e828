#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "core/watchdog.h"

namespace neon {

/// One piece of work for a lane.
class Job {
 public:
  Job() = default;
  Job(const Job &) = delete;
  Job &operator=(const Job &) = delete;
  virtual ~Job() = default;
  virtual void execute() noexcept = 0;
};

/// A thread of our own that runs the blocking work of one session, first in first out.
///
/// State, under `mutex_`: the queue; whether a job runs; whether there is a thread. The thread is started by
/// the first job, and sent away by the watchdog when it waited some seconds for the next (a timed wait of its
/// own would cost more than the rest of the hop); it owns the lane while it lives. Jobs own what
/// they touch. The thread is never joined: when its environment goes away, or the process, it runs out or
/// parks. After a job the lane keeps nothing of it: who needs it has it.
class Lane final : public std::enable_shared_from_this<Lane>, public Watched {
 public:
  /// Queues a job; throws ERR_NEON_NO_THREAD when the system gives no thread.
  void post(std::shared_ptr<Job> job);
  /// Runs `work` here and now if the lane is idle or this is its thread, else on the lane at its turn.
  void run_when_free(std::function<void()> work);
  /// Waits until what run_when_free() put off is done. JavaScript thread, with no operation pending.
  void wait_idle();
  /// Nobody will post any more: the thread ends as soon as it is idle.
  void dismiss();

  bool look(Clock::time_point now) override;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::size_t posted_ = 0;  // jobs so far
  bool busy_ = false;
  bool has_thread_ = false;
  bool dismissed_ = false;
  // The watchdog's: how many jobs had been posted when it looked, and since when.
  std::size_t posted_seen_ = 0;
  Clock::time_point idle_since_;
  bool retired_ = false;
  const Watching watching_{*this};
};

/// Starts a detached thread with all signals blocked and a stack of 1 MiB. False when the system refuses.
bool start_thread(std::function<void()> main);

// --- Process exit -----------------------------------------------------------------------------------------
// The exit handler (std::atexit, registered when the module loads, so that it runs before OpenSSL's) sets
// `exiting`, interrupts all connections, and waits, at most 500 ms, until no lane is inside neon. Lanes park
// for ever at safe points, and neither unwind nor free: the process's data may be going away under them.

bool exiting();
[[noreturn]] void park();
void prepare_exit();

/// A lane is inside neon for the time of this block (unless a SafePoint says it stepped out).
class Inside final {
 public:
  Inside();
  ~Inside();
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;
};

/// A lane waits in a place where it touches nothing of neon's or OpenSSL's. On other threads: nothing.
class SafePoint final {
 public:
  SafePoint();
  ~SafePoint();
  SafePoint(const SafePoint &) = delete;
  SafePoint &operator=(const SafePoint &) = delete;
};

}  // namespace neon
