// ne_locks.h: locks, lock stores, and the functions that make requests submit locks.
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
#include "core/usable.h"
#include "ne/request/request.h"
#include "ne/uri.h"

namespace neon {

namespace {

// --- Our hooks, in addition to the hooks through which neon submits a store's locks -----------------------

LockRegistration &registration_of(void *userdata) { return *static_cast<LockRegistration *>(userdata); }

// Records only requests that neon itself makes. A request from JavaScript submits no locks until
// ne_lock_using_* is called for it.
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

std::uint32_t LockStore::add(OwnedLock lock, Napi::Object object) {
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
  release(lock, number);
}

void LockStore::clear() {
  for (const auto &[lock, number] : std::exchange(numbers_, {})) release(lock, number);
}

void LockStore::release(struct ne_lock *lock, std::uint32_t number) {
  take_out(lock);
  if (current_ == lock) current_ = nullptr;  // C's cursor points to freed memory
  forget(number);
}

Napi::Value LockStore::move_to(struct ne_lock *lock) {
  current_ = lock;
  return object_of(lock);
}

Napi::Value LockStore::object_of(const struct ne_lock *lock) const {
  const Napi::Env env = environment->env();
  if (!lock) return env.Null();
  return kept(env, object(), numbers_.at(const_cast<struct ne_lock *>(lock)));
}

namespace {

// --- struct ne_lock ---------------------------------------------------------------------------------------

std::string field_of_lock(const char *name) {
  return std::string("The \"") + name + "\" field of the \"lock\" argument";
}

/// Reads the fields of an argument "lock". A missing field becomes NULL or 0.
class LockFields final {
 public:
  LockFields(const Arguments &arguments, std::size_t index) : object_(arguments.object(index, "lock")) {}

  char *text(const char *name) const {
    const Napi::Value value = get_property(object_, name);
    return is_nullish(value) ? nullptr : ne_strdup(text_of(value, field_of_lock(name)).c_str());
  }
  std::int64_t integer(const char *name, std::int64_t min, std::int64_t max) const {
    const Napi::Value value = get_property(object_, name);
    return is_nullish(value) ? 0 : integer_of(value, field_of_lock(name), min, max);
  }
  Napi::Object object(const char *name) const {
    return require_object(get_property(object_, name), field_of_lock(name));
  }

