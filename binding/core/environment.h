#pragma once

#include <napi.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/outbox.h"

namespace neon {

class SharedLane;

/// Something that a lane hands to the JavaScript thread, such as an operation that has made progress or a
/// request for a callback.
class Event {
 public:
  Event() = default;
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;
  virtual ~Event() = default;
  /// Runs on the JavaScript thread, inside a handle scope. An exception becomes JavaScript's uncaught
  /// exception.
  virtual void deliver(Napi::Env env) = 0;
  /// If the event is a small response, adds it to the outbox in place of deliver(), and returns true. Returns
  /// false when there is no room. JavaScript thread.
  virtual bool pack(Outbox &) { return false; }
};

/// The functions of an operation that the environment calls on the JavaScript thread.
class Abortable {
 public:
  Abortable() = default;
  Abortable(const Abortable &) = delete;
  Abortable &operator=(const Abortable &) = delete;
  /// Rejects the promise of the operation with `reason`, or passes `reason` to its receiver, and ends the
  /// operation.
  virtual void abort(Napi::Value reason) = 0;
  /// Ends the operation without calling JavaScript.
  virtual void environment_gone() = 0;

 protected:
  ~Abortable() = default;
};

/// The C type behind a handle. The class names in environment.cc are in the same order.
enum class Kind {
  Session,
  Request,
  HeaderCursor,
  Certificate,
  Exchange,
  Buffer,
  Address,
  ResolvedAddress,
  Context,
  Socket,
  Md5Context,
  DistinguishedName,
  ClientCertificate,
  XmlParser,
  Multistatus,
  Pkcs11Provider,
  Decompressor,
  PropfindHandler,
  PropertyResults,
  LockStore,
  LockSet,
  Count
};
const char *class_name(Kind kind);

/// The data of one initialisation of the module. Each JavaScript environment (main thread, worker)
/// initialises the module. A second load in the same environment initialises it again, as under Jest.
///
/// The JavaScript thread and all lanes share `open_`, `wakeup_` and `queue_`, under `mutex_`:
///  - To post an event, a lane takes the lock and pushes the event. If `open_` is not set, it drops the
///    event. If no drain has been requested, the lane requests one by calling the thread-safe function. It
///    makes this call without the lock, so that other lanes do not wait for the call. `calling_` counts the
///    calls that are running. The shared lane makes the call only after several events (PostTogether).
///  - The drain (JavaScript thread) takes the events under the lock, and delivers them without the lock,
///    until there are no more events. After a few milliseconds it continues in the next turn of the event
///    loop. Small responses are gathered in `outbox_`, which is always flushed before another event is
///    delivered. So JavaScript sees the events in the order in which they were posted.
///  - The clean-up hook is registered after the thread-safe function, and so runs before the hook of that
///    function. It clears `open_`, and waits until `calling_` is 0. From then on no thread touches the
///    thread-safe function. Last, it calls environment_gone() on every operation that is not over. This wakes
///    a lane that waits for an answer from JavaScript, and shuts the lane's socket down.
/// All other members belong to the JavaScript thread alone. The instance data, the thread-safe function,
/// every operation and every handle own the environment, each by one shared_ptr.
class Environment final : public std::enable_shared_from_this<Environment> {
 public:
  /// The JavaScript functions that lib/core/load.ts hands over when it initialises the module.
  enum class Hook {
    NeonError,
    Snapshot,
    Enter,
    IsInside,
    Keep,
    Kept,
    Forget,
    Token,
    HandleClasses,
    IsHandle,
    Status,
    FillUri,
    SetField,
    RequireFields,
    LastOperation,
    Later,
    Settle,
    Deliver,
    OutboxTable,
    OutboxBytes,
    Count
  };

  /// Creates the environment's data; called once, when the module registers.
  static void create(Napi::Env env);
  static Environment &of(Napi::Env env);

  Environment(const Environment &) = delete;
  Environment &operator=(const Environment &) = delete;

  Napi::Env env() const { return env_; }
  bool in_worker() const { return in_worker_; }

