#include <ne_request.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "error.h"
#include "session.h"
#include "topic.h"

namespace neon {

namespace {

constexpr std::size_t block_size = 64 * 1024;
// So much is read ahead of JavaScript.
constexpr std::size_t high_water = 4 * block_size;

// In the order of the NE_* codes.
constexpr const char *code_names[] = {"NE_OK",      "NE_ERROR",   "NE_LOOKUP", "NE_AUTH",  "NE_PROXYAUTH",
                                      "NE_CONNECT", "NE_TIMEOUT", "NE_FAILED", "NE_RETRY", "NE_REDIRECT"};

/// Bytes that were received, in memory that JavaScript can take over.
struct Block {
  Memory memory;
  std::size_t capacity = 0;
  std::size_t size = 0;

  explicit Block(std::size_t capacity) : memory(allocate(capacity)), capacity(capacity) {}

  void grow(std::size_t to) {
    char *grown = static_cast<char *>(std::realloc(memory.get(), to));
    if (!grown) throw std::bad_alloc();
    static_cast<void>(memory.release());
    memory.reset(grown);
    capacity = to;
  }

  napi_value take(napi_env env) {
    // A buffer of its own for few bytes costs less than one that holds on to many.
    if (size < capacity / 2 || size < 4096) return copy_to_buffer(env, {memory.get(), size});
    return hand_over(env, std::move(memory), size);
  }
};

/// What is to be sent.
struct Recipe {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<int, int>> flags;
  std::string body;
  bool has_body = false;
};

/// One whole request and its response, as one operation: what the classes run. A response of at most one
/// block crosses to JavaScript whole, in one event.
///
/// A longer one streams (promises only). The lane posts the head, then fills blocks ahead of JavaScript up to
/// `high_water`, and waits on `room_` for JavaScript to take some: that is the back-pressure. It is woken by
/// a take, by cancel() (the response was dropped, destroyed, aborted) and when the environment goes away.
/// `stream_mutex_` guards blocks_, buffered_, reader_waits_ and the end; JavaScript's side holds at most one
/// promise of a read (reader_).
class Exchange final : public Operation {
 public:
  Exchange(std::shared_ptr<Session> session, Recipe recipe, bool streams)
      : Operation(session), session_(std::move(session)), recipe_(std::move(recipe)), streams_(streams) {}

  /// The next block: a Buffer, null at the end, or a promise of one of them. JavaScript thread.
  napi_value read(napi_env env);

  void deliver(napi_env env) override;

 protected:
  void run() override;
  void stalled() override {
    if (code_ == NE_OK) return;
    code_ = NE_TIMEOUT;
    text_ = ne_get_error(session_->c());
  }
  void woken() override {
    const std::lock_guard lock(stream_mutex_);
    room_.notify_all();
  }
  napi_value result(napi_env env) override;

 private:
  void note_head(ne_request *request);
  int receive(ne_request *request);
  int receive_whole(ne_request *request, Block &block);
  int receive_stream(ne_request *request, Block block);
  void push(Block block);
  bool next_block(napi_env env, napi_value *value);
  void let_go_of_reader();
  Failure failure() const;

  const std::shared_ptr<Session> session_;
  Recipe recipe_;
  const bool streams_;

  // Written inside run(), read by JavaScript after the head or the end was posted.
  int code_ = NE_ERROR;
  std::string text_;
  int status_ = 0, major_ = 0, minor_ = 0;
  std::string reason_;
  std::string headers_;  // name LF value LF …
  std::unique_ptr<Block> whole_;

  std::mutex stream_mutex_;
  std::condition_variable room_;
  std::deque<Block> blocks_;
  std::size_t buffered_ = 0;
  bool head_posted_ = false;
  std::atomic<bool> reader_waits_{false};

  napi_deferred reader_ = nullptr;
};

/// What JavaScript holds of a response that streams: when it is dropped, so is the rest of the body.
class Stream final : public Handle {
 public:
  static constexpr Kind kind = Kind::Exchange;
  static constexpr std::int64_t external_size = high_water;

  Stream(Environment &environment, std::shared_ptr<Exchange> exchange)
      : Handle(environment), exchange(std::move(exchange)) {}
  void parted() override { exchange->cancel(); }

