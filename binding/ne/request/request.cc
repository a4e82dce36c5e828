// The life of a request, its blocking calls, and the phases that it passes through.
#include "ne/request/request.h"

#include <ne_xmlreq.h>
#include <strings.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/since.h"
#include "core/value.h"
#include "ne/xml.h"

namespace neon {

namespace {

// Releases a request that neon made itself. neon calls this function when it destroys the request, after all
// destroy-request hooks that JavaScript added.
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

// Hooks that run inside `make` call created(), which connects this Request with C's request.
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

// Adopts a request that neon made itself: CONNECT, or the request of a function like ne_get.
std::shared_ptr<Request> Request::adopt(Session &session, ne_request *c) {
  auto owner = std::static_pointer_cast<Session>(session.shared_from_this());
  auto made = shared(new Request(std::move(owner), "", "", true));
  made->adopted_ = true;
  made->know(c);
  if (session.lent_watches.empty()) watch_lent(session);
  session.lent.push_back(made);
  return made;
}

// Hooks run in the order in which they were added, and the watch must run last. Each time JavaScript adds a
// destroy-request hook, a new watch is added after it, and earlier watches are removed. While a
// destroy-request hook runs, C may be about to run an earlier watch. That watch then stays registered, but
// does nothing.
void Request::watch_lent(Session &session) {
  if (session.running_destroy_hooks == 0) {
    for (const auto &watch : session.lent_watches)
      ne_unhook_destroy_request(session.c(), forget_lent, watch.get());
    session.lent_watches.clear();
  }
  session.lent_watches.push_back(std::make_unique<Session::LentWatch>(Session::LentWatch{session}));
  ne_hook_destroy_request(session.c(), forget_lent, session.lent_watches.back().get());
}

bool Request::dropped(Session &session, ne_request *c) {
  const auto found = session.requests.find(c);
  return found != session.requests.end() &&
         (found->second->dropped_ || found->second->weak_from_this().expired());
}

Napi::Object Request::object_of(Session &session, ne_request *c, Operation &operation) {
  const Napi::Env env = session.environment->env();
  const auto found = session.requests.find(c);
  std::shared_ptr<Request> request =
      found == session.requests.end() ? adopt(session, c)
                                      : std::static_pointer_cast<Request>(found->second->shared_from_this());
  if (const Napi::Object object = request->object(); !object.IsEmpty()) return object;
  // In the last hook, the handle is destroyed already, and C is destroying the request.
  if (operation.resource() == request.get() && request->closing())
    return operation.held(env, 0).As<Napi::Object>();
  const Napi::Object object = HandleWrap::wrap(request, kind, external_size, operation.handle_object(env));
  operation.hold_on(env, object);
  return object;
}

Request::~Request() {
  if (c_) close();
}

bool Request::closed() const {
  return closed_ || (marked_destroyed_ && !(session_->asks_about(*this) && session_->inside_callback()));
}

void Request::mark_destroyed() {
  session_->live.erase(this);
  marked_destroyed_ = true;
}

void Request::close() {
  if (!c_) return;  // destroyed twice on the promise surface
  closing_ = true;
  // The connection may still hold the rest of the body, which C would read as the next response.
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

Napi::Object Request::open_handle() {
  session_->live.insert(this);
  // The request's JavaScript object keeps the session's object, and with it the session's callbacks. A
  // session that was destroyed meanwhile has no object.
  const Napi::Object known = object();
  return known.IsEmpty() ? HandleWrap::wrap(shared_from_this(), kind, external_size, session_->object())
                         : known;
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

void Request::use_for(Operation &operation) {
  operation.use(std::static_pointer_cast<Request>(shared_from_this()));
  for (const auto &reader : readers_) {
    if (!reader->parser) continue;
    if (!reader->parser->object())
      throw neon_failure(code::destroyed, "The ne_xml_parser that reads this request's body is destroyed");
    operation.use(reader->parser);
  }
}

bool Request::is_quick() const {
  return c_ && session_->may_be_quick() && !has_callbacks() && is_in_memory_ &&
         method_.size() + target_.size() + header_bytes_ + body_.size() <= Session::max_quick_request &&
         ne_get_request_flag(c_, NE_REQFLAG_IDEMPOTENT) && !ne_get_request_flag(c_, NE_REQFLAG_EXPECT100);
}

// Must be called when the request is about to be sent.
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
  // After some errors, the connection is still open and contains the rest of the response.
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

// Closes the connection after a failure. If C cannot store a part of the body, the connection still holds the
// rest.
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

int Request::discard_some(std::uint64_t limit) {
  char block[2048];
  while (phase_ == Phase::Body && received_ <= limit)
    if (read(block, sizeof block) < 0) return NE_ERROR;
  return NE_OK;
}

// Whether we shut the connection down. A body may end where the connection ends, and neon then mistakes our
// own shutdown for the regular end.
bool Request::was_cut() const {
  return session_->connection.interruption() != Connection::Interruption::None;
}

int Request::parse(XmlParser &parser) {
  require_pulling("ne_xml_parse_response");
  if (phase_ == Phase::AtEnd)
    throw neon_failure(code::invalid_state, "The response body was read to its end already");
  return finish_reading(ne_xml_parse_response(c_, parser.c()));
}

int Request::end() {
  require_pulling("ne_end_request");
  int result;
  if (phase_ == Phase::AtEnd || body_complete()) {
    result = ne_end_request(c_);
  } else {
    // The connection still holds the rest of the body, which C would read as trailers or as the next
    // response.
    ne_set_error(session_->c(), "%s", "The response body was not read to its end");
    ne_close_connection(session_->c());
    result = NE_ERROR;
  }
  enter(result == NE_RETRY ? Phase::Idle : Phase::Ended);
  return result;
}

// Whether the whole body has arrived, even if C has not yet returned the final block of length 0. A chunked
// body is complete only after C has returned that block. Until then, its last chunk is still in the
// connection.
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

Napi::Value status_object(Napi::Env env, const ne_status &status) {
  return call_javascript(Environment::of(env).hook(Environment::Hook::Status),
                         {Napi::Number::New(env, status.major_version),
                          Napi::Number::New(env, status.minor_version), Napi::Number::New(env, status.code),
                          Napi::Number::New(env, status.klass), string_or_null(env, status.reason_phrase)});
}

}  // namespace neon
