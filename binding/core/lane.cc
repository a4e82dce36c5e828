#include "core/lane.h"

#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/exit.h"
#include "core/thread.h"

namespace neon {

namespace {

constexpr std::chrono::seconds idle_limit{5};
thread_local Lane *this_lane = nullptr;

class Deferred final : public Job {
 public:
  explicit Deferred(std::function<void()> work) : work_(std::move(work)) {}
  void execute() noexcept override {
    const Inside inside;
    work_();
    work_ = nullptr;
  }

 private:
  std::function<void()> work_;
};

}  // namespace

void Lane::post(std::shared_ptr<Job> job) {
  bool started = false;
  {
    const std::lock_guard lock(mutex_);
    if (!has_thread_) {
      has_thread_ = started = start_thread([self = shared_from_this()] { self->run(); });
      if (!has_thread_) throw neon_failure(code::no_thread, "The system gave no thread to run this call on");
    }
    queue_.push_back(std::move(job));
    ++posted_;
  }
  work_.notify_one();  // without the lock, since the woken thread takes it
  if (started) Watchdog::instance().wake();
}

void Lane::run_when_free(std::function<void()> work) {
  if (this_lane != this) {
    const std::lock_guard lock(mutex_);
    if (busy_ || !queue_.empty()) {  // a thread exists in this case
      queue_.push_back(std::make_shared<Deferred>(std::move(work)));
      ++posted_;
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
  if (busy_ || !queue_.empty() || posted_seen_ != posted_) {
    posted_seen_ = posted_;
    idle_since_ = now;
  } else if (now - idle_since_ >= idle_limit) {
    retired_ = true;
    work_.notify_one();
  }
  return true;
}

void Lane::run() {
  this_lane = this;
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return !queue_.empty() || dismissed_ || retired_; });
    if (queue_.empty()) break;
    retired_ = false;
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    job->execute();
    {
      const Inside inside;  // reset() may drop the last reference to a session
      job.reset();
    }
    lock.lock();
    busy_ = false;
    if (queue_.empty()) idle_.notify_all();
  }
  has_thread_ = retired_ = false;
  this_lane = nullptr;
}

}  // namespace neon
