#pragma once

#include <ne_request.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/arguments.h"
#include "core/connection.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/lane.h"

namespace neon {

class LaneGroup;
class Operation;
class Resource;

/// What operations run on, one at a time: a session with its connection and its lane.
///
/// `pending`, `asking` and `running` belong to the JavaScript thread; they say who may touch the C object
/// now:
///  - pending: promises of this target that are queued or on the lane, counted from enqueueing until the
///    completion is drained. While it is not 0 the lane owns the C object;
///  - asking: questions of such an operation's callbacks that JavaScript has not answered yet. Meanwhile the
///    lane waits, and JavaScript may touch the C object;
///  - running: the synchronous operation below us on the stack, when JavaScript runs inside its callback.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor &) = delete;
  Executor &operator=(const Executor &) = delete;
  virtual ~Executor();

  /// About to touch the C object on the JavaScript thread, in a call that does not block: ERR_NEON_BUSY.
  void require_usable() const;
  /// The same for what is forbidden inside this target's callbacks too: ERR_NEON_REENTRANT.
  void require_idle() const;
  void require_queueable() const;

  /// Whether the caller is inside a callback of this target's running operation.
  bool inside_callback() const;
  /// Takes the error text down before the first promise is pending.
  void note_error();
  /// Whether the operation that asks JavaScript just now uses this resource.
  bool asks_about(const Resource &resource) const;

  Lane &lane();
  /// From now on this target (which is `self`) and the others of the group use one lane, one at a time.
  /// Nothing of either may be pending: ERR_NEON_BUSY.
  void join(const std::shared_ptr<Executor> &self, const std::shared_ptr<LaneGroup> &group);
  /// Runs `work` on the C object as soon as no operation uses it: now, or on the lane at its turn.
  /// `in_question`: also while an operation asks JavaScript, and the lane waits inside neon for the answer.
  void run_when_free(std::function<void()> work, bool in_question = true);

  /// Runs where the operation ran, after it was interrupted or a callback of it threw: closes the connection.
  virtual void recover() = 0;
  /// Says in the C object's error text that the watchdog ended the operation.
  virtual void note_stall() = 0;
  virtual std::string error_text() const = 0;
  /// The JavaScript object that stands for the target, or an empty one.
  virtual Napi::Object handle_object() const = 0;
  /// Whether C may call JavaScript, whatever operation runs.
  virtual bool has_callbacks() const { return false; }
  virtual Environment &executor_environment() const = 0;
  /// What messages call it.
  virtual const char *noun() const { return "session"; }

  Connection connection;
  std::size_t pending = 0;
  std::size_t asking = 0;
  const Operation *asker = nullptr;  // whose question that is, while `asking` is not 0
  Operation *running = nullptr;
  std::string settled_error;

 private:
  void require_nothing_pending() const;
  bool group_is_busy() const;

  std::shared_ptr<Lane> lane_;
  std::shared_ptr<LaneGroup> group_;
};

/// Targets that use the same object of C's, which is made for one thread at a time: while promises, or a
/// blocking call, of one are pending, the others are busy too. JavaScript thread.
class LaneGroup final {
 public:
  LaneGroup() = default;
  LaneGroup(const LaneGroup &) = delete;
  LaneGroup &operator=(const LaneGroup &) = delete;
  ~LaneGroup() { lane_->dismiss(); }

  /// About to change what they share: ERR_NEON_BUSY, ERR_NEON_REENTRANT.
  void require_idle() const;

 private:
  friend class Executor;

  static std::shared_ptr<LaneGroup> merged(std::shared_ptr<LaneGroup> group);
  std::vector<std::shared_ptr<Executor>> members() const;

  const std::shared_ptr<Lane> lane_ = std::make_shared<Lane>();
  std::vector<std::weak_ptr<Executor>> members_;
  std::shared_ptr<LaneGroup> merged_into_;  // one of them was in two crews
};

/// What an operation uses beside its target: as long as `use_count` is not 0, nobody else may change it.
class Resource {
 public:
  Resource() = default;
  Resource(const Resource &) = delete;
  Resource &operator=(const Resource &) = delete;
  virtual ~Resource() = default;