  /// The function `initialize(hooks, inWorker)` of the binding.
  void initialize(const Napi::Object &hooks, bool in_worker);
  Napi::Function hook(Hook hook) const;

  /// The JavaScript class of a kind of handle (lib/core/handle.ts).
  Napi::Function handle_class(Kind kind);

  /// The boxes that the objects of this environment wrap (HandleWrap).
  std::unordered_set<const void *> boxes;
  /// When there are this many boxes, HandleWrap::wrap() looks for the boxes of collected objects.
  std::size_t next_sweep = min_boxes_to_sweep;
  static constexpr std::size_t min_boxes_to_sweep = 256;

  /// Posts an event, on any thread. When the environment is gone, drops the event and returns false.
  bool post(std::shared_ptr<Event> event);

  /// The lane of quick operations; null if quick operations cannot share a lane.
  SharedLane *shared_lane();

  /// Sets the time limit of the operation that is queued next. When the time is up, JavaScript calls abort()
  /// for the operation. An attempt to connect needs no abort(): it ends at the limit.
  void set_time_limit(std::optional<std::chrono::milliseconds> limit) { time_limit_ = limit; }
  std::optional<std::chrono::milliseconds> take_time_limit() {
    return std::exchange(time_limit_, std::nullopt);
  }

  /// hold() and release() count the unsettled promises and receivers. Each keeps the event loop alive, and an
  /// idle session does not.
  void hold();
  void release();

  /// Passes the outcome of an operation to its receiver (lib/core/receivers.ts).
  void settle(std::uint64_t id, bool succeeded, napi_value value);

  /// Operations whose promise is not settled or whose lane is not done, by their identities.
  std::uint64_t add(const std::shared_ptr<Abortable> &operation);
  void remove(std::uint64_t id) { operations_.erase(id); }
  std::shared_ptr<Abortable> find(std::uint64_t id) const;

 private:
  explicit Environment(Napi::Env env) : env_(env) {}

  friend class PostTogether;

  void open_queue();
  void request_drain(std::unique_lock<std::mutex> lock);
  void call_for_drain();
  void drain();
  void drain_later();
  static Napi::Value on_later(const Napi::CallbackInfo &info);
  bool take();
  void deliver(std::shared_ptr<Event> event);
  void flush();
  void close();
  static void on_wakeup(napi_env env, napi_value, void *context, void *);
  static void on_cleanup(void *self);

  const Napi::Env env_;
  bool in_worker_ = false;
  // Deleted on the JavaScript thread only. When the environment ends, Node deletes the references that are
  // left.
  std::array<Napi::FunctionReference, static_cast<std::size_t>(Hook::Count)> hooks_;
  std::array<Napi::FunctionReference, static_cast<std::size_t>(Kind::Count)> classes_;
  std::size_t held_ = 0;
  std::optional<std::chrono::milliseconds> time_limit_;
  double *last_operation_ = nullptr;  // JavaScript reads it to learn which operation it may abort
  std::unordered_map<std::uint64_t, std::weak_ptr<Abortable>> operations_;
  std::shared_ptr<SharedLane> shared_lane_;
  std::vector<std::shared_ptr<Event>> taken_;  // taken by the drain; the events before next_ are delivered
  std::size_t next_ = 0;
  Outbox outbox_;

  std::mutex mutex_;
  bool open_ = false;
  napi_threadsafe_function wakeup_ = nullptr;
  bool called_ = false;  // a drain is on its way, runs, or will continue later
  std::atomic<int> calling_{0};
  std::vector<std::shared_ptr<Event>> queue_;
};

/// While this object lives, the events that this thread posts do not wake JavaScript. The end of the object
/// wakes it once for all. The events must be of one environment.
class PostTogether final {
 public:
  PostTogether();
  ~PostTogether();
  PostTogether(const PostTogether &) = delete;
  PostTogether &operator=(const PostTogether &) = delete;

  /// The object of this thread, or null.
  static PostTogether *current();
  void wake_later(Environment &environment);

 private:
  std::shared_ptr<Environment> environment_;
};

}  // namespace neon
