// The set of locks of the classes, and the list of each session, from which C submits locks. Also the calls
// that obtain, release and refresh a lock.
#include "classes/lock_set.h"

#include <ne_alloc.h>
#include <ne_basic.h>
#include <ne_string.h>
#include <ne_uri.h>
#include <ne_xmlreq.h>

#include <string>

#include "classes/exchange/caller_headers.h"
#include "classes/exchange/record.h"
#include "classes/lock_response.h"
#include "core/topic.h"
#include "ne/request/request.h"

namespace neon {

namespace {

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

// --- LockSet ----------------------------------------------------------------------------------------------

LockSet::Entry LockSet::add(OwnedLock lock) {
  Entry entry(std::move(lock));
  remove(entry->token);
  const std::lock_guard guard(mutex_);
  entries_.push_back(entry);
  ++version_;
  return entry;
}

void LockSet::remove(std::string_view token) {
  remove_if([=](const Entry &entry) { return token == entry->token; });
}

void LockSet::remove(const Entry &entry) {
  remove_if([&](const Entry &other) { return other == entry; });
}

template <class Which>
void LockSet::remove_if(Which which) {
  const std::lock_guard guard(mutex_);
  if (std::erase_if(entries_, which) > 0) ++version_;
}

std::pair<std::vector<LockSet::Entry>, std::uint64_t> LockSet::all() const {
  const std::lock_guard guard(mutex_);
  return {entries_, version_};
}

std::vector<LockSet::Entry> LockSet::ending_with(const Recipe &recipe) const {
  if (recipe.method != "DELETE" && recipe.method != "MOVE") return {};
  const std::string_view path = without_slash(recipe.target);
  std::vector<Entry> ending = all().first;
  std::erase_if(ending, [=](const Entry &entry) {
    const std::string_view locked = entry->uri.path;
    return without_slash(locked) != path &&
           !(locked.starts_with(path) && locked.substr(path.size()).starts_with('/'));
  });
  return ending;
}

void LockSet::join(Session &session) {
  if (version_ > 0) join_for_lock(session);
}

void LockSet::join_for_lock(Session &session) {
  if (!session.locks)
    FollowingList::register_with(session, std::static_pointer_cast<LockSet>(shared_from_this()));
}

// --- FollowingList ----------------------------------------------------------------------------------------

// Throws while a request is live. C would look for the list's private data in this request, but a request
// that is older than the list has none.
void FollowingList::register_with(Session &session, std::shared_ptr<LockSet> set) {
  if (!session.requests.empty())
    throw neon_failure(code::invalid_state,
                       "The first lock of a session must come while no request is live that libneon/ne made");
  const auto list = std::make_shared<FollowingList>(std::move(set));
  list->hook(session, list);
}

// Brings the copies up to date. First removes the copies of locks that have left the set. The set adds locks
// only at its end, so the other copies are in its order. Then appends copies of the new locks.
void FollowingList::follow() {
  if (!hidden_ && set_->version() == version_) return;
  auto [entries, version] = hidden_ ? std::pair<std::vector<LockSet::Entry>, std::uint64_t>() : set_->all();
  std::size_t kept = 0;
  std::erase_if(copies_, [&, &entries = entries](const auto &copy) {
    if (kept < entries.size() && entries[kept] == copy.first) {
      ++kept;
      return false;
    }
    take_out(copy.second);
    return true;
  });
  for (std::size_t i = copies_.size(); i < entries.size(); ++i) {
    copies_.emplace_back(entries[i], ne_lock_copy(entries[i].get()));
    ne_lockstore_add(c_, copies_.back().second);
  }
  version_ = version;
}

// --- Requests ---------------------------------------------------------------------------------------------

namespace {

/// How a method changes the resource of its target.
struct Effect {
  const char *method;
  int depth;    // how far below the target the method changes resources
  bool parent;  // whether the method may add or remove a member of the parent collection
};
constexpr Effect effects[] = {
    {"PUT", NE_DEPTH_ZERO, true},        {"PATCH", NE_DEPTH_ZERO, true},
    {"MKCOL", NE_DEPTH_ZERO, true},      {"MKCALENDAR", NE_DEPTH_ZERO, true},
    {"DELETE", NE_DEPTH_INFINITE, true}, {"MOVE", NE_DEPTH_INFINITE, true},
    {"PROPPATCH", NE_DEPTH_ZERO, false}, {"POST", NE_DEPTH_ZERO, false},
    {"ACL", NE_DEPTH_ZERO, false},
};

/// The destination path of a COPY or MOVE; empty when the destination is not on the server of the session.
std::string destination(const Session &session, const Recipe &recipe) {
  const std::string *text = recipe.header("Destination");
  ne_uri uri{}, server{};
  std::string path;
  if (text && ne_uri_parse(text->c_str(), &uri) == 0 && uri.path) {
    ne_fill_server_uri(session.c(), &server);
    if (uri.scheme && uri.port == 0) uri.port = ne_uri_defaultport(uri.scheme);
    const bool here = !uri.host || (uri.scheme && ne_strcasecmp(uri.scheme, server.scheme) == 0 &&
                                    ne_strcasecmp(uri.host, server.host) == 0 && uri.port == server.port);
    if (here) path = uri.path;
  }
  ne_uri_free(&uri);
  ne_uri_free(&server);
  return path;
}

}  // namespace

void submit_locks(Session &session, ne_request *request, const Recipe &recipe) {
  if (recipe.header("If")) return;
  const std::string &method = recipe.method;
  const auto change = [&](const std::string &path, int depth, bool parent) {
    if (path.empty()) return;
    session.locks->list->submits(request);
    ne_lock_using_resource(request, path.c_str(), depth);
    if (parent) ne_lock_using_parent(request, path.c_str());
  };
  const auto change_target = [&](int depth, bool parent) {
    const std::size_t query = recipe.target.find('?');
    change(recipe.target.substr(0, query), depth, parent);
    if (query != std::string::npos) change(recipe.target, depth, parent);
  };
  for (const Effect &effect : effects)
    if (method == effect.method) change_target(effect.depth, effect.parent);
  if (method == "LOCK") {
    const std::string *depth = recipe.header("Depth");
    change_target(depth && *depth == "0" ? NE_DEPTH_ZERO : NE_DEPTH_INFINITE, true);
  }
  if (method == "COPY" || method == "MOVE") change(destination(session, recipe), NE_DEPTH_INFINITE, true);
}

HiddenLocks::HiddenLocks(Session &session, const Recipe &recipe) {
  if (!session.locks || !recipe.header("If")) return;
  list_ = session.locks->list;
  list_->hide(true);
}

namespace {

// --- Calls ------------------------------------------------------------------------------------------------

/// The arguments of a call about a lock.
struct LockArguments {
  std::shared_ptr<Session> session;
  OwnedLock lock;
  std::shared_ptr<LockSet> set;
  Recipe recipe;  // the headers of the caller, and the limit of inflating
};

/// A call with one lock. The result is null on success, and [code, text, response, token] on failure.
/// Head::response() packs the response, which may be null. The token is null, unless the server has granted a
/// lock although the call failed.
class LockCall : public Operation {
 public:
  explicit LockCall(LockArguments arguments)
      : Operation(arguments.session),
        session_(std::move(arguments.session)),
        lock_(std::move(arguments.lock)),
        set_(std::move(arguments.set)),
        recipe_(std::move(arguments.recipe)) {}

