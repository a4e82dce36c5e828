#pragma once

#include <napi.h>
#include <ne_request.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/callback_request.h"
#include "core/connection.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/executor.h"
#include "core/in_flight.h"
#include "core/lane.h"

namespace neon {

/// A blocking call into neon. It is written once, and runs on the calling thread (`libneon/ne`) or on the
/// executor's lane (promises).
///
/// An operation on a lane has three steps:
///  - JavaScript thread: enqueue() queues the operation.
///  - Lane: execute() calls run() inside neon, and then posts the operation.
///  - JavaScript thread: deliver() settles the promise and decrements `pending`.
///
/// An operation of the classes has no promise, but a receiver in JavaScript (lib/core/receivers.ts), which is
/// settled in the same places. A small response is packed instead of delivered (Event::pack()), so that one
/// call passes many of them.
///
/// Five cases differ from these steps:
///  - A quick operation (is_quick()) begins on the shared lane, on a fiber. What turns out not to be quick
///  moves
///    to the lane's own thread (move()), at a point where no function of neon is running.
///  - A callback: the lane waits in wait_for_answer(), on `changed_`. The answer, abort() and
///    environment_gone() wake it. CallbackRequest describes the states of this wait.
///  - An abort: it settles the promise at once, marks the operation cancelled and shuts the socket down. When
///    C returns, the lane posts the operation. The executor stays busy until the post is delivered.
///  - The environment goes away: the operation is cancelled in the same way, but without JavaScript. The post
///    is refused, and the operation is destroyed on the lane.
///  - A blocking call in a worker: it runs on the lane too, while the JavaScript thread waits on `changed_`.
///    The thread waits in slices, so that it notices terminate(). Meanwhile it answers the lane's callback
///    requests.
///
/// `mutex_` guards request_, gone_ and done_. JavaScript references are made and dropped only on the
/// JavaScript thread. When the environment ends, Node deletes the references that remain.
class Operation : public Event, public Job, public Abortable, public std::enable_shared_from_this<Operation> {
 public:
  explicit Operation(std::shared_ptr<Executor> executor);

  /// The operation that runs on this thread, or null. If it is null, callbacks must not call JavaScript.
  static Operation *current();

  /// For libneon/ne: runs the operation; returns the result or throws.
  Napi::Value call();
  /// Queues the operation. For libneon/ne/promises, `deferred` is settled when the operation is over. Without
  /// it, JavaScript's receiver for the id() of the operation is settled.
  void enqueue(std::optional<Napi::Promise::Deferred> deferred = std::nullopt);

  /// Rejects the promise with `reason` and ends the operation. JavaScript thread.
  void abort(Napi::Value reason) override;
  /// Ends the operation without settling the promise: interrupts neon, and wakes the lane if the lane waits.
  /// JavaScript thread.
  void cancel();
  /// Called when the environment is gone: ends the operation without calling JavaScript.
  void environment_gone() override;

  /// Keeps a JavaScript value alive until the operation is over. held(env, 0) returns the value of the first
  /// hold() call, held(env, 1) that of the second, and so on.
  void hold(napi_value value) { held_values_.push_back(value); }
  Napi::Value held(Napi::Env env, std::uint32_t index);
  /// Like hold(), but to be called from inside a callback.
  void hold_on(Napi::Env env, napi_value value);
  /// The executor's JavaScript object, which keeps the callbacks; undefined when there is no object. The
  /// handle may be destroyed by now.
  Napi::Value handle_object(Napi::Env env);
  /// Sets the object that handle_object() returns. Needed when the operation detaches this object from its
  /// control block.
  void set_handle_object(napi_value object) { handle_object_ = object; }
  /// Adds a resource that the operation uses beside its executor.
  void use(std::shared_ptr<Resource> resource) { resources_.push_back(std::move(resource)); }
  /// The main resource of the operation: the first that was added. Null without a resource.
  const Resource *resource() const { return resources_.empty() ? nullptr : resources_.front().get(); }
  bool uses(const Resource &resource) const;
  /// Throws when this operation must not use one of its resources now. call() and enqueue() throw the same
  /// error.
  void require_resources() const;
  /// The identity that abort() of the binding expects; 0 for a blocking call.
  std::uint64_t id() const { return id_; }
  Executor &executor() const { return *executor_; }
  bool cancelled() const { return cancelled_; }
  /// How messages name a result that JavaScript has not read yet. Until it has, the result occupies the
  /// executor (Executor::unread).
  virtual std::string unread() const { return {}; }

  /// Calls JavaScript from inside neon by `put`, and converts the result with `take`. Returns `refusal` when
  /// JavaScript cannot answer any more, an earlier callback threw, or this callback throws.
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
  bool execute_quickly() noexcept final;
  void refuse() noexcept final;

  /// Throws when a callback of a blocking call answered with a promise.
  static void refuse_promise(Napi::Value answer);
  static void refuse_promise(Napi::Env env, napi_value answer) { refuse_promise({env, answer}); }