  const std::shared_ptr<Exchange> exchange;
};

void Exchange::run() {
  session_->require_free();
  session_->prepare();
  ne_request *request = ne_request_create(session_->c(), recipe_.method.c_str(), recipe_.target.c_str());
  for (const auto &[flag, value] : recipe_.flags)
    ne_set_request_flag(request, static_cast<ne_request_flag>(flag), value);
  for (const auto &[name, value] : recipe_.headers)
    ne_add_request_header(request, name.c_str(), value.c_str());
  if (recipe_.has_body) ne_set_request_body_buffer(request, recipe_.body.data(), recipe_.body.size());
  bool complete = false;
  do {
    code_ = ne_begin_request(request);
    if (code_ != NE_OK) break;
    note_head(request);
    complete = false;
    code_ = receive(request);
    if (code_ != NE_OK) break;
    complete = true;
    code_ = ne_end_request(request);
  } while (code_ == NE_RETRY && !head_posted_);
  text_ = ne_get_error(session_->c());
  // What is left of an unread body must not become the head of the next response.
  if (!complete) session_->close_connection();
  ne_request_destroy(request);
}

void Exchange::note_head(ne_request *request) {
  const ne_status *status = ne_get_status(request);
  status_ = status->code;
  major_ = status->major_version;
  minor_ = status->minor_version;
  reason_ = status->reason_phrase ? status->reason_phrase : "";
  headers_.clear();
  const char *name, *value;
  for (void *cursor = nullptr; (cursor = ne_response_header_iterate(request, cursor, &name, &value));)
    headers_.append(name).append("\n").append(value).append("\n");
}

int Exchange::receive(ne_request *request) {
  // A short body of known length needs no more room than that, and one byte that tells the end.
  const char *length = ne_get_response_header(request, "Content-Length");
  const unsigned long long known = length ? std::strtoull(length, nullptr, 10) : block_size;
  Block block(static_cast<std::size_t>(std::clamp<unsigned long long>(known + 1, 1, block_size)));
  for (;;) {
    const ssize_t count =
        ne_read_response_block(request, block.memory.get() + block.size, block.capacity - block.size);
    if (count < 0) return NE_ERROR;
    if (count == 0) break;
    block.size += static_cast<std::size_t>(count);
    if (block.size < block.capacity) continue;
    if (block.capacity < block_size) {
      block.grow(block_size);  // longer than it said, or nothing was said (HEAD)
      continue;
    }
    if (streams_) return receive_stream(request, std::move(block));
    if (receive_whole(request, block) != NE_OK) return NE_ERROR;
    break;
  }
  whole_ = std::make_unique<Block>(std::move(block));
  return NE_OK;
}

// The blocking surface: everything into one piece of memory.
int Exchange::receive_whole(ne_request *request, Block &block) {
  for (;;) {
    if (block.size == block.capacity) block.grow(block.capacity * 2);
    const ssize_t count =
        ne_read_response_block(request, block.memory.get() + block.size, block.capacity - block.size);
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    block.size += static_cast<std::size_t>(count);
  }
}

int Exchange::receive_stream(ne_request *request, Block block) {
  {
    const std::lock_guard lock(stream_mutex_);
    head_posted_ = true;
  }
  push(std::move(block));
  environment().post(shared_from_this());
  for (Block next(block_size); !cancelled();) {
    const ssize_t count =
        ne_read_response_block(request, next.memory.get() + next.size, next.capacity - next.size);
    if (count < 0) return NE_ERROR;
    next.size += static_cast<std::size_t>(count);
    const bool end = count == 0;
    // A reader that waits is given what is there; else the block is filled first.
    if (next.size > 0 && (end || next.size == next.capacity || reader_waits_)) {
      push(std::move(next));
      next = Block(block_size);
    }
    if (end) return NE_OK;
  }
  return NE_ERROR;
}

void Exchange::push(Block block) {
  bool wake;
  {
    std::unique_lock lock(stream_mutex_);
    buffered_ += block.size;
    blocks_.push_back(std::move(block));
    wake = reader_waits_.exchange(false);
    if (!wake && buffered_ >= high_water) {
      session_->connection.pause();
      {
        lock.unlock();
        const SafePoint outside;
        lock.lock();
        room_.wait(lock, [this] { return buffered_ < high_water || cancelled(); });
        lock.unlock();
      }
      session_->connection.resume();
    }
  }
  if (wake) environment().post(shared_from_this());
}

void Exchange::deliver(napi_env env) {
  if (done())
    finish(env);
  else
    settle(env);
  napi_value block;
  if (!reader_) return;
  const napi_deferred reader = reader_;
  try {
    if (!next_block(env, &block)) return;
    let_go_of_reader();
    check(env, napi_resolve_deferred(env, reader, block));
  } catch (const Failure &failure) {
    let_go_of_reader();
    check(env, napi_reject_deferred(env, reader, to_error(env, failure)));
  }
}

void Exchange::let_go_of_reader() {
  reader_ = nullptr;
  environment().release();
}

// True when there is a block, or null for the end; throws when the response failed.
bool Exchange::next_block(napi_env env, napi_value *value) {
  std::unique_lock lock(stream_mutex_);
  if (!blocks_.empty()) {
    Block block = std::move(blocks_.front());
    blocks_.pop_front();
    buffered_ -= block.size;
    room_.notify_all();
    lock.unlock();
    *value = block.take(env);
    return true;
  }
  reader_waits_ = true;
  lock.unlock();
  if (!done()) return false;
  if (code_ != NE_OK) throw failure();
  *value = null(env);
  return true;
}

napi_value Exchange::read(napi_env env) {
  if (reader_) throw neon_failure(code::invalid_state, "The response is being read already");
  napi_value value;
  if (next_block(env, &value)) return value;
  check(env, napi_create_promise(env, &reader_, &value));
  environment().hold();
  return value;
}

Failure Exchange::failure() const {
  if (cancelled()) return neon_failure("ERR_NEON_ABORTED", "The response was given up before its end");
  const auto index = static_cast<std::size_t>(code_);
  return neon_failure(code_names[index < std::size(code_names) ? index : NE_ERROR], text_);
}

napi_value Exchange::result(napi_env env) {
  const bool streaming = head_posted_;
  if (!streaming && code_ != NE_OK) throw failure();
  napi_value stream = streaming ? to_object(std::make_shared<Stream>(
                                      environment(), std::static_pointer_cast<Exchange>(shared_from_this())))
                                : null(env);
  napi_value body = whole_ && whole_->size ? whole_->take(env) : null(env);
  const napi_value fields[] = {from(env, status_),
                               from(env, reason_),
                               from(env, major_),
                               from(env, minor_),
                               from(env, headers_),
                               body,
                               stream};
  napi_value list;
  check(env, napi_create_array_with_length(env, std::size(fields), &list));
  for (std::uint32_t i = 0; i < std::size(fields); ++i) check(env, napi_set_element(env, list, i, fields[i]));
  return list;
}

// --------------------------------------------------------------------------------------------------------

// A flat array of strings or numbers, two by two.
template <class Visit>
void each_pair(napi_env env, napi_value list, Visit visit) {
  std::uint32_t length = 0;
  check(env, napi_get_array_length(env, list, &length));
  for (std::uint32_t i = 0; i + 1 < length; i += 2) {
    napi_value first, second;
    check(env, napi_get_element(env, list, i, &first));
    check(env, napi_get_element(env, list, i + 1, &second));
    visit(first, second);
  }
}

/// exchange(session, method, target, headers, flags, body) → [status, reason, major, minor, headers, body,
/// stream]
std::shared_ptr<Operation> exchange(const Arguments &arguments, Mode mode) {
  const napi_env env = arguments.env();
  auto session = arguments.handle<Session>(0, "session");
  Recipe recipe;
  recipe.method = arguments.line(1, "method");
  recipe.target = arguments.line(2, "target");
  each_pair(env, arguments[3], [&](napi_value name, napi_value value) {
    recipe.headers.emplace_back(to_string(env, name), to_string(env, value));
    require_token(recipe.headers.back().first, "header name");
    require_line(recipe.headers.back().second, "header value");
  });
  each_pair(env, arguments[4], [&](napi_value flag, napi_value value) {
    std::pair<int, int> pair;
    check(env, napi_get_value_int32(env, flag, &pair.first));
    check(env, napi_get_value_int32(env, value, &pair.second));
    recipe.flags.push_back(pair);
  });
  recipe.has_body = !arguments.is_nullish(5);
  if (recipe.has_body) recipe.body = arguments.bytes(5, "body");
  return std::make_shared<Exchange>(std::move(session), std::move(recipe), mode == Mode::Async);
}

napi_value read_stream(const Arguments &arguments) {
  return arguments.handle<Stream>(0, "stream")->exchange->read(arguments.env());
}

napi_value drop_stream(const Arguments &arguments) {
  Wrapping::destroy(*arguments.handle<Stream>(0, "stream"));
  return undefined(arguments.env());
}

}  // namespace

void register_exchange(Topic &topic) {
  topic.blocking("exchange", exchange);
  topic.plain("readStream", read_stream);
  topic.plain("dropStream", drop_stream);
}

}  // namespace neon
