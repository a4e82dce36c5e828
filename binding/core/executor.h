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

/// Runs operations one at a time, on its lane and its connection. A session is an executor.
///
/// `pending`, `asking` and `running` belong to the JavaScript thread. They decide which thread may touch the
/// C object:
///  - pending: the number of promises of this executor that are queued or on the lane. A promise counts from
///    enqueueing until the drain delivers its end. While the number is not 0, the lane owns the C object.
///  - asking: the number of callback requests that JavaScript has received from the lane but not answered.
///    While the number is not 0, the lane waits, and JavaScript may touch the C object.
///  - running: the blocking operation in progress on the JavaScript thread. While it is set, JavaScript runs
///    only inside the callbacks of this operation.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor &) = delete;
  Executor &operator=(const Executor &) = delete;
  virtual ~Executor();

  /// Called on the JavaScript thread by each call that does not block, before it touches the C object. Throws
  /// ERR_NEON_BUSY.
  void require_usable() const;
  /// Like require_usable(), for calls that are also forbidden inside this executor's callbacks. Inside a
  /// callback, throws ERR_NEON_REENTRANT.
  void require_idle() const;
  void require_queueable() const;

  /// Whether the caller is inside a callback of this executor's running operation.
  bool inside_callback() const;
  /// Called before an operation is queued. If no promise is pending, waits for deferred work of the lane, and
  /// records the error text.
  void note_error();
  /// Whether the operation that is calling JavaScript at this moment uses this resource.
  bool asks_about(const Resource &resource) const;

  Lane &lane();
  /// From now on this executor (which is `self`) and the members of the group take turns on one lane. Throws
  /// ERR_NEON_BUSY when a call of this executor or of the group is pending.
  void join(const std::shared_ptr<Executor> &self, const std::shared_ptr<LaneGroup> &group);
  /// Runs `work` on the C object as soon as no operation uses the object: at once, or on the lane at its
  /// turn. With `in_question`, `work` may also run at once while an operation waits inside neon for the
  /// answer of a callback.
  void run_when_free(std::function<void()> work, bool in_question = true);

  /// Closes the connection. Runs on the thread of the operation, after the operation was interrupted or ran
  /// out of memory, or after one of its callbacks threw.
  virtual void recover() = 0;
  /// Writes into the C object's error text that the watchdog ended the operation.
  virtual void note_stall() = 0;
  virtual std::string error_text() const = 0;
  /// The JavaScript object of the executor; empty for an executor without an object.
  virtual Napi::Object handle_object() const = 0;
  /// Whether C may call JavaScript during any operation.
  virtual bool has_callbacks() const { return false; }
  virtual Environment &executor_environment() const = 0;
  /// How messages name the executor.
  virtual const char *noun() const { return "session"; }

  Connection connection;
  std::size_t pending = 0;
  std::size_t asking = 0;
  const Operation *asker = nullptr;  // the operation of the last callback request, while `asking` is not 0
  Operation *running = nullptr;
  std::string settled_error;
  // An operation that has settled its promise but still occupies the executor, because JavaScript has not
  // read the whole result. Messages name it by Operation::unread(). Reset when the operation is over, before
  // it is destroyed. JavaScript thread.
  const Operation *unread = nullptr;

 private:
  void require_nothing_pending() const;
  bool group_is_busy() const;

  std::shared_ptr<Lane> lane_;
  std::shared_ptr<LaneGroup> group_;
};

/// Executors that share a C object. neon allows only one thread at a time to use this object. So while a
/// promise or a blocking call of one executor is pending, the other executors are busy too. JavaScript
/// thread.
class LaneGroup final {
 public:
  LaneGroup() = default;
  LaneGroup(const LaneGroup &) = delete;
  LaneGroup &operator=(const LaneGroup &) = delete;
  ~LaneGroup() { lane_->dismiss(); }

  /// To be called before the common object changes; throws ERR_NEON_BUSY or ERR_NEON_REENTRANT.
  void require_idle() const;

 private:
  friend class Executor;

  static std::shared_ptr<LaneGroup> merged(std::shared_ptr<LaneGroup> group);
  std::vector<std::shared_ptr<Executor>> members() const;

  const std::shared_ptr<Lane> lane_ = std::make_shared<Lane>();
  std::vector<std::weak_ptr<Executor>> members_;
  // The group into which this group was merged, when an executor of this group joined that group.
  std::shared_ptr<LaneGroup> merged_into_;
};

/// A C object that an operation uses besides the executor's own C object. While `use_count` is not 0, no
/// other call may change it.
class Resource {
 public:
  Resource() = default;
  Resource(const Resource &) = delete;
  Resource &operator=(const Resource &) = delete;
  virtual ~Resource() = default;

  /// Called when an operation of this executor is about to use the object. Throws when the operation must not
  /// use the object. Operations of one executor take turns. Operations of several executors may share an
  /// object that C only reads.
  virtual void admit(const Executor &) const {}
  void enter(const Executor &executor) {
    ++use_count;
    user = &executor;
  }
  void leave() { --use_count; }
  /// Whether the caller is inside a callback of the operation that uses the object.
  bool in_question() const;

  std::size_t use_count = 0;
  const Executor *user =
      nullptr;  // the executor of the last operation that entered, while `use_count` is not 0
};

}  // namespace neon
