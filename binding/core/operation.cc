#include "core/operation.h"

#include <algorithm>
#include <chrono>

#include "core/exit.h"
#include "core/thread_state.h"
#include "core/value.h"

namespace neon {

namespace {

// How often a worker that waits in a blocking call checks whether it is being terminated.
constexpr std::chrono::milliseconds slice{50};

// The places of an operation's holder array.
constexpr std::uint32_t exception_place = 0;
constexpr std::uint32_t context_place = 1;
constexpr std::uint32_t handle_place = 2;
constexpr std::uint32_t first_held_place = 3;

bool can_run_javascript(Environment &environment) {
  const Napi::Env env = environment.env();
  const Napi::HandleScope scope(env);
  // Uses Node-API directly, since a failure means "no" here, and must not become an exception.
  napi_value nothing = env.Undefined(), result;
  return napi_call_function(env, nothing, environment.hook(Environment::Hook::IsInside), 1, &nothing,
                            &result) == napi_ok;
}

using Resources = std::vector<std::shared_ptr<Resource>>;

// While this object lives, a blocking operation is in progress, and uses the executor and the resources.
// JavaScript then runs only inside the callbacks of the operation.
class Running final {
 public:
  Running(Executor &executor, const Resources &resources, Operation *operation)
      : executor_(executor), resources_(resources) {
    executor_.running = operation;
    for (const auto &resource : resources_) resource->enter(executor_);
  }
  ~Running() {
    executor_.running = nullptr;
    for (const auto &resource : resources_) resource->leave();
  }
  Running(const Running &) = delete;
  Running &operator=(const Running &) = delete;

