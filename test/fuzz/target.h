// What the fuzz targets share: a target reads bytes, and stops the process when a result is not right.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace neon::fuzz {

/// The targets. Each gets any bytes, and must neither crash nor leak.
void events(std::string_view bytes);
void headers(std::string_view bytes);
void inflate(std::string_view bytes);
void listing(std::string_view bytes);
void lock(std::string_view bytes);
void response(std::string_view bytes);
void text(std::string_view bytes);

/// Ends the process, so that the input is kept, unless the result is right.
inline void require(bool right, const char *what) {
  if (right) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::abort();
}

/// Takes the first byte off the input; 0 at its end.
inline unsigned take_byte(std::string_view &bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

/// Takes a line off the input, without its line feed.
inline std::string_view take_line(std::string_view &bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
  return line;
}

/// Calls `feed` with the input in blocks of this size until it returns false. The size 0 means one block.
/// Each block is in memory of its own, so that reading past its end is noticed.
template <class Feed>
bool feed_blocks(std::string_view bytes, std::size_t size, Feed feed) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, size == 0 ? bytes.size() : size);
    const std::vector<char> block(part.begin(), part.end());
    if (!feed(std::string_view(block.data(), block.size()))) return false;
    bytes.remove_prefix(part.size());
  }
  return true;
}

/// The number of UTF-16 units of a text. Stops the process when the text is not valid UTF-8.
inline std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    require(first < 0x80 || (first >= 0xC2 && first <= 0xF4), "the first byte of a character");
    require(at + size <= text.size(), "a character is complete");
    for (std::size_t i = 1; i < size; ++i)
      require((static_cast<unsigned char>(text[at + i]) & 0xC0U) == 0x80, "a byte of a character");
    units += size == 4 ? 2 : 1;
    at += size;
  }
  return units;
}

/// Cuts a text as JavaScript cuts it: into pieces whose lengths are in UTF-16 units.
class Cutter final {
 public:
  explicit Cutter(std::string_view text) : rest_(text), left_(utf16_length(text)) {}
  std::string_view next(std::size_t units) {
    require(units <= left_, "a piece is inside the text");
    left_ -= units;
    std::size_t size = 0;
    while (units > 0) {
      const auto first = static_cast<unsigned char>(rest_[size]);
      const std::size_t width = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
      require(width < 4 || units >= 2, "a piece ends between two characters");
      units -= width == 4 ? 2 : 1;
      size += width;
    }
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return piece;
  }
  void require_over() const { require(left_ == 0, "the pieces are the whole text"); }

 private:
  std::string_view rest_;
  std::size_t left_;
};

}  // namespace neon::fuzz
