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
/// `mutex_` guards the queue, and the members that say whether a job runs and whether there is a thread. The
/// first job starts the thread. The watchdog ends the thread after some idle seconds. The thread does not
/// time its own waits, since a timed wait would cost more than all other steps of handing a job over.
///
/// While the thread lives, it owns the lane. Jobs own the objects that they touch, and the lane drops each
/// job as soon as it has run. The thread is never joined. When its environment goes away, the thread ends
/// after its last job. When the process exits, the thread parks.
class Lane final : public std::enable_shared_from_this<Lane>, public Watched {
 public:
  /// Queues a job; throws ERR_NEON_NO_THREAD when the system cannot start a thread.
  void post(std::shared_ptr<Job> job);
  /// Runs `work` at once if the lane is idle or the caller is on the lane. Otherwise, the lane runs it at its
  /// turn.
  void run_when_free(std::function<void()> work);
  /// Waits until the lane has done the work that run_when_free() left to it. JavaScript thread, with no
  /// operation pending.
  void wait_idle();
  /// No job will be posted any more: the thread ends as soon as it is idle.
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
  // Used by the watchdog: how many jobs had been posted by its last look, and when that number last changed.
  std::size_t posted_seen_ = 0;
  Clock::time_point idle_since_;
  bool retired_ = false;
  const Watching watching_{*this};
};

}  // namespace neon
