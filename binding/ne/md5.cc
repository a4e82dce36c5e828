// MD5 digests: the functions of ne_md5.h.
#include <errno.h>
#include <fcntl.h>
#include <ne_md5.h>
#include <poll.h>
#ifdef __linux__
#include <stdio_ext.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "core/error.h"
#include "core/exit.h"
#include "core/sessionless_executor.h"
#include "core/tls_errors.h"
#include "core/topic.h"

namespace neon {

namespace {

constexpr std::size_t digest_size = 16;
constexpr std::size_t digits = 2 * digest_size;
constexpr std::size_t block_of_md5 = 64;
// Aligned, because C writes a digest by words.
struct alignas(std::uint32_t) Digest : std::array<unsigned char, digest_size> {};

struct Destroy {
  void operator()(ne_md5_ctx *c) const { ne_md5_destroy_ctx(c); }
};
using Owned = std::unique_ptr<ne_md5_ctx, Destroy>;

// Null where MD5 is prohibited.
Owned new_context() {
  Owned c(ne_md5_create_ctx());
  if (!c) forget_tls_errors();
  return c;
}

/// A `ne_md5_ctx`.
class Md5Context final : public Handle {
 public:
  static constexpr Kind kind = Kind::Md5Context;
  static constexpr std::int64_t external_size = 128;

  Md5Context(Environment &environment, Owned c, bool given_bytes = false)
      : Handle(environment), given_bytes_(given_bytes), c_(std::move(c)) {}

  // Throws for a finished context, which has no state. With OpenSSL, C would crash with such a context.
  ne_md5_ctx *c() const {
    if (finished_)
      throw neon_failure(code::invalid_state, "This ne_md5_ctx is finished: reset it, or create another");
    return c_.get();
  }

  void process_bytes(std::string_view bytes) {
    ne_md5_process_bytes(bytes.data(), bytes.size(), c());
    given_bytes_ = true;
  }

  // Without OpenSSL, ne_md5_process_block would process this block before earlier bytes that are still
  // buffered.
  void process_block(std::string_view block) {
    if (given_bytes_) return process_bytes(block);
    ne_md5_process_block(block.data(), block.size(), c());
  }

  Digest finish() {
    Digest digest;
    ne_md5_finish_ctx(c(), digest.data());
    finished_ = true;
    return digest;
  }

  std::string finish_as_text() {
    std::array<char, digits + 1> text;
    ne_md5_finish_ascii(c(), text.data());
    finished_ = true;
    return text.data();
  }

  // Makes a new C object. Since neon 0.35, ne_md5_reset_ctx leaves OpenSSL's context without an algorithm.
  void reset() {
    Owned fresh = new_context();
    if (!fresh) throw neon_failure(code::invalid_state, "MD5 is not available any more");
    c_ = std::move(fresh);
    finished_ = given_bytes_ = false;
  }

  std::shared_ptr<Md5Context> copy() const {
    Owned c(ne_md5_dup_ctx(this->c()));
    if (!c) forget_tls_errors();
    return c ? std::make_shared<Md5Context>(*environment, std::move(c), given_bytes_) : nullptr;
  }

 private:
  bool finished_ = false;
  bool given_bytes_;
  Owned c_;
};

std::shared_ptr<Md5Context> context_argument(const Arguments &arguments, std::size_t index = 0) {
  return arguments.handle<Md5Context>(index, "ctx");
}

Napi::Value to_buffer(Napi::Env env, const Digest &digest) {
  return Napi::Buffer<unsigned char>::Copy(env, digest.data(), digest.size());
}

Napi::Value create(const Arguments &arguments) {
  Owned c = new_context();
  if (!c) return arguments.env().Null();
  return to_object(std::make_shared<Md5Context>(arguments.environment(), std::move(c)));
}

Napi::Value process_bytes(const Arguments &arguments) {
  const std::string bytes = arguments.bytes(0, "buffer");
  context_argument(arguments, 1)->process_bytes(bytes);
  return arguments.env().Undefined();
}

Napi::Value process_block(const Arguments &arguments) {
  const std::string block = arguments.bytes(0, "buffer");
  if (block.size() % block_of_md5 != 0)
    throw range_failure("The \"buffer\" argument must hold a multiple of 64 bytes. Received " +
                        std::to_string(block.size()));
  context_argument(arguments, 1)->process_block(block);
  return arguments.env().Undefined();
}

Napi::Value finish(const Arguments &arguments) {
  return to_buffer(arguments.env(), context_argument(arguments)->finish());
}

Napi::Value finish_as_text(const Arguments &arguments) {
  return Napi::String::New(arguments.env(), context_argument(arguments)->finish_as_text());
}

Napi::Value read(const Arguments &arguments) {
  Digest digest;
  const bool known = ne_md5_read_ctx(context_argument(arguments)->c(), digest.data()) != nullptr;
  return known ? to_buffer(arguments.env(), digest) : arguments.env().Null();
}

Napi::Value copy(const Arguments &arguments) {
  const std::shared_ptr<Md5Context> made = context_argument(arguments)->copy();
  return made ? to_object(made) : arguments.env().Null();
}

Napi::Value reset(const Arguments &arguments) {
  context_argument(arguments)->reset();
  return arguments.env().Undefined();
}

// NULL is allowed, as in C.
Napi::Value destroy(const Arguments &arguments) {
  if (!arguments[0].IsNull()) HandleWrap::destroy(*context_argument(arguments));
  return arguments.env().Undefined();
}

// --- Streams ----------------------------------------------------------------------------------------------

// A wait for bytes checks at this interval whether the operation was cancelled.
constexpr int slice_ms = 50;

/// Presents a file descriptor to neon as a FILE. A Source duplicates the caller's descriptor. By the time the
/// operation runs, the caller's number may refer to another file.
class Source final {
 public:
  explicit Source(int descriptor) : descriptor_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)) {}
  ~Source() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;