  /// An operation of this target is about to use it: throws when it must not. Those of one target take their
  /// turns; those of several may share what C only reads.
  virtual void admit(const Executor &) const {}
  void enter(const Executor &executor) {
    ++use_count;
    user = &executor;
  }
  void leave() { --use_count; }
  /// Whether the caller is inside a callback of the operation that uses it.
  bool in_question() const;

  std::size_t use_count = 0;
  const Executor *user = nullptr;  // while it is use_count: whose operation came last
};

/// One question that neon asks of a JavaScript function from a lane. The lane waits in
/// Operation::wait_for_answer.
class CallbackRequest final : public Event, public std::enable_shared_from_this<CallbackRequest> {
 public:
  /// Calls the function (may read the asking frame: the lane waits), and converts what it answered.
  struct Handler {
    Handler() = default;
    Handler(const Handler &) = delete;
    Handler &operator=(const Handler &) = delete;
    virtual ~Handler() = default;
    virtual Napi::Value put(Napi::Env env) = 0;
    virtual void take(Napi::Env env, Napi::Value answer) = 0;
  };

  CallbackRequest(std::shared_ptr<Operation> operation, std::unique_ptr<Handler> question)
      : question(std::move(question)), operation_(std::move(operation)) {}

  void deliver(Napi::Env env) override;

  const std::unique_ptr<Handler> question;

 private:
  friend class Operation;
  enum class State { Waiting, Running, Answered, Gone };

  void await(Napi::Promise promise);
  void answer(Napi::Value value);
  void refuse(Napi::Value reason);
  bool is_running() const;
  void settle(State state);

  const std::shared_ptr<Operation> operation_;
  State state_ = State::Waiting;  // under the operation's mutex
};

/// Counts what is queued or on a lane, in all environments of the process: promises until JavaScript knows of
/// their end, blocking calls in workers until they are over.
class InFlight final {
 public:
  InFlight() { ++count_; }
  ~InFlight() { --count_; }
  InFlight(const InFlight &) = delete;
  InFlight &operator=(const InFlight &) = delete;

  static bool anything() { return count_ > 0; }

 private:
  static inline std::atomic<int> count_{0};
};

/// One blocking call of neon's: written once, run on the calling thread (`libneon/ne`) or on the target's
/// lane (promises).
///
/// Life on a lane. JavaScript thread: enqueue() → queued; the lane takes it: execute() → run() inside neon →
/// posts itself; JavaScript thread: deliver() → settles the promise and counts down `pending`.
/// Who wakes whom, and what if a side dies:
///  - the lane waits for an answer of JavaScript's in wait_for_answer() on `changed_`: woken by the answer,
///  by
///    abort() and by environment_gone(); a call goes Waiting → Running → Answered, or → Gone;
///  - an abort settles the promise at once, marks the operation cancelled and shuts the socket down; the lane
///    returns from C when C does, and posts; the target stays busy until then;
///  - the environment goes away: the same without JavaScript. The post is refused, the operation dies on the
///  lane;
///  - a synchronous call in a worker runs on the lane too, and the JavaScript thread waits on `changed_`, in
///    slices so that terminate() is noticed; the lane's questions are answered from that wait.
/// `mutex_` guards call_, gone_ and done_. JavaScript references are made and dropped on the JavaScript
/// thread only; what is left of them when the environment is gone goes with it.
class Operation : public Event, public Job, public std::enable_shared_from_this<Operation> {
 public:
  explicit Operation(std::shared_ptr<Executor> executor);

  /// The operation that runs on this thread, or null (then callbacks are mute).
  static Operation *current();

  /// libneon/ne: runs it here; returns the result or throws.
  Napi::Value call();
  /// libneon/ne/promises: queues it; `deferred` is settled when it is over.
  void enqueue(Napi::Promise::Deferred deferred);

  /// Rejects the promise with `reason` and ends the operation. JavaScript thread.
  void abort(Napi::Value reason);
  /// The same without a word to the promise: ends what runs, wakes what waits. JavaScript thread.
  void cancel();
  /// There is no JavaScript any more.
  void environment_gone();

