#include "core/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace neon {

namespace {

constexpr std::size_t stack_size = std::size_t{1} << 20;  // name service modules and Kerberos need this much

// With SCHED_BATCH, a lane that wakes up does not take the processor from the event loop that woke the lane.
// Otherwise many lanes would interrupt the event loop so often that up to a third of the throughput would be
// lost. If the system has no SCHED_BATCH, this function does nothing.
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

}  // namespace

bool start_thread(std::function<void()> main) {
  auto data = std::make_unique<std::function<void()>>(std::move(main));
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
