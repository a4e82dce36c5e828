#pragma once

#include <ne_locks.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "handle.h"
#include "session.h"

namespace neon {

struct DestroyLock {
  void operator()(struct ne_lock *lock) const { ne_lock_destroy(lock); }
};
/// A `struct ne_lock` that C allocated.
using OwnedLock = std::unique_ptr<struct ne_lock, DestroyLock>;

/// A `ne_lock_store`.
///
/// Owned by its JavaScript object, and by each session that it is registered with: neon's hooks refer to it
/// as long as the session lives, and cannot be taken back. It knows those sessions weakly, so store and
/// session may be destroyed in either order. What C has in it are copies of the locks, made when they were
/// added; the objects that stand for them are kept by the object of the store.
///
/// Who may touch what:
///  - the list of locks and `current_` are changed on the JavaScript thread, and only while no operation of a
///    registered session is pending, except the one whose callback makes the change (require_changeable());
///  - operations read the list, on whichever thread they run, those of several sessions at the same time;
///  - a request refers to the locks that it submits from ne_lock_using_* until it is destroyed, which neon
///    does not count. So `submitting_` are the requests that may refer to some (those that a function of
///    neon's made, and those for which JavaScript called ne_lock_using_*), and a lock that was removed is
///    freed with the last of those that there were then. Both, under `mutex_`, belong to hooks of ours, too,
///    which run where the operation runs.
class LockStore final : public Handle {
 public:
  static constexpr Kind kind = Kind::LockStore;
  static constexpr std::int64_t external_size = 1024;

  explicit LockStore(Environment &environment) : Handle(environment), c_(ne_lockstore_create()) {}
  ~LockStore() override { ne_lockstore_destroy(c_); }

  /// About to add or remove locks: ERR_NEON_BUSY.
  void require_changeable() const;
  /// ERR_NEON_INVALID_STATE when the session has a store, or a request is live.
  void register_with(const std::shared_ptr<Session> &session);

  /// Takes the lock that this object stands for; returns its number.
  std::uint32_t add(OwnedLock lock, napi_value object);
  /// ERR_NEON_INVALID_STATE when there is none of this number.
  void remove(std::uint32_t number);
  /// Removes all.
  void clear();

  // The object of a lock, or null.
  napi_value first() { return move_to(ne_lockstore_first(c_)); }
  /// Null without a first, after the last, and after one that was removed meanwhile.
  napi_value next() { return move_to(current_ ? ne_lockstore_next(c_) : nullptr); }
  napi_value find(const ne_uri &uri) const { return object_of(ne_lockstore_findbyuri(c_, &uri)); }

  /// From now on the request may refer to locks.
  void submits(const ne_request *request);
  /// It does no more.
  void submitted(const ne_request *request);

 private:
  using Requests = std::unordered_set<const ne_request *>;
  struct Removed {
    OwnedLock lock;
    Requests requests;  // that may refer to it
  };

  napi_value move_to(struct ne_lock *lock);
  napi_value object_of(const struct ne_lock *lock) const;
  void take_out(struct ne_lock *lock, std::uint32_t number);

  ne_lock_store *const c_;
  std::vector<std::weak_ptr<const Session>> sessions_;
  std::unordered_map<struct ne_lock *, std::uint32_t> numbers_;  // by which this object keeps their objects
  struct ne_lock *current_ = nullptr;                            // where the cursor of C's is

  std::mutex mutex_;
  Requests submitting_;
  std::vector<Removed> removed_;
};

/// A session with its lock store: what our hooks get from C. Owned by the session.
struct LockRegistration {
  Session &session;
  const std::shared_ptr<LockStore> store;
};

}  // namespace neon