  /// Keeps a JavaScript value alive until the operation is over; held() gives it back, by order.
  void hold(napi_value value) { held_values_.push_back(value); }
  Napi::Value held(Napi::Env env, std::uint32_t index);
  /// The same from inside a callback: until the operation is over.
  void hold_on(Napi::Env env, napi_value value);
  /// The target's JavaScript object, which keeps its callbacks; where it has any. It may be destroyed by now.
  Napi::Value handle_object(Napi::Env env);
  /// The same, for an operation that resources it from its control block.
  void set_target_object(napi_value object) { handle_object_ = object; }
  /// Marks what the operation uses beside its target.
  void use(std::shared_ptr<Resource> resource) { resources_.push_back(std::move(resource)); }
  /// What it mainly uses, or null.
  const Resource *resource() const { return resources_.empty() ? nullptr : resources_.front().get(); }
  bool uses(const Resource &resource) const;
  /// Throws what call() and enqueue() would when something it uses is in use by others.
  void require_resources() const;
  /// What abort() of the binding takes; 0 for a blocking call.
  std::uint64_t id() const { return id_; }
  Executor &executor() const { return *executor_; }
  bool cancelled() const { return cancelled_; }

  /// Asks JavaScript from inside neon: calls `put`, converts with `take`; gives `refusal` when there is
  /// nobody to answer, an earlier callback threw, or this one throws.
  template <class Answer, class Put, class Take>
  Answer ask(Answer refusal, Put put, Take take);

  /// Calls a function in the context (AsyncLocalStorage) in which the operation was started.
  Napi::Value call_function(Napi::Function function, std::span<const napi_value> arguments);
  Napi::Value call_function(Napi::Function function, std::initializer_list<napi_value> arguments) {
    return call_function(function, std::span(arguments.begin(), arguments.size()));
  }
  Napi::Value call_function(Napi::Env env, napi_value function, std::size_t count,
                            const napi_value *arguments) {
    return call_function(Napi::Function(env, function), std::span(arguments, count));
  }

  void deliver(Napi::Env env) override;
  void execute() noexcept final;

  /// Throws when a callback of a blocking call answered with a promise.
  static void refuse_promise(Napi::Value answer);
  static void refuse_promise(Napi::Env env, napi_value answer) { refuse_promise({env, answer}); }

 protected:
  /// Settles the promise with result() or error(). JavaScript thread.
  void settle(Napi::Env env);
  /// The blocking body. Throws Failure for what makes the call throw or reject.
  virtual void run() = 0;
  /// The watchdog ended it.
  virtual void stalled() {}
  /// After run(), on the JavaScript thread.
  virtual Napi::Value result(Napi::Env env) = 0;
  /// A wait of the lane's own inside run() should look at cancelled() again.
  virtual void woken() {}
  virtual bool has_callbacks() const { return executor_->has_callbacks(); }

  Environment &environment() const { return *environment_; }
  bool settled() const { return settled_; }
  void resolve(Napi::Env env, napi_value value);
  void reject(Napi::Env env, napi_value reason);
  /// The lane is done with it.
  bool done();
  /// And JavaScript knows, as it does of all that was posted before. JavaScript thread.
  bool delivered() const { return drained_; }
  /// After that: settles the promise, counts down, lets go of what it held. JavaScript thread.
  void finish(Napi::Env env);
  /// The exception or failure that ended it, or an empty value.
  Napi::Value error(Napi::Env env);
  bool on_lane() const { return on_lane_; }
  /// Runs what calls JavaScript; keeps the first exception, which ends the operation. False when there was
  /// one.
  template <class Body>
  bool guard(Napi::Env env, Body body);

 private:
  friend class CallbackRequest;

  void drained();
  void prepare_callbacks(Napi::Env env);
  void run_here() noexcept;
  void run_in_worker();
  void answer_questions();
  bool wait_for_answer(const std::shared_ptr<CallbackRequest> &call);
  void keep(Napi::Env env) noexcept;
  Napi::Object holder(Napi::Env env);
  void drop_holder();
  void wake();

  const std::shared_ptr<Environment> environment_;
  const std::shared_ptr<Executor> executor_;
  std::vector<std::shared_ptr<Resource>> resources_;

  std::uint64_t id_ = 0;  // written before it is queued

