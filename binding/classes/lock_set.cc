#include "classes/lock_set.h"

#include <ne_basic.h>
#include <ne_string.h>
#include <ne_uri.h>

#include <string>
#include <type_traits>

#include "classes/exchange/exchange.h"
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

// C would look for its private data in requests that have none.
void FollowingList::register_with(Session &session, std::shared_ptr<LockSet> set) {
  if (!session.requests.empty())
    throw neon_failure(code::invalid_state,
                       "The first lock of a session must come while no request is live that libneon/ne made");
  const auto list = std::make_shared<FollowingList>(std::move(set));
  list->hook(session, list);
}

// What stays keeps its order, here and there, and what is new comes after it.
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

/// What a method does to the resource of its target.
struct Effect {
  const char *method;
  int depth;    // how far down it changes what is there
  bool parent;  // whether it may add a member to the collection that the resource is in, or remove one
};
constexpr Effect effects[] = {
    {"PUT", NE_DEPTH_ZERO, true},        {"PATCH", NE_DEPTH_ZERO, true},
    {"MKCOL", NE_DEPTH_ZERO, true},      {"MKCALENDAR", NE_DEPTH_ZERO, true},
    {"DELETE", NE_DEPTH_INFINITE, true}, {"MOVE", NE_DEPTH_INFINITE, true},
    {"PROPPATCH", NE_DEPTH_ZERO, false}, {"POST", NE_DEPTH_ZERO, false},
    {"ACL", NE_DEPTH_ZERO, false},
};

const std::string *header(const Recipe &recipe, const char *name) {
  for (const auto &[other, value] : recipe.headers)
    if (ne_strcasecmp(other.c_str(), name) == 0) return &value;
  return nullptr;
}

/// Where a COPY or MOVE goes, when that is on the server of the session.
std::string destination(const Session &session, const Recipe &recipe) {
  const std::string *text = header(recipe, "Destination");
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
  if (header(recipe, "If")) return;
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
    const std::string *depth = header(recipe, "Depth");
    change_target(depth && *depth == "0" ? NE_DEPTH_ZERO : NE_DEPTH_INFINITE, true);
  }
  if (method == "COPY" || method == "MOVE") change(destination(session, recipe), NE_DEPTH_INFINITE, true);
}

HiddenLocks::HiddenLocks(Session &session, const Recipe &recipe) {
  if (!session.locks || !header(recipe, "If")) return;
  list_ = session.locks->list;
  list_->hide(true);
}

namespace {

// --- Calls ------------------------------------------------------------------------------------------------

/// A call of neon's about one lock, which gives null, or why it failed: [code, text]. `run` is given the
/// lock.
class LockCall : public Operation {
 public:
  using Function = int (*)(ne_session *, struct ne_lock *);

  LockCall(std::shared_ptr<Session> session, OwnedLock lock, Function function)
      : Operation(session), session_(std::move(session)), lock_(std::move(lock)), function_(function) {}

 protected:
  void run() override {
    code_ = Request::run_delegated(*session_, [this] { return function_(session_->c(), lock_.get()); });
    text_ = ne_get_error(session_->c());
    if (code_ == NE_OK) succeeded();
  }
  void stalled() override {
    if (code_ == NE_OK) return;
    code_ = NE_TIMEOUT;
    text_ = ne_get_error(session_->c());
  }
  Napi::Value result(Napi::Env env) override {
    if (code_ == NE_OK) {
      fill(env, held(env, 0));
      return null(env);
    }
    const napi_value failed[] = {from(env, code_), from(env, text_)};
    return list_of(env, failed);
  }
  /// Where it ran.
  virtual void succeeded() {}
  /// Tells the caller what C changed in the lock.
  virtual void fill(napi_env, napi_value) {}

  Session &session() const { return *session_; }
  const struct ne_lock &lock() const { return *lock_; }
  void fail(const char *text) {
    code_ = NE_ERROR;
    text_ = text;
  }

