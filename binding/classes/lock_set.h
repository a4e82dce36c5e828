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

/// The locks of the classes: those of one session, or of all the sessions of a pool.
///
/// It may change at any time, also while lanes are at work: on the JavaScript thread, and on a lane that has
/// obtained a lock or given one back, so that the next request there knows. So C never reads it: each session
/// has a list of its own (FollowingList), which belongs to whoever runs an operation on that session, and is
/// brought up to date before a request is made. Owned by its JavaScript object, the sessions, and operations.
class LockSet final : public Handle, public SharedLocks {
 public:
  static constexpr Kind kind = Kind::LockSet;
  static constexpr std::int64_t external_size = 512;

  /// One lock, which never changes.
  using Entry = std::shared_ptr<const struct ne_lock>;

  explicit LockSet(Environment &environment) : Handle(environment) {}
  /// That of this session, or null. Any thread.
  static LockSet *of(const Session &session) { return static_cast<LockSet *>(session.shared_locks()); }

  // Any thread. One token is one lock.
  Entry add(OwnedLock lock);
  void remove(std::string_view token);
  void remove(const Entry &entry);
  /// All locks, in the order in which they came, and which version of the set that is.
  std::pair<std::vector<Entry>, std::uint64_t> all() const;
  /// Those that end with what the request deletes or moves away.
  std::vector<Entry> ending_with(const Recipe &recipe) const;
  /// Counts the changes.
  std::uint64_t version() const { return version_; }

  /// From now on requests of this session submit its locks; nothing while there never was one. Where the
  /// operation runs; ERR_NEON_INVALID_STATE while C has requests of the session.
  void join(Session &session) override;
  /// The same, though there is no lock yet.
  void join_for_lock(Session &session);

 private:
  template <class Which>
  void remove_if(Which which);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::atomic<std::uint64_t> version_{0};
};

/// What a session has of a set: copies of its locks.
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

/// The request submits the locks of all that it changes, as neon's own functions of that name do, unless it
/// has an If header.
void submit_locks(Session &session, ne_request *request, const Recipe &recipe);

/// As long as it lives no lock is submitted by a request that neon makes, if the recipe has an If header.
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
