#include "core/shared_lane.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "core/environment.h"
#include "core/exit.h"
#include "core/interpose.h"
#include "core/lane.h"
#include "core/silence.h"
#include "core/thread.h"
#include "core/thread_state.h"

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#endif

namespace neon {

namespace {

// Idle fibers beyond this number are destroyed, and their stacks freed.
constexpr std::size_t max_idle = 64;

// How long the thread waits for work, while there are connections for it, and while there are none.
constexpr std::chrono::milliseconds idle_limit{5000}, short_idle_limit{250};

thread_local SharedLane *current_lane = nullptr;

}  // namespace

/// A fiber and its work.
struct SharedLane::Worker {
  explicit Worker(std::function<void()> main) : fiber(std::move(main)) {}

  Fiber fiber;
  std::size_t index = 0;  // in workers_
  std::shared_ptr<Lane> lane;
  int descriptor = -1;  // the fiber waits for this descriptor, or for nothing
  Clock::time_point deadline;
  bool is_late = false;
};

SharedLane *SharedLane::current() { return current_lane; }

SharedLane::Blocking::Blocking() : lane_(std::exchange(current_lane, nullptr)) {}
SharedLane::Blocking::~Blocking() { current_lane = lane_; }

SharedLane::SharedLane() = default;

void SharedLane::dismiss() {
  const std::lock_guard lock(mutex_);
  dismissed_ = true;
  if (has_thread_) wake();
}

#ifdef __linux__

bool SharedLane::available() {
  static const bool available = [] {
    const char *const setting = std::getenv("NEON_SHARED_LANE");
    return !(setting && std::strcmp(setting, "0") == 0) && Fiber::available() && interposition_works() &&
           knows_no_time();
  }();
  return available;
}

SharedLane::~SharedLane() {
  if (epoll_ >= 0) ::close(epoll_);
  if (wakeup_ >= 0) ::close(wakeup_);
}

// --- Any thread -------------------------------------------------------------------------------------------

bool SharedLane::submit(std::shared_ptr<Lane> lane) {
  const std::lock_guard lock(mutex_);
  if (!has_thread_) {
    if (!open()) return false;
    has_thread_ = start_thread([self = shared_from_this()] { self->run(); });
    if (!has_thread_) return false;
  }
  arrived_.push_back(std::move(lane));
  if (std::exchange(sleeps_, false)) wake();
  return true;
}

// Creates the descriptors. `wakeup_` reports each write as a new event, so nobody reads it.
bool SharedLane::open() {
  if (epoll_ < 0) epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (wakeup_ < 0) wakeup_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wakeup_ < 0) return false;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = wakeup_;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) == 0 || errno == EEXIST;
}

void SharedLane::wake() { ::eventfd_write(wakeup_, 1); }

void SharedLane::forget(int descriptor) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  --watched_;
}

void SharedLane::forget_closed(int descriptor) {
  forget(descriptor);
  if (watched_ > 0) return;
  const std::lock_guard lock(mutex_);
  if (std::exchange(sleeps_, false)) wake();  // the thread may end sooner now
}

// --- A fiber ----------------------------------------------------------------------------------------------