 protected:
  /// Settles the promise with result() or error(). JavaScript thread.
  void settle(Napi::Env env);
  /// The part that blocks. If it throws a Failure, the call throws or rejects.
  virtual void run() = 0;
  /// Called on the shared lane by run(), which then returns. Its rest is not quick, so the lane's own thread
  /// calls run() again.
  void move() { moves_ = true; }
  /// Called instead of that second call if the operation was stopped: drops what the first call has left.
  /// Returns whether it left anything.
  virtual bool give_up() { return false; }
  /// Called when the watchdog has ended the operation.
  virtual void stalled() {}
  /// Returns the result. Called after run(), on the JavaScript thread.
  virtual Napi::Value result(Napi::Env env) = 0;
  /// Wakes the lane if run() itself has made it wait. run() then checks cancelled() again.
  virtual void woken() {}
  virtual bool has_callbacks() const { return executor_->has_callbacks(); }

  Environment &environment() const { return *environment_; }
  bool settled() const { return settled_; }
  void resolve(Napi::Env env, napi_value value);
  void reject(Napi::Env env, napi_value reason);
  /// Whether the lane has finished the operation.
  bool done();
  /// Whether JavaScript has received the end of the operation. It has then received all earlier events too.
  /// JavaScript thread.
  bool delivered() const { return drained_; }
  /// Called after done(): settles the promise, decrements `pending`, and drops the values that the operation
  /// held. JavaScript thread.
  void finish(Napi::Env env);
  /// Whether the end of the operation can be packed: it has succeeded, and its receiver has not been settled.
  /// To be asked only when the lane has posted the end.
  bool packable() const;
  /// Does what finish() does, after the outcome was packed.
  void finish_packed();
  /// The exception or failure that ended the operation, or an empty value.
  Napi::Value error(Napi::Env env);
  bool on_lane() const { return on_lane_; }
  /// Runs `body`, which calls JavaScript. Keeps the first exception, which ends the operation. Returns false
  /// when `body` threw.
  template <class Body>
  bool guard(Napi::Env env, Body body);

 private:
  friend class CallbackRequest;

  void drained();
  void prepare_callbacks(Napi::Env env);
  void run_here() noexcept;
  void report_end();
  void run_in_worker();
  void answer_requests();
  bool wait_for_answer(const std::shared_ptr<CallbackRequest> &request);
  void keep(Napi::Env env) noexcept;
  Napi::Object holder(Napi::Env env);
  void drop_holder();
  void wake();

  const std::shared_ptr<Environment> environment_;
  const std::shared_ptr<Executor> executor_;
  std::vector<std::shared_ptr<Resource>> resources_;

  std::uint64_t id_ = 0;  // written before the operation is queued

  // JavaScript thread.
  bool settled_ = false;
  std::optional<Napi::Promise::Deferred> deferred_;
  // An array of the exception, the async context, the object that keeps the callbacks, and the values of
  // hold(). Only drop_holder() deletes the reference, because the C++ destructor may run on the lane, or when
  // the environment is gone.
  Napi::ObjectReference holder_;
  bool drained_ = false;
  std::vector<napi_value> held_values_;
  napi_value handle_object_ = nullptr;
  bool callbacks_prepared_ = false;

  // During run(), only the thread that runs the operation uses these members. Before and after run(), the
  // JavaScript thread uses them.
  bool on_lane_ = false;
  bool moves_ = false;  // from the shared lane to the lane's own thread
  std::optional<InFlight> in_flight_;
  std::optional<Connection::Clock::time_point> deadline_;
  std::unique_ptr<Failure> failure_;
  std::string error_text_;

  std::atomic<bool> cancelled_{false};
  std::atomic<bool> threw_{false};  // a callback threw; JavaScript is skipped from then on

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<CallbackRequest> request_;
  bool gone_ = false;
  bool waited_for_ = false;  // by the JavaScript thread of a worker
  bool done_ = false;
};

/// An operation made of two functions. The first function blocks, and the second converts the result.
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

/// An operation whose result is an NE_* code (or another int that JavaScript receives unchanged).
template <class Run>
std::shared_ptr<Operation> code_operation(std::shared_ptr<Executor> executor, Run run,
                                          bool callbacks = false) {
  return operation(
      std::move(executor), std::move(run),
      [](Operation &, Napi::Env env, int code) { return Napi::Number::New(env, code); }, callbacks);
}

// After an exception, calls no further callback, and interrupts the connection so that C fails.
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
  auto handler = std::make_unique<Typed>(std::move(put), std::move(take), refusal);
  Typed *typed = handler.get();
  const auto request = std::make_shared<CallbackRequest>(shared_from_this(), std::move(handler));
  return wait_for_answer(request) ? std::move(typed->answer) : std::move(refusal);
}

}  // namespace neon
