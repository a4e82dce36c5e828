#include "ne/session/session.h"

#include <ne_request.h>

#include "core/interpose.h"
#include "core/topic.h"
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

void Session::require_free(const Request *request) const {
  if (active && active != request)
    throw neon_failure(code::active_request, "The request " + active->description() +
                                                 " is between ne_begin_request and ne_end_request");
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
  // Where C has requests already, operations of the classes refuse to go on without their locks.
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

std::shared_ptr<Session> usable(const Arguments &arguments) {
  auto session = arguments.handle<Session>(0, "sess");
  session->require_usable();
  return session;
}

napi_value nothing(Operation &, napi_env env, bool) { return undefined(env); }

napi_value create(const Arguments &arguments) {
  const std::string scheme = arguments.line(0, "scheme");
  const std::string host = arguments.line(1, "hostname");
  const auto port = static_cast<unsigned>(arguments.integer(2, "port", 0, 65535));
  return to_object(std::make_shared<Session>(arguments.environment(), scheme, host, port));
}

// The refusal while requests are live is lib's; whatever comes here, the C object outlives its requests.
std::shared_ptr<Operation> destroy(const Arguments &arguments, Mode mode) {
  auto session = arguments.handle<Session>(0, "sess");
  if (mode == Mode::Sync)
    session->require_idle();
  else
    session->require_queueable();
  const bool live = !session->live_requests().empty();
  HandleWrap::destroy(*session);
  auto made = operation(
      session,
      [session, live] {
        if (!live) session->finish();
        return true;
      },
      nothing);
  made->set_target_object(arguments[0]);
  return made;
}

napi_value live_requests(const Arguments &arguments) {
  const napi_env env = arguments.env();
  napi_value list;
  check(env, napi_create_array(env, &list));
  std::uint32_t index = 0;
  for (const std::string &description : arguments.handle<Session>(0, "sess")->live_requests())
    check(env, napi_set_element(env, list, index++, from(env, description)));
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

napi_value set_flag(const Arguments &arguments) {
  const auto session = usable(arguments);
  const auto flag = static_cast<ne_session_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  ne_set_session_flag(session->c(), flag, arguments.flag(2, "value"));
  return undefined(arguments.env());
}

napi_value get_flag(const Arguments &arguments) {
  const auto session = usable(arguments);
  const auto flag = static_cast<ne_session_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  return from(arguments.env(), ne_get_session_flag(session->c(), flag));
}

napi_value set_read_timeout(const Arguments &arguments) {
  const auto session = usable(arguments);
  const int seconds = static_cast<int>(arguments.integer(1, "timeout", 1, max_seconds));
  ne_set_read_timeout(session->c(), seconds);
  session->connection.set_stall_limit(std::chrono::seconds(seconds));
  return undefined(arguments.env());
}

napi_value set_connect_timeout(const Arguments &arguments) {
  const auto session = usable(arguments);
  const int seconds = static_cast<int>(arguments.integer(1, "timeout", 1, max_seconds));
  ne_set_connect_timeout(session->c(), seconds);
  session->connection.set_connect_limit(std::chrono::seconds(seconds));
  return undefined(arguments.env());
}

napi_value set_useragent(const Arguments &arguments) {
  const auto session = usable(arguments);
  ne_set_useragent(session->c(), arguments.line(1, "product").c_str());
  return undefined(arguments.env());
}

napi_value version_pre_http11(const Arguments &arguments) {
  return from(arguments.env(), ne_version_pre_http11(usable(arguments)->c()));
}

napi_value get_server_hostport(const Arguments &arguments) {
  return from(arguments.env(), ne_get_server_hostport(arguments.handle<Session>(0, "sess")->c()));
}

napi_value get_scheme(const Arguments &arguments) {
  return from(arguments.env(), ne_get_scheme(arguments.handle<Session>(0, "sess")->c()));
}

napi_value fill_uri(const Arguments &arguments, void (*fill)(ne_session *, ne_uri *)) {
  const napi_env env = arguments.env();
  const auto session = usable(arguments);
  napi_value object = arguments.object(1, "uri");
  ne_uri uri{};
  fill(session->c(), &uri);
  // What C leaves alone stays: all of it where there is no proxy, whose scheme is never told.
  if (uri.scheme) set(env, object, "scheme", from(env, uri.scheme));
  if (uri.host) {
    set(env, object, "host", from(env, uri.host));
    set(env, object, "port", from(env, static_cast<int>(uri.port)));
  }
  ne_uri_free(&uri);
  return undefined(env);
}

napi_value fill_server_uri(const Arguments &arguments) { return fill_uri(arguments, ne_fill_server_uri); }

napi_value fill_proxy_uri(const Arguments &arguments) { return fill_uri(arguments, ne_fill_proxy_uri); }

// The format is applied in JavaScript; here it is data.
napi_value set_error(const Arguments &arguments) {
  const auto session = usable(arguments);
  ne_set_error(session->c(), "%s", arguments.text(1, "format").c_str());
  return undefined(arguments.env());
}

napi_value get_error(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  if (session->pending && !session->asking) return from(arguments.env(), session->settled_error);
  // Others of its group may be busy: they don't touch its text.
  return from(arguments.env(), ne_get_error(session->pending ? usable(arguments)->c() : session->c()));
}

// No effect without TLS, where neon would use a context that is not there.
napi_value trust_default_ca(const Arguments &arguments) {
  const auto session = usable(arguments);
  if (session->uses_tls()) ne_ssl_trust_default_ca(session->c());
  return undefined(arguments.env());
}

// For the classes: ne_session_destroy where nothing is in the way. Else they abort what is pending: the
// connection is closed as soon as no call is inside C, nobody waits for it, and no hook is told.
napi_value drop(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_queueable();
  if (session->has_callbacks() && !session->pending && session->live_requests().empty())
    return destroy(arguments, Mode::Sync)->call();
  HandleWrap::destroy(*session);
  session->run_when_free([session] { session->close_connection(); }, false);
  return undefined(arguments.env());
}

// For the classes: ne_ssl_trust_default_ca, but at the first request, where it blocks nobody.
napi_value trust_default_later(const Arguments &arguments) {
  const auto session = usable(arguments);
  session->trust_default_ca = session->uses_tls();
  return undefined(arguments.env());
}

// Throws what any use of a handle that is not a live session throws; for lib's private data.
napi_value require_session(const Arguments &arguments) {
  arguments.handle<Session>(0, "sess");
  return undefined(arguments.env());
}

}  // namespace

void register_session(Topic &topic) {
  topic.plain("ne_session_create", create);
  topic.blocking("ne_session_destroy", destroy);
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
