// ne_compress.h: response bodies that neon inflates for a reader.
#include "core/error.h"
#include "core/topic.h"
#include "ne/request/request.h"

namespace neon {

namespace {

/// The caller's side of a `ne_decompress`.
///
/// The Request owns the C object, and frees it right after C's request. Until then C may call the C object.
/// The Decompressor itself may be destroyed earlier, before the request is sent, or later, after the request
/// is gone. A Decompressor owns its session, which counts it as live.
class Decompressor final : public Handle {
 public:
  static constexpr Kind kind = Kind::Decompressor;
  static constexpr std::int64_t external_size = 16384;  // ne_decompress_s holds a buffer of 8 KiB, zlib more

  explicit Decompressor(const std::shared_ptr<Request> &request)
      : Handle(*request->environment), request_(request), session_(request->shared_session()) {}

  static Napi::Value make(const std::shared_ptr<Request> &request) {
    const auto made = std::make_shared<Decompressor>(request);
    const Napi::Object object = to_object(made);
    made->session_->live_others[made.get()] = "ne_decompress of " + request->description();
    return object;
  }

  void on_detached() override { session_->live_others.erase(this); }

  /// Throws ERR_NEON_BUSY or ERR_NEON_REENTRANT while a call on the request runs.
  void require_unused() const {
    const auto request = request_.lock();
    if (!request || request->closed()) return;
    if (session_->asks_about(*request) && session_->inside_callback())
      throw neon_failure(code::reentrant,
                         "A ne_decompress must not be destroyed from a callback of its running request");
    request->require_usable();
  }

 private:
  const std::weak_ptr<Request> request_;
  const std::shared_ptr<Session> session_;
};

Napi::Value read_by_function(const Arguments &arguments) {
  return Decompressor::make(add_function_reader(arguments, Request::Coding::Gzip));
}

/// decompressToParser(req, accpt, parser): ne_decompress_reader with ne_xml_parse_v.
Napi::Value read_by_parser(const Arguments &arguments) {
  return Decompressor::make(add_parser_reader(arguments, Request::Coding::Gzip));
}

Napi::Value destroy(const Arguments &arguments) {
  const auto decompressor = arguments.handle<Decompressor>(0, "ctx");
  decompressor->require_unused();
  HandleWrap::destroy(*decompressor);
  return arguments.env().Undefined();
}

}  // namespace

void register_compress(Topic &topic) {
  topic.plain("ne_decompress_reader", read_by_function);
  topic.plain("decompressToParser", read_by_parser);
  topic.plain("ne_decompress_destroy", destroy);
}

}  // namespace neon
