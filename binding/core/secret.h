#pragma once

// Passwords and PINs. They are wiped when they are no longer needed, and no message contains them.

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace neon {

/// Overwrites memory that must not keep its content. Does not use memset(), which a compiler may omit when
/// the memory is freed next.
inline void wipe(char *memory, std::size_t size) {
  for (volatile char *byte = memory; size > 0; --size) *byte++ = 0;
}

/// Copies a string into a C buffer with this much room. The caller has rejected longer strings.
inline void copy_text(const char *text, char *buffer, std::size_t room) {
  *std::copy_n(text, strnlen(text, room - 1), buffer) = '\0';
}

/// Copies a JavaScript string into a buffer with this much room. Throws when the string is too long or
/// contains a NUL; the message names the string as `what`.
void read_secret(Napi::Value string, const std::string &what, char *text, std::size_t room);

/// Text that is wiped when it is no longer needed.
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
