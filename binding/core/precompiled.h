// These headers take longer to compile than most files that include them. Both builds precompile them.

#ifndef LIBNEON_PRECOMPILED_H
#define LIBNEON_PRECOMPILED_H

#include <napi.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#endif
