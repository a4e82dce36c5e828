#include "classes/exchange/body.h"

#include <errno.h>
#include <fcntl.h>
#include <ne_session.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/lane.h"
#include "core/operation.h"

namespace neon {

namespace {

/// Bytes in memory.
class Bytes final : public Body {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  void give_to(ne_request *request) override {
    ne_set_request_body_buffer(request, bytes_.data(), bytes_.size());
  }

 private:
  const std::string bytes_;
};

/// What bodies share whose bytes C asks for, block by block.
class Provided {
 public:
  Provided() = default;
  Provided(const Provided &) = delete;
  Provided &operator=(const Provided &) = delete;
  virtual ~Provided() = default;

 protected:
  /// A length of less than 0 is unknown.
  void provide(ne_request *request, std::int64_t length) {
    request_ = request;
    length_ = length;
    ne_set_request_body_provider(request, length, answer, this);
  }

  /// Starts again; false when it cannot.
  virtual bool rewind() = 0;
  /// The number of bytes put into `buffer`, 0 at the end, -1 after fail().
  virtual ssize_t next(char *buffer, std::size_t size) = 0;

  bool fail(const std::string &message) {
    ne_set_error(ne_get_session(request_), "%s", message.c_str());
    return false;
  }

 private:
  static ssize_t answer(void *self, char *buffer, std::size_t size) noexcept {
    auto &body = *static_cast<Provided *>(self);
    if (size > 0) return body.counted(body.next(buffer, size));
    body.given_ = 0;
    return body.rewind() ? 0 : -1;
  }

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

/// A file, read in its place so that nobody's position moves; or a pipe, which can be read once. One that is
/// given by its path is opened when the request is sent.
class File final : public Body, private Provided {
 public:
  File(std::string path, int descriptor, std::int64_t offset, std::int64_t length)
      : path_(std::move(path)), descriptor_(descriptor), offset_(offset), length_(length) {}
  ~File() override {
    if (!path_.empty() && descriptor_ >= 0) ::close(descriptor_);
  }

  void give_to(ne_request *request) override {
    if (descriptor_ < 0)
      descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // no waiting for a pipe
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) throw system_failure(errno, "open", path_);
    if (S_ISDIR(status.st_mode)) throw system_failure(EISDIR, "read", path_);
    is_file_ = S_ISREG(status.st_mode);
    if (is_file_ && length_ < 0) length_ = std::max<std::int64_t>(status.st_size - offset_, 0);
    provide(request, length_);
  }

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

  // Who writes into it may take his time: that is no stall, and an abort ends it.
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
  bool is_file_ = false;
  std::int64_t position_ = 0;
};

/// Blocks that a JavaScript function gives: called with whether to start again, it answers a Uint8Array, null
/// at the end, or false when it cannot start again. What it gave first is kept, so that a connection which
/// was found closed costs nothing.
class Blocks final : public Body, private Provided {
 public:
  Blocks(napi_value function, std::int64_t length) : function_(function), length_(length) {}

  void give_to(ne_request *request) override { provide(request, length_); }
  napi_value function() const override { return function_; }

 private:
  bool rewind() override {
    rest_ = {};
    if (!called_) return true;
    if (kept_all_) {
      rest_ = kept_;  // which stays as it is until the next block was asked for
      block_.clear();
      return true;
    }
    kept_.clear();
    if (ask(true).again) {
      called_ = ended_ = false;
      kept_all_ = true;
      return true;
    }
    return fail("The request body cannot be sent again: it is a stream");
  }

  ssize_t next(char *buffer, std::size_t size) override {
    while (rest_.empty()) {
      if (ended_) return 0;
      called_ = true;
      Answer answer = ask(false);
      if (answer.failed) return -1;
      ended_ = answer.ended;
      block_ = std::move(answer.block);
      rest_ = block_;
      keep();
    }
    const std::size_t count = std::min(size, rest_.size());
    std::memcpy(buffer, rest_.data(), count);
    rest_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }

 private:
  static constexpr std::size_t max_kept = std::size_t{256} * 1024;

  struct Answer {
    bool failed = true, ended = false, again = false;
    std::string block;
  };

  static Answer to_answer(napi_env env, napi_value value) {
    napi_valuetype type;
    check(env, napi_typeof(env, value, &type));
    if (type == napi_null) return {false, true, false, {}};
    if (type == napi_boolean) {
      bool again = false;
      check(env, napi_get_value_bool(env, value, &again));
      return {false, false, again, {}};
    }
    return {false, false, false, bytes_of(env, value, "A block of the request body")};
  }

  Answer ask(bool again) {
    Operation *operation = Operation::current();
    if (!operation) return {};
    return operation->ask(
        Answer{},
        [=](napi_env env) {
          napi_value argument = from(env, again);
          return operation->call_function(env, operation->held(env, 0), 1, &argument);
        },
        to_answer);
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

  const napi_value function_;  // read when the operation is made
  const std::int64_t length_;
  bool called_ = false, ended_ = false, kept_all_ = true;
  std::string block_, kept_;
  std::string_view rest_;  // of the block, or of what was kept
};

constexpr std::int64_t max_bytes = (std::int64_t{1} << 53) - 1;  // Number.MAX_SAFE_INTEGER

std::int64_t integer_in(napi_env env, napi_value list, std::uint32_t index) {
  napi_value value;
  std::int64_t number = 0;
  check(env, napi_get_element(env, list, index, &value));
  check(env, napi_get_value_int64(env, value, &number));
  return number;
}

// [path or descriptor, offset, length]
std::unique_ptr<Body> file_of(napi_env env, napi_value list) {
  napi_value file;
  napi_valuetype type;
  check(env, napi_get_element(env, list, 0, &file));
  check(env, napi_typeof(env, file, &type));
  const bool by_path = type == napi_string;
  return std::make_unique<File>(by_path ? to_string(env, file) : "",
                                by_path ? -1 : static_cast<int>(integer_in(env, list, 0)),
                                integer_in(env, list, 1), integer_in(env, list, 2));
}

}  // namespace

std::unique_ptr<Body> Body::from_arguments(const Arguments &arguments, std::size_t index) {
  const napi_env env = arguments.env();
  if (arguments.is_nullish(index)) return nullptr;
  bool is_list = false;
  check(env, napi_is_array(env, arguments[index], &is_list));
  if (is_list) return file_of(env, arguments[index]);
  if (is_function(env, arguments[index]))
    return std::make_unique<Blocks>(arguments[index], arguments.integer(index + 1, "length", -1, max_bytes));
  return std::make_unique<Bytes>(arguments.bytes(index, "body"));
}

}  // namespace neon
