#include "request.h"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "error.h"
#include "topic.h"

namespace neon {

namespace {

// ---------------------------------------------------------------------------------------------------------
// What neon calls while an operation runs. No exception crosses neon's frames: ask() keeps it.

int to_int(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_undefined) return 0;
  if (type == napi_boolean) {
    bool boolean = false;
    check(env, napi_get_value_bool(env, value, &boolean));
    return boolean ? 1 : 0;
  }
  double number = 0.5;
  if (type == napi_number) check(env, napi_get_value_double(env, value, &number));
  if (number != std::trunc(number) || std::abs(number) > INT32_MAX)
    throw type_failure(code::argument_type, "A callback must return an integer, a boolean or nothing");
  return static_cast<int>(number);
}

int accept_response(void *userdata, ne_request *, const ne_status *status) noexcept {
  const auto *reader = static_cast<const Request::Reader *>(userdata);
  Operation *operation = Operation::current();
  if (!operation) return 0;
  return operation->ask(
      0,
      [=](napi_env env) {
        // Every operation on a request with readers holds the request's object first.
        const napi_value arguments[] = {operation->held(env, 0), status_object(env, *status)};
        return operation->call_function(env, Handle::kept(env, arguments[0], reader->accept_function), 2,
                                        arguments);
      },
      to_int);
}

int read_block(void *userdata, const char *bytes, std::size_t size) noexcept {
  const auto *reader = static_cast<const Request::Reader *>(userdata);
  Operation *operation = Operation::current();
  if (!operation) return 1;
  return operation->ask(
      1,
      [=](napi_env env) {
        napi_value block = copy_to_buffer(env, {bytes, size});
        napi_value function = Handle::kept(env, operation->held(env, 0), reader->read_function);
        return operation->call_function(env, function, 1, &block);
      },
      to_int);
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------

Request::Request(std::shared_ptr<Session> session, std::string method, std::string target)
    : Handle(*session->environment),
      session_(std::move(session)),
      method_(std::move(method)),
      target_(std::move(target)),
      c_(ne_request_create(session_->c(), method_.c_str(), target_.c_str())) {}

std::shared_ptr<Request> Request::create(std::shared_ptr<Session> session, std::string method,
                                         std::string target) {
  return {new Request(std::move(session), std::move(method), std::move(target)), [](Request *request) {
            const std::shared_ptr<Session> owner = request->session_;
            owner->run_when_free([owner, request] { delete request; });
          }};
}

Request::~Request() {
  // Its unread body would be the next response's head.
  if (session_->active == this) session_->close_connection();
  ne_request_destroy(c_);
}

void Request::parted() { session_->live.erase(this); }

napi_value Request::open_handle() {
  session_->live.insert(this);
  // With the session's object, and what hangs on it; none if that was destroyed meanwhile.
  return Wrapping::wrap(shared_from_this(), kind, external_size, session_->object());
}

void Request::require_usable() const {
  if (occupied && !session_->asks_about(*this))
    throw neon_failure(code::busy, "A promise of this request is pending");
}

void Request::set_body(std::string body) {
  if (has_body_) throw neon_failure(code::invalid_state, "This request has a body already");
  body_ = std::move(body);
  has_body_ = true;
  ne_set_request_body_buffer(c_, body_.data(), body_.size());
}

void Request::add_reader(ne_accept_response accept, std::uint32_t accept_function,
                         std::uint32_t read_function) {
  readers_.push_back(std::make_unique<Reader>(Reader{accept_function, read_function}));
  ne_add_response_body_reader(c_, accept ? accept : accept_response, read_block, readers_.back().get());
}

// As ne_request_dispatch, of which the calls below are the documented parts.
int Request::dispatch() {
  int result;
  do {
    result = begin();
    if (result == NE_OK) result = discard();
    if (result == NE_OK) result = end();
  } while (result == NE_RETRY);
  return result;
}

int Request::begin() {
  session_->require_free(this);
  if (phase_ != Phase::Idle && phase_ != Phase::Ended)
    throw neon_failure(code::invalid_state, "This request was begun already: read it and end it first");
  session_->prepare();
  ++generation_;
  received_ = 0;
  enter(Phase::Sending);
  const int result = ne_begin_request(c_);
  // Some errors leave the connection open with the rest of the response in it.
  if (result == NE_ERROR) ne_close_connection(session_->c());
  enter(result == NE_OK ? Phase::Body : Phase::Ended);
  return result;
}

ssize_t Request::read(char *buffer, std::size_t size) {
  require_pulling("ne_read_response_block");
  if (phase_ == Phase::AtEnd) return 0;  // C would read on, into the next response
  ssize_t count = ne_read_response_block(c_, buffer, size);
  if (count == 0 && was_cut()) count = NE_SOCK_ERROR;
  if (count > 0) received_ += static_cast<std::uint64_t>(count);
  if (count == 0) enter(Phase::AtEnd);
  if (count < 0) enter(Phase::Ended);
  return count;
}

int Request::discard() {
  require_pulling("ne_discard_response");
  if (phase_ == Phase::AtEnd) return NE_OK;
  int result = ne_discard_response(c_);
  if (result == NE_OK && was_cut()) result = NE_ERROR;
  enter(result == NE_OK ? Phase::AtEnd : Phase::Ended);
  return result;
}

// Where the end of the connection is the end of the body, neon takes our own cut for it.
bool Request::was_cut() const {
  return session_->connection.interruption() != Connection::Interruption::None;
}

int Request::end() {
  require_pulling("ne_end_request");
  int result;
  if (phase_ == Phase::AtEnd || body_complete()) {
    result = ne_end_request(c_);
  } else {
    // The rest of the body stands in the connection, and C would take it for trailers or for the next
    // response.
    ne_set_error(session_->c(), "%s", "The response body was not read to its end");
    ne_close_connection(session_->c());
    result = NE_ERROR;
  }
  enter(result == NE_RETRY ? Phase::Idle : Phase::Ended);
  return result;
}

// No block of length 0 was seen yet: is the body complete all the same? A chunked one never is, since its
// last chunk stands in the connection still.
bool Request::body_complete() const {
  const ne_status *status = ne_get_status(c_);
  if (method_ == "HEAD" || status->code == 204 || status->code == 304) return true;
  if (const char *coding = ne_get_response_header(c_, "Transfer-Encoding");
      coding && strcasecmp(coding, "identity") != 0)
    return false;
  const char *length = ne_get_response_header(c_, "Content-Length");
  return length && std::strtoull(length, nullptr, 10) == received_;
}

void Request::require_pulling(const char *function) const {
  session_->require_free(this);
  if (phase_ != Phase::Body && phase_ != Phase::AtEnd)
    throw neon_failure(code::invalid_state,
                       std::string(function) + " needs a request that ne_begin_request began");
}

void Request::enter(Phase phase) {
  phase_ = phase;
  const bool pulling = phase == Phase::Sending || phase == Phase::Body || phase == Phase::AtEnd;
  if (pulling)
    session_->active = this;
  else if (session_->active == this)
    session_->active = nullptr;
}

napi_value status_object(napi_env env, const ne_status &status) {
  const napi_value fields[] = {from(env, status.major_version), from(env, status.minor_version),
                               from(env, status.code), from(env, status.klass),
                               from(env, static_cast<const char *>(status.reason_phrase))};
  napi_value object;
  check(env, napi_call_function(env, undefined(env), Environment::of(env).hook(Environment::Hook::Status),
                                std::size(fields), fields, &object));
  return object;
}

namespace {

/// A position of ne_response_header_iterate; stale when its request is gone or was sent again.
class HeaderCursor final : public Handle {
 public:
  static constexpr Kind kind = Kind::HeaderCursor;
  static constexpr std::int64_t external_size = 64;

  HeaderCursor(const std::shared_ptr<Request> &request, void *position)
      : Handle(*request->environment),
        request(request),
        generation(request->generation()),
        position(position) {}

  const std::weak_ptr<Request> request;
  const std::uint64_t generation;
  void *const position;
};

std::shared_ptr<Request> usable(const Arguments &arguments) {
  auto request = arguments.handle<Request>(0, "req");
  request->require_usable();
  return request;
}

// A blocking call on a request: it uses the session and the request.
template <class Run>
std::shared_ptr<Operation> request_operation(const Arguments &arguments, std::shared_ptr<Request> request,
                                             Run run) {
  const bool callbacks = request->has_readers();
  auto made = code_operation(request->shared_session(), std::move(run), callbacks);
  made->occupy(request);
  if (callbacks) made->hold(arguments[0]);  // what is called stands with the request's object
  return made;
}

napi_value create(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  std::string method = arguments.line(1, "method"), target = arguments.line(2, "path");
  session->require_idle();
  return Request::create(session, std::move(method), std::move(target))->open_handle();
}

// Made on the lane, at its turn.
std::shared_ptr<Operation> create_queued(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  std::string method = arguments.line(1, "method"), target = arguments.line(2, "path");
  auto creation = std::make_shared<Creation>(method + " " + target);
  std::erase_if(session->creations, [](const auto &weak) { return weak.expired(); });
  session->creations.push_back(creation);
  auto made = operation(
      session,
      [session, method = std::move(method), target = std::move(target)] {
        return Request::create(session, method, target);
      },
      [](Operation &, napi_env, const std::shared_ptr<Request> &request) { return request->open_handle(); });
  made->occupy(creation);
  made->hold(arguments[0]);
  return made;
}

// Parts the handle at once; the C object goes when the session is free.
napi_value destroy(const Arguments &arguments) {
  const auto request = arguments.handle<Request>(0, "req");
  const Session &session = request->session();
  if (session.asks_about(*request) && session.inside_callback())
    throw neon_failure(code::reentrant,
                       "A request must not be destroyed from a callback of its own running call");
  session.require_usable();
  Wrapping::destroy(*request);
  return undefined(arguments.env());
}

std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  request->session().require_queueable();
  Wrapping::destroy(*request);
  const auto session = request->shared_session();
  return operation(
      session,
      [request = std::move(request)]() mutable {
        request.reset();
        return true;
      },
      [](Operation &, napi_env env, bool) { return undefined(env); });
}

napi_value add_header(const Arguments &arguments) {
  const auto request = usable(arguments);
  const std::string name = arguments.token(1, "name");
  ne_add_request_header(request->c(), name.c_str(), arguments.line(2, "value").c_str());
  return undefined(arguments.env());
}

// The format is applied in JavaScript; here it is data. C cuts what does not fit its buffer.
napi_value print_header(const Arguments &arguments) {
  const auto request = usable(arguments);
  const std::string name = arguments.token(1, "name");
  const std::string value = arguments.line(2, "format");
  if (value.size() >= NE_BUFSIZ)
    throw range_failure("The formatted header value must be shorter than " + std::to_string(NE_BUFSIZ) +
                        " bytes");
  ne_print_request_header(request->c(), name.c_str(), "%s", value.c_str());
  return undefined(arguments.env());
}

napi_value set_body_buffer(const Arguments &arguments) {
  usable(arguments)->set_body(arguments.bytes(1, "buffer"));
  return undefined(arguments.env());
}

// lib recognises neon's own acceptance functions and passes a number for them: they stay in C.
ne_accept_response native_accept(const Arguments &arguments, std::size_t index) {
  napi_valuetype type;
  check(arguments.env(), napi_typeof(arguments.env(), arguments[index], &type));
  if (type != napi_number) return nullptr;
  return arguments.integer(index, "accpt", 0, 1) ? ne_accept_2xx : ne_accept_always;
}

napi_value accept_2xx(const Arguments &arguments) {
  arguments.handle<Request>(0, "req");
  ne_status status{};
  napi_value klass;
  check(arguments.env(),
        napi_get_named_property(arguments.env(), arguments.object(1, "st"), "klass", &klass));
  status.klass = to_int(arguments.env(), klass);
  return from(arguments.env(), ne_accept_2xx(nullptr, nullptr, &status));
}

napi_value accept_always(const Arguments &arguments) {
  arguments.handle<Request>(0, "req");
  arguments.object(1, "st");
  const ne_status status{};
  return from(arguments.env(), ne_accept_always(nullptr, nullptr, &status));
}

napi_value add_body_reader(const Arguments &arguments) {
  const napi_env env = arguments.env();
  const auto request = usable(arguments);
  const ne_accept_response native = native_accept(arguments, 1);
  napi_value accept = native ? nullptr : arguments.function(1, "accpt");
  napi_value read = arguments.function(2, "reader");
  if (request->phase() != Request::Phase::Idle && request->phase() != Request::Phase::Ended)
    throw neon_failure(code::invalid_state, "A reader must be added before the request begins");
  request->add_reader(native, native ? 0 : request->keep(accept), request->keep(read));
  return undefined(env);
}

std::shared_ptr<Operation> dispatch(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, request, [request] { return request->dispatch(); });
}

std::shared_ptr<Operation> begin(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, request, [request] { return request->begin(); });
}

