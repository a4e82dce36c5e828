#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace neon {

/// A function that runs on a stack of its own, and that can suspend itself between two steps. One thread
/// resumes the fiber each time. The C library switches the stacks: its functions for user contexts begin a
/// fiber, and setjmp(3) and longjmp(3) do the later switches, which keep the signal mask.
///
/// The stack has the size of a lane's stack, and a guard page below it, so that an overflow ends the process
/// at once. A page of the stack takes memory when it is first used.
///
/// A fiber that is suspended can be destroyed. Its stack is not unwound, so the suspended frames must own
/// nothing.
class Fiber final {
 public:
  /// Whether the C library has user contexts. musl has none.
  static bool available();

  /// `main` must not return, and must not throw. Throws std::bad_alloc when there is no memory for a stack.
  explicit Fiber(std::function<void()> main);
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  /// Runs the fiber until it suspends itself.
  void resume();
  /// Returns to the caller of resume(). To be called on the fiber.
  void suspend();

 private:
  struct Contexts;

  const std::function<void()> main_;
  const std::unique_ptr<Contexts> contexts_;
};

}  // namespace neon
