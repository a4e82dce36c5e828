#pragma once

#include <functional>

namespace neon {

/// Starts a detached thread with all signals blocked and a stack of 1 MiB. Returns false when the system
/// refuses.
bool start_thread(std::function<void()> main);

}  // namespace neon
