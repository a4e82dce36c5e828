#include "ne/locks.h"

#include <ne_alloc.h>
#include <ne_basic.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/markup.h"
#include "core/topic.h"
#include "ne/request/request.h"
#include "ne/uri.h"

namespace neon {

namespace {

// --- Hooks of ours, beside those by which neon submits the locks of a store -------------------------------

LockRegistration &registration_of(void *userdata) { return *static_cast<LockRegistration *>(userdata); }

// Of the requests that JavaScript made, ne_lock_using_* tells.
void on_create_request(ne_request *request, void *userdata, const char *, const char *) noexcept {
  const LockRegistration &registration = registration_of(userdata);
  if (!registration.session.being_created) registration.list->submits(request);
}

void on_destroy_request(ne_request *request, void *userdata) noexcept {
  registration_of(userdata).list->submitted(request);
}

}  // namespace

// --- LockList ---------------------------------------------------------------------------------------------

void LockList::hook(Session &session, std::shared_ptr<LockList> self) {
  session.locks = std::make_shared<LockRegistration>(LockRegistration{session, std::move(self)});
  ne_lockstore_register(c_, session.c());
  ne_hook_create_request(session.c(), on_create_request, session.locks.get());
  ne_hook_destroy_request(session.c(), on_destroy_request, session.locks.get());
}

void LockList::take_out(struct ne_lock *lock) {
  ne_lockstore_remove(c_, lock);
  OwnedLock owned(lock);
  const std::lock_guard guard(mutex_);
  if (!submitting_.empty()) removed_.push_back({std::move(owned), submitting_});
}

void LockList::submits(const ne_request *request) {
  const std::lock_guard guard(mutex_);
  submitting_.insert(request);
}

void LockList::submitted(const ne_request *request) {
  const std::lock_guard guard(mutex_);
  if (submitting_.erase(request) == 0) return;
  for (Removed &removed : removed_) removed.requests.erase(request);
  std::erase_if(removed_, [](const Removed &removed) { return removed.requests.empty(); });
}

// --- LockStore --------------------------------------------------------------------------------------------

void LockStore::require_changeable() const {
  for (const auto &weak : sessions_)
    if (const auto session = weak.lock()) session->require_usable();
}

void LockStore::register_with(const std::shared_ptr<Session> &session) {
  session->require_idle();
  if (session->locks || session->shared_locks())
    throw neon_failure(code::invalid_state, "This session has a lock store already: neon knows one of each");
  if (!session->requests.empty())
    throw neon_failure(code::invalid_state,
                       "A lock store must be registered while no request of the session is live");
  std::erase_if(sessions_, [](const auto &weak) { return weak.expired(); });
  sessions_.push_back(session);
  hook(*session, std::static_pointer_cast<LockStore>(shared_from_this()));
}

std::uint32_t LockStore::add(OwnedLock lock, napi_value object) {
  const std::uint32_t number = keep(object);
  numbers_.emplace(lock.get(), number);
  ne_lockstore_add(c_, lock.release());
  return number;
}

void LockStore::remove(std::uint32_t number) {
  const auto found = std::find_if(numbers_.begin(), numbers_.end(),
                                  [=](const auto &entry) { return entry.second == number; });
  if (found == numbers_.end()) throw neon_failure(code::invalid_state, "This lock is not in this store");
  struct ne_lock *const lock = found->first;
  numbers_.erase(found);
  let_go(lock, number);
}

void LockStore::clear() {
  for (const auto &[lock, number] : std::exchange(numbers_, {})) let_go(lock, number);
}

void LockStore::let_go(struct ne_lock *lock, std::uint32_t number) {
  take_out(lock);
  if (current_ == lock) current_ = nullptr;  // C's cursor points to what was freed
  forget(number);
}

napi_value LockStore::move_to(struct ne_lock *lock) {
  current_ = lock;
  return object_of(lock);
}

napi_value LockStore::object_of(const struct ne_lock *lock) const {
  const napi_env env = environment->env();
  if (!lock) return null(env);
  return kept(env, object(), numbers_.at(const_cast<struct ne_lock *>(lock)));
}

namespace {

// --- struct ne_lock ---------------------------------------------------------------------------------------

constexpr std::int64_t max_seconds = (std::int64_t{1} << 53) - 1;  // Number.MAX_SAFE_INTEGER

std::string field_of_lock(const char *name) {
  return std::string("The \"") + name + "\" field of the \"lock\" argument";
}

/// Reads the fields of an argument "lock"; one that is missing is NULL or 0, as in C.
class LockFields final {
 public:
  LockFields(const Arguments &arguments, std::size_t index)
      : env_(arguments.env()), object_(arguments.object(index, "lock")) {}

