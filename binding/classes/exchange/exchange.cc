// Sends one request, receives its response, and hands the response to JavaScript.
#include "classes/exchange/exchange.h"

#include <ne_request.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "classes/exchange/caller_headers.h"
#include "classes/lock_set.h"
#include "core/error.h"
#include "core/interpose.h"
#include "core/shared_lane.h"
#include "core/since.h"
#include "core/topic.h"
#include "ne/auth.h"
#include "ne/request/request.h"

namespace neon {

namespace {

// neon may react to a response by sending the request again (after a 401). While this is possible, at most
// this many bytes of the response body are kept.
constexpr std::size_t max_held = std::size_t{1024} * 1024;

// Longer responses reach JavaScript on their own. The memory of the outbox has room for several responses of
// this size.
constexpr std::size_t max_packed_body = 2048, max_packed_head = 8192;

/// C's request. Callbacks may receive it, so it has a control block if the session has callbacks.
class OwnRequest final {
 public:
  OwnRequest(const std::shared_ptr<Session> &session, const Recipe &recipe) {
    session->expect_request();
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

  // Throws when a hook has already given the request a body.
  void give(Body &body) {
    if (block_) block_->announce_body();
    body.give_to(c());
  }
  void note_send() {
    if (block_) block_->sent_again();
  }

 private:
  std::shared_ptr<Request> block_;
  ne_request *c_ = nullptr;
};

}  // namespace

/// C's request, and what lives as long as it does. On the thread that runs the operation.
struct Exchange::Course {
  Course(const std::shared_ptr<Session> &session, const Recipe &recipe) : owner(session, recipe) {}