std::shared_ptr<Operation> end(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, request, [request] { return request->end(); });
}

std::shared_ptr<Operation> discard(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, request, [request] { return request->discard(); });
}

// Straight into the caller's memory where nothing can take that away meanwhile, else through memory of ours.
std::shared_ptr<Operation> read_block(const Arguments &arguments, Mode mode) {
  auto request = arguments.handle<Request>(0, "req");
  const std::span<char> buffer = arguments.buffer(1, "buffer");
  if (mode == Mode::Sync && !arguments.environment().in_worker() && !request->has_readers()) {
    auto made = operation(
        request->shared_session(), [request, buffer] { return request->read(buffer.data(), buffer.size()); },
        [](Operation &, napi_env env, ssize_t count) { return from(env, static_cast<double>(count)); });
    made->occupy(request);
    return made;
  }

  struct Block {
    Memory memory;
    ssize_t count = 0;
  };
  const std::size_t size = buffer.size();
  auto made = operation(
      request->shared_session(),
      [request, size] {
        Block block{allocate(size)};
        block.count = request->read(block.memory.get(), size);
        return block;
      },
      [](Operation &operation, napi_env env, const Block &block) {
        void *data = nullptr;
        std::size_t room = 0;
        check(env,
              napi_get_typedarray_info(env, operation.held(env, 1), nullptr, &room, &data, nullptr, nullptr));
        if (block.count > 0 && room < static_cast<std::size_t>(block.count))
          throw neon_failure(code::invalid_state, "The buffer was taken away while it was to be filled");
        if (block.count > 0) std::memcpy(data, block.memory.get(), static_cast<std::size_t>(block.count));
        return from(env, static_cast<double>(block.count));
      },
      request->has_readers());
  made->occupy(request);
  made->hold(arguments[0]);
  made->hold(arguments[1]);
  return made;
}