  char *text(const char *name) const {
    const auto value = given(name);
    return value ? ne_strdup(text_of(env_, *value, field_of_lock(name)).c_str()) : nullptr;
  }
  std::int64_t integer(const char *name, std::int64_t min, std::int64_t max) const {
    const auto value = given(name);
    return value ? integer_of(env_, *value, field_of_lock(name), min, max) : 0;
  }
  napi_value object(const char *name) const {
    napi_value value = field(env_, object_, name);
    require_object(env_, value, field_of_lock(name));
    return value;
  }

 private:
  std::optional<napi_value> given(const char *name) const {
    napi_value value = field(env_, object_, name);
    napi_valuetype type;
    check(env_, napi_typeof(env_, value, &type));
    return type == napi_undefined || type == napi_null ? std::nullopt : std::optional(value);
  }

  const napi_env env_;
  const napi_value object_;
};

}  // namespace

OwnedLock lock_of(const Arguments &arguments, std::size_t index) {
  const LockFields fields(arguments, index);
  OwnedLock lock(ne_lock_create());
  ne_uri_copy(&lock->uri, GivenUri(arguments.env(), fields.object("uri"), "lock").c());
  lock->depth = static_cast<int>(fields.integer("depth", INT32_MIN, INT32_MAX));
  lock->type = static_cast<ne_lock_type>(fields.integer("type", ne_locktype_write, ne_locktype_write));
  lock->scope =
      static_cast<ne_lock_scope>(fields.integer("scope", ne_lockscope_exclusive, ne_lockscope_shared));
  lock->token = fields.text("token");
  lock->owner = fields.text("owner");
  lock->timeout = static_cast<long>(fields.integer("timeout", NE_TIMEOUT_INVALID, max_seconds));
  return lock;
}

// C has LONG_MAX for what is too long.
void set_timeout(napi_env env, napi_value object, const struct ne_lock &lock) {
  set(env, object, "timeout",
      from(env, static_cast<double>(std::min<std::int64_t>(lock.timeout, max_seconds))));
}

void fill_lock(napi_env env, napi_value object, const struct ne_lock &lock) {
  set(env, object, "depth", from(env, lock.depth));
  set(env, object, "type", from(env, static_cast<int>(lock.type)));
  set(env, object, "scope", from(env, static_cast<int>(lock.scope)));
  set(env, object, "token", from(env, static_cast<const char *>(lock.token)));
  set(env, object, "owner", from(env, static_cast<const char *>(lock.owner)));
  set_timeout(env, object, lock);
}

namespace {

napi_value lock_object(napi_env env, const struct ne_lock &lock) {
  napi_value object;
  check(env, napi_create_object(env, &object));
  set(env, object, "uri", uri_object(env, lock.uri));
  fill_lock(env, object, lock);
  return object;
}

// What C would dereference or print.
void require_path(const struct ne_lock &lock) {
  if (!lock.uri.path)
    throw type_failure(code::argument_type, field_of_lock("path") + " must be of type string");
  require_line(lock.uri.path, "lock");
}

// C cuts the header that it is printed into: (<token>)
constexpr std::size_t max_token = NE_BUFSIZ - 5;

void require_lock_token(const struct ne_lock &lock) {
  if (!lock.token)
    throw type_failure(code::argument_type, field_of_lock("token") + " must be of type string");
  require_line(lock.token, "lock");
  if (std::strlen(lock.token) > max_token)
    throw range_failure(field_of_lock("token") + " must be shorter than " + std::to_string(max_token + 1) +
                        " bytes");
}

void require_depth(const struct ne_lock &lock) {
  if (lock.depth < NE_DEPTH_ZERO || lock.depth > NE_DEPTH_INFINITE)
    throw range_failure(field_of_lock("depth") +
                        " must be NE_DEPTH_ZERO, NE_DEPTH_ONE or NE_DEPTH_INFINITE. "
                        "Received " +
                        std::to_string(lock.depth));
}

// C compares it with that of the session, and puts it into a header.
void require_whole_uri(const struct ne_lock &lock) {
  require_path(lock);
  if (!lock.uri.scheme || !lock.uri.host || lock.uri.port == 0)
    throw type_failure(code::argument_value,
                       field_of_lock("uri") + " must have a scheme, a host, a port and a path");
  for (const char *text :
       {lock.uri.scheme, lock.uri.host, lock.uri.userinfo, lock.uri.query, lock.uri.fragment})
    if (text) require_line(text, "lock");
}

}  // namespace

void require_lockable(const struct ne_lock &lock) {
  require_path(lock);
  require_depth(lock);
  if (lock.owner) require_well_formed(lock.owner, field_of_lock("owner"));
}

void require_path_and_token(const struct ne_lock &lock) {
  require_path(lock);
  require_lock_token(lock);
}

void require_storable(const struct ne_lock &lock) {
  require_whole_uri(lock);
  require_depth(lock);
  require_lock_token(lock);
}

bool is_token(const char *text) {
  const std::string_view token(text);
  const auto fits = [](char c) { return c > ' ' && c <= '~' && c != '<' && c != '>'; };
  return !token.empty() && token.size() <= max_token && std::all_of(token.begin(), token.end(), fits);
}

namespace {

napi_value create_lock(const Arguments &arguments) {
  return lock_object(arguments.env(), *OwnedLock(ne_lock_create()));
}

// C copies a token even where there is none.
napi_value copy_lock(const Arguments &arguments) {
  const OwnedLock lock = lock_of(arguments, 0);
  const bool has_token = lock->token;
  if (!has_token) lock->token = ne_strdup("");
  const OwnedLock copy(ne_lock_copy(lock.get()));
  napi_value object = lock_object(arguments.env(), *copy);
  if (!has_token) set(arguments.env(), object, "token", null(arguments.env()));
  return object;
}

napi_value free_lock(const Arguments &arguments) {
  const napi_env env = arguments.env();
  napi_value uri = LockFields(arguments, 0).object("uri");
  fill_uri(env, uri, ne_uri{});
  set(env, arguments[0], "token", null(env));
  set(env, arguments[0], "owner", null(env));
  return undefined(env);
}

// --- Stores -----------------------------------------------------------------------------------------------

std::shared_ptr<LockStore> store_argument(const Arguments &arguments) {
  return arguments.handle<LockStore>(0, "store");
}

std::shared_ptr<LockStore> changeable(const Arguments &arguments) {
  auto store = store_argument(arguments);
  store->require_changeable();
  return store;
}

napi_value create_store(const Arguments &arguments) {
  return to_object(std::make_shared<LockStore>(arguments.environment()));
}

napi_value register_store(const Arguments &arguments) {
  store_argument(arguments)->register_with(arguments.handle<Session>(1, "sess"));
  return undefined(arguments.env());
}

// Its sessions submit no lock any more.
napi_value destroy_store(const Arguments &arguments) {
  const auto store = changeable(arguments);
  store->clear();
  HandleWrap::destroy(*store);
  return undefined(arguments.env());
}

/// addLock(store, lock) → its number, for removeLock(store, number). Whose the object is, lib knows.
napi_value add_lock(const Arguments &arguments) {
  OwnedLock lock = lock_of(arguments, 1);
  require_storable(*lock);
  const std::uint32_t number = changeable(arguments)->add(std::move(lock), arguments[1]);
  return from(arguments.env(), static_cast<double>(number));
}

napi_value remove_lock(const Arguments &arguments) {
  const auto number = static_cast<std::uint32_t>(arguments.integer(1, "number", 0, UINT32_MAX));
  changeable(arguments)->remove(number);
  return undefined(arguments.env());
}

napi_value first_lock(const Arguments &arguments) { return store_argument(arguments)->first(); }

napi_value next_lock(const Arguments &arguments) { return store_argument(arguments)->next(); }

napi_value find_lock(const Arguments &arguments) {
  const GivenUri uri(arguments.env(), arguments.object(1, "uri"), "uri");
  return store_argument(arguments)->find(*uri.c());
}

// --- Requests ---------------------------------------------------------------------------------------------

std::shared_ptr<Request> submitting_request(const Arguments &arguments) {
  auto request = arguments.handle<Request>(0, "req");
  request->require_usable();
  if (const auto &locks = request->session().locks) {
    locks->list->require_readable(request->session());
    locks->list->follow();
    locks->list->submits(request->c());
  }
  return request;
}

napi_value using_resource(const Arguments &arguments) {
  const std::string path = arguments.text(1, "path");
  const auto depth = static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
  ne_lock_using_resource(submitting_request(arguments)->c(), path.c_str(), depth);
  return undefined(arguments.env());
}

napi_value using_parent(const Arguments &arguments) {
  const std::string path = arguments.text(1, "path");
  ne_lock_using_parent(submitting_request(arguments)->c(), path.c_str());
  return undefined(arguments.env());
}

/// A call on the lock that is argument 1, which `fill` puts into that object after success. The lock is
/// checked before: a getter of it may have destroyed the session.
template <class Run, class Fill>
std::shared_ptr<Operation> lock_operation(const Arguments &arguments, OwnedLock given, Run run, Fill fill) {
  auto session = arguments.handle<Session>(0, "sess");
  const std::shared_ptr<struct ne_lock> lock(std::move(given));
  auto made = operation(
      session,
      [session, lock, run] {
        return Request::run_delegated(*session, [&] { return run(session->c(), lock.get()); });
      },
      [lock, fill](Operation &operation, napi_env env, int result) {
        if (result == NE_OK) fill(env, operation.held(env, 0), *lock);
        return from(env, result);
      });
  made->hold(arguments[1]);
  return made;
}

std::shared_ptr<Operation> lock(const Arguments &arguments, Mode) {
  OwnedLock given = lock_of(arguments, 1);
  require_lockable(*given);
  return lock_operation(arguments, std::move(given), ne_lock, fill_lock);
}

std::shared_ptr<Operation> unlock(const Arguments &arguments, Mode) {
  OwnedLock given = lock_of(arguments, 1);
  require_path_and_token(*given);
  return lock_operation(arguments, std::move(given), ne_unlock,
                        [](napi_env, napi_value, const struct ne_lock &) {});
}

std::shared_ptr<Operation> refresh(const Arguments &arguments, Mode) {
  OwnedLock given = lock_of(arguments, 1);
  require_path_and_token(*given);
  return lock_operation(
      arguments, std::move(given), ne_lock_refresh,
      [](napi_env env, napi_value object, const struct ne_lock &lock) { set_timeout(env, object, lock); });
}

void on_lock(void *userdata, const struct ne_lock *lock, const ne_uri *uri,
             const ne_status *status) noexcept {
  Operation *operation = static_cast<const Session *>(userdata)->operation();
  if (!operation) return;
  operation->ask(
      0,
      [=](napi_env env) {
        const napi_value arguments[] = {lock ? lock_object(env, *lock) : null(env), uri_object(env, *uri),
                                        status ? status_object(env, *status) : null(env)};
        return operation->call_function(env, operation->held(env, 0), std::size(arguments), arguments);
      },
      [](napi_env, napi_value) { return 0; });
}

std::shared_ptr<Operation> discover(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  auto made = code_operation(
      session,
      [session, path = arguments.line(1, "path")] {
        return Request::run_delegated(
            *session, [&] { return ne_lock_discover(session->c(), path.c_str(), on_lock, session.get()); });
      },
      true);
  made->hold(arguments.function(2, "result"));
  return made;
}

}  // namespace

void register_locks(Topic &topic) {
  topic.plain("ne_lock_create", create_lock);
  topic.plain("ne_lock_copy", copy_lock);
  topic.plain("ne_lock_free", free_lock);
  topic.plain("ne_lockstore_create", create_store);
  topic.plain("ne_lockstore_register", register_store);
  topic.plain("ne_lockstore_destroy", destroy_store);
  topic.plain("addLock", add_lock);
  topic.plain("removeLock", remove_lock);
  topic.plain("ne_lockstore_first", first_lock);
  topic.plain("ne_lockstore_next", next_lock);
  topic.plain("ne_lockstore_findbyuri", find_lock);
  topic.blocking("ne_lock", lock);
  topic.blocking("ne_unlock", unlock);
  topic.blocking("ne_lock_refresh", refresh);
  topic.blocking("ne_lock_discover", discover);
  topic.plain("ne_lock_using_resource", using_resource);
  topic.plain("ne_lock_using_parent", using_parent);
}

}  // namespace neon