 private:
  const Napi::Object object_;
};

}  // namespace

OwnedLock lock_of(const Arguments &arguments, std::size_t index) {
  const LockFields fields(arguments, index);
  OwnedLock lock(ne_lock_create());
  ne_uri_copy(&lock->uri, GivenUri(fields.object("uri"), "lock").c());
  lock->depth = static_cast<int>(fields.integer("depth", INT32_MIN, INT32_MAX));
  lock->type = static_cast<ne_lock_type>(fields.integer("type", ne_locktype_write, ne_locktype_write));
  lock->scope =
      static_cast<ne_lock_scope>(fields.integer("scope", ne_lockscope_exclusive, ne_lockscope_shared));
  lock->token = fields.text("token");
  lock->owner = fields.text("owner");
  lock->timeout = static_cast<long>(fields.integer("timeout", NE_TIMEOUT_INVALID, max_safe_integer));
  return lock;
}

// C stores LONG_MAX for a timeout that is too long.
void set_timeout(Napi::Object object, const struct ne_lock &lock) {
  set_field(object, "timeout", static_cast<double>(std::min<std::int64_t>(lock.timeout, max_safe_integer)));
}

void fill_lock(Napi::Object object, const struct ne_lock &lock) {
  const Napi::Env env = object.Env();
  set_field(object, "depth", lock.depth);
  set_field(object, "type", static_cast<int>(lock.type));
  set_field(object, "scope", static_cast<int>(lock.scope));
  set_field(object, "token", string_or_null(env, lock.token));
  set_field(object, "owner", string_or_null(env, lock.owner));
  set_timeout(object, lock);
}

namespace {

Napi::Object lock_object(Napi::Env env, const struct ne_lock &lock) {
  const Napi::Object object = Napi::Object::New(env);
  set_property(object, "uri", uri_object(env, lock.uri));
  fill_lock(object, lock);
  return object;
}

// C dereferences the path, and puts it into the request line.
void require_path(const struct ne_lock &lock) {
  if (!lock.uri.path)
    throw type_failure(code::argument_type, field_of_lock("path") + " must be of type string");
  require_line(lock.uri.path, "lock");
}

// C prints (<token>) into a header, and truncates a header that is too long.
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

// C compares the lock's URI with the session's URI, and puts the lock's URI into a header.
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

Napi::Value create_lock(const Arguments &arguments) {
  return lock_object(arguments.env(), *OwnedLock(ne_lock_create()));
}

// C copies the token even when the token is NULL.
Napi::Value copy_lock(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const OwnedLock lock = lock_of(arguments, 0);
  const bool has_token = lock->token;
  if (!has_token) lock->token = ne_strdup("");
  const OwnedLock copy(ne_lock_copy(lock.get()));
  const Napi::Object object = lock_object(env, *copy);
  if (!has_token) set_property(object, "token", env.Null());
  return object;
}

Napi::Value free_lock(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const Napi::Object object = arguments.out(0, "lock", {"token", "owner"});
  fill_uri(require_object(get_property(object, "uri"), field_of_lock("uri")), ne_uri{});
  set_field(object, "token", env.Null());
  set_field(object, "owner", env.Null());
  return env.Undefined();
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

Napi::Value create_store(const Arguments &arguments) {
  return to_object(std::make_shared<LockStore>(arguments.environment()));
}

Napi::Value register_store(const Arguments &arguments) {
  store_argument(arguments)->register_with(arguments.handle<Session>(1, "sess"));
  return arguments.env().Undefined();
}

// After this call the sessions of the store submit no locks.
Napi::Value destroy_store(const Arguments &arguments) {
  const auto store = changeable(arguments);
  store->clear();
  HandleWrap::destroy(*store);
  return arguments.env().Undefined();
}

/// addLock(store, lock) → the number of the lock. lib maps the lock object to this number, and passes the
/// number to removeLock(store, number).
Napi::Value add_lock(const Arguments &arguments) {
  OwnedLock lock = lock_of(arguments, 1);
  require_storable(*lock);
  const std::uint32_t number = changeable(arguments)->add(std::move(lock), arguments[1].As<Napi::Object>());
  return Napi::Number::New(arguments.env(), number);
}

Napi::Value remove_lock(const Arguments &arguments) {
  const auto number = static_cast<std::uint32_t>(arguments.integer(1, "number", 0, UINT32_MAX));
  changeable(arguments)->remove(number);
  return arguments.env().Undefined();
}

Napi::Value first_lock(const Arguments &arguments) { return store_argument(arguments)->first(); }

Napi::Value next_lock(const Arguments &arguments) { return store_argument(arguments)->next(); }

Napi::Value find_lock(const Arguments &arguments) {
  const GivenUri uri(arguments.object(1, "uri"), "uri");
  return store_argument(arguments)->find(*uri.c());
}

// --- Requests ---------------------------------------------------------------------------------------------

std::shared_ptr<Request> submitting_request(const Arguments &arguments) {
  auto request = usable<Request>(arguments);
  if (const auto &locks = request->session().locks) {
    locks->list->require_readable(request->session());
    locks->list->follow();
    locks->list->submits(request->c());
  }
  return request;
}

Napi::Value using_resource(const Arguments &arguments) {
  const std::string path = arguments.text(1, "path");
  const auto depth = static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
  ne_lock_using_resource(submitting_request(arguments)->c(), path.c_str(), depth);
  return arguments.env().Undefined();
}

Napi::Value using_parent(const Arguments &arguments) {
  const std::string path = arguments.text(1, "path");
  ne_lock_using_parent(submitting_request(arguments)->c(), path.c_str());
  return arguments.env().Undefined();
}

/// An operation that calls `run(session, lock)` with the lock in argument 1. After success,
/// `fill(object, lock)` updates `fields` of the object in argument 1. The lock is read and checked before the
/// session, because a getter of the lock may destroy the session.
template <class Run, class Fill>
std::shared_ptr<Operation> lock_operation(const Arguments &arguments, void (*require)(const struct ne_lock &),
                                          Run run, std::initializer_list<const char *> fields, Fill fill) {
  arguments.out(1, "lock", fields);
  const std::shared_ptr<struct ne_lock> lock(lock_of(arguments, 1));
  require(*lock);
  auto session = arguments.handle<Session>(0, "sess");
  auto made = operation(
      session,
      [session, lock, run] {
        return Request::run_delegated(*session, [&] { return run(session->c(), lock.get()); });
      },
      [lock, fill](Operation &operation, Napi::Env env, int result) {
        if (result == NE_OK) fill(operation.held(env, 0).template As<Napi::Object>(), *lock);
        return Napi::Number::New(env, result);
      });
  made->hold(arguments[1]);
  return made;
}

std::shared_ptr<Operation> lock(const Arguments &arguments, Mode) {
  return lock_operation(arguments, require_lockable, ne_lock,
                        {"depth", "type", "scope", "token", "owner", "timeout"}, fill_lock);
}

std::shared_ptr<Operation> unlock(const Arguments &arguments, Mode) {
  return lock_operation(arguments, require_path_and_token, ne_unlock, {},
                        [](Napi::Object, const struct ne_lock &) {});
}

std::shared_ptr<Operation> refresh(const Arguments &arguments, Mode) {
  return lock_operation(arguments, require_path_and_token, ne_lock_refresh, {"timeout"}, set_timeout);
}

void on_lock(void *userdata, const struct ne_lock *lock, const ne_uri *uri,
             const ne_status *status) noexcept {
  Operation *operation = static_cast<const Session *>(userdata)->operation();
  if (!operation) return;
  operation->ask(
      0,
      [=](Napi::Env env) {
        const auto function = operation->held(env, 0).As<Napi::Function>();
        return operation->call_function(function,
                                        {lock ? lock_object(env, *lock) : env.Null(), uri_object(env, *uri),
                                         status ? status_object(env, *status) : env.Null()});
      },
      [](Napi::Env, Napi::Value) { return 0; });
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
