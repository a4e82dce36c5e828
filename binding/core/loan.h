#pragma once

#include <atomic>
#include <mutex>

namespace neon {

/// Tells whether C still lends an object to a callback. Normally C keeps the object until the callback
/// answers. After an abort, C does not wait for the answer, and frees the object on C's own thread. So a
/// reader on another thread must hold `mutex`.
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
