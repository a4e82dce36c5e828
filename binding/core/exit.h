#pragma once

// The end of the process, while lanes may be inside neon.
//
// The exit handler (std::atexit, registered when the module loads, so that it runs before OpenSSL's) sets
// `exiting`, interrupts all connections, and waits, at most 500 ms, until no lane is inside neon. Once
// `exiting` is set, lanes park for ever at safe points. They neither unwind their stacks nor free memory,
// since the data of the process may be destroyed at the same time.

namespace neon {

bool exiting();
[[noreturn]] void park();
/// Registers the exit handler, once per process.
void prepare_exit();

/// While it lives, the lane counts as inside neon (unless a SafePoint says that the lane stepped out).
class Inside final {
 public:
  Inside();
  ~Inside();
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;
};

/// While it lives, the lane waits, and touches nothing of neon's or OpenSSL's. Has no effect on other
/// threads.
class SafePoint final {
 public:
  SafePoint();
  ~SafePoint();
  SafePoint(const SafePoint &) = delete;
  SafePoint &operator=(const SafePoint &) = delete;
};

}  // namespace neon
