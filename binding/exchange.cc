#include <ne_request.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "error.h"
#include "request.h"
#include "session.h"
#include "topic.h"

namespace neon {

namespace {

constexpr std::size_t block_size = 64 * 1024;
// A response of at most so many bytes crosses whole; the memory for it has one more, which tells the end.
constexpr std::size_t whole_limit = block_size;
// So much is read ahead of JavaScript.
constexpr std::size_t high_water = 4 * block_size;

// In the order of the NE_* codes.
constexpr const char *code_names[] = {"NE_OK",      "NE_ERROR",   "NE_LOOKUP", "NE_AUTH",  "NE_PROXYAUTH",
                                      "NE_CONNECT", "NE_TIMEOUT", "NE_FAILED", "NE_RETRY", "NE_REDIRECT"};

/// Bytes that were received, in memory that JavaScript can take over.
struct Block {
  Memory memory;
  std::size_t capacity = 0;
  std::size_t size = 0;   // received
  std::size_t taken = 0;  // of these JavaScript has a copy

  Block() = default;
  explicit Block(std::size_t capacity) : memory(allocate(capacity)), capacity(capacity) {}

  char *end() const { return memory.get() + size; }
  std::size_t room() const { return capacity - size; }
  std::size_t left() const { return size - taken; }

  void grow(std::size_t to) {
    char *grown = static_cast<char *>(std::realloc(memory.get(), to));
    if (!grown) throw std::bad_alloc();
    static_cast<void>(memory.release());
    memory.reset(grown);
    capacity = to;
  }

  /// The bytes that are left, as a Buffer; the block goes on.
  napi_value copy_left(napi_env env) {
    const std::size_t from = std::exchange(taken, size);
    return copy_to_buffer(env, {memory.get() + from, size - from});
  }

