#include "core/shared_lane.h"

#include <algorithm>
#include <atomic>
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

// The number of steps that a fiber makes at once while others wait. A step reads at most a line, or as many
// bytes as neon reads at once.
constexpr int max_steps = 64;

// How long the thread waits for work before it ends, in milliseconds. Starting it again costs little.
constexpr int idle_limit = 250;

thread_local SharedLane *current_lane = nullptr;
std::atomic<bool> known_available{false};

}  // namespace

/// A fiber and its work.
struct SharedLane::Worker {
  explicit Worker(std::function<void()> main) : fiber(std::move(main)) {}

  Fiber fiber;
  std::shared_ptr<Lane> lane;
  int descriptor = -1;  // the fiber waits for this descriptor, or for nothing
  Clock::time_point deadline;
  bool is_late = false;
  bool is_ready = false;  // it let others run
};

SharedLane *SharedLane::current() { return current_lane; }

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
    known_available = !(setting && std::strcmp(setting, "0") == 0) && Fiber::available() &&
                      interposition_works() && knows_no_time() && reads_are_interposed();
    return known_available.load();
  }();
  return available;
}

bool SharedLane::is_known_available() { return known_available; }

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
  try {
    arrived_.push_back(std::move(lane));
  } catch (const std::bad_alloc &) {
    return false;
  }
  if (std::exchange(sleeps_, false)) wake();
  return true;
}

// Creates the descriptors. `wakeup_` reports each write as a new event, so it need not be read.
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

void SharedLane::forget(int descriptor) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

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
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool SharedLane::wait_readable(int descriptor, Clock::time_point deadline) {
  Worker &worker = *running_;
  worker.descriptor = descriptor;
  worker.deadline = deadline;
  worker.is_late = false;
  next_ = std::min(next_, deadline);
  Worker *&place = waiting_[static_cast<std::size_t>(descriptor)];
  place = &worker;
  suspend();
  return !worker.is_late;
}

void SharedLane::take_turns() {
  if (++steps_ < max_steps) return;
  running_->is_ready = true;
  ++ready_;
  suspend();
}

// Lets other fibers run.
void SharedLane::suspend() {
  Worker &worker = *running_;
  const ThreadState state = std::exchange(thread_state, {});
  const Interposing paused(nullptr);
  const SafePoint outside;
  worker.fiber.suspend();
  thread_state = state;
}

// --- The thread -------------------------------------------------------------------------------------------

void SharedLane::run() {
  constexpr int max_events = 128;
  epoll_event events[max_events];
  std::vector<std::shared_ptr<Lane>> taken;
  bool in_vain = false;
  while (const std::optional<int> time = prepare_to_wait(in_vain)) {
    const int count = ::epoll_wait(epoll_, events, max_events, *time);
    {
      const std::lock_guard lock(mutex_);
      sleeps_ = false;
      taken.swap(arrived_);
    }
    in_vain = count == 0 && *time > 0 && taken.empty() && idle_.size() == workers_.size();
    const PostTogether together;  // so that JavaScript is woken once for all
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == wakeup_) continue;
      if (Worker *const worker = waiting_[static_cast<std::size_t>(descriptor)]) resume(*worker);
    }
    resume_late();
    resume_ready();
    for (auto &lane : taken) start(std::move(lane));
    taken.clear();
  }
}

// Returns how long epoll_wait() may wait, in milliseconds. Returns nothing when the thread shall end.
// `in_vain` says that the thread was idle during the last wait.
std::optional<int> SharedLane::prepare_to_wait(bool in_vain) {
  const std::lock_guard lock(mutex_);
  if (!arrived_.empty() || ready_ > 0) return 0;
  const bool is_idle = idle_.size() == workers_.size();
  if (is_idle && (dismissed_ || in_vain)) {
    workers_.clear();
    idle_.clear();
    has_thread_ = false;
    return std::nullopt;
  }
  sleeps_ = true;
  if (is_idle) {
    next_ = Clock::time_point::max();
    return idle_limit;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now()).count();
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, 3'600'000));
}

// As many fibers as ran at the same time are kept, until the thread ends.
void SharedLane::start(std::shared_ptr<Lane> lane) {
  if (idle_.empty()) {
    try {
      auto made = std::make_unique<Worker>([this] {
        for (;;) {
          Worker &self = *running_;
          self.lane->run_lent();
          self.lane.reset();
          self.fiber.suspend();
        }
      });
      // Makes room first, so that no fiber needs memory to become idle.
      if (idle_.capacity() <= workers_.size()) idle_.reserve(2 * workers_.size() + 8);
      workers_.push_back(std::move(made));
      idle_.push_back(workers_.back().get());
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
  steps_ = 0;
  worker.fiber.resume();
  current_lane = nullptr;
  running_ = nullptr;
  if (!worker.lane) idle_.push_back(&worker);
}

// Resumes the fibers that let others run.
void SharedLane::resume_ready() {
  if (ready_ == 0) return;
  ready_ = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (std::exchange(workers_[i]->is_ready, false)) resume(*workers_[i]);
}

// Resumes the fibers whose time is up.
void SharedLane::resume_late() {
  if (next_ == Clock::time_point::max()) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = Clock::time_point::max();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker &worker = *workers_[i];
    if (worker.descriptor < 0) continue;
    worker.is_late = worker.deadline <= now;
    if (worker.is_late)
      resume(worker);
    else
      next_ = std::min(next_, worker.deadline);
  }
}

#else

bool SharedLane::available() { return false; }
bool SharedLane::is_known_available() { return false; }
SharedLane::~SharedLane() = default;
bool SharedLane::submit(std::shared_ptr<Lane>) { return false; }
void SharedLane::wake() {}
void SharedLane::forget(int) {}
bool SharedLane::watch(int) { return false; }
bool SharedLane::wait_readable(int, Clock::time_point) { return false; }
void SharedLane::take_turns() {}

#endif

}  // namespace neon