 protected:
  void run() override {
    const CallerHeaders headers(session_->c(), recipe_);
    const auto send_it = [this] { return send(session_->c()); };
    result_.note(Request::run_delegated(*session_, send_it, Request::Reuse::Silent), session_->c());
    if (response_.out_of_memory() || record_.out_of_memory())
      throw neon_failure(code::no_memory, "Out of memory");
    if (result_.ok()) succeeded();
  }
  void stalled() override { result_.note_stall(session_->c()); }
  Napi::Value result(Napi::Env env) override {
    if (!result_.ok())
      return array_of(env, {Napi::Number::New(env, result_.code), Napi::String::New(env, result_.text),
                            record_.value(env),
                            token_.empty() ? env.Null() : Napi::Value(Napi::String::New(env, token_))});
    fill(held(env, 0).As<Napi::Object>());
    return env.Null();
  }
  /// Sends the request.
  virtual int send(ne_session *session) = 0;
  /// Notes that the call succeeded. Called where the operation runs.
  virtual void succeeded() {}
  /// Sets the fields of the caller's lock that the response has changed.
  virtual void fill(Napi::Object) {}

  Session &session() const { return *session_; }
  struct ne_lock &lock() const {
    return *lock_;
  }
  LockSet &set() const { return *set_; }
  const LockResponse &response() const { return response_; }
  /// Submits the locks that the request needs, unless the caller has an If header.
  template <class Submit>
  void submit(Submit submit) {
    if (!recipe_.header("If")) submit();
  }
  /// Sends the request, notes its response, and destroys the request. Returns NE_OK only for a status that
  /// grants what the request asked for.
  int dispatch(ne_request *request);
  /// Parses the document of a LOCK response; `result` is the result of dispatch(). Returns the result of the
  /// call.
  int parse(int result);
  /// Called when the call fails although the server has granted a lock. Records the token of this lock.
  void strand(std::string token) { token_ = std::move(token); }

