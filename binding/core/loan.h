#pragma once

#include <atomic>
#include <mutex>

namespace neon {

/// What C lends to a callback, for as long as it waits for the answer. After an abort it waits no more, and
/// frees what it lent on its own thread: whoever reads it meanwhile holds the lock.
class Loan final {
 public:
  bool over() const { return over_; }
  void end() {
    const std::lock_guard lock(mutex);
    over_ = true;
  }

  static inline std::mutex mutex;

 private:
  std::atomic<bool> over_{false};
};

}  // namespace neon