 private:
  Executor &executor_;
  const Resources &resources_;
};

}  // namespace

Operation::Operation(std::shared_ptr<Executor> executor)
    : environment_(executor->executor_environment().shared_from_this()), executor_(std::move(executor)) {}

Operation *Operation::current() { return thread_state.operation; }

Napi::Value Operation::call() {
  executor_->require_idle();
  require_resources();
  const Napi::Env env = environment_->env();
  {
    const Running running(*executor_, resources_, this);
    if (environment_->in_worker())
      run_in_worker();
    else
      run_here();
  }
  const Napi::Value thrown = error(env);
  drop_holder();
  if (!thrown.IsEmpty()) throw_value(env, thrown);
  return result(env);
}

void Operation::enqueue(std::optional<Napi::Promise::Deferred> deferred) {
  executor_->require_queueable();
  require_resources();
  const Napi::Env env = environment_->env();
  if (const auto limit = environment_->take_time_limit()) deadline_ = Connection::Clock::now() + *limit;
  // While calls are pending, ne_get_error does not ask C, but returns the error text of the call that settled
  // last.
  executor_->note_error();
  if (has_callbacks()) prepare_callbacks(env);
  std::uint32_t place = first_held_place;
  for (napi_value value : held_values_) holder(env).Set(place++, value);
  on_lane_ = true;
  id_ = environment_->add(shared_from_this());
  try {
    executor_->lane().post(shared_from_this(), environment_->shared_lane());
  } catch (const Failure &) {
    environment_->remove(id_);
    drop_holder();
    throw;
  }
  // The lane may be running the operation already. Even so, this thread receives its end only after these
  // lines.
  in_flight_.emplace();
  deferred_ = deferred;
  environment_->hold();
  ++executor_->pending;
  for (const auto &resource : resources_) resource->enter(*executor_);
}

// Records the context in which callbacks run, and the object that keeps the callbacks.
void Operation::prepare_callbacks(Napi::Env env) {
  Napi::Object object = executor_->handle_object();
  const Napi::Value context = call_javascript(environment_->hook(Environment::Hook::Snapshot), {});
  holder(env).Set(context_place, context);
  if (handle_object_) object = Napi::Object(env, handle_object_);
  if (!object.IsEmpty()) holder(env).Set(handle_place, object);
  callbacks_prepared_ = true;
}

bool Operation::uses(const Resource &resource) const {
  return std::any_of(resources_.begin(), resources_.end(),
                     [&](const auto &own) { return own.get() == &resource; });
}

void Operation::require_resources() const {
  for (const auto &resource : resources_) resource->admit(*executor_);
}

Napi::Value Operation::held(Napi::Env env, std::uint32_t index) {
  if (!on_lane_ || waited_for_) return {env, held_values_[index]};
  return holder(env).Get(first_held_place + index);
}

void Operation::hold_on(Napi::Env env, napi_value value) {
  const auto first_free = first_held_place + static_cast<std::uint32_t>(held_values_.size());
  const auto values = holder(env).As<Napi::Array>();
  values.Set(std::max(values.Length(), first_free), value);
}

Napi::Value Operation::handle_object(Napi::Env env) {
  if (on_lane_ && !waited_for_) {
    // There may have been no callbacks when this operation was queued. A callback of an earlier operation can
    // have added the first one since then.
    if (!callbacks_prepared_) prepare_callbacks(env);
    return holder(env).Get(handle_place);
  }
  const Napi::Value object = handle_object_ ? Napi::Value(env, handle_object_) : executor_->handle_object();
  return object.IsEmpty() ? env.Undefined() : object;
}

// Runs the operation inside neon, on a lane or on the JavaScript thread.
void Operation::run_here() noexcept {
  Operation *const outer = std::exchange(thread_state.operation, this);
  const Interposing interposing(&executor_->connection);
  executor_->connection.begin(*this, deadline_);
  const bool entered = !cancelled_;
  const bool moved = std::exchange(moves_, false);
  bool out_of_memory = false;
  if (entered) {
    try {
      run();
    } catch (const Failure &failure) {
      failure_ = std::make_unique<Failure>(failure);
    } catch (const std::bad_alloc &) {
      failure_ = std::make_unique<Failure>(Failure::Kind::Neon, code::no_memory, "Out of memory");
      out_of_memory = true;
    }
  }
  const Connection::Interruption why = executor_->connection.end();
  // Also checks cancelled_. A late abort does not interrupt the connection, but can still end the wait for an
  // answer.
  const bool stopped = why != Connection::Interruption::None || cancelled_;
  if (moves_ && !stopped) {
    thread_state.operation = outer;
    return;
  }
  const bool gave_up = (std::exchange(moves_, false) || (moved && !entered)) && give_up();
  if (why == Connection::Interruption::Stalled) {
    executor_->note_stall();
    stalled();
  }
  if ((entered || gave_up) && (stopped || threw_ || out_of_memory)) executor_->recover();
  error_text_ = executor_->error_text();
  thread_state.operation = outer;
}

// Runs the operation on the lane, and reports its end.
void Operation::execute() noexcept {
  {
    const Inside inside;
    run_here();
  }
  report_end();
}

bool Operation::execute_quickly() noexcept {
  {
    const Inside inside;
    run_here();
  }
  if (moves_) return false;
  report_end();
  return true;
}

void Operation::refuse() noexcept {
  {
    const Inside inside;
    const Interposing interposing(&executor_->connection);
    moves_ = false;
    failure_ = std::make_unique<Failure>(
        neon_failure(code::no_thread, "The system gave no thread to go on with this call"));
    if (give_up()) executor_->recover();
    error_text_ = executor_->error_text();
  }
  report_end();
}

void Operation::report_end() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
    if (waited_for_) {
      changed_.notify_all();
      return;
    }
  }
  environment_->post(shared_from_this());
}

void Operation::run_in_worker() {
  on_lane_ = true;
  waited_for_ = true;
  in_flight_.emplace();
  executor_->lane().post(shared_from_this(), nullptr);
  answer_requests();
  executor_->lane().wait_idle();
  in_flight_.reset();
}

// Answers the callback requests of the lane until the lane is done. Runs on the JavaScript thread of a
// worker.
void Operation::answer_requests() {
  std::unique_lock lock(mutex_);
  const auto something_to_do = [this] {
    return done_ || (request_ && request_->state_ == CallbackRequest::State::Waiting);
  };
  while (!done_) {
    const bool woken = changed_.wait_for(lock, slice, something_to_do);
    if (done_) return;
    const std::shared_ptr<CallbackRequest> request = request_;
    lock.unlock();
    if (woken) {
      const Napi::HandleScope scope(environment_->env());
      request->deliver(environment_->env());
    } else if (!can_run_javascript(*environment_)) {
      environment_gone();
      throw Napi::Error(environment_->env(), nullptr);  // empty: JavaScript is being terminated
    }
    lock.lock();
  }
}

