#pragma once

#include <functional>

namespace neon {

/// Runs `main` on a detached thread with all signals blocked and a stack of 1 MiB. Returns false when the
/// system refuses to start a thread.
///
/// When `main` returns, the thread waits for the next `main` for a while, because a new thread costs about as
/// much as a small request. At most `max_spare_threads` threads wait. `main` must leave nothing behind that
/// the next `main` could notice.
bool start_thread(std::function<void()> main);

}  // namespace neon
