#include "core/fiber.h"

#include <cstdint>
#include <new>
#include <utility>

#include "core/thread.h"

#if defined(__linux__) && defined(__GLIBC__)
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define NEON_ASAN_FIBERS
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#define NEON_TSAN_FIBERS
#include <sanitizer/tsan_interface.h>
#endif

namespace neon {

namespace {

// Memory for a stack, with a guard page at its end.
class Stack final {
 public:
  Stack() {
    void *const memory = ::mmap(nullptr, guard_ + size(), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<char *>(memory);
    if (::mprotect(memory_, guard_, PROT_NONE) == 0) return;
    ::munmap(memory_, guard_ + size());
    throw std::bad_alloc();
  }
  ~Stack() { ::munmap(memory_, guard_ + size()); }
  Stack(const Stack &) = delete;
  Stack &operator=(const Stack &) = delete;

  char *bottom() const { return memory_ + guard_; }
  static std::size_t size() { return stack_size; }

 private:
  const std::size_t guard_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  char *memory_ = nullptr;
};

#if defined(NEON_ASAN_FIBERS) || defined(NEON_TSAN_FIBERS)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

// C's _setjmp() and _longjmp() under names of our own. Where _FORTIFY_SOURCE is set, the C library replaces
// longjmp() by a form that refuses to go to another stack.
extern "C" {
int mark(jmp_buf) __asm__("_setjmp") __attribute__((returns_twice));
[[noreturn]] void jump(jmp_buf, int) __asm__("_longjmp");
}

// Whether the processor keeps a second stack of return addresses. Only the functions for user contexts switch
// that one too.
bool has_shadow_stack() {
#ifdef __x86_64__
  std::uint64_t pointer = 0;
  __asm__ volatile("rdsspq %0" : "+r"(pointer));  // without a shadow stack, does nothing
  return pointer != 0;
#else
  return false;
#endif
}

// Whether fibers that have begun are switched by jumps. swapcontext() takes 15 times as long, because it
// calls the system to restore the signal mask, which all fibers share. The sanitizers follow swapcontext()
// only.
bool may_jump() {
  static const bool may = !is_sanitized && !has_shadow_stack();
  return may;
}

}  // namespace

struct Fiber::Contexts {
  Stack stack;
  ucontext_t own{}, resumer{};
  jmp_buf own_mark{}, resumer_mark{};
  bool has_begun = false;
  // What the sanitizers have to know of the two stacks.
  [[maybe_unused]] void *own_fake = nullptr, *resumer_fake = nullptr;
  [[maybe_unused]] const void *resumer_bottom = nullptr;
  [[maybe_unused]] std::size_t resumer_size = 0;
  [[maybe_unused]] void *own_fiber = nullptr, *resumer_fiber = nullptr;
};

namespace {

// makecontext() passes numbers of the type int, so a pointer is passed in two halves.
void begin(unsigned high, unsigned low) {
  const auto address = (static_cast<std::uintptr_t>(high) << 32) | low;
  (*reinterpret_cast<const std::function<void()> *>(address))();
}

}  // namespace

bool Fiber::available() { return true; }

Fiber::Fiber(std::function<void()> main)
    : main_([this, main = std::move(main)] {
#ifdef NEON_ASAN_FIBERS
        __sanitizer_finish_switch_fiber(nullptr, &contexts_->resumer_bottom, &contexts_->resumer_size);
#endif
        main();
      }),
      contexts_(std::make_unique<Contexts>()) {
  ucontext_t &own = contexts_->own;
  ::getcontext(&own);
  own.uc_stack.ss_sp = contexts_->stack.bottom();
  own.uc_stack.ss_size = Stack::size();
  const auto address = reinterpret_cast<std::uintptr_t>(&main_);
  ::makecontext(&own, reinterpret_cast<void (*)()>(begin), 2, static_cast<unsigned>(address >> 32),
                static_cast<unsigned>(address & 0xffffffffU));
#ifdef NEON_TSAN_FIBERS
  contexts_->own_fiber = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef NEON_TSAN_FIBERS
  __tsan_destroy_fiber(contexts_->own_fiber);
#endif
}

void Fiber::resume() {
  Contexts &contexts = *contexts_;
#ifdef NEON_ASAN_FIBERS
  __sanitizer_start_switch_fiber(&contexts.resumer_fake, contexts.stack.bottom(), Stack::size());
#endif
#ifdef NEON_TSAN_FIBERS
  contexts.resumer_fiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(contexts.own_fiber, 0);
#endif
  if (!may_jump()) {
    ::swapcontext(&contexts.resumer, &contexts.own);
  } else if (mark(contexts.resumer_mark) == 0) {
    if (std::exchange(contexts.has_begun, true)) jump(contexts.own_mark, 1);
    ::setcontext(&contexts.own);
  }
#ifdef NEON_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(contexts.resumer_fake, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
  Contexts &contexts = *contexts_;
#ifdef NEON_ASAN_FIBERS
  __sanitizer_start_switch_fiber(&contexts.own_fake, contexts.resumer_bottom, contexts.resumer_size);
#endif
#ifdef NEON_TSAN_FIBERS
  __tsan_switch_to_fiber(contexts.resumer_fiber, 0);
#endif
  if (!may_jump())
    ::swapcontext(&contexts.own, &contexts.resumer);
  else if (mark(contexts.own_mark) == 0)
    jump(contexts.resumer_mark, 1);
#ifdef NEON_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(contexts.own_fake, &contexts.resumer_bottom, &contexts.resumer_size);
#endif
}

}  // namespace neon

#else

namespace neon {

struct Fiber::Contexts {};

bool Fiber::available() { return false; }
Fiber::Fiber(std::function<void()>) { throw std::bad_alloc(); }
Fiber::~Fiber() = default;
void Fiber::resume() {}
void Fiber::suspend() {}

}  // namespace neon

#endif
