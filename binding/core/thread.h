#pragma once

#include <cstddef>
#include <functional>

namespace neon {

/// The size of the stack of a lane. Name service modules and Kerberos need this much.
inline constexpr std::size_t stack_size = std::size_t{1} << 20;

/// Runs `main` on a detached thread with all signals blocked and a stack of 1 MiB. Returns false when the
/// system refuses to start a thread.
///
/// When `main` returns, the thread waits for the next `main` for a while, because a new thread costs about as
/// much as a small request. At most `max_spare_threads` threads wait. `main` must leave nothing behind that
/// the next `main` could notice.
bool start_thread(std::function<void()> main);

}  // namespace neon