  /// The same; the block ends.
  napi_value take(napi_env env) {
    // A buffer of its own for few bytes costs less than one that holds on to many.
    if (taken > 0 || size < capacity / 2 || size < 4096) return copy_left(env);
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

/// The request that C gets. Hooks may meet it, so with them it has a control block.
class OwnRequest final {
 public:
  OwnRequest(const std::shared_ptr<Session> &session, const Recipe &recipe) {
    session->had_request = true;
    if (session->has_callbacks())
      block_ = Request::create(session, recipe.method, recipe.target, true);
    else
      c_ = ne_request_create(session->c(), recipe.method.c_str(), recipe.target.c_str());
  }
  ~OwnRequest() {
    if (block_)
      block_->close();
    else
      ne_request_destroy(c_);
  }
  OwnRequest(const OwnRequest &) = delete;
  OwnRequest &operator=(const OwnRequest &) = delete;

  ne_request *c() const { return block_ ? block_->c() : c_; }

  // A hook may have given it one.
  void set_body(const std::string &body) {
    if (block_)
      block_->set_body(body);
    else
      ne_set_request_body_buffer(c_, body.data(), body.size());
  }
  void begins() {
    if (block_) block_->sent_again();
  }

 private:
  std::shared_ptr<Request> block_;
  ne_request *c_ = nullptr;
};

/// One whole request and its response, as one operation: what the classes run. A response of at most one
/// block crosses to JavaScript whole, in one event.
///
/// A longer one streams (promises only). The lane posts the head, then reads ahead of JavaScript up to
/// `high_water`, and waits on `room_` for JavaScript to take some: that is the back-pressure. It is woken by
/// a take, by cancel() (the response was dropped, destroyed, aborted) and when the environment goes away.
/// `stream_mutex_` guards full_, open_ and reader_waits_. The lane reads into the free end of open_ without
/// the lock, since nobody else touches that, and counts the bytes in with it; JavaScript takes over full
/// blocks, and copies what there is of the open one. JavaScript's side holds at most one promise of a read
/// (reader_).
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
  int receive_body(ne_request *request);
  int receive_whole(ne_request *request, Block &block);
  int receive_stream(ne_request *request, Block block);
  void add(std::size_t count);
  std::size_t buffered() const;
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
  std::vector<Block> full_;
  Block open_;
  bool reader_waits_ = false;
  bool head_posted_ = false;  // written before the post

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
  OwnRequest owner(session_, recipe_);
  ne_request *const request = owner.c();
  for (const auto &[flag, value] : recipe_.flags)
    ne_set_request_flag(request, static_cast<ne_request_flag>(flag), value);
  for (const auto &[name, value] : recipe_.headers)
    ne_add_request_header(request, name.c_str(), value.c_str());
  if (recipe_.has_body) owner.set_body(recipe_.body);
  int result;
  bool complete;
  do {
    complete = false;
    owner.begins();
    result = ne_begin_request(request);
    if (result != NE_OK) break;
    note_head(request);
    result = receive(request);
    if (result != NE_OK) break;
    complete = true;
    result = ne_end_request(request);
  } while (result == NE_RETRY && !head_posted_);
  text_ = ne_get_error(session_->c());
  code_ = result;  // until here it is NE_ERROR, whatever is thrown
  // What is left of an unread body must not become the head of the next response.
  if (!complete) session_->close_connection();
}

void Exchange::note_head(ne_request *request) {
  const ne_status *status = ne_get_status(request);
  status_ = status->code;
  major_ = status->major_version;
  minor_ = status->minor_version;
  reason_ = status->reason_phrase ? status->reason_phrase : "";
  headers_.clear();
  headers_.reserve(512);
  const char *name, *value;
  for (void *cursor = nullptr; (cursor = ne_response_header_iterate(request, cursor, &name, &value));)
    headers_.append(name).append("\n").append(value).append("\n");
}

// Where the end of the connection is the end of the body, neon takes our own cut for it.
int Exchange::receive(ne_request *request) {
  const int result = receive_body(request);
  return session_->connection.interruption() == Connection::Interruption::None ? result : NE_ERROR;
}

int Exchange::receive_body(ne_request *request) {
  // A short body of known length needs no more memory than that.
  const char *length = ne_get_response_header(request, "Content-Length");
  const unsigned long long known = length ? std::strtoull(length, nullptr, 10) : whole_limit;
  Block block(static_cast<std::size_t>(std::min<unsigned long long>(known, whole_limit)) + 1);
  for (;;) {
    const ssize_t count = ne_read_response_block(request, block.end(), block.room());
    if (count < 0) return NE_ERROR;
    if (count == 0) break;
    block.size += static_cast<std::size_t>(count);
    if (block.room() > 0) continue;
    if (block.capacity <= whole_limit) {
      block.grow(whole_limit + 1);  // the length was that of another body (HEAD, chunks)
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
    if (block.room() == 0) block.grow(block.capacity * 2);
    const ssize_t count = ne_read_response_block(request, block.end(), block.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    block.size += static_cast<std::size_t>(count);
  }
}

int Exchange::receive_stream(ne_request *request, Block block) {
  open_ = std::move(block);
  head_posted_ = true;
  environment().post(shared_from_this());
  add(0);
  while (!cancelled()) {
    const ssize_t count = ne_read_response_block(request, open_.end(), open_.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    add(static_cast<std::size_t>(count));
  }
  return NE_ERROR;
}

// The lane read so many bytes into the open block: counts them in, and waits while JavaScript has enough to
// take.
void Exchange::add(std::size_t count) {
  std::unique_lock lock(stream_mutex_);
  open_.size += count;
  if (open_.room() == 0) {
    full_.push_back(std::move(open_));
    open_ = Block(block_size);
  }
  if (std::exchange(reader_waits_, false)) {
    lock.unlock();
    environment().post(shared_from_this());
    return;
  }
  if (buffered() < high_water) return;
  lock.unlock();
  session_->connection.pause();
  {
    const SafePoint outside;
    lock.lock();
    room_.wait(lock, [this] { return buffered() < high_water || cancelled(); });
    lock.unlock();
  }
  session_->connection.resume();
}

std::size_t Exchange::buffered() const {
  std::size_t sum = open_.left();
  for (const Block &block : full_) sum += block.left();
  return sum;
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
  const bool over = done();  // asked before the queue is looked at: the last bytes come before the end
  std::unique_lock lock(stream_mutex_);
  if (!full_.empty()) {
    Block block = std::move(full_.front());
    full_.erase(full_.begin());
    room_.notify_all();
    lock.unlock();
    if (block.left() == 0) return next_block(env, value);  // JavaScript has had it, while it was the open one
    *value = block.take(env);
    return true;
  }
  if (open_.left() > 0) {
    *value = open_.copy_left(env);
    room_.notify_all();
    return true;
  }
  reader_waits_ = true;
  lock.unlock();
  if (!over) return false;
  finish(env);  // the session is free when its response has ended, not a turn of the loop later
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
  // One string and one array crosses to JavaScript in half the time of many values.
  const std::string head =
      std::to_string(major_) + "." + std::to_string(minor_) + "\n" + reason_ + "\n" + headers_;
  const napi_value fields[] = {from(env, status_), from(env, head), body, stream};
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

/// exchange(session, method, target, headers, flags, body) → [status, head, body, stream]; the head's lines
/// are version, reason, and the names and values of the headers
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
