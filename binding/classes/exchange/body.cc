// The three kinds of body that a request of the classes can have.
#include "classes/exchange/body.h"

#include <fcntl.h>
#include <ne_session.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/exit.h"
#include "core/operation.h"
#include "core/value.h"

namespace neon {

namespace {

/// Bytes in memory.
class Bytes final : public Body {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  void give_to(ne_request *request) override {
    ne_set_request_body_buffer(request, bytes_.data(), bytes_.size());
  }
  std::size_t size_in_memory() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
};

/// The common part of bodies whose bytes C requests block by block.
class Provided {
 public:
  Provided() = default;
  Provided(const Provided &) = delete;
  Provided &operator=(const Provided &) = delete;
  virtual ~Provided() = default;

 protected:
  /// A negative `length` means that the length is unknown.
  void provide(ne_request *request, std::int64_t length) {
    request_ = request;
    length_ = length;
    ne_set_request_body_provider(request, length, on_provide, this);
  }

  /// Starts the body again. If the body cannot start again, calls fail() and returns false.
  virtual bool rewind() = 0;
  /// Puts bytes into `buffer`. Returns their number, 0 at the end of the body, or -1 after fail().
  virtual ssize_t next(char *buffer, std::size_t size) = 0;

  /// Sets the session's error text; returns false.
  bool fail(const std::string &message) {
    ne_set_error(ne_get_session(request_), "%s", message.c_str());
    return false;
  }

 private:
  static ssize_t on_provide(void *self, char *buffer, std::size_t size) noexcept {
    auto &body = *static_cast<Provided *>(self);
    if (size > 0) return body.counted(body.next(buffer, size));
    body.given_ = 0;
    return body.rewind() ? 0 : -1;
  }

  /// Returns the count, or -1 when the body turns out to be longer or shorter than announced.
  ssize_t counted(ssize_t count) {
    if (count < 0 || length_ < 0) return count;
    given_ += count;
    if (given_ > length_ || (count == 0 && given_ < length_)) {
      fail("The request body has " + std::string(count == 0 ? "less" : "more") + " than the " +
           std::to_string(length_) + " bytes that were announced");
      return -1;
    }
    return count;
  }

  std::int64_t length_ = -1;
  std::int64_t given_ = 0;
  ne_request *request_ = nullptr;
};

/// A file or a pipe. A file is read with pread(), which leaves the offset of the descriptor alone. A pipe can
/// be read only once. A path from the caller is opened when the request is sent.
class File final : public Body, private Provided {
 public:
  /// `announced`: the length in the caller's Content-Length header; negative without this header.
  File(std::string path, int descriptor, std::int64_t offset, std::int64_t length, std::int64_t announced)
      : path_(std::move(path)),
        descriptor_(descriptor),
        offset_(offset),
        length_(length),
        announced_(announced) {}
  ~File() override {
    if (!path_.empty() && descriptor_ >= 0) ::close(descriptor_);
  }

  void give_to(ne_request *request) override {
    if (descriptor_ < 0)
      descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // does not wait for a pipe
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) throw system_failure(errno, "open", path_);
    if (S_ISDIR(status.st_mode)) throw system_failure(EISDIR, "read", path_);
    is_file_ = S_ISREG(status.st_mode);
    if (is_file_ && length_ < 0) length_ = std::max<std::int64_t>(status.st_size - offset_, 0);
    if (length_ < 0) length_ = announced_;
    if (announced_ >= 0 && announced_ != length_)
      throw type_failure(code::argument_value, "The header Content-Length announces " +
                                                   std::to_string(announced_) + " bytes, but the body has " +
                                                   std::to_string(length_) + ": omit the header");
    provide(request, length_);
  }
  bool can_restart() override { return is_file_; }

 private:
  bool rewind() override {
    if (!is_file_ && position_ > 0)
      return fail("The request body cannot be sent again: it was read from a pipe");
    position_ = 0;
    return true;
  }

  ssize_t next(char *buffer, std::size_t size) override {
    if (length_ >= 0)
      size = static_cast<std::size_t>(
          std::min<std::int64_t>(static_cast<std::int64_t>(size), length_ - position_));
    if (size == 0) return 0;
    if (!is_file_ && !wait_for_pipe()) return -1;
    ssize_t count;
    do {
      count = is_file_ ? ::pread(descriptor_, buffer, size, offset_ + position_)
                       : ::read(descriptor_, buffer, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      fail("Could not read the request body: " + system_text(errno));
      return -1;
    }
    position_ += count;
    return count;
  }

  // Pauses the watchdog during the wait, since a slow writer of the pipe does not mean that the server
  // stalls. Returns false after an abort.
  bool wait_for_pipe() {
    const Operation *operation = Operation::current();
    Connection &connection = operation->executor().connection;
    connection.pause();
    pollfd readable{descriptor_, POLLIN, 0};
    {
      const SafePoint outside;
      while (!operation->cancelled() && ::poll(&readable, 1, 50) == 0) {
      }
    }
    connection.resume();
    return !operation->cancelled();
  }

  const std::string path_;
  int descriptor_;
  const std::int64_t offset_;
  std::int64_t length_;
  const std::int64_t announced_;
  bool is_file_ = false;
  std::int64_t position_ = 0;
};

/// A body whose blocks a JavaScript function returns. The argument of the function, an Ask, says what to
/// return:
///  - Next and First: an array of Uint8Arrays, with null after the last block of the body.
///  - Again: whether the body starts again.
/// The object keeps all blocks until more than `max_kept` bytes have been read. neon sends a request again
/// when it finds an idle connection closed. Kept blocks are then sent again, and the function is not called.
class Blocks final : public Body, private Provided {
 public:
  /// `repeatable`: whether the function can always start again.
  Blocks(Napi::Function function, std::int64_t length, bool repeatable)
      : function_(function), length_(length), repeatable_(repeatable) {}

