#pragma once

// The end of the process, while lanes may be inside neon.
//
// The exit handler is registered by std::atexit when the module loads, so that it runs before OpenSSL's exit
// handler. It sets `exiting`, interrupts all connections, and waits until no lane is inside neon, but at most
// 500 ms. Once `exiting` is set, lanes park for ever at safe points. They neither unwind their stacks nor
// free memory, since the data of the process may be destroyed at the same time.

namespace neon {

bool exiting();
[[noreturn]] void park();
/// Registers the exit handler, once per process.
void prepare_exit();

/// While this object lives, the lane counts as inside neon, except while the lane has a SafePoint.
class Inside final {
 public:
  Inside();
  ~Inside();
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;
};

/// While this object lives, the lane waits, and touches no data of neon or OpenSSL. On a thread that is not a
/// lane, the object has no effect.
class SafePoint final {
 public:
  SafePoint();
  ~SafePoint();
  SafePoint(const SafePoint &) = delete;
  SafePoint &operator=(const SafePoint &) = delete;
};

}  // namespace neon
