// The locks of the classes, which the requests of their sessions submit.
#pragma once

#include <ne_locks.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "core/handle.h"
#include "ne/locks.h"
#include "ne/session/session.h"

namespace neon {

struct Recipe;

/// The locks of the classes: the locks of one session, or of all sessions of a pool.
///
/// The set may change at any time, even while lanes run. The JavaScript thread changes it. A lane changes it
/// when it has obtained or released a lock, so that its next request submits the right locks.
///
/// C never reads the set itself, because the set could change during the reading. Each session has its own
/// list instead (FollowingList). The list belongs to the thread that runs an operation on this session. This
/// thread brings the list up to date before it makes a request.
///
/// The set has several owners: its JavaScript object, the sessions that use the set, and the operations of
/// these sessions.
class LockSet final : public Handle, public SharedLocks {
 public:
  static constexpr Kind kind = Kind::LockSet;
  static constexpr std::int64_t external_size = 512;

  /// One lock, which never changes.
  using Entry = std::shared_ptr<const struct ne_lock>;

  explicit LockSet(Environment &environment) : Handle(environment) {}
  /// The set that this session shares, or null. Any thread.
  static LockSet *of(const Session &session) { return static_cast<LockSet *>(session.shared_locks()); }

  // Any thread may call the following functions, up to version().
  /// Adds a lock, which replaces a lock with the same token.
  Entry add(OwnedLock lock);
  void remove(std::string_view token);
  void remove(const Entry &entry);
  /// All locks, in the order in which they were added, and the version of the set that has these locks.
  std::pair<std::vector<Entry>, std::uint64_t> all() const;
  /// The locks that a success of the request destroys, because the request deletes or moves their resources.
  std::vector<Entry> ending_with(const Recipe &recipe) const;
  /// The number of changes.
  std::uint64_t version() const { return version_; }

  /// From now on requests of this session submit the locks of the set. Has no effect if the set has never had
  /// a lock. Called on the thread that runs the operation. Throws ERR_NEON_INVALID_STATE while C has requests
  /// of the session.
  void join(Session &session) override;
  /// Like join(), for an operation that is about to add the first lock.
  void join_for_lock(Session &session);

 private:
  template <class Which>
  void remove_if(Which which);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::atomic<std::uint64_t> version_{0};
};

/// A session's own copies of the locks of a set.
class FollowingList final : public LockList {
 public:
  explicit FollowingList(std::shared_ptr<LockSet> set) : set_(std::move(set)) {}

  static void register_with(Session &session, std::shared_ptr<LockSet> set);
  void follow() override;
  void hide(bool hidden) override { hidden_ = hidden; }
  void require_readable(const Session &session) const override { session.require_usable(); }

 private:
  const std::shared_ptr<LockSet> set_;
  bool hidden_ = false;
  std::uint64_t version_ = 0;
  std::vector<std::pair<LockSet::Entry, struct ne_lock *>> copies_;
};

/// Makes the request submit the locks of all resources that it changes, as neon's function for the same
/// method does. Does nothing if the caller has set an If header.
void submit_locks(Session &session, ne_request *request, const Recipe &recipe);

/// While this object exists, neon submits no locks for the session if the recipe has an If header.
class HiddenLocks final {
 public:
  HiddenLocks(Session &session, const Recipe &recipe);
  ~HiddenLocks() {
    if (list_) list_->hide(false);
  }
  HiddenLocks(const HiddenLocks &) = delete;
  HiddenLocks &operator=(const HiddenLocks &) = delete;

 private:
  std::shared_ptr<LockList> list_;
};

}  // namespace neon