  void give_to(ne_request *request) override { provide(request, length_); }
  Napi::Function function() const override { return function_; }

  // If the length is unknown, gets the first blocks, which show whether the body is short enough to keep. If
  // this fails, the HTTP request fails too, so the result does not matter.
  bool can_restart() override {
    if (repeatable_ || length_ >= 0) return repeatable_ || length_ <= static_cast<std::int64_t>(max_kept);
    return !take(ask(Ask::First)) || (ended_ && kept_all_);
  }

 private:
  enum class Ask : std::uint8_t { Next, Again, First };

  bool rewind() override {
    if (!given_) return true;  // C has received no byte of the body
    if (kept_all_) {
      rest_ = kept_;  // kept_ stays as it is until the next block is requested
      block_.clear();
      return true;
    }
    kept_.clear();
    rest_ = {};
    if (ask(Ask::Again).again) {
      given_ = ended_ = false;
      kept_all_ = true;
      return true;
    }
    return fail("The request body cannot be sent again: it is a stream");
  }

  ssize_t next(char *buffer, std::size_t size) override {
    while (rest_.empty()) {
      if (ended_) return 0;
      if (!take(ask(Ask::Next))) return -1;
    }
    given_ = true;
    const std::size_t count = std::min(size, rest_.size());
    std::memcpy(buffer, rest_.data(), count);
    rest_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }

  static constexpr std::size_t max_kept = std::size_t{256} * 1024;

  struct Answer {
    bool failed = true, ended = false, again = false;
    std::string block;
  };

  // `memory` is empty. Its memory is used again, because fresh memory costs more than the copy.
  static Answer to_answer(Napi::Value value, std::string memory) {
    if (value.IsBoolean()) return {false, false, value.As<Napi::Boolean>().Value(), {}};
    const auto list = value.As<Napi::Array>();
    Answer answer{false, false, false, std::move(memory)};
    std::vector<std::string_view> blocks;
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < list.Length(); ++i) {
      const Napi::Value block = list.Get(i);
      answer.ended = block.IsNull();
      if (answer.ended) break;
      const auto bytes = block.As<Napi::Uint8Array>();  // checked by JavaScript
      blocks.emplace_back(reinterpret_cast<const char *>(bytes.Data()), bytes.ElementLength());
      size += blocks.back().size();
    }
    answer.block.reserve(size);
    for (const std::string_view block : blocks) answer.block += block;
    return answer;
  }

  Answer ask(Ask what) {
    Operation *operation = Operation::current();
    if (!operation) return {};
    rest_ = {};
    block_.clear();
    return operation->ask(
        Answer{},
        [=](Napi::Env env) {
          const auto function = operation->held(env, 0).As<Napi::Function>();
          return operation->call_function(function, {Napi::Number::New(env, static_cast<int>(what))});
        },
        [memory = std::move(block_)](Napi::Env, Napi::Value value) mutable {
          return to_answer(value, std::move(memory));
        });
  }

  /// Stores the answer as the next block. Returns false when the answer is a failure.
  bool take(Answer answer) {
    if (answer.failed) return false;
    ended_ = answer.ended;
    block_ = std::move(answer.block);
    rest_ = block_;
    keep();
    return true;
  }

  void keep() {
    if (!kept_all_) return;
    if (kept_.size() + block_.size() <= max_kept) {
      kept_ += block_;
      return;
    }
    kept_all_ = false;
    kept_ = {};
  }

  const Napi::Function function_;  // valid only while the operation is being made
  const std::int64_t length_;
  const bool repeatable_;
  bool given_ = false;  // whether C has received any bytes
  bool ended_ = false, kept_all_ = true;
  std::string block_, kept_;
  std::string_view rest_;  // of block_ or of kept_
};

// [path or descriptor, offset, length, announced length], or [function, length, repeatable]
std::unique_ptr<Body> listed(Napi::Array list) {
  const auto integer = [](Napi::Value value) { return value.As<Napi::Number>().Int64Value(); };
  const Napi::Value file = list.Get(0U);
  if (file.IsFunction())
    return std::make_unique<Blocks>(file.As<Napi::Function>(), integer(list.Get(1U)),
                                    list.Get(2U).As<Napi::Boolean>());
  const bool by_path = file.IsString();
  return std::make_unique<File>(by_path ? to_string(file) : "",
                                by_path ? -1 : static_cast<int>(integer(file)), integer(list.Get(1U)),
                                integer(list.Get(2U)), integer(list.Get(3U)));
}

}  // namespace

std::unique_ptr<Body> Body::from_arguments(const Arguments &arguments, std::size_t index) {
  if (arguments.is_nullish(index)) return nullptr;
  const Napi::Value value = arguments[index];
  if (value.IsArray()) return listed(value.As<Napi::Array>());
  return std::make_unique<Bytes>(arguments.bytes(index, "body"));
}

}  // namespace neon
