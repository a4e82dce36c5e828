#include "core/lane.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/error.h"

namespace neon {

namespace {

constexpr std::size_t stack_size = std::size_t{1} << 20;  // name service modules and Kerberos need as much
constexpr std::chrono::seconds idle_limit{5};
constexpr std::chrono::milliseconds exit_limit{500};

std::atomic<bool> process_exiting{false};
std::atomic<int> lanes_inside{0};
thread_local Lane *this_lane = nullptr;

void step_in() {
  ++lanes_inside;
  if (process_exiting) {
    --lanes_inside;
    park();
  }
}

void step_out() {
  --lanes_inside;
  if (process_exiting) park();
}

// A lane that wakes up does not push the event loop, which woke it, off its processor: with many lanes that
// costs up to a third of the throughput. Where the system has no such policy, nothing is lost.
void yield_to_event_loop() {
#ifdef SCHED_BATCH
  const sched_param parameter{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameter);
#endif
}

void *thread_main(void *data) {
  yield_to_event_loop();
  const std::unique_ptr<std::function<void()>> main(static_cast<std::function<void()> *>(data));
  (*main)();
  return nullptr;
}

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

bool start_thread(std::function<void()> main) {
  auto data = std::make_unique<std::function<void()>>(std::move(main));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_size);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // A handler without SA_RESTART that ran on a lane would make a TLS handshake fail.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, thread_main, data.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  static_cast<void>(data.release());  // thread_main's
  return true;
}

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
  work_.notify_one();  // after the lock, which the woken thread takes
  if (started) Watchdog::instance().wake();
}

void Lane::run_when_free(std::function<void()> work) {
  if (this_lane != this) {
    const std::lock_guard lock(mutex_);
    if (busy_ || !queue_.empty()) {  // then there is a thread
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
      const Inside inside;  // the last reference to a session may go here
      job.reset();
    }
    lock.lock();
    busy_ = false;
    if (queue_.empty()) idle_.notify_all();
  }
  has_thread_ = retired_ = false;
  lock.unlock();
  // OpenSSL's data of this thread would be freed when it ends, uncounted, and maybe while the process exits.
  const Inside inside;
  static const auto stop_openssl = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "OPENSSL_thread_stop"));
  if (stop_openssl) stop_openssl();
  this_lane = nullptr;
}

bool exiting() { return process_exiting; }

void park() {
  for (;;) ::pause();
}

void prepare_exit() {
  static std::once_flag once;
  std::call_once(once, [] {
    std::atexit([] {
      process_exiting = true;
      const auto give_up = std::chrono::steady_clock::now() + exit_limit;
      Watchdog::instance().process_exits();
      while (lanes_inside > 0 && std::chrono::steady_clock::now() < give_up)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  });
}

Inside::Inside() { step_in(); }
Inside::~Inside() { step_out(); }

SafePoint::SafePoint() {
  if (this_lane) step_out();
}
SafePoint::~SafePoint() {
  if (this_lane) step_in();
}

}  // namespace neon
