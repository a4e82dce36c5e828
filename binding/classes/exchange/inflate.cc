// Decides which response bodies are inflated, and inflates them. neon's own reader inflates only gzip. Other
// codings are inflated by zlib, without neon's reader.
#include "classes/exchange/inflate.h"

#include <ne_session.h>
#include <strings.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace neon {

namespace {

// Inflated data can be about a thousand times as long as its input. This block size limits the input, and
// thus the memory for one inflated block.
constexpr std::size_t encoded_block = 4096;

// Values for zlib's inflateInit2(). Each value asks for the largest window and the format in its name.
constexpr int zlib_or_gzip = MAX_WBITS + 32, raw_deflate = -MAX_WBITS;

// Whether a body with this start is in the zlib format (RFC 1950, section 2.2) or the gzip format (RFC 1952,
// section 2.3.1).
bool has_format(unsigned first, unsigned second) {
  return (first % 16 == Z_DEFLATED && (first * 256 + second) % 31 == 0) || (first == 0x1f && second == 0x8b);
}

}  // namespace

Coding coding_of(ne_request *request) {
  const int status = ne_get_status(request)->code;
  if (status == 204 || status == 304) return Coding::Plain;
  // Some servers announce a coding even for an empty body. As compressed data, an empty body would count as
  // truncated.
  const char *length = ne_get_response_header(request, "Content-Length");
  if (length && std::strcmp(length, "0") == 0) return Coding::Plain;
  const char *coding = ne_get_response_header(request, "Content-Encoding");
  if (!coding) return Coding::Plain;
  if (strcasecmp(coding, "gzip") == 0) return Coding::Gzip;
  const bool is_deflate = strcasecmp(coding, "x-gzip") == 0 || strcasecmp(coding, "deflate") == 0;
  return is_deflate ? Coding::Deflate : Coding::Plain;
}

int accept_gzip(void *, ne_request *request, const ne_status *) noexcept {
  return coding_of(request) == Coding::Gzip;
}

void ZlibReader::begin() {
  end();
  over_ = false;
  start_.clear();
}

void ZlibReader::end() {
  if (std::exchange(open_, false)) inflateEnd(&stream_);
}

int ZlibReader::take(const char *bytes, std::size_t size) {
  // A body without any bytes is empty, although a coding is announced for it.
  const bool complete = over_ || (!open_ && start_.empty());
  if (size == 0) return complete ? sink_(userdata_, bytes, 0) : fail("The compressed body is truncated");
  if (open_) return inflate_block(bytes, size);
  try {
    start_.append(bytes, size);
  } catch (const std::bad_alloc &) {
    return fail("Out of memory");
  }
  if (start_.size() < 2) return 0;
  if (!open(start_)) return fail("Out of memory");
  return inflate_block(start_.data(), start_.size());
}

bool ZlibReader::open(const std::string &start) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(start[index]); };
  stream_ = {};
  open_ = inflateInit2(&stream_, has_format(byte(0), byte(1)) ? zlib_or_gzip : raw_deflate) == Z_OK;
  return open_;
}

int ZlibReader::inflate_block(const char *bytes, std::size_t size) {
  stream_.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes));  // zlib does not write to it
  stream_.avail_in = static_cast<uInt>(size);                              // neon's blocks are small
  char inflated[4 * encoded_block];
  do {
    if (over_) return fail("The compressed body continues after its end");
    stream_.next_out = reinterpret_cast<Bytef *>(inflated);
    stream_.avail_out = sizeof inflated;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) return fail("Out of memory");
    // Z_BUF_ERROR means that the input is used up.
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      return fail("The compressed body is damaged");
    over_ = result == Z_STREAM_END;
    const std::size_t count = sizeof inflated - stream_.avail_out;
    if (const int stop = count == 0 ? 0 : sink_(userdata_, inflated, count)) return stop;
  } while (stream_.avail_in > 0 || (stream_.avail_out == 0 && !over_));
  return 0;
}

int ZlibReader::fail(const char *why) {
  ne_set_error(ne_get_session(request_), "%s", why);
  return -1;
}

Inflater::Inflater(ne_request *request, std::uint64_t limit)
    : request_(request),
      limit_(limit),
      c_(ne_decompress_reader(request, accept_gzip, on_block, this)),
      zlib_(request, on_block, this) {}

void Inflater::begin() {
  coding_ = coding_of(request_);
  if (coding_ == Coding::Deflate) zlib_.begin();
  total_ = 0;
  inflated_.clear();
  taken_ = 0;
}

ssize_t Inflater::read(char *buffer, std::size_t room) {
  if (!active()) return ne_read_response_block(request_, buffer, room);
  while (taken_ == inflated_.size()) {
    inflated_.clear();
    taken_ = 0;
    char encoded[encoded_block];
    const ssize_t count = ne_read_response_block(request_, encoded, sizeof encoded);
    if (count < 0) return count;
    if (coding_ == Coding::Deflate && zlib_.take(encoded, static_cast<std::size_t>(count)) != 0) return -1;
    if (count == 0) return 0;
  }
  const std::size_t count = std::min(room, inflated_.size() - taken_);
  std::memcpy(buffer, inflated_.data() + taken_, count);
  taken_ += count;
  return static_cast<ssize_t>(count);
}

int Inflater::on_block(void *userdata, const char *bytes, std::size_t size) noexcept {
  Inflater &self = *static_cast<Inflater *>(userdata);
  self.total_ += size;
  ne_session *const session = ne_get_session(self.request_);
  if (self.total_ > self.limit_) {
    ne_set_error(session, "The inflated body is longer than %llu bytes",
                 static_cast<unsigned long long>(self.limit_));
    return 1;
  }
  try {
    self.inflated_.append(bytes, size);
    return 0;
  } catch (const std::bad_alloc &) {
    ne_set_error(session, "%s", "Out of memory");
    return 1;
  }
}

}  // namespace neon
