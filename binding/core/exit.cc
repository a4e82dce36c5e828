#include "core/exit.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "core/watchdog.h"

namespace neon {

namespace {

constexpr std::chrono::milliseconds exit_limit{500};

std::atomic<bool> process_exiting{false};
std::atomic<int> lanes_inside{0};
thread_local bool this_thread_is_inside = false;

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

}  // namespace

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

Inside::Inside() {
  step_in();
  this_thread_is_inside = true;
}

Inside::~Inside() {
  this_thread_is_inside = false;
  step_out();
}

SafePoint::SafePoint() : was_inside_(std::exchange(this_thread_is_inside, false)) {
  if (was_inside_) step_out();
}

SafePoint::~SafePoint() {
  if (was_inside_) step_in();
  this_thread_is_inside = was_inside_;
}

}  // namespace neon