napi_value get_status(const Arguments &arguments) {
  return status_object(arguments.env(), *ne_get_status(usable(arguments)->c()));
}

napi_value get_response_header(const Arguments &arguments) {
  const auto request = usable(arguments);
  return from(arguments.env(), ne_get_response_header(request->c(), arguments.text(1, "name").c_str()));
}

napi_value iterate_headers(const Arguments &arguments) {
  const napi_env env = arguments.env();
  const auto request = usable(arguments);
  void *position = nullptr;
  if (!arguments.is_nullish(1)) {
    const auto cursor = arguments.handle<HeaderCursor>(1, "cursor");
    if (cursor->request.lock() != request || cursor->generation != request->generation())
      throw neon_failure(code::invalid_state, "The cursor belongs to another response");
    position = cursor->position;
  }
  napi_value name_object = arguments.object(2, "name"), value_object = arguments.object(3, "value");
  const char *name = nullptr, *value = nullptr;
  position = ne_response_header_iterate(request->c(), position, &name, &value);
  if (!position) return null(env);
  set(env, name_object, "value", from(env, name));
  set(env, value_object, "value", from(env, value));
  return to_object(std::make_shared<HeaderCursor>(request, position));
}

napi_value set_flag(const Arguments &arguments) {
  const auto request = usable(arguments);
  const auto flag = static_cast<ne_request_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  ne_set_request_flag(request->c(), flag, arguments.flag(2, "value"));
  return undefined(arguments.env());
}

