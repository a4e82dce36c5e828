#pragma once

#include <atomic>
#include <mutex>

namespace neon {

/// The loan of an object that C lends to a callback while C waits for the callback's answer. After an abort,
/// C no longer waits, and frees the object on C's own thread. So a reader on another thread must hold
/// `mutex`.
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
