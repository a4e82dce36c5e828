#pragma once

// The end of the process, while lanes may be inside neon.
//
// The module registers an exit handler with std::atexit when it loads, so that this handler runs before
// OpenSSL's. The handler sets `exiting`, interrupts all connections, and waits for at most 500 ms until no
// lane is inside neon. After that, each lane stops for ever at its next safe point (park()). It neither
// unwinds its stack nor frees memory, because the data of the process may be destroyed at the same time.

namespace neon {

bool exiting();
[[noreturn]] void park();
/// Registers the exit handler, once per process.
void prepare_exit();

/// While this object lives, the lane counts as inside neon. A SafePoint suspends this.
class Inside final {
 public:
  Inside();
  ~Inside();
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;
};

/// While this object lives, the lane waits, and touches no data of neon or OpenSSL. On a thread that is not a
/// lane, the object has no effect. A fiber that suspends itself is at a safe point: the thread may run other
/// fibers meanwhile, inside neon or outside.
class SafePoint final {
 public:
  SafePoint();
  ~SafePoint();
  SafePoint(const SafePoint &) = delete;
  SafePoint &operator=(const SafePoint &) = delete;

 private:
  const bool was_inside_;
};

}  // namespace neon
