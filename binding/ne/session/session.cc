// A session's life, its settings, and the functions of ne_session.h that no other file implements.
#include "ne/session/session.h"

#include <ne_request.h>

#include "core/interpose.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/auth.h"
#include "ne/locks.h"
#include "ne/pkcs11.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"

namespace neon {

namespace {

void on_status(void *observer, ne_session_status status, const ne_session_status_info *info) noexcept {
  static_cast<StatusObserver *>(observer)->on_status(status, *info);
}

}  // namespace

Session::Session(Environment &environment, const std::string &scheme, const std::string &host, unsigned port)
    : Handle(environment), c_(ne_session_create(scheme.c_str(), host.c_str(), port)) {}

Session::~Session() {
  const Interposing interposing(&connection);
  if (c_) ne_session_destroy(c_);
}

void Session::finish() {
  if (!requests.empty()) return close_connection();
  active = nullptr;
  ne_session_destroy(c_);
  c_ = nullptr;
  tokens.clear();
}

Operation *Session::operation() const {
  Operation *running = Operation::current();
  return running && &running->executor() == this ? running : nullptr;
}

void Session::require_fresh(const char *function) const {
  if (had_request)
    throw neon_failure(
        code::invalid_state,
        std::string(function) + " must be called before the session's first request is created");
}

void Session::require_whole(const char *function) const {
  if (marked_destroyed_)
    throw neon_failure(code::invalid_state,
                       std::string(function) + " must not be called while the session is being destroyed");
}

void Session::require_free(const Request *request) const {
  if (active && active != request)
    throw neon_failure(code::active_request, "The request " + active->description() +
                                                 " is between ne_begin_request and ne_end_request");
}

bool Session::may_be_quick() const {
  return !uses_tls() && connection.is_open() && !has_callbacks() && !locks && !shared_locks();
}

void Session::abandon_connection() {
  connection.abandon();
  close_connection();
}

void Session::close_connection() {
  if (active) active->connection_lost();
  active = nullptr;
  if (c_) ne_close_connection(c_);
}

void Session::close_stale_connection() {
  if (connection.is_stale()) close_connection();
}

std::shared_ptr<Creation> Session::announce(std::string description) {
  auto creation = std::make_shared<Creation>(std::move(description));
  std::erase_if(creations, [](const auto &weak) { return weak.expired(); });
  creations.push_back(creation);
  return creation;
}

std::vector<std::string> Session::live_requests() {
  std::vector<std::string> descriptions;
  for (const Request *request : live) descriptions.push_back(request->description());
  for (const auto &[handle, description] : live_others) descriptions.push_back(description);
  std::erase_if(creations, [&](const std::weak_ptr<const Creation> &weak) {
    const auto creation = weak.lock();
    if (!creation || !creation->use_count) return true;
    descriptions.push_back(creation->description);
    return false;
  });
  return descriptions;
}

void Session::expect_request() {
  had_request = true;
  if (std::exchange(system_proxy, false)) ne_session_system_proxy(c_, 0);
  // Shared locks cannot join the session while C has requests. Until they join, operations of the classes
  // refuse to run, because their requests would submit no locks.
  if (SharedLocks *shared = shared_locks(); shared && !locks && requests.empty()) shared->join(*this);
  if (locks) locks->list->follow();
}

void Session::observe_status(std::shared_ptr<StatusObserver> observer) {
  status_observer_ = std::move(observer);
  ne_set_notifier(c_, on_status, status_observer_.get());
}

void Session::share_locks(std::shared_ptr<SharedLocks> locks) {
  shared_locks_ = std::move(locks);
  shares_locks_ = true;
}

void Session::prepare() {
  if (std::exchange(trust_default_ca, false)) ne_ssl_trust_default_ca(c_);
}

void Session::note_stall() {
  if (!c_) return;
  ne_set_error(c_, "Connection timed out: no data moved for %lld seconds",
               static_cast<long long>(connection.stall_limit().count()));
}

namespace {

constexpr std::int64_t max_seconds = 2147483;  // C multiplies by 1000

Napi::Value nothing(Operation &, Napi::Env env, bool) { return env.Undefined(); }

Napi::Value create(const Arguments &arguments) {
  const std::string scheme = arguments.line(0, "scheme");
  const std::string host = arguments.host(1, "hostname");
  const auto port = static_cast<unsigned>(arguments.integer(2, "port", 0, 65535));
  return to_object(std::make_shared<Session>(arguments.environment(), scheme, host, port));
}

/// Runs ne_session_destroy. The handle stays attached until the hooks have run, so they see a valid session.
/// The TypeScript code refuses to destroy a session that has live requests. If it did not, the C session
/// would still outlive its requests.
class Destruction final : public Operation {
 public:
  explicit Destruction(const std::shared_ptr<Session> &session)
      : Operation(session), session_(session), live_(!session->live_requests().empty()) {
    session->mark_destroyed();
  }

