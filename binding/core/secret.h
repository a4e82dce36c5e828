#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace neon {

/// Overwrites what must not stay in memory; a compiler may leave out what memset() does to memory that is
/// freed next.
inline void wipe(char *memory, std::size_t size) {
  for (volatile char *byte = memory; size > 0; --size) *byte++ = 0;
}

/// Copies a string into a buffer of C's that has so much room; what would not fit was refused before.
inline void copy_text(const char *text, char *buffer, std::size_t room) {
  *std::copy_n(text, strnlen(text, room - 1), buffer) = '\0';
}

/// Text that is wiped when nobody needs it any more.
class Secret final {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  ~Secret() { wipe(text_.data(), text_.size()); }
  Secret(const Secret &) = delete;
  Secret &operator=(const Secret &) = delete;

  const char *c_str() const { return text_.c_str(); }

 private:
  std::string text_;
};

}  // namespace neon