  /// Returns 0, or 1 when reading failed, as C does.
  int digest(const Operation &operation, Digest &digest) {
    if (!new_context()) return 1;  // C would continue without a context
    operation_ = &operation;
    const auto buffer = std::make_unique<char[]>(buffer_size);
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(open(), std::fclose);
    if (!file) return 1;
    std::setvbuf(file.get(), buffer.get(), _IOFBF, buffer_size);
    const int result = ne_md5_stream(file.get(), digest.data());
    return failed_ ? 1 : result;
  }

 private:
  static constexpr std::size_t buffer_size = std::size_t{64} * 1024;

  std::FILE *open() {
#ifdef __linux__
    std::FILE *file = fopencookie(this, "r", {on_read, nullptr, nullptr, nullptr});
    // Only this thread uses the FILE, so the FILE needs no lock. With a lock, exit() would wait until read(2)
    // returns.
    if (file) __fsetlocking(file, FSETLOCKING_BYCALLER);
    return file;
#else
    const auto read = [](void *self, char *bytes, int size) {
      return static_cast<int>(on_read(self, bytes, static_cast<std::size_t>(size)));
    };
    return funopen(this, read, nullptr, nullptr, nullptr);
#endif
  }

  static ssize_t on_read(void *self, char *bytes, std::size_t size) {
    return static_cast<Source *>(self)->read(bytes, size);
  }

  // Reports a failed read to C as the end of the file. If C saw the failure, it would leak its context.
  ssize_t read(char *bytes, std::size_t size) {
    if (failed_) return 0;
    ssize_t count = -1;
    while (wait()) {
      const SafePoint outside;
      count = ::read(descriptor_, bytes, size);
      if (count >= 0 || errno != EINTR) break;
    }
    failed_ = count < 0;
    return std::max<ssize_t>(count, 0);
  }

  // Waits until the descriptor is readable. A non-blocking descriptor needs no wait. Returns false when the
  // operation was cancelled or the process is exiting. On exit, C must return and close its FILE. Otherwise
  // exit() would wait for the FILE.
  bool wait() const {
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK) != 0) return true;
    pollfd readable{descriptor_, POLLIN, 0};
    while (!operation_->cancelled() && !exiting()) {
      const int ready = ::poll(&readable, 1, slice_ms);
      if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    }
    return false;
  }

  const int descriptor_;
  const Operation *operation_ = nullptr;
  bool failed_ = false;
};

class StreamDigest final : public Operation {
 public:
  StreamDigest(Environment &environment, int descriptor)
      : Operation(std::make_shared<SessionlessExecutor>(environment)), source_(descriptor) {}

 protected:
  void run() override { code_ = source_.digest(*this, digest_); }
  Napi::Value result(Napi::Env env) override {
    if (code_ == 0) set_field(held(env, 0).As<Napi::Object>(), "value", to_buffer(env, digest_));
    return Napi::Number::New(env, code_);
  }

 private:
  Source source_;
  Digest digest_{};
  int code_ = 1;
};

std::shared_ptr<Operation> stream(const Arguments &arguments, Mode) {
  const int descriptor = static_cast<int>(arguments.integer(0, "fd", 0, INT32_MAX));
  const Napi::Object out = arguments.out(1, "resblock");
  auto made = std::make_shared<StreamDigest>(arguments.environment(), descriptor);
  made->hold(out);
  return made;
}

// --- Digests as text --------------------------------------------------------------------------------------

Napi::Value to_text(const Arguments &arguments) {
  const std::string digest = arguments.bytes(0, "md5_buf");
  if (digest.size() != digest_size)
    throw range_failure("The \"md5_buf\" argument must hold 16 bytes. Received " +
                        std::to_string(digest.size()));
  std::array<char, digits + 1> text;
  ne_md5_to_ascii(reinterpret_cast<const unsigned char *>(digest.data()), text.data());
  return Napi::String::New(arguments.env(), text.data());
}

// C reads 32 characters, and does not check that they are hexadecimal digits.
Napi::Value from_text(const Arguments &arguments) {
  const std::string text = arguments.text(0, "buffer");
  const auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (text.size() != digits || !std::all_of(text.begin(), text.end(), is_digit))
    throw type_failure(code::argument_value, "The \"buffer\" argument must be 32 hexadecimal digits");
  Digest digest;
  ne_ascii_to_md5(text.c_str(), digest.data());
  return to_buffer(arguments.env(), digest);
}

}  // namespace

void register_md5(Topic &topic) {
  topic.plain("ne_md5_create_ctx", create);
  topic.plain("ne_md5_process_bytes", process_bytes);
  topic.plain("ne_md5_process_block", process_block);
  topic.plain("ne_md5_finish_ctx", finish);
  topic.plain("ne_md5_finish_ascii", finish_as_text);
  topic.plain("ne_md5_read_ctx", read);
  topic.plain("ne_md5_dup_ctx", copy);
  topic.plain("ne_md5_reset_ctx", reset);
  topic.plain("ne_md5_destroy_ctx", destroy);
  topic.blocking("ne_md5_stream", stream);
  topic.plain("ne_md5_to_ascii", to_text);
  topic.plain("ne_ascii_to_md5", from_text);
}

}  // namespace neon
