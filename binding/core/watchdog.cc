#include "core/watchdog.h"

#include <thread>

#include "core/exit.h"
#include "core/thread.h"

namespace neon {

namespace {

constexpr std::chrono::milliseconds tick{250};
constexpr int idle_ticks = 20;

}  // namespace

Watchdog &Watchdog::instance() {
  static Watchdog *const watchdog = new Watchdog();  // never destroyed: lanes outlive static destruction
  return *watchdog;
}

void Watchdog::wake() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (awake_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (!awake_) awake_ = start_thread([this] { run(); });
}

void Watchdog::run() {
  for (int idle = 0;;) {
    std::this_thread::sleep_for(tick);
    if (exiting()) park();
    const std::lock_guard lock(mutex_);
    idle = look_at_all() ? 0 : idle + 1;
    if (idle < idle_ticks) continue;
    awake_ = false;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!look_at_all()) return;
    awake_ = true;
    idle = 0;
  }
}

bool Watchdog::look_at_all() {
  bool more = false;
  const auto now = Watched::Clock::now();
  for (Watching *each = first_; each; each = each->next_) more |= each->watched_.look(now);
  return more;
}

void Watchdog::process_exits() {
  const std::lock_guard lock(mutex_);
  for (Watching *each = first_; each; each = each->next_) each->watched_.process_exits();
}

Watching::Watching(Watched &watched) : watched_(watched) {
  Watchdog &watchdog = Watchdog::instance();
  const std::lock_guard lock(watchdog.mutex_);
  next_ = watchdog.first_;
  if (next_) next_->previous_ = this;
  watchdog.first_ = this;
}

Watching::~Watching() {
  Watchdog &watchdog = Watchdog::instance();
  const std::lock_guard lock(watchdog.mutex_);
  if (previous_) previous_->next_ = next_;
  if (next_) next_->previous_ = previous_;
  if (watchdog.first_ == this) watchdog.first_ = next_;
}

}  // namespace neon
