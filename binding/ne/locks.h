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

/// C's list of locks, and the requests that may refer to some of them. A list that is registered with a
/// session outlives the session: neon's hooks refer to the list, and cannot be unregistered.
///
/// A request refers to the locks that it submits from ne_lock_using_* until it is destroyed, and neon does
/// not count these references. So `submitting_` has the requests that may refer to locks: those that a
/// function of neon's made, and those for which ne_lock_using_* was called here. A lock that is taken out is
/// freed with the last of the requests that `submitting_` had at that time. Our own hooks, which run where
/// the operation runs, use the list and the requests under `mutex_`.
class LockList {
 public:
  LockList() : c_(ne_lockstore_create()) {}
  virtual ~LockList() { ne_lockstore_destroy(c_); }
  LockList(const LockList &) = delete;
  LockList &operator=(const LockList &) = delete;

  /// A request is about to be made, or to look for locks: brings the list up to date.
  virtual void follow() {}
  /// While it is hidden, follow() makes the list empty.
  virtual void hide(bool) {}
  /// Throws while an operation of the session may be changing the list.
  virtual void require_readable(const Session &) const {}
  /// From now on the request may refer to locks.
  void submits(const ne_request *request);
  /// The request is destroyed, and refers to no lock any more.
  void submitted(const ne_request *request);

 protected:
  /// Registers the list with a session that has no other and of which C has no request. `self` is this list,
  /// for the session to own.
  void hook(Session &session, std::shared_ptr<LockList> self);
  void take_out(struct ne_lock *lock);

  ne_lock_store *const c_;

 private:
  using Requests = std::unordered_set<const ne_request *>;
  struct Removed {
    OwnedLock lock;
    Requests requests;  // that may refer to it
  };

  std::mutex mutex_;
  Requests submitting_;
  std::vector<Removed> removed_;
};

/// A `ne_lock_store`.
///
/// Owned by its JavaScript object, and by each session that it is registered with. It refers to those
/// sessions weakly, so store and session may be destroyed in either order. C's list has copies of the locks,
/// made when they were added; the object of the store keeps the objects that stand for them.
///
/// The list of locks and `current_` are changed on the JavaScript thread, and only while no operation of a
/// registered session is pending, except the one whose callback makes the change (require_changeable());
/// operations read the list on the threads that run them, those of several sessions at a time.
class LockStore final : public Handle, public LockList {
 public:
  static constexpr Kind kind = Kind::LockStore;
  static constexpr std::int64_t external_size = 1024;

  explicit LockStore(Environment &environment) : Handle(environment) {}

  /// To be called before locks are added or removed: throws ERR_NEON_BUSY.
  void require_changeable() const;
  /// Throws ERR_NEON_INVALID_STATE when the session has a store, or a request of it is live.
  void register_with(const std::shared_ptr<Session> &session);

  /// Adds the lock that this object stands for; returns its number.
  std::uint32_t add(OwnedLock lock, Napi::Object object);
  /// Throws ERR_NEON_INVALID_STATE when no lock has this number.
  void remove(std::uint32_t number);
  /// Removes all.
  void clear();

  // The object of a lock, or null.
  Napi::Value first() { return move_to(ne_lockstore_first(c_)); }
  /// Null before first(), after the last lock, and after one that was removed meanwhile.
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

/// A session and its list of locks: the userdata of our hooks. Owned by the session.
struct LockRegistration {
  Session &session;
  const std::shared_ptr<LockList> list;
};

/// A copy of the lock in this argument.
OwnedLock lock_of(const Arguments &arguments, std::size_t index);
/// Sets the fields that C sets in a lock that it has obtained.
void fill_lock(Napi::Object object, const struct ne_lock &lock);
void set_timeout(Napi::Object object, const struct ne_lock &lock);
/// Throws unless C can send a LOCK request for the lock.
void require_lockable(const struct ne_lock &lock);
/// Throws unless the lock can be released and refreshed.
void require_path_and_token(const struct ne_lock &lock);
/// Throws unless a store can take the lock.
void require_storable(const struct ne_lock &lock);
/// Whether C can put the token into a header.
bool is_token(const char *text);

}  // namespace neon
