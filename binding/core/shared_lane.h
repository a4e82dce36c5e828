#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/fiber.h"

namespace neon {

class Lane;

/// One thread for each environment, which runs the quick jobs (Job::is_quick()) of all lanes. A lane with a
/// quick job lends itself to the shared lane, so that the job needs no thread of its own, and JavaScript need
/// not wake one.
///
/// Each job runs on a fiber. When the job has to wait for bytes of the peer, its fiber suspends itself
/// (wait_readable()), and the thread runs other fibers until epoll reports the bytes. A fiber that need not
/// wait suspends itself after some steps (take_turns()).
///
/// - Who owns: the environment and the thread own the shared lane. A fiber owns the lane whose job it runs,
///   and the lane owns the job.
/// - Who waits: the thread waits in epoll_wait(2), while all fibers are suspended. A suspended fiber counts
///   as outside neon.
/// - Who wakes: submit() writes to `wakeup_` if the thread waits or is about to wait (`sleeps_`). dismiss()
///   always writes. A descriptor wakes its fiber. shutdown(2) makes a descriptor readable, so an abort, the
///   watchdog and the exit of the process wake the fiber. The thread itself wakes a fiber whose time is up.
/// - If the environment goes away: its operations are cancelled, which wakes their fibers. The thread ends
///   when no fiber runs a job.
/// - If no job arrives: the thread ends after a moment. The next job starts it again.
/// - If the process exits: the thread parks at the next step into neon.
///
/// `mutex_` guards arrived_, sleeps_, has_thread_ and dismissed_. The descriptors are created before the
/// thread, and stay. All other members belong to the thread.
class SharedLane final : public std::enable_shared_from_this<SharedLane> {
 public:
  using Clock = std::chrono::steady_clock;

  /// Whether quick jobs can run on a shared lane. They cannot without epoll, user contexts or interposition,
  /// with a neon whose timeout cannot be set to no time (silence.h), or if the environment variable
  /// NEON_SHARED_LANE is 0.
  /// The first call tries neon, and takes long if neon fails.
  static bool available();
  /// Whether available() was called, and is true.
  static bool is_known_available();
  /// The shared lane that runs the calling fiber; null outside of fibers.
  static SharedLane *current();

  SharedLane();
  ~SharedLane();
  SharedLane(const SharedLane &) = delete;
  SharedLane &operator=(const SharedLane &) = delete;

  /// Runs the jobs of a lane, which has lent itself. Returns false when the system gives no thread or no
  /// descriptors.
  bool submit(std::shared_ptr<Lane> lane);
  /// No lane will be submitted any more.
  void dismiss();

  /// Makes epoll report a descriptor until forget() or close(2). Returns false when the system refuses.
  bool watch(int descriptor);
  /// Ends watch(). Any thread, with no fiber waiting for the descriptor.
  void forget(int descriptor);
  /// Suspends the fiber until epoll reports the watched descriptor, which may be in error, or ready for
  /// nothing. Returns false when the time is up.
  bool wait_readable(int descriptor, Clock::time_point deadline);

  /// To be called on a fiber now and then. Suspends the fiber for a moment when it has run for long, so that
  /// a peer that never stops sending cannot keep other peers waiting.
  void take_turns();

 private:
  struct Worker;

  bool open();
  void run();
  std::optional<int> prepare_to_wait(bool in_vain);
  void suspend();
  void start(std::shared_ptr<Lane> lane);
  void resume(Worker &worker);
  void resume_ready();
  void resume_late();
  void wake();

  std::mutex mutex_;
  std::vector<std::shared_ptr<Lane>> arrived_;
  bool sleeps_ = false;
  bool has_thread_ = false;
  bool dismissed_ = false;

  int epoll_ = -1, wakeup_ = -1;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker *> idle_;
  std::vector<Worker *> waiting_;                      // by descriptor
  Clock::time_point next_ = Clock::time_point::max();  // no deadline of a fiber is earlier
  std::size_t ready_ = 0;                              // fibers that are suspended by take_turns()
  Worker *running_ = nullptr;
  int steps_ = 0;  // of the running fiber, since it was resumed
};

}  // namespace neon