  /// Destroys the handle even when a hook threw.
  void deliver(Napi::Env env) override {
    Operation::deliver(env);
    HandleWrap::destroy(*session_);
  }

 protected:
  void run() override {
    if (!live_) session_->finish();
  }
  Napi::Value result(Napi::Env env) override { return env.Undefined(); }

 private:
  const std::shared_ptr<Session> session_;
  const bool live_;
};

std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_queueable();
  auto made = std::make_shared<Destruction>(session);
  made->set_handle_object(arguments[0]);
  return made;
}

Napi::Value destroy(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_idle();
  const Napi::Value result = destroy_queued(arguments, Mode::Sync)->call();
  // If call() throws, this line must not run: napi_remove_wrap() ends the process while JavaScript is being
  // terminated. The session then still behaves as destroyed, and the handle's finalizer does the rest.
  HandleWrap::destroy(*session);
  return result;
}

Napi::Value live_requests(const Arguments &arguments) {
  const Napi::Array list = Napi::Array::New(arguments.env());
  std::uint32_t index = 0;
  for (const std::string &description : arguments.handle<Session>(0, "sess")->live_requests())
    list.Set(index++, description);
  return list;
}

std::shared_ptr<Operation> close_connection(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  return operation(
      session,
      [session] {
        session->require_free();
        session->close_connection();
        return true;
      },
      nothing);
}

Napi::Value set_flag(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  const auto flag = static_cast<ne_session_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  ne_set_session_flag(session->c(), flag, arguments.flag(2, "value"));
  return arguments.env().Undefined();
}

Napi::Value get_flag(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  const auto flag = static_cast<ne_session_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  return Napi::Number::New(arguments.env(), ne_get_session_flag(session->c(), flag));
}

Napi::Value set_read_timeout(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  const int seconds = static_cast<int>(arguments.integer(1, "timeout", 1, max_seconds));
  ne_set_read_timeout(session->c(), seconds);
  session->connection.set_stall_limit(std::chrono::seconds(seconds));
  return arguments.env().Undefined();
}

Napi::Value set_connect_timeout(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  const int seconds = static_cast<int>(arguments.integer(1, "timeout", 1, max_seconds));
  ne_set_connect_timeout(session->c(), seconds);
  session->connection.set_connect_limit(std::chrono::seconds(seconds));
  return arguments.env().Undefined();
}

Napi::Value set_useragent(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  ne_set_useragent(session->c(), arguments.line(1, "product").c_str());
  return arguments.env().Undefined();
}

Napi::Value version_pre_http11(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), ne_version_pre_http11(usable<Session>(arguments)->c()));
}

Napi::Value get_server_hostport(const Arguments &arguments) {
  return string_or_null(arguments.env(), ne_get_server_hostport(arguments.handle<Session>(0, "sess")->c()));
}

Napi::Value get_scheme(const Arguments &arguments) {
  return string_or_null(arguments.env(), ne_get_scheme(arguments.handle<Session>(0, "sess")->c()));
}

