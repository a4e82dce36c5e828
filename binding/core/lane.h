#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "core/watchdog.h"

namespace neon {

class SharedLane;

/// One piece of work for a lane.
class Job {
 public:
  Job() = default;
  Job(const Job &) = delete;
  Job &operator=(const Job &) = delete;
  virtual ~Job() = default;
  virtual void execute() noexcept = 0;
  /// Whether the job may run on the shared lane: it waits for little but the bytes of its peer. To be called
  /// by the thread that may use the C object.
  virtual bool is_quick() const { return false; }
  /// Like execute(), but on the shared lane. Returns false when the job has to go on with execute().
  virtual bool execute_quickly() noexcept {
    execute();
    return true;
  }
  /// Called instead of execute() when the system gives no thread to go on with.
  virtual void refuse() noexcept { execute(); }
};

/// A thread of our own that runs the blocking work of one session, first in first out.
///
/// `mutex_` guards the queue, and the members that say whether a job runs and whether there is a thread.
///
/// An idle lane that gets a quick job needs no thread: it lends itself to the shared lane of its environment
/// (lent_), which runs the job in run_lent(). The loan ends when the queue is empty, and when the next job,
/// or the rest of the running job, is not quick. In the latter case, the lane's own thread goes on
/// (take_back()). So there is one queue, and at each moment at most one thread runs its jobs.
///
/// Locks are taken in this order: the watchdog's list, a lane, a connection, the shared lane.
///
/// The first other job starts the lane's own thread. The watchdog ends the thread after some idle seconds.
/// The thread does not time its own waits, since a timed wait would cost more than all other steps of handing
/// a job over.
///
/// While the thread lives, it owns the lane. Jobs own the objects that they touch, and the lane drops each
/// job as soon as it has run. The thread is never joined. When its environment goes away, the thread ends
/// after its last job. When the process exits, the thread parks.
class Lane final : public std::enable_shared_from_this<Lane>, public Watched {
 public:
  /// Queues a job; throws ERR_NEON_NO_THREAD when the system cannot start a thread. `shared` runs the job if
  /// it is quick and the lane is idle; null if there is no shared lane.
  void post(std::shared_ptr<Job> job, SharedLane *shared);
  /// Runs `work` at once if the lane is idle or the caller is on the lane. Otherwise, the lane runs it at its
  /// turn.
  void run_when_free(std::function<void()> work);
  /// Waits until the lane has done the work that run_when_free() left to it. JavaScript thread, with no
  /// operation pending.
  void wait_idle();
  /// No job will be posted any more: the thread ends as soon as it is idle.
  void dismiss();

  /// Runs the lane's jobs on a fiber of the shared lane, until the lane takes itself back.
  void run_lent();
  /// Ends the loan: from now on, the lane's own thread runs the jobs. Called by the shared lane.
  void take_back();

  bool look(Clock::time_point now) override;

 private:
  void run();
  bool has_own_work() const { return !lent_ && (busy_ || !queue_.empty()); }
  bool start_own_thread();
  void run_first(std::unique_lock<std::mutex> &lock);
  void refuse_all();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::size_t begun_ = 0;  // jobs of the own thread so far
  bool busy_ = false;
  bool lent_ = false;  // then busy_ is set too
  bool has_thread_ = false;
  bool dismissed_ = false;
  // Used by the watchdog: how many jobs the own thread had begun by its last look, and when that number last
  // changed.
  std::size_t begun_seen_ = 0;
  Clock::time_point idle_since_;
  bool retired_ = false;
  const Watching watching_{*this};
};

}  // namespace neon
