// ne_locks.h: lists of locks that requests submit, and conversions of `struct ne_lock`.
#pragma once

#include <ne_locks.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/arguments.h"
#include "core/handle.h"
#include "ne/session/session.h"

namespace neon {

struct DestroyLock {
  void operator()(struct ne_lock *lock) const { ne_lock_destroy(lock); }
};
/// A `struct ne_lock` that C allocated.
using OwnedLock = std::unique_ptr<struct ne_lock, DestroyLock>;

/// C's list of locks, and the requests that may refer to these locks. A list that is registered with a
/// session outlives the session, because neon's hooks refer to the list and cannot be unregistered.
///
/// After ne_lock_using_*, a request refers to the locks that it submits until the request is destroyed. neon
/// does not count these references. `submitting_` therefore holds every request that may refer to a lock: the
/// requests of neon's functions, and the requests for which this binding calls ne_lock_using_*. When a lock
/// is removed from the list, requests in `submitting_` may still refer to it. The lock is freed when the last
/// of these requests is destroyed. Our own hooks run on the thread that runs the operation. `mutex_` guards
/// `submitting_` and `removed_`.
class LockList {
 public:
  LockList() : c_(ne_lockstore_create()) {}
  virtual ~LockList() { ne_lockstore_destroy(c_); }
  LockList(const LockList &) = delete;
  LockList &operator=(const LockList &) = delete;

  /// Brings the list up to date. Must be called when a request is about to be made, and before locks are
  /// looked up.
  virtual void follow() {}
  /// Hides the list, or shows it again. follow() empties a hidden list.
  virtual void hide(bool) {}
  /// Throws while an operation of the session may be changing the list.
  virtual void require_readable(const Session &) const {}
  /// From now on the request may refer to locks.
  void submits(const ne_request *request);
  /// Records that the request is destroyed, and no longer refers to any lock.
  void submitted(const ne_request *request);

 protected:
  /// Registers the list with a session, which becomes an owner of the list. The session must have no other
  /// list, and no request in C. `self` points to this list.
  void hook(Session &session, std::shared_ptr<LockList> self);
  void take_out(struct ne_lock *lock);

  ne_lock_store *const c_;

 private:
  using Requests = std::unordered_set<const ne_request *>;
  struct Removed {
    OwnedLock lock;
    Requests requests;  // the requests that may refer to the lock
  };

  std::mutex mutex_;
  Requests submitting_;
  std::vector<Removed> removed_;
};

/// A `ne_lock_store`.
///
/// The JavaScript object owns the store, and so does each session that has registered it. The store refers to
/// these sessions weakly, so a store and its sessions may be destroyed in any order. C's list contains copies
/// of the locks, made when the locks are added. The store's JavaScript object keeps the JavaScript objects of
/// the locks.
///
/// The list and its cursor `current_` change only on the JavaScript thread. No operation of a registered
/// session may be pending, unless one of its callbacks makes the change; see require_changeable(). Operations
/// read the list on the threads that run them. Operations of several sessions may read the list at the same
/// time.
class LockStore final : public Handle, public LockList {
 public:
  static constexpr Kind kind = Kind::LockStore;
  static constexpr std::int64_t external_size = 1024;

  explicit LockStore(Environment &environment) : Handle(environment) {}

  /// Must be called before locks are added or removed. Throws ERR_NEON_BUSY while an operation of a
  /// registered session is pending.
  void require_changeable() const;
  /// Throws ERR_NEON_INVALID_STATE when the session already has a store or a live request.
  void register_with(const std::shared_ptr<Session> &session);

  /// Adds the lock whose JavaScript object is `object`; returns the number of the lock.
  std::uint32_t add(OwnedLock lock, Napi::Object object);
  /// Throws ERR_NEON_INVALID_STATE when no lock has this number.
  void remove(std::uint32_t number);
  /// Removes all locks.
  void clear();

  // The next three functions return the JavaScript object of a lock, or null.
  Napi::Value first() { return move_to(ne_lockstore_first(c_)); }
  /// Null before the first call of first(), after the last lock, and when the current lock has been removed.
  Napi::Value next() { return move_to(current_ ? ne_lockstore_next(c_) : nullptr); }
  Napi::Value find(const ne_uri &uri) const { return object_of(ne_lockstore_findbyuri(c_, &uri)); }

 private:
  Napi::Value move_to(struct ne_lock *lock);
  Napi::Value object_of(const struct ne_lock *lock) const;
  void release(struct ne_lock *lock, std::uint32_t number);

  std::vector<std::weak_ptr<const Session>> sessions_;
  std::unordered_map<struct ne_lock *, std::uint32_t> numbers_;  // keep() numbers of the lock objects
  struct ne_lock *current_ = nullptr;                            // the position of C's cursor
};

/// The userdata of our hooks: a session and its list of locks. The session owns this object.
struct LockRegistration {
  Session &session;
  const std::shared_ptr<LockList> list;
};

/// A copy of the lock in argument `index`.
OwnedLock lock_of(const Arguments &arguments, std::size_t index);
/// Sets in `object` the fields that C sets when it obtains a lock.
void fill_lock(Napi::Object object, const struct ne_lock &lock);
void set_timeout(Napi::Object object, const struct ne_lock &lock);
/// Throws unless C can send a LOCK request for the lock.
void require_lockable(const struct ne_lock &lock);
/// Throws unless the lock can be released and refreshed.
void require_path_and_token(const struct ne_lock &lock);
/// Throws unless a store can accept the lock.
void require_storable(const struct ne_lock &lock);
/// Whether C can put the token into a header.
bool is_token(const char *text);

}  // namespace neon
