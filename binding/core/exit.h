#pragma once

// The end of the process, while lanes may be inside neon.
//
// The exit handler (std::atexit, registered when the module loads, so that it runs before OpenSSL's) sets
// `exiting`, interrupts all connections, and waits, at most 500 ms, until no lane is inside neon. Lanes park
// for ever at safe points, and neither unwind nor free: the data of the process may be going away under them.

namespace neon {

bool exiting();
[[noreturn]] void park();
/// Registers the exit handler, once a process.
void prepare_exit();

/// A lane is inside neon for the time of this block (unless a SafePoint says that it stepped out).
class Inside final {
 public:
  Inside();
  ~Inside();
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;
};

/// A lane waits in a place where it touches nothing of neon's or OpenSSL's. Does nothing on other threads.
class SafePoint final {
 public:
  SafePoint();
  ~SafePoint();
  SafePoint(const SafePoint &) = delete;
  SafePoint &operator=(const SafePoint &) = delete;
};

}  // namespace neon