 private:
  // The part of a body beyond this size is ignored.
  static constexpr std::size_t max_body = std::size_t{1} << 20U;

  const std::shared_ptr<Session> session_;
  const OwnedLock lock_;
  const std::shared_ptr<LockSet> set_;
  const Recipe recipe_;
  ResponseRecord record_{max_body, max_body};
  LockResponse response_{record_};
  CallResult result_;
  std::string token_;
};

int LockCall::dispatch(ne_request *request) {
  recipe_.add_headers_and_flags_to(request);
  record_.read_from(request, recipe_.inflate);
  const int result = ne_request_dispatch(request);
  ne_request_destroy(request);
  record_.stop_reading();
  return result == NE_OK && !response_.granted() ? NE_ERROR : result;
}

int LockCall::parse(int result) {
  if (!response_.granted()) return result;
  const char *const failure = response_.parse();
  if (!failure || result != NE_OK) return result;
  ne_set_error(session_->c(), "%s", failure);
  return NE_ERROR;
}

// Adds the Timeout header as ne_lock and ne_lock_refresh write it.
void add_timeout(ne_request *request, long timeout) {
  if (timeout == NE_TIMEOUT_INFINITE)
    ne_add_request_header(request, "Timeout", "Infinite");
  else if (timeout > 0)
    ne_print_request_header(request, "Timeout", "Second-%ld", timeout);
}

/// LOCK, as ne_lock sends it. The lock enters the set as soon as the server grants it. Requests that wait
/// behind this one then submit the lock. If the lock never reaches the caller, it is removed from the set
/// again.
class Obtain final : public LockCall {
 public:
  using LockCall::LockCall;
  ~Obtain() override {
    if (entry_ && !handed_over_) set().remove(entry_);
  }

 protected:
  void run() override {
    set().join_for_lock(session());
    LockCall::run();
  }
  int send(ne_session *c) override;
  void succeeded() override { entry_ = set().add(OwnedLock(ne_lock_copy(&lock()))); }
  void fill(Napi::Object object) override {
    fill_lock(object, lock());
    handed_over_ = true;
  }

 private:
  void take(const std::string &token);

  LockSet::Entry entry_;
  bool handed_over_ = false;  // JavaScript thread
};

int Obtain::send(ne_session *c) {
  std::string body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<lockinfo xmlns='DAV:'>\n <lockscope>";
  body += lock().scope == ne_lockscope_exclusive ? "<exclusive/>" : "<shared/>";
  body += "</lockscope>\n<locktype><write/></locktype>";
  if (lock().owner) body.append("<owner>").append(lock().owner).append("</owner>\n");
  body += "</lockinfo>\n";
  const char *const path = lock().uri.path;
  ne_request *const request = ne_request_create(c, "LOCK", path);
  ne_set_request_flag(request, NE_REQFLAG_IDEMPOTENT, 0);
  ne_set_request_body_buffer(request, body.data(), body.size());
  ne_add_request_header(request, "Content-Type", NE_XML_MEDIA_TYPE);
  ne_add_depth_header(request, lock().depth);
  add_timeout(request, lock().timeout);
  submit([&] {
    ne_lock_using_parent(request, path);
    ne_lock_using_resource(request, path, lock().depth);
  });
  int result = parse(dispatch(request));
  if (!response().granted()) return result;
  const std::string token = response().token();
  if (result == NE_OK && token.empty()) {
    ne_set_error(c, "The response has no valid lock token");
    result = NE_ERROR;
  }
  if (result == NE_OK)
    take(token);
  else
    strand(token);
  return result;
}

void Obtain::take(const std::string &token) {
  struct ne_lock &lock = this->lock();
  const auto replace = [](char *&field, const std::string *text) {
    if (field) ne_free(field);
    field = text ? ne_strdup(text->c_str()) : nullptr;
  };
  replace(lock.token, &token);
  lock.timeout = NE_TIMEOUT_INVALID;
  const ActiveLock *const active = response().find(token);
  if (!active) return;
  lock.timeout = active->timeout;
  lock.scope = active->scope;
  if (active->depth >= 0) lock.depth = active->depth;
  replace(lock.owner, active->owner ? &*active->owner : nullptr);
}

/// UNLOCK, as ne_unlock sends it.
class Release final : public LockCall {
 public:
  using LockCall::LockCall;

