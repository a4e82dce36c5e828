#pragma once

#include <cstddef>

namespace neon {

/// Overwrites what must not stay in memory; a compiler may leave out what memset() does to memory that is
/// freed next.
inline void wipe(char *memory, std::size_t size) {
  for (volatile char *byte = memory; size > 0; --size) *byte++ = 0;
}

}  // namespace neon
