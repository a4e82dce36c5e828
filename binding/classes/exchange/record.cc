// Reads the head and the body of a response while neon dispatches the request.
#include "classes/exchange/record.h"

#include <ne_session.h>

#include <algorithm>
#include <new>

namespace neon {

void ResponseRecord::stop_reading() {
  if (decompress_) ne_decompress_destroy(decompress_);
  decompress_ = nullptr;
  zlib_.reset();
}

void ResponseRecord::read_from(ne_request *request, std::uint64_t inflate) {
  request_ = request;
  limit_ = inflate;
  if (inflate > 0) decompress_ = ne_decompress_reader(request, accept_gzip, on_block, this);
  ne_add_response_body_reader(request, accept_others, on_block, this);
}

// neon calls this function for each response. If there is a decompressor, neon calls accept_gzip() too.
int ResponseRecord::accept_others(void *self, ne_request *request, const ne_status *) noexcept {
  ResponseRecord &record = *static_cast<ResponseRecord *>(self);
  try {
    record.complete_ = false;
    record.body_.clear();
    record.inflated_ = 0;
    record.coding_ = record.decompress_ ? coding_of(request) : Coding::Plain;
    if (record.coding_ == Coding::Deflate) record.zlib_.emplace(request, on_plain_block, self);
    record.head_.note(request);
    return record.coding_ != Coding::Gzip;
  } catch (const std::bad_alloc &) {
    record.out_of_memory_ = true;
    return 0;
  }
}

int ResponseRecord::on_block(void *self, const char *bytes, std::size_t size) noexcept {
  ResponseRecord &record = *static_cast<ResponseRecord *>(self);
  return record.coding_ == Coding::Deflate ? record.zlib_->take(bytes, size)
                                           : on_plain_block(self, bytes, size);
}

int ResponseRecord::on_plain_block(void *self, const char *bytes, std::size_t size) noexcept {
  ResponseRecord &record = *static_cast<ResponseRecord *>(self);
  try {
    return record.out_of_memory_ ? -1 : record.take(bytes, size);
  } catch (const std::bad_alloc &) {
    record.out_of_memory_ = true;
    return -1;
  }
}

int ResponseRecord::take(const char *bytes, std::size_t size) {
  if (size == 0) complete_ = true;
  if (coding_ != Coding::Plain && (inflated_ += size) > limit_) {
    ne_set_error(ne_get_session(request_), "The inflated body is longer than %llu bytes",
                 static_cast<unsigned long long>(limit_));
    return -1;
  }
  if (head_.is_success() && sink_) return sink_(request_, bytes, size);
  const std::size_t room = head_.is_success() ? success_room_ : failure_room_;
  body_.append(bytes, std::min(size, room - body_.size()));
  return 0;
}

Napi::Value ResponseRecord::value(Napi::Env env) const {
  if (!arrived()) return env.Null();
  const Napi::Value body =
      body_.empty() ? env.Null() : Napi::Value(Napi::Buffer<char>::Copy(env, body_.data(), body_.size()));
  return head_.response(env, body, env.Null(), "");
}

}  // namespace neon
