#pragma once

#include <atomic>

namespace neon {

/// Counts operations that are queued or on a lane, in all environments of the process. A call with a promise
/// counts until JavaScript knows of its end. A blocking call in a worker counts until it is over.
class InFlight final {
 public:
  InFlight() { ++count_; }
  ~InFlight() { --count_; }
  InFlight(const InFlight &) = delete;
  InFlight &operator=(const InFlight &) = delete;

  static bool anything() { return count_ > 0; }

 private:
  static inline std::atomic<int> count_{0};
};

}  // namespace neon
