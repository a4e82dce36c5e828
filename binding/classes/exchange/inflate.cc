// Decides which response bodies are inflated, and pulls them through neon's decompressing reader.
#include "classes/exchange/inflate.h"

#include <ne_session.h>
#include <strings.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace neon {

namespace {

// Inflating makes data at most about a thousand times longer, so this size bounds the memory that one block
// takes when it is inflated.
constexpr std::size_t encoded_block = 4096;

}  // namespace

bool arrives_as_gzip(ne_request *request) {
  const int status = ne_get_status(request)->code;
  if (status == 204 || status == 304) return false;
  // Some servers also announce gzip for an empty body, which neon would take for a truncated one.
  const char *length = ne_get_response_header(request, "Content-Length");
  if (length && std::strcmp(length, "0") == 0) return false;
  const char *coding = ne_get_response_header(request, "Content-Encoding");
  return coding && strcasecmp(coding, "gzip") == 0;
}

int accept_gzip(void *, ne_request *request, const ne_status *) noexcept { return arrives_as_gzip(request); }

Inflater::Inflater(ne_request *request, std::uint64_t limit)
    : request_(request), limit_(limit), c_(ne_decompress_reader(request, accept_gzip, on_block, this)) {}

void Inflater::begin() {
  active_ = arrives_as_gzip(request_);
  total_ = 0;
  inflated_.clear();
  taken_ = 0;
}

ssize_t Inflater::read(char *buffer, std::size_t room) {
  if (!active_) return ne_read_response_block(request_, buffer, room);
  while (taken_ == inflated_.size()) {
    inflated_.clear();
    taken_ = 0;
    char encoded[encoded_block];
    const ssize_t count = ne_read_response_block(request_, encoded, sizeof encoded);
    if (count <= 0) return count;
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
