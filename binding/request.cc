#include "request.h"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "callback.h"
#include "error.h"
#include "gated.h"
#include "topic.h"
#include "uri.h"

namespace neon {

namespace {

// ---------------------------------------------------------------------------------------------------------
// What neon calls while an operation runs. No exception crosses neon's frames: ask() keeps it.

// Every operation on a request with callbacks holds the request's object first, in case its handle is
// destroyed; a request that is lent has an object of its own.
napi_value object_in(napi_env env, Operation &operation, const Request &request) {
  napi_value object = request.object();
  return object ? object : operation.held(env, 0);
}

napi_value request_function(napi_env env, Operation &operation, const Request &request,
                            std::uint32_t number) {
  return Handle::kept(env, object_in(env, operation, request), number);
}

int accept_response(void *userdata, ne_request *, const ne_status *status) noexcept {
  const auto *reader = static_cast<const Request::Reader *>(userdata);
  Operation *operation = reader->request.session().operation();
  if (!operation) return 0;
  return operation->ask(
      0,
      [=](napi_env env) {
        const napi_value arguments[] = {object_in(env, *operation, reader->request),
                                        status_object(env, *status)};
        return operation->call_function(
            env, request_function(env, *operation, reader->request, reader->accept_function), 2, arguments);
      },
      to_int);
}

int read_block(void *userdata, const char *bytes, std::size_t size) noexcept {
  const auto *reader = static_cast<const Request::Reader *>(userdata);
  Operation *operation = reader->request.session().operation();
  if (!operation) return 1;
  return operation->ask(
      1,
      [=](napi_env env) {
        napi_value block = copy_to_buffer(env, {bytes, size});
        return operation->call_function(
            env, request_function(env, *operation, reader->request, reader->read_function), 1, &block);
      },
      to_int);
}

void meet_interim(void *userdata, ne_request *, const ne_status *status) noexcept {
  const auto *handler = static_cast<const Request::InterimHandler *>(userdata);
  Operation *operation = handler->request.session().operation();
  if (!operation) return;
  operation->ask(
      0,
      [=](napi_env env) {
        const napi_value arguments[] = {object_in(env, *operation, handler->request),
                                        status_object(env, *status)};
        return operation->call_function(
            env, request_function(env, *operation, handler->request, handler->function), 2, arguments);
      },
      to_int);
}

/// What a body provider answered: a number as C's would, or bytes.
struct Provided {
  ssize_t count = -1;
  std::string bytes;
};

Provided to_provided(napi_env env, napi_value value, std::size_t room) {
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  if (!typed) return {to_int(env, value), {}};
  std::string bytes = bytes_of(env, value, "The block of a body provider");
  if (bytes.size() > room)
    throw range_failure("A body provider must give at most " + std::to_string(room) + " bytes. Received " +
                        std::to_string(bytes.size()));
  const auto count = static_cast<ssize_t>(bytes.size());
  return {count, std::move(bytes)};
}

ssize_t fail_provider(Request &request, std::int64_t given) {
  ne_set_error(request.session().c(), "The request body provider gave %s than the %lld bytes it announced",
               given > request.provider()->length ? "more" : "less",
               static_cast<long long>(request.provider()->length));
  return -1;
}

ssize_t provide_body(void *userdata, char *buffer, std::size_t size) noexcept {
  Request &request = *static_cast<Request *>(userdata);
  Operation *operation = request.session().operation();
  if (!operation) return -1;
  Request::Provider &provider = *request.provider();
  if (size == 0) provider.given = 0;
  const Provided provided = operation->ask(
      Provided{},
      [&](napi_env env) {
        napi_value argument = from(env, static_cast<double>(size));
        return operation->call_function(env, request_function(env, *operation, request, provider.function), 1,
                                        &argument);
      },
      [=](napi_env env, napi_value value) { return to_provided(env, value, size); });
  if (size == 0 || provided.count < 0) return provided.count;
  provider.given += provided.count;
  const bool ended = provided.count == 0;
  if (provider.length >= 0 &&
      (provider.given > provider.length || (ended && provider.given < provider.length)))
    return fail_provider(request, provider.given);
  if (provided.bytes.empty() && provided.count > 0) {
    ne_set_error(request.session().c(), "The request body provider gave a number where bytes were due");
    return -1;
  }
  std::memcpy(buffer, provided.bytes.data(), provided.bytes.size());
  return provided.count;
}

// neon made this request itself, and is done with it.
void forget_lent(ne_request *c, void *userdata) noexcept {
  Session &session = *static_cast<Session *>(userdata);
  const auto found = std::find_if(session.lent.begin(), session.lent.end(),
                                  [=](const std::shared_ptr<Request> &request) { return request->c() == c; });
  if (found == session.lent.end()) return;
  const std::shared_ptr<Request> request = std::move(*found);
  session.lent.erase(found);
  request->release();
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------

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

Request::Request(std::shared_ptr<Session> session, std::string method, std::string target, bool lent)
    : Handle(*session->environment),
      session_(std::move(session)),
      method_(std::move(method)),
      target_(std::move(target)),
      lent_(lent) {}

std::shared_ptr<Request> Request::create(std::shared_ptr<Session> session, std::string method,
                                         std::string target, bool lent) {
  auto made = shared(new Request(std::move(session), std::move(method), std::move(target), lent));
  made->open();
  return made;
}

std::shared_ptr<Request> Request::shared(Request *made) {
  return {made, [](Request *request) {
            const std::shared_ptr<Session> owner = request->session_;
            owner->run_when_free([owner, request] { delete request; });
          }};
}

// Hooks that run inside meet this block through created().
void Request::open() {
  session_->had_request = true;
  Request *const outer = std::exchange(session_->being_created, this);
  ne_request *const c = ne_request_create(session_->c(), method_.c_str(), target_.c_str());
  session_->being_created = outer;
  know(c);
}

void Request::know(ne_request *c) {
  c_ = c;
  session_->requests[c] = this;
}

void Request::created(Session &session, ne_request *c) {
  if (session.being_created && !session.being_created->c_) session.being_created->know(c);
}

// A request of neon's own (CONNECT).
std::shared_ptr<Request> Request::adopt(Session &session, ne_request *c) {
  auto owner = std::static_pointer_cast<Session>(session.shared_from_this());
  auto made = shared(new Request(std::move(owner), "CONNECT", "", true));
  made->adopted_ = true;
  made->know(c);
  if (!std::exchange(session.watches_lent, true)) ne_hook_destroy_request(session.c(), forget_lent, &session);
  session.lent.push_back(made);
  return made;
}

bool Request::dropped(Session &session, ne_request *c) {
  const auto found = session.requests.find(c);
  return found != session.requests.end() && found->second->weak_from_this().expired();
}

napi_value Request::object_of(Session &session, ne_request *c, Operation &operation) {
  const napi_env env = session.environment->env();
  const auto found = session.requests.find(c);
  std::shared_ptr<Request> request =
      found == session.requests.end() ? adopt(session, c)
                                      : std::static_pointer_cast<Request>(found->second->shared_from_this());
  if (napi_value object = request->object()) return object;
  // Its handle was destroyed, and now it is: the last hook.
  if (operation.part() == request.get() && request->closing()) return operation.held(env, 0);
  napi_value object = Wrapping::wrap(request, kind, external_size, operation.target_object(env));
  operation.hold_on(env, object);
  return object;
}

Request::~Request() {
  if (c_) close();
}

bool Request::closed() const {
  return closed_ || (doomed_ && !(session_->asks_about(*this) && session_->inside_callback()));
}

void Request::doom() {
  session_->live.erase(this);
  doomed_ = true;
}

void Request::close() {
  if (!c_) return;  // destroyed twice on the promise surface
  closing_ = true;
  // Its unread body would be the next response's head.
  if (session_->active == this) session_->close_connection();
  if (!adopted_) ne_request_destroy(c_);
  release();
}

void Request::release() {
  session_->requests.erase(c_);
  c_ = nullptr;
  closed_ = true;
}

void Request::parted() { session_->live.erase(this); }

napi_value Request::open_handle() {
  session_->live.insert(this);
  // With the session's object, and what hangs on it; none if that was destroyed meanwhile.
  napi_value known = object();
  return known ? known : Wrapping::wrap(shared_from_this(), kind, external_size, session_->object());
}

void Request::require_usable() const {
  if (closing_)
    throw neon_failure(code::invalid_state,
                       "This request is being destroyed: C has freed most of it already");
  if (lent_) return session_->require_usable();
  if (occupied && !session_->asks_about(*this))
    throw neon_failure(code::busy, "A promise of this request is pending");
}

void Request::set_body(std::string body) {
  announce_body();
  body_ = std::move(body);
  ne_set_request_body_buffer(c_, body_.data(), body_.size());
}

void Request::set_body(int descriptor, std::int64_t offset, std::int64_t length) {
  announce_body();
  ne_set_request_body_fd(c_, descriptor, offset, length);
}

void Request::set_body_provider(std::int64_t length, std::uint32_t function) {
  announce_body();
  provider_ = Provider{function, length};
  ne_set_request_body_provider(c_, length, provide_body, this);
}

// C would send two Content-Length, or a body that the head did not announce.
void Request::announce_body() {
  if (has_body_) throw neon_failure(code::invalid_state, "This request has a body already");
  const bool late = lent_ ? adopted_ || generation_ > 0 : phase_ != Phase::Idle && phase_ != Phase::Ended;
  if (late) throw neon_failure(code::invalid_state, "A body must be set before the request begins");
  has_body_ = true;
}

void Request::add_interim_handler(std::uint32_t function) {
  using AddHandler = void(ne_request *, void (*)(void *, ne_request *, const ne_status *), void *);
  const auto add = Gated<AddHandler>::required("ne_add_interim_handler");
  interim_handlers_.push_back(std::make_unique<InterimHandler>(InterimHandler{*this, function}));
  add(c_, meet_interim, interim_handlers_.back().get());
}

void Request::add_reader(ne_accept_response accept, std::uint32_t accept_function,
                         std::uint32_t read_function) {
  readers_.push_back(std::make_unique<Reader>(Reader{*this, accept_function, read_function}));
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
  if (!c_) throw neon_failure(code::destroyed, "This ne_request is destroyed");
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

int Request::read_to(int descriptor) {
  require_pulling("ne_read_response_to_fd");
  if (phase_ == Phase::AtEnd) return NE_OK;
  return finish_reading(ne_read_response_to_fd(c_, descriptor));
}

int Request::read_to(char *buffer, std::size_t *size) {
  using ReadToBuffer = int(ne_request *, char *, std::size_t *);
  const auto read_to_buffer = Gated<ReadToBuffer>::required("ne_read_response_to_buffer");
  require_pulling("ne_read_response_to_buffer");
  if (phase_ == Phase::AtEnd) {
    *size = 0;
    return NE_OK;
  }
  return finish_reading(read_to_buffer(c_, buffer, size));
}

// After a failure to put it somewhere, the rest of the body stands in the connection.
int Request::finish_reading(int result) {
  if (result == NE_OK && was_cut()) result = NE_ERROR;
  if (result != NE_OK) ne_close_connection(session_->c());
  enter(result == NE_OK ? Phase::AtEnd : Phase::Ended);
  return result;
}

int Request::discard() {
  require_pulling("ne_discard_response");
  if (phase_ == Phase::AtEnd) return NE_OK;
  return finish_reading(ne_discard_response(c_));
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

/// ne_response_header_iterate, or the same of the trailers.
using Iterate = void *(ne_request *, void *, const char **, const char **);

/// A position of one of these; stale when its request is gone or was sent again.
class HeaderCursor final : public Handle {
 public:
  static constexpr Kind kind = Kind::HeaderCursor;
  static constexpr std::int64_t external_size = 64;

  HeaderCursor(const std::shared_ptr<Request> &request, void *position, Iterate *iterate)
      : Handle(*request->environment),
        request(request),
        generation(request->generation()),
        position(position),
        iterate(iterate) {}

  const std::weak_ptr<Request> request;
  const std::uint64_t generation;
  void *const position;
  Iterate *const iterate;
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
  if (request->lent())
    throw neon_failure(code::borrowed, "This request is not the caller's own: it must not be sent or read");
  const bool callbacks = request->has_callbacks() || request->session().has_callbacks();
  auto made = code_operation(request->shared_session(), std::move(run), callbacks);
  made->occupy(request);
  if (callbacks) made->hold(arguments[0]);  // what is called stands with the request's object
  return made;
}

std::shared_ptr<Operation> create_queued(const Arguments &arguments, Mode);

napi_value create(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  if (session->has_callbacks()) return create_queued(arguments, Mode::Sync)->call();
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

std::shared_ptr<Request> own(const Arguments &arguments) {
  auto request = arguments.handle<Request>(0, "req");
  if (request->lent())
    throw neon_failure(code::borrowed, "This request is not the caller's own: it must not be destroyed");
  return request;
}

std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode);

// Parts the handle at once; the C object goes when the session is free.
napi_value destroy(const Arguments &arguments) {
  const auto request = own(arguments);
  const Session &session = request->session();
  if (session.asks_about(*request) && session.inside_callback())
    throw neon_failure(code::reentrant,
                       "A request must not be destroyed from a callback of its own running call");
  if (session.has_callbacks()) {
    session.require_idle();
    return destroy_queued(arguments, Mode::Sync)->call();
  }
  session.require_usable();
  Wrapping::destroy(*request);
  return undefined(arguments.env());
}

// With hooks the object stays what it is until they have seen it.
std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode) {
  auto request = own(arguments);
  request->session().require_queueable();
  const auto session = request->shared_session();
  request->doom();
  const bool hooks = session->has_callbacks();
  if (!hooks) Wrapping::destroy(*request);
  auto made = operation(
      session,
      [request, hooks]() mutable {
        if (hooks) request->close();
        request.reset();
        return true;
      },
      [](Operation &, napi_env env, bool) { return undefined(env); });
  if (hooks) {
    made->occupy(request);
    made->hold(arguments[0]);
  }
  return made;
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

constexpr std::int64_t most_bytes = (std::int64_t{1} << 53) - 1;  // Number.MAX_SAFE_INTEGER

napi_value set_body_fd(const Arguments &arguments) {
  const auto request = usable(arguments);
  const int descriptor = static_cast<int>(arguments.integer(1, "fd", 0, INT32_MAX));
  const std::int64_t offset = arguments.integer(2, "offset", 0, most_bytes);
  request->set_body(descriptor, offset, arguments.integer(3, "length", 0, most_bytes));
  return undefined(arguments.env());
}

napi_value set_body_provider(const Arguments &arguments) {
  const auto request = usable(arguments);
  const std::int64_t length = arguments.integer(1, "length", -1, most_bytes);
  napi_value provider = arguments.function(2, "provider");
  request->set_body_provider(length, request->keep(provider));
  return undefined(arguments.env());
}

napi_value add_interim_handler(const Arguments &arguments) {
  const auto request = usable(arguments);
  napi_value handler = arguments.function(1, "fn");
  request->add_interim_handler(request->keep(handler));
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
  if (mode == Mode::Sync && !arguments.environment().in_worker() && !request->has_callbacks() &&
      !request->session().has_callbacks()) {
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
        if (block.count > 0)
          fill(env, operation.held(env, 1), {block.memory.get(), static_cast<std::size_t>(block.count)});
        return from(env, static_cast<double>(block.count));
      },
      request->has_callbacks());
  made->occupy(request);
  made->hold(arguments[0]);
  made->hold(arguments[1]);
  return made;
}

std::shared_ptr<Operation> read_to_fd(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  const int descriptor = static_cast<int>(arguments.integer(1, "fd", 0, INT32_MAX));
  return request_operation(arguments, request,
                           [request, descriptor] { return request->read_to(descriptor); });
}

// Through memory of ours, as in read_block; `buflen.value` is the room before, the count after success.
std::shared_ptr<Operation> read_to_buffer(const Arguments &arguments, Mode) {
  struct Received {
    Memory memory;
    std::size_t size;
    int result;
  };
  const napi_env env = arguments.env();
  auto request = arguments.handle<Request>(0, "req");
  const std::span<char> buffer = arguments.buffer(1, "buf");
  napi_value out = arguments.object(2, "buflen"), value;
  check(env, napi_get_named_property(env, out, "value", &value));
  const std::size_t size = size_or(env, value, "buflen", buffer.size());
  auto made = operation(
      request->shared_session(),
      [request, size] {
        Received received{allocate(size), size, NE_ERROR};
        received.result = request->read_to(received.memory.get(), &received.size);
        return received;
      },
      [](Operation &operation, napi_env env, const Received &received) {
        if (received.result != NE_OK) return from(env, received.result);
        fill(env, operation.held(env, 1), {received.memory.get(), received.size});
        set(env, operation.held(env, 2), "value", from(env, static_cast<double>(received.size)));
        return from(env, received.result);
      },
      request->has_callbacks());
  made->occupy(request);
  made->hold(arguments[0]);
  made->hold(arguments[1]);
  made->hold(arguments[2]);
  return made;
}

napi_value get_status(const Arguments &arguments) {
  const auto request = arguments.handle<Request>(0, "req");
  if (!request->closing() || !request->session().inside_callback()) request->require_usable();
  return status_object(arguments.env(), *ne_get_status(request->c()));
}

napi_value get_trailer(const Arguments &arguments) {
  const auto request = usable(arguments);
  const std::string name = arguments.text(1, "name");
  const auto get = Gated<const char *(ne_request *, const char *)>::required("ne_get_response_trailer");
  return from(arguments.env(), get(request->c(), name.c_str()));
}

napi_value get_target(const Arguments &arguments) {
  const auto request = usable(arguments);
  const auto get = Gated<const ne_uri *(ne_request *)>::required("ne_get_request_target");
  const ne_uri *uri = get(request->c());
  return uri ? uri_object(arguments.env(), *uri) : null(arguments.env());
}

napi_value get_location(const Arguments &arguments) {
  const auto request = usable(arguments);
  const std::string fragment = arguments.is_nullish(1) ? "" : arguments.text(1, "fragment");
  const auto get = Gated<ne_uri *(ne_request *, const char *)>::required("ne_get_response_location");
  ne_uri *uri = get(request->c(), arguments.is_nullish(1) ? nullptr : fragment.c_str());
  if (!uri) return null(arguments.env());
  napi_value object = uri_object(arguments.env(), *uri);
  ne_uri_free(uri);
  ne_free(uri);
  return object;
}

napi_value get_retry_after(const Arguments &arguments) {
  const auto request = usable(arguments);
  const auto get = Gated<std::time_t(ne_request *)>::required("ne_get_response_retry_after");
  return from(arguments.env(), static_cast<double>(get(request->c())));
}

napi_value get_response_header(const Arguments &arguments) {
  const auto request = usable(arguments);
  return from(arguments.env(), ne_get_response_header(request->c(), arguments.text(1, "name").c_str()));
}

napi_value iterate_fields(const Arguments &arguments, Iterate *iterate) {
  const napi_env env = arguments.env();
  const auto request = usable(arguments);
  void *position = nullptr;
  if (!arguments.is_nullish(1)) {
    const auto cursor = arguments.handle<HeaderCursor>(1, "cursor");
    if (cursor->request.lock() != request || cursor->generation != request->generation() ||
        cursor->iterate != iterate)
      throw neon_failure(code::invalid_state, "The cursor belongs to another response");
    position = cursor->position;
  }
  napi_value name_object = arguments.object(2, "name"), value_object = arguments.object(3, "value");
  const char *name = nullptr, *value = nullptr;
  position = iterate(request->c(), position, &name, &value);
  if (!position) return null(env);
  set(env, name_object, "value", from(env, name));
  set(env, value_object, "value", from(env, value));
  return to_object(std::make_shared<HeaderCursor>(request, position, iterate));
}

napi_value iterate_headers(const Arguments &arguments) {
  return iterate_fields(arguments, ne_response_header_iterate);
}

napi_value iterate_trailers(const Arguments &arguments) {
  // Wrong arguments are told before an old neon is.
  usable(arguments);
  if (!arguments.is_nullish(1)) arguments.handle<HeaderCursor>(1, "cursor");
  arguments.object(2, "name");
  arguments.object(3, "value");
  return iterate_fields(arguments, Gated<Iterate>::required("ne_response_trailer_iterate"));
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
  topic.plain("ne_set_request_body_fd", set_body_fd);
  topic.plain("ne_set_request_body_provider", set_body_provider);
  topic.plain("ne_add_interim_handler", add_interim_handler);
  topic.plain("ne_accept_2xx", accept_2xx);
  topic.plain("ne_accept_always", accept_always);
  topic.plain("ne_add_response_body_reader", add_body_reader);
  topic.blocking("ne_request_dispatch", dispatch);
  topic.blocking("ne_begin_request", begin);
  topic.blocking("ne_read_response_block", read_block);
  topic.blocking("ne_read_response_to_fd", read_to_fd);
  topic.blocking("ne_read_response_to_buffer", read_to_buffer);
  topic.blocking("ne_discard_response", discard);
  topic.blocking("ne_end_request", end);
  topic.plain("ne_get_status", get_status);
  topic.plain("ne_get_response_header", get_response_header);
  topic.plain("ne_response_header_iterate", iterate_headers);
  topic.plain("ne_get_response_trailer", get_trailer);
  topic.plain("ne_response_trailer_iterate", iterate_trailers);
  topic.plain("ne_get_request_target", get_target);
  topic.plain("ne_get_response_location", get_location);
  topic.plain("ne_get_response_retry_after", get_retry_after);
  topic.plain("ne_set_request_flag", set_flag);
  topic.plain("ne_get_request_flag", get_flag);
  topic.plain("ne_get_session", get_session);
  topic.plain("requireRequest", require_request);
}

}  // namespace neon
