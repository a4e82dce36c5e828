#pragma once

namespace neon {

class Lane;
class Operation;

/// What this thread does at the moment. A fiber that suspends itself takes its state along.
struct ThreadState {
  Operation *operation = nullptr;  // the operation that is inside neon
  Lane *lane = nullptr;            // the lane whose job runs
};

inline thread_local ThreadState thread_state;

}  // namespace neon
