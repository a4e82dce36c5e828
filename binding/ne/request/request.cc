#include "ne/request/request.h"

#include <ne_xmlreq.h>
#include <strings.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/since.h"
#include "core/topic.h"
#include "ne/session/callback.h"
#include "ne/uri.h"
#include "ne/xml.h"

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
  return ask_acceptor(reader->request, *status, [reader](napi_env env, Operation &operation) {
    return request_function(env, operation, reader->request, reader->accept_function);
  });
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

int parse_block(void *userdata, const char *bytes, std::size_t size) noexcept {
  return static_cast<const Request::Reader *>(userdata)->parser->parse(bytes, size);
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
  std::copy(provided.bytes.begin(), provided.bytes.end(), buffer);
  return provided.count;
}

// neon made this request itself, and is done with it: after the last hook of JavaScript's.
void forget_lent(ne_request *c, void *userdata) noexcept {
  const auto *watch = static_cast<const Session::LentWatch *>(userdata);
  Session &session = watch->session;
  if (watch != session.lent_watches.back().get()) return;
  const auto found = std::find_if(session.lent.begin(), session.lent.end(),
                                  [=](const std::shared_ptr<Request> &request) { return request->c() == c; });
  if (found == session.lent.end()) return;
  const std::shared_ptr<Request> request = std::move(*found);
  session.lent.erase(found);
  request->release();
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------

int ask_acceptor(const Request &request, const ne_status &status,
                 const std::function<napi_value(napi_env, Operation &)> &function) {
  Operation *operation = request.session().operation();
  if (!operation) return 0;
  return operation->ask(
      0,
      [&](napi_env env) {
        const napi_value arguments[] = {object_in(env, *operation, request), status_object(env, status)};
        return operation->call_function(env, function(env, *operation), 2, arguments);
      },
      to_int);
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
  made->open([request = made.get()] {
    return ne_request_create(request->session_->c(), request->method_.c_str(), request->target_.c_str());
  });
  return made;
}

std::shared_ptr<Request> Request::create_inside(std::shared_ptr<Session> session, std::string method,
                                                std::string target,
                                                const std::function<ne_request *()> &make) {
  auto made = shared(new Request(std::move(session), std::move(method), std::move(target), false));
  made->inside_ = made->adopted_ = made->has_body_ = true;
  made->open(make);
  return made;
}

std::shared_ptr<Request> Request::shared(Request *made) {
  return {made, [](Request *request) {
            const std::shared_ptr<Session> owner = request->session_;
            owner->run_when_free([owner, request] { delete request; });
          }};
}

// Hooks that run inside meet this block through created().
void Request::open(const std::function<ne_request *()> &make) {
  session_->expect_request();
  Request *const outer = std::exchange(session_->being_created, this);
  ne_request *const c = make();
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

// A request of neon's own: CONNECT, or that of a function like ne_get.
std::shared_ptr<Request> Request::adopt(Session &session, ne_request *c) {
  auto owner = std::static_pointer_cast<Session>(session.shared_from_this());
  auto made = shared(new Request(std::move(owner), "", "", true));
  made->adopted_ = true;
  made->know(c);
  if (session.lent_watches.empty()) watch_lent(session);
  session.lent.push_back(made);
  return made;
}

// Hooks run in the order in which they came. Earlier ones of ours stay, and do nothing: C may be about to run
// them.
void Request::watch_lent(Session &session) {
  session.lent_watches.push_back(std::make_unique<Session::LentWatch>(Session::LentWatch{session}));
  ne_hook_destroy_request(session.c(), forget_lent, session.lent_watches.back().get());
}

void Request::watch_lent_again(Session &session) {
  if (!session.lent_watches.empty()) watch_lent(session);
}

bool Request::dropped(Session &session, ne_request *c) {
  const auto found = session.requests.find(c);
  return found != session.requests.end() &&
         (found->second->dropped_ || found->second->weak_from_this().expired());
}

napi_value Request::object_of(Session &session, ne_request *c, Operation &operation) {
  const napi_env env = session.environment->env();
  const auto found = session.requests.find(c);
  std::shared_ptr<Request> request =
      found == session.requests.end() ? adopt(session, c)
                                      : std::static_pointer_cast<Request>(found->second->shared_from_this());
  if (napi_value object = request->object()) return object;
  // Its handle was destroyed, and now it is: the last hook.
  if (operation.resource() == request.get() && request->closing()) return operation.held(env, 0);
  napi_value object = HandleWrap::wrap(request, kind, external_size, operation.handle_object(env));
  operation.hold_on(env, object);
  return object;
}

Request::~Request() {
  if (c_) close();
}

bool Request::closed() const {
  return closed_ || (doomed_ && !(session_->asks_about(*this) && session_->inside_callback()));
}

void Request::mark_destroyed() {
  session_->live.erase(this);
  doomed_ = true;
}

void Request::close() {
  if (!c_) return;  // destroyed twice on the promise surface
  closing_ = true;
  // Its unread body would be the next response's head.
  if (session_->active == this) session_->abandon_connection();
  if (!adopted_) ne_request_destroy(c_);
  release();
}

void Request::destroying(Session &session, ne_request *c) {
  const auto found = session.requests.find(c);
  if (found != session.requests.end()) found->second->closing_ = true;
}

void Request::release() {
  session_->requests.erase(c_);
  decompressors_.clear();
  c_ = nullptr;
  closed_ = true;
}

void Request::on_detached() {
  if (!inside_) session_->live.erase(this);
}

napi_value Request::open_handle() {
  session_->live.insert(this);
  // With the session's object, and what hangs on it; none if that was destroyed meanwhile.
  napi_value known = object();
  return known ? known : HandleWrap::wrap(shared_from_this(), kind, external_size, session_->object());
}

void Request::require_usable() const {
  if (closing_)
    throw neon_failure(code::invalid_state,
                       "This request is being destroyed: C has freed most of it already");
  if (lent_) return session_->require_usable();
  if (use_count && !session_->asks_about(*this))
    throw neon_failure(code::busy, "A promise of this request is pending");
}

void Request::require_own(const char *use) const {
  if (lent_ || inside_)
    throw neon_failure(code::borrowed,
                       std::string("This request is not the caller's own: it must not be ") + use);
}

void Request::occupy_for(Operation &operation) {
  operation.use(std::static_pointer_cast<Request>(shared_from_this()));
  for (const auto &reader : readers_) {
    if (!reader->parser) continue;
    if (!reader->parser->object())
      throw neon_failure(code::destroyed, "The ne_xml_parser that reads this request's body is destroyed");
    operation.use(reader->parser);
  }
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
  const auto add = Since<AddHandler>::required("ne_add_interim_handler");
  interim_handlers_.push_back(std::make_unique<InterimHandler>(InterimHandler{*this, function}));
  add(c_, meet_interim, interim_handlers_.back().get());
}

void Request::add_reader(Coding coding, ne_accept_response accept, std::uint32_t accept_function,
                         std::uint32_t read_function, std::shared_ptr<XmlParser> parser) {
  const ne_block_reader read = parser ? parse_block : read_block;
  readers_.push_back(
      std::make_unique<Reader>(Reader{*this, accept_function, read_function, std::move(parser)}));
  if (!accept) accept = accept_response;
  if (coding == Coding::Gzip)
    decompressors_.emplace_back(ne_decompress_reader(c_, accept, read, readers_.back().get()));
  else
    ne_add_response_body_reader(c_, accept, read, readers_.back().get());
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

// It is about to be sent.
void Request::prepare() {
  session_->require_free(this);
  if (!c_) throw neon_failure(code::destroyed, "This ne_request is destroyed");
  if (phase_ != Phase::Idle && phase_ != Phase::Ended)
    throw neon_failure(code::invalid_state, "This request was begun already: read it and end it first");
  session_->prepare();
}

int Request::begin() {
  prepare();
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
  const auto read_to_buffer = Since<ReadToBuffer>::required("ne_read_response_to_buffer");
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

int Request::parse(XmlParser &parser) {
  require_pulling("ne_xml_parse_response");
  if (phase_ == Phase::AtEnd)
    throw neon_failure(code::invalid_state, "The response body was read to its end already");
  return finish_reading(ne_xml_parse_response(c_, parser.c()));
}

namespace {

/// Sees by hooks of our own how often C sends a request, and whether it read the response to its end.
class Sends final {
 public:
  /// `request`: null for the first one that C makes.
  Sends(Session &session, Request *request)
      : request_(request), session_(session.c()), c_(request ? request->c() : nullptr) {
    ne_hook_create_request(session_, on_create, this);
    ne_hook_pre_send(session_, on_send, this);
    ne_hook_post_send(session_, on_end, this);
  }
  ~Sends() {
    ne_unhook_create_request(session_, on_create, this);
    ne_unhook_pre_send(session_, on_send, this);
    ne_unhook_post_send(session_, on_end, this);
  }
  Sends(const Sends &) = delete;
  Sends &operator=(const Sends &) = delete;

  bool complete() const { return complete_; }

 private:
  static void on_create(ne_request *c, void *userdata, const char *, const char *) noexcept {
    Sends &self = *static_cast<Sends *>(userdata);
    if (!self.c_) self.c_ = c;
  }
  static void on_send(ne_request *c, void *userdata, ne_buffer *) noexcept {
    Sends &self = *static_cast<Sends *>(userdata);
    if (c != self.c_) return;  // neon's CONNECT
    if (self.request_) self.request_->sent_again();
    self.complete_ = false;
  }
  static int on_end(ne_request *c, void *userdata, const ne_status *) noexcept {
    Sends &self = *static_cast<Sends *>(userdata);
    if (c == self.c_) self.complete_ = true;
    return NE_OK;
  }

  Request *const request_;
  ne_session *const session_;
  ne_request *c_;
  bool complete_ = false;
};

int send_whole(Session &session, Request *request, const std::function<int()> &send) {
  const Sends sends(session, request);
  int result = send();
  // Where the end of the connection is the end of the body, neon takes our own cut for it.
  if (result == NE_OK && session.connection.interruption() != Connection::Interruption::None)
    result = NE_ERROR;
  // Some errors leave the connection open with the rest of the response in it.
  if (result == NE_ERROR && !sends.complete()) ne_close_connection(session.c());
  return result;
}

}  // namespace

int Request::run_delegated(const std::function<int()> &send) {
  prepare();
  enter(Phase::Sending);
  const int result = send_whole(*session_, this, send);
  enter(Phase::Ended);
  return result;
}

int Request::run_delegated(Session &session, const std::function<int()> &send) {
  session.require_free();
  session.prepare();
  session.expect_request();
  return send_whole(session, nullptr, send);
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

}  // namespace neon