bool Operation::wait_for_answer(const std::shared_ptr<CallbackRequest> &request) {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return false;
    request_ = request;
    if (waited_for_) changed_.notify_all();
  }
  executor_->connection.pause();
  bool answered = false;
  {
    const SafePoint outside;
    if (waited_for_ || environment_->post(request)) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return gone_ || request->state_ == CallbackRequest::State::Answered ||
               request->state_ == CallbackRequest::State::Gone;
      });
      answered = request->state_ == CallbackRequest::State::Answered && !gone_;
    }
  }
  executor_->connection.resume();
  const std::lock_guard lock(mutex_);
  request_.reset();
  return answered && !threw_;
}

Napi::Value Operation::call_function(Napi::Function function, std::span<const napi_value> arguments) {
  if (!on_lane_ || waited_for_) return call_javascript(function, arguments);
  const Napi::Env env = environment_->env();
  std::vector<napi_value> all = {holder(env).Get(context_place), handle_object(env), function};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return call_javascript(environment_->hook(Environment::Hook::Enter), all);
}

void Operation::refuse_promise(Napi::Value answer) {
  if (answer.IsPromise())
    throw type_failure(code::argument_type, "A callback of a blocking call must not return a promise");
}

// Keeps the exception that is being handled, if it is the first exception of the operation. This fails only
// when the environment is going away, and then no caller is left.
void Operation::keep(Napi::Env env) noexcept {
  try {
    if (!threw_) holder(env).Set(exception_place, thrown_value(env));
  } catch (const std::exception &) {
    cancelled_ = true;
  }
  threw_ = true;
}

Napi::Value Operation::error(Napi::Env env) {
  if (threw_) return holder(env).Get(exception_place);
  return failure_ ? to_error(env, *failure_) : Napi::Value();
}

void Operation::deliver(Napi::Env env) { finish(env); }

void Operation::finish(Napi::Env env) {
  drained();
  const struct Drop {
    Operation &operation;
    ~Drop() { operation.drop_holder(); }
  } drop{*this};  // also when settle() throws
  settle(env);
}

void Operation::settle(Napi::Env env) {
  if (settled_) return;
  Napi::Value value = error(env);
  if (value.IsEmpty() && guard(env, [&] { value = result(env); })) return resolve(env, value);
  reject(env, value.IsEmpty() ? error(env) : value);
}

bool Operation::packable() const { return !deferred_ && !settled_ && !threw_ && !failure_ && !cancelled_; }

void Operation::finish_packed() {
  drained();
  settled_ = true;
  environment_->release();
  drop_holder();
}

bool Operation::done() {
  const std::lock_guard lock(mutex_);
  return done_;
}

void Operation::drained() {
  if (std::exchange(drained_, true)) return;
  environment_->remove(id_);
  in_flight_.reset();
  --executor_->pending;
  if (executor_->unread == this) executor_->unread = nullptr;
  for (const auto &resource : resources_) resource->leave();
  executor_->settled_error = std::move(error_text_);
}

void Operation::resolve(Napi::Env, napi_value value) {
  if (std::exchange(settled_, true)) return;
  environment_->release();
  if (deferred_)
    deferred_->Resolve(value);
  else
    environment_->settle(id_, true, value);
}

void Operation::reject(Napi::Env, napi_value reason) {
  if (std::exchange(settled_, true)) return;
  environment_->release();
  if (deferred_)
    deferred_->Reject(reason);
  else
    environment_->settle(id_, false, reason);
}

void Operation::cancel() {
  cancelled_ = true;
  wake();
  executor_->connection.interrupt(*this);
}

void Operation::abort(Napi::Value reason) {
  cancel();
  reject(environment_->env(), reason);
}

void Operation::environment_gone() {
  settled_ = true;
  cancel();
}

// Ends the wait for an answer of JavaScript's.
void Operation::wake() {
  std::shared_ptr<CallbackRequest> request;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    request = request_;
    changed_.notify_all();
  }
  if (request) request->settle(CallbackRequest::State::Gone);
  woken();
}

Napi::Object Operation::holder(Napi::Env env) {
  if (!holder_.IsEmpty()) return holder_.Value();
  const Napi::Array values = Napi::Array::New(env);
  holder_ = Napi::Persistent(values.As<Napi::Object>());
  holder_.SuppressDestruct();
  return values;
}

void Operation::drop_holder() { holder_.Reset(); }

}  // namespace neon