Napi::Value fill_uri(const Arguments &arguments, void (*fill)(ne_session *, ne_uri *)) {
  const auto session = usable<Session>(arguments);
  const Napi::Object object = arguments.out(1, "uri", {"scheme", "host", "port"});
  ne_uri uri{};
  fill(session->c(), &uri);
  // Fields that C does not set keep their values: the scheme of a proxy, or all fields if there is no proxy.
  if (uri.scheme) set_field(object, "scheme", uri.scheme);
  if (uri.host) {
    set_field(object, "host", uri.host);
    set_field(object, "port", uri.port);
  }
  ne_uri_free(&uri);
  return arguments.env().Undefined();
}

Napi::Value fill_server_uri(const Arguments &arguments) { return fill_uri(arguments, ne_fill_server_uri); }

Napi::Value fill_proxy_uri(const Arguments &arguments) { return fill_uri(arguments, ne_fill_proxy_uri); }

// JavaScript has already formatted the text, so C must not interpret it as a format.
Napi::Value set_error(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  ne_set_error(session->c(), "%s", arguments.text(1, "format").c_str());
  return arguments.env().Undefined();
}

Napi::Value get_error(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  if (session->pending && !session->asking) return Napi::String::New(arguments.env(), session->settled_error);
  // Other sessions of the lane group may be busy, but they do not touch the error text of this session.
  return string_or_null(arguments.env(),
                        ne_get_error(session->pending ? usable<Session>(arguments)->c() : session->c()));
}

// Does nothing for a session without TLS. Such a session has no TLS context, but neon would use one.
Napi::Value trust_default_ca(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  if (session->uses_tls()) ne_ssl_trust_default_ca(session->c());
  return arguments.env().Undefined();
}

// For the classes, which abort pending operations. Calls ne_session_destroy if the session has callbacks, no
// pending operation and no live requests. Otherwise destroys the handle without running hooks. The connection
// closes as soon as no call is inside C. This function does not wait for that.
Napi::Value drop(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_queueable();
  if (session->has_callbacks() && !session->pending && session->live_requests().empty())
    return destroy(arguments);
  HandleWrap::destroy(*session);
  session->run_when_free([session] { session->close_connection(); }, false);
  return arguments.env().Undefined();
}

// For the classes: defers ne_ssl_trust_default_ca to the first request, which is allowed to block.
Napi::Value trust_default_later(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  session->trust_default_ca = session->uses_tls();
  return arguments.env().Undefined();
}

// The private-data functions in lib use this check. Throws unless the argument is a live session.
Napi::Value require_session(const Arguments &arguments) {
  arguments.handle<Session>(0, "sess");
  return arguments.env().Undefined();
}

}  // namespace

void register_session(Topic &topic) {
  topic.plain("ne_session_create", create);
  topic.plain("ne_session_destroy", destroy);
  topic.queued("ne_session_destroy", destroy_queued);
  topic.plain("liveRequests", live_requests);
  topic.plain("trustDefaultLater", trust_default_later);
  topic.plain("requireSession", require_session);
  topic.plain("dropSession", drop);
  topic.blocking("ne_close_connection", close_connection);
  topic.plain("ne_set_session_flag", set_flag);
  topic.plain("ne_get_session_flag", get_flag);
  topic.plain("ne_set_read_timeout", set_read_timeout);
  topic.plain("ne_set_connect_timeout", set_connect_timeout);
  topic.plain("ne_set_useragent", set_useragent);
  topic.plain("ne_version_pre_http11", version_pre_http11);
  topic.plain("ne_get_server_hostport", get_server_hostport);
  topic.plain("ne_get_scheme", get_scheme);
  topic.plain("ne_fill_server_uri", fill_server_uri);
  topic.plain("ne_fill_proxy_uri", fill_proxy_uri);
  topic.plain("ne_set_error", set_error);
  topic.plain("ne_get_error", get_error);
  topic.plain("ne_ssl_trust_default_ca", trust_default_ca);
}

}  // namespace neon
