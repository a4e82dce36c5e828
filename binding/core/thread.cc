#include "core/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <dlfcn.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "core/exit.h"

namespace neon {

namespace {

// With SCHED_BATCH, a lane that wakes up does not take the processor from the event loop that woke the lane.
// Otherwise many lanes would interrupt the event loop so often that up to a third of the throughput would be
// lost. If the system has no SCHED_BATCH, this function does nothing.
void yield_to_event_loop() {
#ifdef SCHED_BATCH
  const sched_param parameter{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameter);
#endif
}

constexpr std::size_t max_spare_threads = 4;
constexpr std::chrono::milliseconds spare_limit{250};

using Main = std::function<void()>;

/// The threads that wait for work. `mutex_` guards the members. A thread that waits takes one entry of
/// `work_`, which never has more entries than there are threads that wait.
class SpareThreads final {
 public:
  static SpareThreads &instance() {
    static SpareThreads *const threads = new SpareThreads;  // never destroyed: threads may outlive statics
    return *threads;
  }

  /// Gives `main` to a waiting thread. Returns false, and leaves `main` alone, when no thread waits.
  bool give(Main &main) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_ == work_.size()) return false;
      work_.push_back(std::move(main));
    }
    changed_.notify_one();
    return true;
  }

  /// Waits for work. Returns an empty function when the thread shall end.
  Main take() {
    std::unique_lock lock(mutex_);
    if (waiting_ - work_.size() >= max_spare_threads) return {};
    ++waiting_;
    const bool found = changed_.wait_for(lock, spare_limit, [this] { return !work_.empty(); });
    --waiting_;
    if (!found) return {};
    Main main = std::move(work_.front());
    work_.pop_front();
    return main;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;
  std::deque<Main> work_;
};

// Frees OpenSSL's data of this thread now, while the thread counts as inside neon. OpenSSL would otherwise
// free the data when the thread ends, perhaps while the process exits.
void stop_openssl() {
  const Inside inside;
  static const auto stop = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "OPENSSL_thread_stop"));
  if (stop) stop();
}

void *thread_main(void *data) {
  yield_to_event_loop();
  Main main = std::move(*std::unique_ptr<Main>(static_cast<Main *>(data)));
  while (main) {
    main();
    main = nullptr;  // drops what it owns before the thread waits
    main = SpareThreads::instance().take();
  }
  stop_openssl();
  return nullptr;
}

}  // namespace

bool start_thread(Main main) {
  if (SpareThreads::instance().give(main)) return true;
  auto data = std::make_unique<Main>(std::move(main));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_size);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // Blocks all signals. If a signal handler without SA_RESTART ran on a lane, a TLS handshake would fail.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, thread_main, data.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  static_cast<void>(data.release());  // thread_main() owns it
  return true;
}

}  // namespace neon
