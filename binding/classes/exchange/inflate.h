// Inflates response bodies that arrive compressed.
#pragma once

#include <ne_compress.h>
#include <ne_request.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace neon {

/// The coding of a response body.
enum class Coding {
  Plain,    // no coding, or a coding that is not decoded
  Gzip,     // neon's reader inflates the body
  Deflate,  // x-gzip or deflate, which neon's reader does not know: ZlibReader inflates the body
};

Coding coding_of(ne_request *request);
/// An ne_accept_response function that accepts only the responses whose body arrives as gzip.
int accept_gzip(void *userdata, ne_request *request, const ne_status *status) noexcept;

/// Inflates a body with Coding::Deflate. Such a body has the gzip format or the zlib format. Some servers
/// send deflate data without either wrapper (RFC 9110, section 8.4.1). Used only on the thread that runs the
/// operation.
class ZlibReader final {
 public:
  /// The sink receives the inflated blocks, as ne_block_reader says. The sink must not throw.
  ZlibReader(ne_request *request, ne_block_reader sink, void *userdata)
      : request_(request), sink_(sink), userdata_(userdata) {}
  ~ZlibReader() { end(); }
  ZlibReader(const ZlibReader &) = delete;
  ZlibReader &operator=(const ZlibReader &) = delete;

  /// Begins a body.
  void begin();
  /// Inflates a block. An empty block ends the body. Returns 0 on success. On failure, calls ne_set_error()
  /// and returns a nonzero value.
  int take(const char *bytes, std::size_t size);

 private:
  void end();
  bool open(const std::string &start);
  int inflate_block(const char *bytes, std::size_t size);
  int fail(const char *why);

  ne_request *const request_;
  const ne_block_reader sink_;
  void *const userdata_;
  z_stream stream_{};
  bool open_ = false;
  bool over_ = false;
  std::string start_;  // the first byte, until the second byte shows the format
};

/// Inflates the bodies of the responses to a request while the bodies are read. Must be made before the
/// request is sent, and destroyed after C's request.
class Inflater final {
 public:
  /// Adds the header Accept-Encoding. read() fails when the inflated body is longer than `limit` bytes.
  Inflater(ne_request *request, std::uint64_t limit);
  ~Inflater() { ne_decompress_destroy(c_); }
  Inflater(const Inflater &) = delete;
  Inflater &operator=(const Inflater &) = delete;

  /// Called when the head of a response has arrived.
  void begin();
  /// Whether the body of this response is inflated.
  bool active() const { return coding_ != Coding::Plain; }
  /// Like ne_read_response_block.
  ssize_t read(char *buffer, std::size_t room);

 private:
  static int on_block(void *userdata, const char *bytes, std::size_t size) noexcept;

  ne_request *const request_;
  const std::uint64_t limit_;
  Coding coding_ = Coding::Plain;
  std::uint64_t total_ = 0;
  std::string inflated_;  // the block that was read last
  std::size_t taken_ = 0;
  ne_decompress *const c_;
  ZlibReader zlib_;
};

}  // namespace neon
