#pragma once

#include <cstdlib>
#include <new>
#include <utility>

#include "core/value.h"

namespace neon {

inline constexpr std::size_t block_size = std::size_t{256} * 1024;
// A response of at most this many bytes reaches JavaScript in one piece. Its memory has room for one more
// byte. If this byte is received too, the body is longer than the limit.
inline constexpr std::size_t whole_limit = std::size_t{64} * 1024;
// The number of bytes that are read ahead of JavaScript.
inline constexpr std::size_t high_water = 4 * block_size;

/// Bytes that were received, in memory that JavaScript can take over.
struct Block {
  Memory memory;
  std::size_t capacity = 0;
  std::size_t size = 0;   // received
  std::size_t taken = 0;  // bytes of which JavaScript has a copy

  Block() = default;
  explicit Block(std::size_t capacity) : memory(allocate(capacity)), capacity(capacity) {}

  char *end() const { return memory.get() + size; }
  std::size_t room() const { return capacity - size; }
  std::size_t left() const { return size - taken; }

  void grow(std::size_t to) {
    char *grown = static_cast<char *>(std::realloc(memory.get(), to));
    if (!grown) throw std::bad_alloc();
    static_cast<void>(memory.release());
    memory.reset(grown);
    capacity = to;
  }

  /// Returns a copy of the bytes that JavaScript has not taken yet. The block can receive more bytes.
  Napi::Value copy_left(Napi::Env env) {
    const std::size_t from = std::exchange(taken, size);
    // Uses Node-API directly: Napi::Buffer::Copy() looks up the memory of the new buffer twice.
    napi_value buffer = nullptr;
    check(env, napi_create_buffer_copy(env, size - from, memory.get() + from, nullptr, &buffer));
    return {env, buffer};
  }

  /// Returns the bytes that JavaScript has not taken yet. After this call, the block must not be used. Hands
  /// the memory over when this costs less than a copy.
  Napi::Value take(Napi::Env env) {
    // Copying a few bytes costs less than keeping a large block alive that is mostly unused.
    if (taken > 0 || size < capacity / 2 || size < 4096) return copy_left(env);
    return hand_over(env, std::move(memory), size);
  }
};

}  // namespace neon