  std::unique_ptr<Inflater> inflater;  // C's request calls it until it is destroyed
  OwnRequest owner;
  std::optional<CallerHeaders> headers;
  LockSet *locks = nullptr;
  std::vector<LockSet::Entry> ending;  // the locks that a successful request ends
  bool complete = false;               // the body was read to its end
};

Exchange::Exchange(std::shared_ptr<Session> session, Recipe recipe, bool streams)
    : Operation(session), session_(std::move(session)), recipe_(std::move(recipe)), streams_(streams) {}

Exchange::~Exchange() = default;

// --- Where the operation runs -----------------------------------------------------------------------------

bool Exchange::is_quick() const {
  return streams_ && session_->may_be_quick() && recipe_.size() <= Session::max_quick_request &&
         recipe_.flag(NE_REQFLAG_IDEMPOTENT, 1) && !recipe_.flag(NE_REQFLAG_EXPECT100, 0);
}

void Exchange::run() {
  // Also ends the course when an exception is thrown.
  struct End {
    Exchange &exchange;
    ~End() {
      if (!exchange.rest_is_left_) exchange.course_.reset();
    }
  } const end{*this};
  if (SharedLane::current() && !session_->is_ready_for_quick()) return move();
  if (!course_) begin();
  const int result = send_and_receive();
  if (rest_is_left_) return move();
  // JavaScript removes these locks too, but later. Queued requests could still submit them before that.
  if (result == NE_OK && head_.is_success() && head_.status != 207)
    for (const LockSet::Entry &lock : course_->ending) course_->locks->remove(lock);
  result_.note(result, session_->c());  // an earlier exception leaves NE_ERROR in result_
  // If a part of the body is unread, the next response must not begin with it. So the connection is closed.
  if (!course_->complete) cancelled() ? session_->abandon_connection() : session_->close_connection();
  if (session_->connection.needs_own_lane()) move();
}

// Makes C's request.
void Exchange::begin() {
  session_->require_free();
  session_->prepare();
  LockSet *const locks = LockSet::of(*session_);
  std::vector<LockSet::Entry> ending;
  if (locks) {
    locks->join(*session_);
    ending = locks->ending_with(recipe_);
  }
  course_ = std::make_unique<Course>(session_, recipe_);
  course_->locks = locks;
  course_->ending = std::move(ending);
  ne_request *const request = course_->owner.c();
  if (recipe_.inflate > 0) course_->inflater = std::make_unique<Inflater>(request, recipe_.inflate);
  recipe_.add_headers_and_flags_to(request);
  course_->headers.emplace(session_->c(), recipe_);
  if (session_->locks) submit_locks(*session_, request, recipe_);
  if (recipe_.body) {
    course_->owner.give(*recipe_.body);
    renew_connection_for_body(request);
  }
}

// Returns C's result. If rest_is_left_ is set, the rest of the body is still to be received.
int Exchange::send_and_receive() {
  ne_request *const request = course_->owner.c();
  int result;
  do {
    course_->complete = false;
    if (!rest_is_left_) {
      course_->owner.note_send();
      if (!SharedLane::current()) session_->close_stale_connection();
      result = ne_begin_request(request);
      if (result != NE_OK) break;
      note_head(request);
      if (course_->inflater) course_->inflater->begin();
    }
    result = receive(request);
    if (result != NE_OK || rest_is_left_) break;
    course_->complete = true;
    result = ne_end_request(request);
    note_trailers(request);
    if (result == NE_OK && dropped_) {
      ne_set_error(session_->c(), "The body of the %d response is longer than %zu bytes", head_.status,
                   max_held);
      result = NE_ERROR;
    }
  } while (result == NE_RETRY && !head_posted_);
  return result;
}

bool Exchange::give_up() {
  result_.note(NE_ERROR, session_->c());
  rest_is_left_ = false;
  return std::exchange(course_, nullptr) != nullptr;
}

// The server may be about to close a kept connection. neon then sends the request again, and the body must
// start again. A body that cannot start again therefore gets a new connection. The connection is left alone
// in three cases:
//  - The server answers before the body is sent (Expect: 100-continue).
//  - The authentication belongs to the connection.
//  - C itself closes the connection (for a request that is not idempotent).
void Exchange::renew_connection_for_body(ne_request *request) {
  const bool may_be_kept = session_->connection.is_open() || !interposition_works();
  if (!may_be_kept || ne_get_request_flag(request, NE_REQFLAG_EXPECT100) ||
      !ne_get_request_flag(request, NE_REQFLAG_IDEMPOTENT) ||
      ne_get_session_flag(session_->c(), NE_SESSFLAG_CONNAUTH))
    return;
  if (!recipe_.body->can_restart()) session_->close_connection();
}

void Exchange::note_head(ne_request *request) {
  head_.note(request);
  trailers_.clear();
  dropped_ = false;
}

// If a body has no announced length, it ends when the connection ends. neon then takes an abort, or a stop by
// the watchdog, for the end of a complete body. So this function reports the interruption.
int Exchange::receive(ne_request *request) {
  const bool held = session_->authentication && session_->authentication->may_retry(request);
  const int result = held ? receive_held(request) : receive_body(request);
  return session_->connection.interruption() == Connection::Interruption::None ? result : NE_ERROR;
}

ssize_t Exchange::pull(ne_request *request, char *buffer, std::size_t room) {
  return course_->inflater ? course_->inflater->read(buffer, room)
                           : ne_read_response_block(request, buffer, room);
}

// Receives the body into open_. If the body is short, and arrives soon, it becomes whole_. If not, the head
// is posted, and JavaScript can take the bytes from open_ while the rest arrives.
int Exchange::receive_body(ne_request *request) {
  if (!std::exchange(rest_is_left_, false)) {
    // If Content-Length announces a short body, allocates no more memory than this body needs.
    const bool inflated = course_->inflater && course_->inflater->active();
    const char *length = inflated ? nullptr : ne_get_response_header(request, "Content-Length");
    const unsigned long long known = length ? std::strtoull(length, nullptr, 10) : whole_limit;
    announced_ = length ? known : 0;
    open_ = Block(static_cast<std::size_t>(std::min<unsigned long long>(known, whole_limit)) + 1);
    const int result = receive_beginning(request);
    if (result != NE_OK || course_->complete) return result;
    if (SharedLane::current()) {
      rest_is_left_ = true;
      return NE_OK;
    }
  }
  return receive_stream(request);
}

// Receives the body to its end, or until the head is posted: here if the body is long, and by the watchdog if
// the server pauses in it.
int Exchange::receive_beginning(ne_request *request) {
  Connection &connection = session_->connection;
  if (streams_)
    connection.when_slow([this] {
      const std::lock_guard lock(stream_mutex_);
      post_head();
    });
  struct Stop {
    Connection &connection;
    ~Stop() { connection.when_slow(nullptr); }
  } const stop{connection};
  for (;;) {
    const ssize_t count = pull(request, open_.end(), open_.room());
    if (count < 0) return NE_ERROR;
    if (count == 0) break;
    std::unique_lock lock(stream_mutex_);
    if (head_posted_) {
      lock.unlock();
      note_bytes(static_cast<std::size_t>(count));
      return NE_OK;
    }
    open_.size += static_cast<std::size_t>(count);
    if (open_.room() > 0) continue;
    if (open_.capacity <= whole_limit) {
      open_.grow(whole_limit + 1);  // Content-Length was not the length of this body (HEAD, chunks)
      continue;
    }
    if (streams_) {
      post_head();
      if (!head_posted_) throw std::bad_alloc();
      return NE_OK;
    }
    lock.unlock();
    if (receive_whole(request, open_) != NE_OK) return NE_ERROR;
    break;
  }
  course_->complete = true;
  const std::lock_guard lock(stream_mutex_);
  if (!head_posted_) whole_ = std::make_unique<Block>(std::move(open_));
  return NE_OK;
}

// neon may send the request again after this response. The caller then receives a later response instead. So
// the response is held until its end, when neon has decided.
int Exchange::receive_held(ne_request *request) {
  Block block(whole_limit + 1);
  Block rest;
  for (;;) {
    if (block.room() == 0 && block.capacity < max_held) block.grow(std::min(block.capacity * 4, max_held));
    if (block.room() == 0 && !dropped_) {
      dropped_ = true;
      rest = Block(whole_limit);
    }
    Block &into = dropped_ ? rest : block;
    const ssize_t count = pull(request, into.end(), into.room());
    if (count < 0) return NE_ERROR;
    if (count == 0) break;
    if (!dropped_) block.size += static_cast<std::size_t>(count);
  }
  whole_ = std::make_unique<Block>(std::move(block));
  return NE_OK;
}

// The blocking surface: the whole body in one piece of memory.
int Exchange::receive_whole(ne_request *request, Block &block) {
  for (;;) {
    if (block.room() == 0) block.grow(block.capacity * 2);
    const ssize_t count = pull(request, block.end(), block.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    block.size += static_cast<std::size_t>(count);
  }
}

// Newer versions of neon keep trailer fields separate from the headers. Older versions add them to the
// headers.
void Exchange::note_trailers(ne_request *request) {
  const char *coding = ne_get_response_header(request, "Transfer-Encoding");
  if (!coding) return;
  using Iterate = void *(ne_request *, void *, const char **, const char **);
  const auto iterate = reinterpret_cast<Iterate *>(find_symbol("ne_response_trailer_iterate"));
  const char *name, *value;
  for (void *cursor = nullptr;
       (cursor = (iterate ? iterate : ne_response_header_iterate)(request, cursor, &name, &value));) {
    const std::string line = std::string(name) + "\n" + value + "\n";
    if (!iterate && ("\n" + head_.headers).find("\n" + line) != std::string::npos) continue;
    trailers_ += iterate ? line : std::string(name) + "\n" + added_to(name, value) + "\n";
  }
}

// Returns the part of a field's value that the trailer has added to the value in the head.
std::string Exchange::added_to(const std::string &name, const std::string &value) const {
  const std::string start = "\n" + name + "\n", lines = "\n" + head_.headers;
  const std::size_t found = lines.find(start);
  if (found == std::string::npos) return value;
  const std::size_t from = found + start.size();
  const std::string before = lines.substr(from, lines.find('\n', from) - from);
  return value.starts_with(before + ", ") ? value.substr(before.size() + 2) : value;
}

// --- The JavaScript thread --------------------------------------------------------------------------------

Failure Exchange::failure() const {
  if (cancelled()) return neon_failure("ERR_NEON_ABORTED", "The response was given up before its end");
  return result_.failure();
}

Napi::Value Exchange::result(Napi::Env env) {
  const bool streaming = head_posted_;
  if (streaming && !delivered()) executor().unread = this;  // until drained()
  if (!streaming && !result_.ok()) throw failure();
  const Napi::Value stream = streaming
                                 ? to_object(std::make_shared<Stream>(
                                       environment(), std::static_pointer_cast<Exchange>(shared_from_this())))
                                 : env.Null();
  const Napi::Value body = whole_ && whole_->size ? whole_->take(env) : env.Null();
  // The lane of a streaming response may be about to set the trailers, which JavaScript gets at the end.
  return head_.response(env, body, stream, streaming ? std::string() : trailers_);
}

// A response that was posted without its head has arrived as a whole. Allocates nothing, because an exception
// could not reach JavaScript.
bool Exchange::pack(Outbox &outbox) {
  if (head_posted_ || !packable() || !result_.ok() || !trailers_.empty()) return false;
  const std::string_view body = whole_ ? std::string_view(whole_->memory.get(), whole_->size) : "";
  if (body.size() > max_packed_body || head_.headers.size() > max_packed_head) return false;
  if (!outbox.add(id(), head_.status, {head_.version, "\n", head_.reason, "\n", head_.headers}, body))
    return false;
  finish_packed();
  return true;
}

// How messages name the response that occupies the session.
std::string Exchange::unread() const {
  return "the response to " + recipe_.method + " " + recipe_.target + " (" + std::to_string(head_.status) +
         ")";
}

// Called after the lane has posted. The lane posts the head, the end, and whatever a pending read() or
// read_ahead() waits for.
void Exchange::deliver(Napi::Env env) {
  if (done())
    finish(env);
  else
    settle(env);
  if (reader_) settle_reader(env);
  if (!waiter_) return;
  const Napi::Value outcome = outcome_of_reading_ahead(env);
  if (!outcome.IsEmpty()) release_waiter().Resolve(outcome);
}

// --------------------------------------------------------------------------------------------------------

namespace {

/// exchange(session, request, body) → Head::response(). `request` is the text that Recipe::read_request()
/// reads.
std::shared_ptr<Operation> exchange(const Arguments &arguments, Mode mode) {
  auto session = arguments.handle<Session>(0, "session");
  Recipe recipe;
  recipe.read_request(arguments, 1);
  recipe.body = Body::from_arguments(arguments, 2);
  const Napi::Function function = recipe.body ? recipe.body->function() : Napi::Function();
  auto made = std::make_shared<Exchange>(std::move(session), std::move(recipe), mode == Mode::Async);
  if (!function.IsEmpty()) made->hold(function);
  return made;
}

std::shared_ptr<Exchange> exchange_of(const Arguments &arguments) {
  return arguments.handle<Stream>(0, "stream")->exchange;
}

Napi::Value read_stream(const Arguments &arguments) { return exchange_of(arguments)->read(arguments.env()); }

Napi::Value read_stream_to_end(const Arguments &arguments) {
  const auto limit = static_cast<std::uint64_t>(arguments.integer(1, "maxBytes", 0, std::int64_t{1} << 53));
  return exchange_of(arguments)->read_all(arguments.env(), limit);
}

Napi::Value write_stream_to_fd(const Arguments &arguments) {
  const int descriptor = static_cast<int>(arguments.integer(1, "fd", 0, INT32_MAX));
  return exchange_of(arguments)->write_to_fd(arguments.env(), descriptor);
}

Napi::Value take_buffered(const Arguments &arguments) {
  return exchange_of(arguments)->take_rest(arguments.env());
}

Napi::Value parse_stream(const Arguments &arguments) {
  const auto wanted = static_cast<unsigned>(arguments.integer(1, "wanted", 0, 7));
  exchange_of(arguments)->parse(wanted, arguments.text(2, "charset"));
  return arguments.env().Undefined();
}

Napi::Value read_stream_ahead(const Arguments &arguments) {
  const auto bytes = static_cast<std::uint64_t>(arguments.integer(1, "bytes", 0, std::int64_t{1} << 53));
  return exchange_of(arguments)->read_ahead(arguments.env(), bytes);
}

Napi::Value stop_reading_ahead(const Arguments &arguments) {
  exchange_of(arguments)->stop_reading_ahead(arguments.env());
  return arguments.env().Undefined();
}

Napi::Value stream_trailers(const Arguments &arguments) {
  return Napi::String::New(arguments.env(), exchange_of(arguments)->trailers());
}

Napi::Value drop_stream(const Arguments &arguments) {
  HandleWrap::destroy(*arguments.handle<Stream>(0, "stream"));
  return arguments.env().Undefined();
}

}  // namespace

void register_exchange(Topic &topic) {
  topic.plain("takeBuffered", take_buffered);
  topic.call("exchange", exchange);
  topic.plain("readStream", read_stream);
  topic.plain("readStreamToEnd", read_stream_to_end);
  topic.plain("writeStreamToFd", write_stream_to_fd);
  topic.plain("parseStream", parse_stream);
  topic.plain("readStreamAhead", read_stream_ahead);
  topic.plain("stopReadingAhead", stop_reading_ahead);
  topic.plain("streamTrailers", stream_trailers);
  topic.plain("dropStream", drop_stream);
}

}  // namespace neon