  // JavaScript thread.
  bool settled_ = false;
  std::optional<Napi::Promise::Deferred> deferred_;
  // An array: the exception, the async context, what is held. Its destructor may run on the lane, or when the
  // environment is gone: only drop_holder() deletes it.
  Napi::ObjectReference holder_;
  bool drained_ = false;
  std::vector<napi_value> held_values_;
  napi_value handle_object_ = nullptr;
  bool callbacks_prepared_ = false;

  // The thread that runs it; the JavaScript thread after that.
  bool on_lane_ = false;
  std::optional<InFlight> in_flight_;
  std::optional<Connection::Clock::time_point> deadline_;
  std::unique_ptr<Failure> failure_;
  std::string error_text_;

  std::atomic<bool> cancelled_{false};
  std::atomic<bool> threw_{false};  // a callback did; JavaScript is skipped from then on

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<CallbackRequest> call_;
  bool gone_ = false;
  bool waited_for_ = false;  // by the JavaScript thread of a worker
  bool done_ = false;
};

/// An operation made of a function that blocks and one that converts what it returned.
template <class Run, class Convert>
class SimpleOperation final : public Operation {
 public:
  using Value = std::invoke_result_t<Run>;

  SimpleOperation(std::shared_ptr<Executor> executor, Run run, Convert convert, bool callbacks)
      : Operation(std::move(executor)),
        run_(std::move(run)),
        convert_(std::move(convert)),
        callbacks_(callbacks) {}

 protected:
  void run() override { value_ = run_(); }
  void stalled() override {
    if constexpr (std::is_same_v<Value, int>) {
      if (value_ != NE_OK) value_ = NE_TIMEOUT;
    } else if constexpr (requires { value_.stalled(); }) {
      value_.stalled();
    }
  }
  Napi::Value result(Napi::Env env) override { return {env, convert_(*this, env, std::move(value_))}; }
  bool has_callbacks() const override { return callbacks_ || Operation::has_callbacks(); }

 private:
  Run run_;
  Convert convert_;
  bool callbacks_;
  Value value_{};
};

template <class Run, class Convert>
std::shared_ptr<Operation> operation(std::shared_ptr<Executor> executor, Run run, Convert convert,
                                     bool callbacks = false) {
  return std::make_shared<SimpleOperation<Run, Convert>>(std::move(executor), std::move(run),
                                                         std::move(convert), callbacks);
}

/// An operation whose result is an NE_* code (or another int that goes to JavaScript as it is).
template <class Run>
std::shared_ptr<Operation> code_operation(std::shared_ptr<Executor> executor, Run run,
                                          bool callbacks = false) {
  return operation(
      std::move(executor), std::move(run),
      [](Operation &, Napi::Env env, int code) { return Napi::Number::New(env, code); }, callbacks);
}

// --- Callbacks
// ------------------------------------------------------------------------------------------------

// From the first exception on JavaScript is skipped, and C made to fail.
template <class Body>
bool Operation::guard(Napi::Env env, Body body) {
  try {
    body();
    return true;
  } catch (const std::exception &) {
    keep(env);
  }
  executor_->connection.interrupt(*this);
  return false;
}

template <class Answer, class Put, class Take>
Answer Operation::ask(Answer refusal, Put put, Take take) {
  if (threw_ || cancelled_) return refusal;
  if (!on_lane_) {
    const Napi::Env env = environment_->env();
    const Napi::HandleScope scope(env);
    executor_->connection.pause();
    guard(env, [&] {
      const Napi::Value answer(env, put(env));
      refuse_promise(answer);
      refusal = take(env, answer);
    });
    executor_->connection.resume();
    return refusal;
  }
  struct Typed final : CallbackRequest::Handler {
    Typed(Put put, Take take, Answer answer)
        : put_(std::move(put)), take_(std::move(take)), answer(std::move(answer)) {}
    Napi::Value put(Napi::Env env) override { return {env, put_(env)}; }
    void take(Napi::Env env, Napi::Value value) override { answer = take_(env, value); }
    Put put_;
    Take take_;
    Answer answer;
  };
  auto question = std::make_unique<Typed>(std::move(put), std::move(take), refusal);
  Typed *typed = question.get();
  const auto call = std::make_shared<CallbackRequest>(shared_from_this(), std::move(question));
  return wait_for_answer(call) ? std::move(typed->answer) : std::move(refusal);
}

}  // namespace neon
