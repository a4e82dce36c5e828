// Inflates a body in blocks, and compares the result with that of zlib for the whole body.
#include "classes/exchange/inflate.h"

#include <optional>

#include "../target.h"

namespace neon::fuzz {

namespace {

constexpr std::size_t limit = std::size_t{1} << 16;

/// What zlib makes of the whole body; nothing when the body is damaged, truncated, or followed by other
/// bytes.
std::optional<std::string> inflated(std::string_view bytes, int format) {
  z_stream stream{};
  if (inflateInit2(&stream, format) != Z_OK) return std::nullopt;
  std::string result(limit, '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef *>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const bool whole = ::inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  result.resize(result.size() - stream.avail_out);
  inflateEnd(&stream);
  return whole ? std::optional(result) : std::nullopt;
}

struct Sink {
  std::string text;
  bool over = false;
  bool full = false;
};

int take(void *userdata, const char *bytes, std::size_t size) {
  Sink &sink = *static_cast<Sink *>(userdata);
  sink.over = size == 0;
  sink.text.append(bytes, size);
  sink.full = sink.text.size() > limit;
  return sink.full ? -1 : 0;
}

}  // namespace

void inflate(std::string_view bytes) {
  static ne_session *const session = ne_session_create("http", "localhost", 80);
  static ne_request *const request = ne_request_create(session, "GET", "/");
  const unsigned size = take_byte(bytes);
  Sink sink;
  ZlibReader reader(request, take, &sink);
  const auto feed = [&](std::string_view block) { return reader.take(block.data(), block.size()) == 0; };
  for (int round = 0; round < 2; ++round) {
    sink = {};
    reader.begin();  // neon may send a request again, so a reader may begin again
    const bool good = feed_blocks(bytes, size, feed) && reader.take(nullptr, 0) == 0;
    if (sink.full || bytes.empty()) return;
    require(!good || sink.over, "a complete body has its end");
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const bool wrapped = bytes.size() > 1 && ((byte(0) % 16 == 8 && (byte(0) * 256 + byte(1)) % 31 == 0) ||
                                              (byte(0) == 0x1f && byte(1) == 0x8b));
    const auto expected = inflated(bytes, wrapped ? MAX_WBITS + 32 : -MAX_WBITS);
    require(good == expected.has_value(), "a body is refused if zlib refuses it");
    require(!good || sink.text == *expected, "the body is the one of zlib");
  }
}

}  // namespace neon::fuzz