bool SharedLane::watch(int descriptor) {
  const auto place = static_cast<std::size_t>(descriptor);
  try {
    if (place >= waiting_.size()) waiting_.resize(place + 64, nullptr);
  } catch (const std::bad_alloc &) {
    return false;
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
  ++watched_;
  return true;
}

bool SharedLane::wait_readable(int descriptor, Clock::time_point deadline) {
  Worker &worker = *running_;
  worker.descriptor = descriptor;
  worker.deadline = deadline;
  worker.is_late = false;
  next_ = std::min(next_, deadline);
  Worker *&place = waiting_[static_cast<std::size_t>(descriptor)];
  place = &worker;
  {
    // Other fibers run until the end of this block.
    const ThreadState state = std::exchange(thread_state, {});
    const Interposing nobody(nullptr);
    const SafePoint outside;
    worker.fiber.suspend();
    thread_state = state;
  }
  return !worker.is_late;
}

// --- The thread -------------------------------------------------------------------------------------------

void SharedLane::run() {
  constexpr int max_events = 128;
  epoll_event events[max_events];
  std::vector<std::shared_ptr<Lane>> taken;
  int count = 1;
  while (const std::optional<int> time = prepare_to_wait(count == 0)) {
    count = ::epoll_wait(epoll_, events, max_events, *time);
    {
      const std::lock_guard lock(mutex_);
      sleeps_ = false;
      taken.swap(arrived_);
    }
    const PostTogether together;  // so that JavaScript is woken once for all
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == wakeup_) continue;
      if (Worker *const worker = waiting_[static_cast<std::size_t>(descriptor)]) resume(*worker);
    }
    resume_late();
    for (auto &lane : taken) start(std::move(lane));
    taken.clear();
  }
}

// Returns how long epoll_wait() may wait, in milliseconds. Returns nothing when the thread shall end.
// `is_late` says that the last wait was in vain.
std::optional<int> SharedLane::prepare_to_wait(bool is_late) {
  const std::lock_guard lock(mutex_);
  if (!arrived_.empty()) return 0;
  const bool is_idle = idle_.size() == workers_.size();
  if (is_idle && (dismissed_ || is_late)) {
    workers_.clear();
    idle_.clear();
    has_thread_ = false;
    return std::nullopt;
  }
  sleeps_ = true;
  if (is_idle) {
    next_ = Clock::time_point::max();
    return static_cast<int>((watched_ == 0 ? short_idle_limit : idle_limit).count());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now()).count();
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, 3'600'000));
}

void SharedLane::start(std::shared_ptr<Lane> lane) {
  if (idle_.empty()) {
    try {
      workers_.reserve(workers_.size() + 1);
      idle_.reserve(workers_.size() + 1);
      auto made = std::make_unique<Worker>([this] {
        for (;;) {
          Worker &self = *running_;
          self.lane->run_lent();
          self.lane.reset();
          self.fiber.suspend();
        }
      });
      made->index = workers_.size();
      idle_.push_back(made.get());
      workers_.push_back(std::move(made));
    } catch (const std::bad_alloc &) {
      return lane->take_back();
    }
  }
  Worker &worker = *idle_.back();
  idle_.pop_back();
  worker.lane = std::move(lane);
  resume(worker);
}

void SharedLane::resume(Worker &worker) {
  if (worker.descriptor >= 0) waiting_[static_cast<std::size_t>(worker.descriptor)] = nullptr;
  worker.descriptor = -1;
  running_ = &worker;
  current_lane = this;
  worker.fiber.resume();
  current_lane = nullptr;
  running_ = nullptr;
  if (worker.lane) return;
  if (idle_.size() < max_idle) return idle_.push_back(&worker);
  std::swap(workers_[worker.index], workers_.back());
  workers_[worker.index]->index = worker.index;
  workers_.pop_back();
}

// Resumes the fibers whose time is up.
void SharedLane::resume_late() {
  if (next_ == Clock::time_point::max()) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = Clock::time_point::max();
  std::vector<Worker *> late;
  for (const auto &worker : workers_) {
    if (worker->descriptor < 0) continue;
    if (worker->deadline <= now)
      late.push_back(worker.get());
    else
      next_ = std::min(next_, worker->deadline);
  }
  for (Worker *const worker : late) {
    worker->is_late = true;
    resume(*worker);
  }
}

#else

bool SharedLane::available() { return false; }
SharedLane::~SharedLane() = default;
bool SharedLane::submit(std::shared_ptr<Lane>) { return false; }
void SharedLane::wake() {}
void SharedLane::forget(int) {}
void SharedLane::forget_closed(int) {}
bool SharedLane::watch(int) { return false; }
bool SharedLane::wait_readable(int, Clock::time_point) { return false; }

#endif

}  // namespace neon