napi_value get_flag(const Arguments &arguments) {
  const auto request = usable(arguments);
  const auto flag = static_cast<ne_request_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  return from(arguments.env(), ne_get_request_flag(request->c(), flag));
}

napi_value get_session(const Arguments &arguments) {
  napi_value session = arguments.handle<Request>(0, "req")->session().object();
  if (!session) throw neon_failure(code::destroyed, "The ne_session of this request is destroyed");
  return session;
}

napi_value require_request(const Arguments &arguments) {
  arguments.handle<Request>(0, "req");
  return undefined(arguments.env());
}

}  // namespace

void register_request(Topic &topic) {
  topic.plain("ne_request_create", create);
  topic.queued("ne_request_create", create_queued);
  topic.plain("ne_request_destroy", destroy);
  topic.queued("ne_request_destroy", destroy_queued);
  topic.plain("ne_add_request_header", add_header);
  topic.plain("ne_print_request_header", print_header);
  topic.plain("ne_set_request_body_buffer", set_body_buffer);
  topic.plain("ne_accept_2xx", accept_2xx);
  topic.plain("ne_accept_always", accept_always);
  topic.plain("ne_add_response_body_reader", add_body_reader);
  topic.blocking("ne_request_dispatch", dispatch);
  topic.blocking("ne_begin_request", begin);
  topic.blocking("ne_read_response_block", read_block);
  topic.blocking("ne_discard_response", discard);
  topic.blocking("ne_end_request", end);
  topic.plain("ne_get_status", get_status);
  topic.plain("ne_get_response_header", get_response_header);
  topic.plain("ne_response_header_iterate", iterate_headers);
  topic.plain("ne_set_request_flag", set_flag);
  topic.plain("ne_get_request_flag", get_flag);
  topic.plain("ne_get_session", get_session);
  topic.plain("requireRequest", require_request);
}

}  // namespace neon