 private:
  const std::shared_ptr<Session> session_;
  const OwnedLock lock_;
  const Function function_;
  int code_ = NE_ERROR;
  std::string text_;
};

/// LOCK. The lock is in the set at once, so that requests which wait behind it submit it; but not for longer,
/// unless the caller is told of it.
class Obtain final : public LockCall {
 public:
  Obtain(std::shared_ptr<Session> session, OwnedLock lock, std::shared_ptr<LockSet> set)
      : LockCall(std::move(session), std::move(lock), ne_lock), set_(std::move(set)) {}
  ~Obtain() override {
    if (entry_ && !told_) set_->remove(entry_);
  }

 protected:
  void run() override {
    set_->join_for_lock(session());
    LockCall::run();
  }
  void succeeded() override {
    if (!is_token(lock().token)) return fail("The token of the lock is none");
    entry_ = set_->add(OwnedLock(ne_lock_copy(&lock())));
  }
  void fill(napi_env env, napi_value object) override {
    fill_lock(env, object, lock());
    told_ = true;
  }

 private:
  const std::shared_ptr<LockSet> set_;
  LockSet::Entry entry_;
  bool told_ = false;  // JavaScript thread
};

/// UNLOCK.
class Release final : public LockCall {
 public:
  Release(std::shared_ptr<Session> session, OwnedLock lock, std::shared_ptr<LockSet> set)
      : LockCall(std::move(session), std::move(lock),
                 [](ne_session *c, struct ne_lock *given) { return ne_unlock(c, given); }),
        set_(std::move(set)) {}

 protected:
  void succeeded() override { set_->remove(lock().token); }

 private:
  const std::shared_ptr<LockSet> set_;
};

/// LOCK of a lock that is held.
class Refresh final : public LockCall {
 public:
  Refresh(std::shared_ptr<Session> session, OwnedLock lock)
      : LockCall(std::move(session), std::move(lock), ne_lock_refresh) {}

 protected:
  void fill(napi_env env, napi_value object) override { set_timeout(env, object, lock()); }
};

std::shared_ptr<LockSet> set_argument(const Arguments &arguments, std::size_t index) {
  return arguments.handle<LockSet>(index, "set");
}

/// A call with (session, lock) or, where it changes the set, (session, lock, set). It gives null, or [code,
/// text], and fills `lock` in.
template <class Made, void (*Require)(const struct ne_lock &)>
std::shared_ptr<Operation> lock_call(const Arguments &arguments, Mode) {
  OwnedLock lock = lock_of(arguments, 1);
  Require(*lock);
  auto session = arguments.handle<Session>(0, "session");
  std::shared_ptr<Made> made;
  if constexpr (std::is_same_v<Made, Refresh>)
    made = std::make_shared<Made>(std::move(session), std::move(lock));
  else
    made = std::make_shared<Made>(std::move(session), std::move(lock), set_argument(arguments, 2));
  made->hold(arguments[1]);
  return made;
}

napi_value create_set(const Arguments &arguments) {
  return to_object(std::make_shared<LockSet>(arguments.environment()));
}

/// shareLocks(set, session): requests of the session submit the locks of the set.
napi_value share(const Arguments &arguments) {
  const auto set = set_argument(arguments, 0);
  const auto session = arguments.handle<Session>(1, "session");
  if (session->shared_locks()) return undefined(arguments.env());
  // As long as it has no set, no operation registers one.
  if (session->locks)
    throw neon_failure(code::invalid_state,
                       "This session has a lock store of libneon/ne's, which its requests submit locks of");
  session->share_locks(set);
  return undefined(arguments.env());
}

/// insertLock(set, lock)
napi_value insert(const Arguments &arguments) {
  OwnedLock lock = lock_of(arguments, 1);
  require_storable(*lock);
  set_argument(arguments, 0)->add(std::move(lock));
  return undefined(arguments.env());
}

/// dropLock(set, token)
napi_value drop(const Arguments &arguments) {
  set_argument(arguments, 0)->remove(arguments.text(1, "token"));
  return undefined(arguments.env());
}

}  // namespace

void register_lock_set(Topic &topic) {
  topic.plain("createLockSet", create_set);
  topic.plain("shareLocks", share);
  topic.plain("insertLock", insert);
  topic.plain("dropLock", drop);
  topic.blocking("obtainLock", lock_call<Obtain, require_lockable>);
  topic.blocking("releaseLock", lock_call<Release, require_path_and_token>);
  topic.blocking("refreshLock", lock_call<Refresh, require_path_and_token>);
}

}  // namespace neon
