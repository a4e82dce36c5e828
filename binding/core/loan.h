#pragma once

#include <atomic>
#include <mutex>

namespace neon {

/// An object that C lends to a callback while it waits for the answer. After an abort C no longer waits, and
/// frees the object on its own thread: a reader on another thread must hold the lock.
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
