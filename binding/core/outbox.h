#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace neon {

/// Small responses on their way to JavaScript. One drain of the event queue passes all of them to JavaScript
/// with one call, because a call costs more than the rest of a small response.
///
/// JavaScript owns the memory (lib/core/receivers.ts): `table_` has four numbers for each response, and
/// `bytes_` contains the heads and bodies, one after another. JavaScript copies what it needs during the
/// call. So the memory is free again after the call, and a response never keeps it alive. JavaScript thread
/// only.
class Outbox final {
 public:
  Outbox() = default;
  Outbox(const Outbox &) = delete;
  Outbox &operator=(const Outbox &) = delete;

  /// Uses this memory, a Float64Array and a Uint8Array that live as long as the environment.
  void open(Napi::Float64Array table, Napi::Uint8Array bytes);

  /// Adds the response of an operation. The pieces of the head are joined. Returns false, and adds nothing,
  /// when there is no room.
  bool add(std::uint64_t operation, int status, std::initializer_list<std::string_view> head,
           std::string_view body);

  bool is_empty() const { return count_ == 0; }
  /// Passes the responses to `deliver`, a JavaScript function.
  void flush(Napi::Function deliver);

 private:
  void append(std::string_view text);

  double *table_ = nullptr;
  std::size_t rows_ = 0;
  char *bytes_ = nullptr;
  std::size_t room_ = 0;
  std::size_t count_ = 0, used_ = 0;
};

}  // namespace neon
