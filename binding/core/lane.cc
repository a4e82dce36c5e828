#include "core/lane.h"

#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/exit.h"
#include "core/shared_lane.h"
#include "core/thread.h"
#include "core/thread_state.h"

namespace neon {

namespace {

constexpr std::chrono::seconds idle_limit{5};

class Deferred final : public Job {
 public:
  explicit Deferred(std::function<void()> work) : work_(std::move(work)) {}
  void execute() noexcept override {
    const Inside inside;
    work_();
    work_ = nullptr;
  }
  bool is_quick() const override { return true; }

 private:
  std::function<void()> work_;
};

}  // namespace

void Lane::post(std::shared_ptr<Job> job, SharedLane *shared) {
  std::unique_lock lock(mutex_);
  if (shared && !busy_ && queue_.empty() && job->is_quick()) {
    queue_.push_back(std::move(job));
    busy_ = lent_ = true;
    lock.unlock();  // the shared lane takes this lock
    if (shared->submit(shared_from_this())) return;
    lock.lock();
    busy_ = lent_ = false;
    job = std::move(queue_.front());
    queue_.pop_front();
  }
  const bool starts = !lent_ && !has_thread_;
  if (starts && !start_own_thread())
    throw neon_failure(code::no_thread, "The system gave no thread to run this call on");
  queue_.push_back(std::move(job));
  if (lent_) return;
  lock.unlock();  // the woken thread takes this lock, and the watchdog holds another one when it does
  work_.notify_one();
  if (starts) Watchdog::instance().wake();
}

void Lane::run_when_free(std::function<void()> work) {
  if (thread_state.lane != this) {
    const std::lock_guard lock(mutex_);
    if (busy_ || !queue_.empty()) {  // some thread runs the jobs in this case
      queue_.push_back(std::make_shared<Deferred>(std::move(work)));
      return;
    }
  }
  work();
}

void Lane::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !busy_ && queue_.empty(); });
}

void Lane::dismiss() {
  const std::lock_guard lock(mutex_);
  dismissed_ = true;
  work_.notify_one();
}

bool Lane::look(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!has_thread_) return false;
  if (has_own_work() || begun_seen_ != begun_) {
    begun_seen_ = begun_;
    idle_since_ = now;
  } else if (now - idle_since_ >= idle_limit) {
    retired_ = true;
    work_.notify_one();
  }
  return true;
}

void Lane::run() {
  thread_state.lane = this;
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return has_own_work() || dismissed_ || retired_; });
    if (!has_own_work()) break;
    retired_ = false;
    busy_ = true;
    ++begun_;
    run_first(lock);
    busy_ = false;
    if (queue_.empty()) idle_.notify_all();
  }
  has_thread_ = retired_ = false;
  thread_state.lane = nullptr;
}

void Lane::run_lent() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      const std::lock_guard lock(mutex_);
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    thread_state.lane = this;
    const bool over = job->execute_quickly();
    if (over) {
      const Inside inside;  // as in run_first()
      job.reset();
    }
    thread_state.lane = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (!over) {
        queue_.push_front(std::move(job));
      } else if (queue_.empty()) {
        busy_ = lent_ = false;
        idle_.notify_all();
        return;
      } else if (queue_.front()->is_quick()) {
        continue;
      }
    }
    return take_back();
  }
}

void Lane::take_back() {
  bool starts = false, goes_on = false;
  {
    const std::lock_guard lock(mutex_);
    starts = !has_thread_;
    goes_on = !starts || start_own_thread();
    if (goes_on) busy_ = lent_ = false;
  }
  if (!goes_on) return refuse_all();
  work_.notify_one();
  if (starts) Watchdog::instance().wake();
}

bool Lane::start_own_thread() {
  return has_thread_ = start_thread([self = shared_from_this()] { self->run(); });
}

// Ends the loan without a thread.
void Lane::refuse_all() {
  std::unique_lock lock(mutex_);
  while (!queue_.empty()) {
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job->refuse();
    {
      const Inside inside;  // as in run_first()
      job.reset();
    }
    lock.lock();
  }
  busy_ = lent_ = false;
  idle_.notify_all();
}

// Runs the first job of the queue, without the lock.
void Lane::run_first(std::unique_lock<std::mutex> &lock) {
  std::shared_ptr<Job> job = std::move(queue_.front());
  queue_.pop_front();
  lock.unlock();
  job->execute();
  {
    const Inside inside;  // reset() may drop the last reference to a session
    job.reset();
  }
  lock.lock();
}

}  // namespace neon