 protected:
  int send(ne_session *c) override {
    ne_request *const request = ne_request_create(c, "UNLOCK", lock().uri.path);
    ne_print_request_header(request, "Lock-Token", "<%s>", lock().token);
    submit([&] { ne_lock_using_parent(request, lock().uri.path); });
    return dispatch(request);
  }
  void succeeded() override { set().remove(lock().token); }
};

/// Refreshes a lock with a LOCK request, as ne_lock_refresh does. Afterwards the timeout is unknown if the
/// response has no document, or if the document does not describe the lock.
class Refresh final : public LockCall {
 public:
  using LockCall::LockCall;

 protected:
  int send(ne_session *c) override {
    ne_request *const request = ne_request_create(c, "LOCK", lock().uri.path);
    ne_print_request_header(request, "If", "(<%s>)", lock().token);
    add_timeout(request, lock().timeout);
    const int result = parse(dispatch(request));
    const ActiveLock *const active = response().find(lock().token);
    lock().timeout = active ? active->timeout : NE_TIMEOUT_INVALID;
    return result;
  }
  void fill(Napi::Object object) override { set_timeout(object, lock()); }
};

std::shared_ptr<LockSet> set_argument(const Arguments &arguments, std::size_t index) {
  return arguments.handle<LockSet>(index, "set");
}

/// A call with (session, lock, set, options).
template <class Call>
std::shared_ptr<Operation> lock_call(const Arguments &arguments, void (*require)(const struct ne_lock &)) {
  LockArguments read{
      arguments.handle<Session>(0, "session"), lock_of(arguments, 1), set_argument(arguments, 2), {}};
  require(*read.lock);
  read.recipe.read_options(arguments, 3);
  auto made = std::make_shared<Call>(std::move(read));
  made->hold(arguments[1]);
  return made;
}

/// obtainLock(session, lock, set, options) → null, or the array that LockCall describes
std::shared_ptr<Operation> obtain(const Arguments &arguments, Mode) {
  return lock_call<Obtain>(arguments, require_lockable);
}

/// releaseLock(session, lock, set, options) → null, or the array that LockCall describes
std::shared_ptr<Operation> release(const Arguments &arguments, Mode) {
  return lock_call<Release>(arguments, require_path_and_token);
}

/// refreshLock(session, lock, set, options) → null, or the array that LockCall describes
std::shared_ptr<Operation> refresh(const Arguments &arguments, Mode) {
  return lock_call<Refresh>(arguments, require_path_and_token);
}

Napi::Value create_set(const Arguments &arguments) {
  return to_object(std::make_shared<LockSet>(arguments.environment()));
}

/// shareLocks(set, session): requests of the session submit the locks of the set.
Napi::Value share(const Arguments &arguments) {
  const auto set = set_argument(arguments, 0);
  const auto session = arguments.handle<Session>(1, "session");
  if (session->shared_locks()) return arguments.env().Undefined();
  // No set of the classes has registered a list for this session. So `locks` is a lock store of libneon/ne.
  if (session->locks)
    throw neon_failure(code::invalid_state,
                       "This session has a lock store of libneon/ne's, which its requests submit locks of");
  session->share_locks(set);
  return arguments.env().Undefined();
}

/// insertLock(set, lock)
Napi::Value insert(const Arguments &arguments) {
  OwnedLock lock = lock_of(arguments, 1);
  require_storable(*lock);
  set_argument(arguments, 0)->add(std::move(lock));
  return arguments.env().Undefined();
}

/// dropLock(set, token)
Napi::Value drop(const Arguments &arguments) {
  set_argument(arguments, 0)->remove(arguments.text(1, "token"));
  return arguments.env().Undefined();
}

}  // namespace

void register_lock_set(Topic &topic) {
  topic.plain("createLockSet", create_set);
  topic.plain("shareLocks", share);
  topic.plain("insertLock", insert);
  topic.plain("dropLock", drop);
  topic.call("obtainLock", obtain);
  topic.call("releaseLock", release);
  topic.call("refreshLock", refresh);
}

}  // namespace neon
