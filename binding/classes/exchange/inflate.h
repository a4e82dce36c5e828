// Inflates response bodies that arrive as gzip.
#pragma once

#include <ne_compress.h>
#include <ne_request.h>

#include <cstdint>
#include <string>

namespace neon {

/// Whether the response has a body that arrives as gzip.
bool arrives_as_gzip(ne_request *request);
/// An ne_accept_response that accepts exactly the responses with such a body.
int accept_gzip(void *userdata, ne_request *request, const ne_status *status) noexcept;

/// Inflates gzip bodies of the responses to a request, by neon's own reader, while the bodies are read. Must
/// be made before the request is sent, and destroyed after C's request.
class Inflater final {
 public:
  /// Adds the header Accept-Encoding. Reading fails when the inflated body is longer than `limit` bytes.
  Inflater(ne_request *request, std::uint64_t limit);
  ~Inflater() { ne_decompress_destroy(c_); }
  Inflater(const Inflater &) = delete;
  Inflater &operator=(const Inflater &) = delete;

  /// The head of a response arrived.
  void begin();
  /// Whether the body of this response is inflated.
  bool active() const { return active_; }
  /// Like ne_read_response_block.
  ssize_t read(char *buffer, std::size_t room);

 private:
  static int on_block(void *userdata, const char *bytes, std::size_t size) noexcept;

  ne_request *const request_;
  const std::uint64_t limit_;
  bool active_ = false;
  std::uint64_t total_ = 0;
  std::string inflated_;  // the block that was read last
  std::size_t taken_ = 0;
  ne_decompress *const c_;
};

}  // namespace neon
