#pragma once

#include <napi.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/connection.h"
#include "core/environment.h"
#include "core/lane.h"

namespace neon {

class LaneGroup;
class Operation;
class Resource;

/// Runs operations one at a time: a session with its connection and its lane.
///
/// `pending`, `asking` and `running` belong to the JavaScript thread. They decide which thread may touch the
/// C object:
///  - pending: the promises of this executor that are queued or on the lane, counted from enqueueing until
///    the completion is drained. While it is not 0, the lane owns the C object;
///  - asking: the callback requests of such an operation that JavaScript has not answered yet. Meanwhile the
///    lane waits, and JavaScript may touch the C object;
///  - running: the blocking operation below us on the stack, when JavaScript runs inside its callback.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor &) = delete;
  Executor &operator=(const Executor &) = delete;
  virtual ~Executor();

  /// To be called before the JavaScript thread touches the C object in a call that does not block:
  /// ERR_NEON_BUSY.
  void require_usable() const;
  /// Like require_usable(), for calls that are also forbidden inside this executor's callbacks:
  /// ERR_NEON_REENTRANT.
  void require_idle() const;
  void require_queueable() const;

  /// Whether the caller is inside a callback of this executor's running operation.
  bool inside_callback() const;
  /// Records the error text before the first promise is pending.
  void note_error();
  /// Whether the operation that is calling JavaScript at this moment uses this resource.
  bool asks_about(const Resource &resource) const;

  Lane &lane();
  /// From now on this executor (which is `self`) and the others of the group use one lane, one at a time.
  /// Nothing of either may be pending: ERR_NEON_BUSY.
  void join(const std::shared_ptr<Executor> &self, const std::shared_ptr<LaneGroup> &group);
  /// Runs `work` on the C object as soon as no operation uses it: now, or on the lane at its turn.
  /// `in_question`: also while an operation waits inside neon for the answer of a callback.
  void run_when_free(std::function<void()> work, bool in_question = true);

  /// Closes the connection. Runs where the operation ran, after it was interrupted or a callback of it threw.
  virtual void recover() = 0;
  /// Writes into the C object's error text that the watchdog ended the operation.
  virtual void note_stall() = 0;
  virtual std::string error_text() const = 0;
  /// The JavaScript object that stands for the executor, or an empty one.
  virtual Napi::Object handle_object() const = 0;
  /// Whether C may call JavaScript, whatever operation runs.
  virtual bool has_callbacks() const { return false; }
  virtual Environment &executor_environment() const = 0;
  /// How messages name it.
  virtual const char *noun() const { return "session"; }

  Connection connection;
  std::size_t pending = 0;
  std::size_t asking = 0;
  const Operation *asker = nullptr;  // the operation of the last callback request, while `asking` is not 0
  Operation *running = nullptr;
  std::string settled_error;
  // Has the executor, though its promise is settled: Operation::unread() names it. Reset when the operation
  // is over, before that is gone. JavaScript thread.
  const Operation *unread = nullptr;

 private:
  void require_nothing_pending() const;
  bool group_is_busy() const;

  std::shared_ptr<Lane> lane_;
  std::shared_ptr<LaneGroup> group_;
};

/// Executors that use one C object in common, which neon made for one thread at a time: while a promise or a
/// blocking call of one of them is pending, the others are busy too. JavaScript thread.
class LaneGroup final {
 public:
  LaneGroup() = default;
  LaneGroup(const LaneGroup &) = delete;
  LaneGroup &operator=(const LaneGroup &) = delete;
  ~LaneGroup() { lane_->dismiss(); }

  /// To be called before the object that they have in common changes: ERR_NEON_BUSY, ERR_NEON_REENTRANT.
  void require_idle() const;

 private:
  friend class Executor;

  static std::shared_ptr<LaneGroup> merged(std::shared_ptr<LaneGroup> group);
  std::vector<std::shared_ptr<Executor>> members() const;

  const std::shared_ptr<Lane> lane_ = std::make_shared<Lane>();
  std::vector<std::weak_ptr<Executor>> members_;
  std::shared_ptr<LaneGroup> merged_into_;  // an executor was in both groups
};

/// A C object that an operation uses beside its executor's. While `use_count` is not 0, no other call may
/// change it.
class Resource {
 public:
  Resource() = default;
  Resource(const Resource &) = delete;
  Resource &operator=(const Resource &) = delete;
  virtual ~Resource() = default;

  /// An operation of this executor is about to use it; throws when it must not. The operations of one
  /// executor take turns; those of several executors may have in common an object that C only reads.
  virtual void admit(const Executor &) const {}
  void enter(const Executor &executor) {
    ++use_count;
    user = &executor;
  }
  void leave() { --use_count; }
  /// Whether the caller is inside a callback of the operation that uses it.
  bool in_question() const;

  std::size_t use_count = 0;
  const Executor *user =
      nullptr;  // the executor of the last operation that entered, while `use_count` is not 0
};

}  // namespace neon
