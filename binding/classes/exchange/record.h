// The response to a request that neon sends as a whole.
#pragma once

#include <ne_compress.h>
#include <ne_request.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "classes/exchange/inflate.h"
#include "classes/exchange/recipe.h"
#include "core/block.h"

namespace neon {

/// Records the response to a request that neon sends as a whole, by ne_request_dispatch() or another
/// function: its head, and all or the beginning of its body. After some responses (a 401), neon may send the
/// request again. The record then has the last response.
///
/// One operation owns the record, and uses it on the thread that runs the operation. The record must outlive
/// the request that it reads from.
class ResponseRecord final {
 public:
  /// Receives the body of a 2xx response, block by block. The last block has the size 0. Returns 0 on
  /// success. On failure, calls ne_set_error() and returns a nonzero value. Must not throw.
  using Sink = std::function<int(ne_request *request, const char *bytes, std::size_t size)>;

  /// Keeps at most `success_room` bytes of the body of a 2xx response, and `failure_room` bytes of any other
  /// body.
  ResponseRecord(std::size_t success_room, std::size_t failure_room)
      : success_room_(success_room), failure_room_(failure_room) {}
  /// Passes the bodies of 2xx responses to the sink instead of keeping them.
  explicit ResponseRecord(Sink sink) : ResponseRecord(0, whole_limit) { sink_ = std::move(sink); }
  ~ResponseRecord() { stop_reading(); }
  ResponseRecord(const ResponseRecord &) = delete;
  ResponseRecord &operator=(const ResponseRecord &) = delete;

  /// Adds readers to the request. If `inflate` is not 0, asks the server for gzip and inflates bodies. It is
  /// then a failure when an inflated body is longer than `inflate` bytes.
  void read_from(ne_request *request, std::uint64_t inflate);
  /// Must be called right after ne_request_destroy(), on the same thread: neon's decompressor has hooks in
  /// the session, which another operation may use as soon as this operation has ended.
  void stop_reading();

  bool arrived() const { return head_.status != 0; }
  const Head &head() const { return head_; }
  const std::string &body() const { return body_; }
  std::string take_body() { return std::move(body_); }
  /// Whether the whole body arrived.
  bool complete() const { return complete_; }
  bool out_of_memory() const { return out_of_memory_; }
  /// The response for JavaScript, packed by Head::response(); null when no response arrived.
  Napi::Value value(Napi::Env env) const;

 private:
  static int accept_others(void *self, ne_request *request, const ne_status *status) noexcept;
  static int on_block(void *self, const char *bytes, std::size_t size) noexcept;
  static int on_plain_block(void *self, const char *bytes, std::size_t size) noexcept;
  int take(const char *bytes, std::size_t size);

  const std::size_t success_room_, failure_room_;
  Sink sink_;
  std::uint64_t limit_ = 0;  // of inflated bytes
  ne_request *request_ = nullptr;
  ne_decompress *decompress_ = nullptr;
  std::optional<ZlibReader> zlib_;
  Coding coding_ = Coding::Plain;  // of this response
  Head head_;
  std::string body_;
  std::uint64_t inflated_ = 0;
  bool complete_ = false;
  bool out_of_memory_ = false;
};

}  // namespace neon
