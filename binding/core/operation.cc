#include "core/operation.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"

namespace neon {

namespace {

thread_local Operation *current_operation = nullptr;

// A worker that waits in a synchronous call looks this often whether it is being terminated.
constexpr std::chrono::milliseconds slice{50};

// The places of an operation's holder array.
constexpr std::uint32_t exception_place = 0;
constexpr std::uint32_t context_place = 1;
constexpr std::uint32_t handle_place = 2;
constexpr std::uint32_t first_held_place = 3;

bool can_run_javascript(Environment &environment) {
  const napi_env env = environment.env();
  const Scope scope(env);
  napi_value nothing, result;
  return napi_get_undefined(env, &nothing) == napi_ok &&
         napi_call_function(env, nothing, environment.hook(Environment::Hook::IsInside), 1, &nothing,
                            &result) == napi_ok;
}

using Resources = std::vector<std::shared_ptr<Resource>>;

// A synchronous operation is below us on the stack.
class Using final {
 public:
  Using(Executor &executor, const Resources &resources, Operation *operation)
      : executor_(executor), resources_(resources) {
    executor_.running = operation;
    for (const auto &resource : resources_) resource->enter(executor_);
  }
  ~Using() {
    executor_.running = nullptr;
    for (const auto &resource : resources_) resource->leave();
  }
  Using(const Using &) = delete;
  Using &operator=(const Using &) = delete;

 private:
  Executor &executor_;
  const Resources &resources_;
};

}  // namespace

// --- Executor
// -----------------------------------------------------------------------------------------------

Executor::~Executor() {
  if (lane_ && !group_) lane_->dismiss();
}

bool Executor::inside_callback() const {
  if (running) return true;
  if (!asking) return false;
  // Some code runs while a callback's promise is open: is it that callback's own?
  const napi_env env = executor_environment().env();
  napi_value object = handle_object(), nothing = undefined(env), answer;
  if (!object) return false;
  check(env, napi_call_function(env, nothing, executor_environment().hook(Environment::Hook::IsInside), 1,
                                &object, &answer));
  bool inside = false;
  check(env, napi_get_value_bool(env, answer, &inside));
  return inside;
}

void Executor::require_usable() const {
  if (inside_callback()) return;  // whoever is inside neon waits for JavaScript
  require_nothing_pending();
}

void Executor::require_idle() const {
  require_queueable();
  require_nothing_pending();
}

void Executor::require_nothing_pending() const {
  if (pending)
    throw neon_failure(code::busy, std::string("Promises of this ") + noun() +
                                       " are pending: await them, or use the promise form");
  if (group_is_busy())
    throw neon_failure(code::busy, std::string("Another ") + noun() +
                                       " is busy with what this one shares with it: wait for its calls");
  if (lane_) lane_->wait_idle();
}

void Executor::require_queueable() const {
  bool inside = inside_callback();
  if (group_)
    for (const auto &member : group_->members()) inside = inside || member->inside_callback();
  if (inside)
    throw neon_failure(code::reentrant,
                       std::string("This must not be called from inside a callback of the same ") + noun() +
                           "'s running call");
}

void Executor::note_error() {
  if (pending) return;
  if (lane_ && !group_is_busy()) lane_->wait_idle();
  settled_error = error_text();
}

bool Executor::asks_about(const Resource &resource) const {
  return (running && running->uses(resource)) || (asking && asker->uses(resource));
}

Lane &Executor::lane() {
  if (!lane_) lane_ = std::make_shared<Lane>();
  return *lane_;
}

bool Executor::group_is_busy() const {
  if (!group_) return false;
  const auto members = group_->members();
  return std::any_of(members.begin(), members.end(), [this](const std::shared_ptr<Executor> &member) {
    return member.get() != this && (member->pending || member->running);
  });
}

void Executor::join(const std::shared_ptr<Executor> &self, const std::shared_ptr<LaneGroup> &group) {
  const std::shared_ptr<LaneGroup> joined = LaneGroup::merged(group);
  if (group_ == joined) return;
  require_idle();
  joined->require_idle();
  const std::shared_ptr<LaneGroup> left = group_;
  if (lane_ && !left) lane_->dismiss();
  if (left) left->merged_into_ = joined;
  for (const auto &member : left ? left->members() : std::vector{self}) {
    member->group_ = joined;
    member->lane_ = joined->lane_;
    joined->members_.push_back(member);
  }
}

std::shared_ptr<LaneGroup> LaneGroup::merged(std::shared_ptr<LaneGroup> group) {
  while (group->merged_into_) group = group->merged_into_;
  return group;
}

std::vector<std::shared_ptr<Executor>> LaneGroup::members() const {
  std::vector<std::shared_ptr<Executor>> living;
  for (const auto &weak : members_)
    if (auto member = weak.lock()) living.push_back(std::move(member));
  return living;
}

// The first one answers for all.
void LaneGroup::require_idle() const {
  if (merged_into_) return merged_into_->require_idle();
  const auto living = members();
  if (!living.empty()) living.front()->require_idle();
}

void Executor::run_when_free(std::function<void()> work, bool in_question) {
  const auto interposed = [this, work = std::move(work)] {
    const Interposing interposing(&connection);
    work();
  };
  if (lane_ && !running && !(asking && in_question))
    lane_->run_when_free(interposed);
  else
    interposed();
}

// --- Resource
// -------------------------------------------------------------------------------------------------

bool Resource::in_question() const { return use_count && user->asks_about(*this) && user->inside_callback(); }

// --- CallbackRequest
// -------------------------------------------------------------------------------------------------

void CallbackRequest::deliver(napi_env env) {
  {
    const std::lock_guard lock(operation_->mutex_);
    if (state_ != State::Waiting) return;
    state_ = State::Running;
  }
  ++operation_->executor().asking;
  operation_->executor().asker = operation_.get();
  bool waits = false;
  operation_->guard(env, [&] {
    napi_value value = question->put(env);
    if (operation_->waited_for_) Operation::refuse_promise(env, value);
    waits = is_promise(env, value);
    if (waits)
      await(env, value);
    else
      question->take(env, value);
  });
  if (!waits) settle(State::Answered);
}

bool CallbackRequest::is_running() const {
  const std::lock_guard lock(operation_->mutex_);
  return state_ == State::Running;
}

// A late answer of an aborted call is dropped.
void CallbackRequest::answer(napi_env env, napi_value value) {
  if (!is_running()) return;
  operation_->guard(env, [&] { question->take(env, value); });
  settle(State::Answered);
}

void CallbackRequest::refuse(napi_env env, napi_value reason) {
  if (!is_running()) return;
  operation_->guard(env, [&] {
    check(env, napi_throw(env, reason));
    throw JavaScriptException();
  });
  settle(State::Answered);
}

void CallbackRequest::settle(State state) {
  const std::lock_guard lock(operation_->mutex_);
  if (state_ == State::Running) --operation_->executor().asking;
  if (state_ == State::Running || state_ == State::Waiting) state_ = state;
  operation_->changed_.notify_all();
}

// The promise stays Running until it settles. Its reactions do not own the call: the operation does, while it
// waits.
void CallbackRequest::await(napi_env env, napi_value promise) {
  using Weak = std::weak_ptr<CallbackRequest>;
  const auto reaction = [&](napi_callback callback) {
    auto data = std::make_unique<Weak>(weak_from_this());
    napi_value function;
    check(env, napi_create_function(env, nullptr, 0, callback, data.get(), &function));
    check(env, napi_add_finalizer(
                   env, function, data.get(),
                   [](napi_env, void *weak, void *) { delete static_cast<Weak *>(weak); }, nullptr, nullptr));
    static_cast<void>(data.release());
    return function;
  };
  napi_value arguments[] = {reaction([](napi_env env, napi_callback_info info) -> napi_value {
                              return at_border(env, [&]() -> napi_value {
                                const Arguments args(env, info);
                                if (const auto call = static_cast<Weak *>(args.data())->lock())
                                  call->answer(env, args[0]);
                                return nullptr;
                              });
                            }),
                            reaction([](napi_env env, napi_callback_info info) -> napi_value {
                              return at_border(env, [&]() -> napi_value {
                                const Arguments args(env, info);
                                if (const auto call = static_cast<Weak *>(args.data())->lock())
                                  call->refuse(env, args[0]);
                                return nullptr;
                              });
                            })};
  napi_value then, ignored;
  check(env, napi_get_named_property(env, promise, "then", &then));
  check(env, napi_call_function(env, promise, then, 2, arguments, &ignored));
}

// --- Operation --------------------------------------------------------------------------------------------

Operation::Operation(std::shared_ptr<Executor> executor)
    : environment_(executor->executor_environment().shared_from_this()), executor_(std::move(executor)) {}

Operation *Operation::current() { return current_operation; }

napi_value Operation::call() {
  executor_->require_idle();
  require_resources();
  const napi_env env = environment_->env();
  {
    const Using using_(*executor_, resources_, this);
    if (environment_->in_worker())
      run_in_worker();
    else
      run_here();
  }
  if (napi_value thrown = error(env)) {
    drop_holder(env);
    check(env, napi_throw(env, thrown));
    throw JavaScriptException();
  }
  drop_holder(env);
  return result(env);
}

void Operation::enqueue(napi_deferred deferred) {
  executor_->require_queueable();
  require_resources();
  const napi_env env = environment_->env();
  if (const auto limit = environment_->take_time_limit()) deadline_ = Connection::Clock::now() + *limit;
  // While calls are pending, ne_get_error tells the text of the one that settled last.
  executor_->note_error();
  if (has_callbacks()) prepare_callbacks(env);
  std::uint32_t place = first_held_place;
  for (napi_value value : held_values_) check(env, napi_set_element(env, holder(env), place++, value));
  on_lane_ = true;
  id_ = environment_->add(shared_from_this());
  try {
    executor_->lane().post(shared_from_this());
  } catch (const Failure &) {
    environment_->remove(id_);
    drop_holder(env);
    throw;
  }
  // It may be running now; but its completion is drained on this thread, after all this.
  in_flight_.emplace();
  deferred_ = deferred;
  environment_->hold();
  ++executor_->pending;
  for (const auto &resource : resources_) resource->enter(*executor_);
}

// The context in which callbacks run, and the object that keeps them.
void Operation::prepare_callbacks(napi_env env) {
  napi_value context, object = executor_->handle_object();
  check(env, napi_call_function(env, undefined(env), environment_->hook(Environment::Hook::Snapshot), 0,
                                nullptr, &context));
  check(env, napi_set_element(env, holder(env), context_place, context));
  if (handle_object_) object = handle_object_;
  if (object) check(env, napi_set_element(env, holder(env), handle_place, object));
  callbacks_prepared_ = true;
}

bool Operation::uses(const Resource &resource) const {
  return std::any_of(resources_.begin(), resources_.end(),
                     [&](const auto &own) { return own.get() == &resource; });
}

void Operation::require_resources() const {
  for (const auto &resource : resources_) resource->admit(*executor_);
}

napi_value Operation::held(napi_env env, std::uint32_t index) {
  if (!on_lane_ || waited_for_) return held_values_[index];
  napi_value value;
  check(env, napi_get_element(env, holder(env), first_held_place + index, &value));
  return value;
}

void Operation::hold_on(napi_env env, napi_value value) {
  const auto first_free = first_held_place + static_cast<std::uint32_t>(held_values_.size());
  std::uint32_t length = 0;
  check(env, napi_get_array_length(env, holder(env), &length));
  check(env, napi_set_element(env, holder(env), std::max(length, first_free), value));
}

napi_value Operation::handle_object(napi_env env) {
  napi_value object = nullptr;
  if (on_lane_ && !waited_for_) {
    // The first callback may have been added by one of an operation that ran before.
    if (!callbacks_prepared_) prepare_callbacks(env);
    check(env, napi_get_element(env, holder(env), handle_place, &object));
  } else
    object = handle_object_ ? handle_object_ : executor_->handle_object();
  return object ? object : undefined(env);
}

// Inside neon, on whichever thread.
void Operation::run_here() noexcept {
  Operation *const outer = std::exchange(current_operation, this);
  const Interposing interposing(&executor_->connection);
  executor_->connection.begin(*this, deadline_);
  const bool entered = !cancelled_;
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
  if (why == Connection::Interruption::Stalled) {
    executor_->note_stall();
    stalled();
  }
  // An abort may have come too late to interrupt the connection, but early enough to end the wait for an
  // answer.
  const bool stopped = why != Connection::Interruption::None || cancelled_;
  if (entered && (stopped || threw_ || out_of_memory)) executor_->recover();
  error_text_ = executor_->error_text();
  current_operation = outer;
}

// On the lane.
void Operation::execute() noexcept {
  {
    const Inside inside;
    run_here();
  }
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
  executor_->lane().post(shared_from_this());
  answer_questions();
  executor_->lane().wait_idle();
  in_flight_.reset();
}

// The JavaScript thread of a worker, until the lane is done.
void Operation::answer_questions() {
  std::unique_lock lock(mutex_);
  const auto something_to_do = [this] {
    return done_ || (call_ && call_->state_ == CallbackRequest::State::Waiting);
  };
  while (!done_) {
    const bool woken = changed_.wait_for(lock, slice, something_to_do);
    if (done_) return;
    const std::shared_ptr<CallbackRequest> call = call_;
    lock.unlock();
    if (woken) {
      const Scope scope(environment_->env());
      call->deliver(environment_->env());
    } else if (!can_run_javascript(*environment_)) {
      environment_gone();
      throw JavaScriptException();
    }
    lock.lock();
  }
}

bool Operation::wait_for_answer(const std::shared_ptr<CallbackRequest> &call) {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return false;
    call_ = call;
    if (waited_for_) changed_.notify_all();
  }
  executor_->connection.pause();
  bool answered = false;
  {
    const SafePoint outside;
    if (waited_for_ || environment_->post(call)) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return gone_ || call->state_ == CallbackRequest::State::Answered ||
               call->state_ == CallbackRequest::State::Gone;
      });
      answered = call->state_ == CallbackRequest::State::Answered && !gone_;
    }
  }
  executor_->connection.resume();
  const std::lock_guard lock(mutex_);
  call_.reset();
  return answered && !threw_;
}

napi_value Operation::call_function(napi_env env, napi_value function, std::size_t count,
                                    const napi_value *arguments) {
  napi_value answer;
  if (!on_lane_ || waited_for_) {
    check(env, napi_call_function(env, undefined(env), function, count, arguments, &answer));
    return answer;
  }
  napi_value context, target = handle_object(env);
  check(env, napi_get_element(env, holder(env), context_place, &context));
  std::vector<napi_value> all = {context, target, function};
  all.insert(all.end(), arguments, arguments + count);
  check(env, napi_call_function(env, undefined(env), environment_->hook(Environment::Hook::Enter), all.size(),
                                all.data(), &answer));
  return answer;
}

void Operation::refuse_promise(napi_env env, napi_value answer) {
  if (is_promise(env, answer))
    throw type_failure(code::argument_type, "A callback of a blocking call must not return a promise");
}

// What fails here does so because the environment is going away: nobody is there to be told.
void Operation::keep(napi_env env, napi_value exception) noexcept {
  try {
    if (!threw_) check(env, napi_set_element(env, holder(env), exception_place, exception));
  } catch (const std::exception &) {
    cancelled_ = true;
  }
  threw_ = true;
}

void Operation::keep(napi_env env, const Failure &failure) noexcept {
  try {
    keep(env, to_error(env, failure));
  } catch (const std::exception &) {
    threw_ = true;
  }
}

napi_value Operation::error(napi_env env) {
  if (threw_) {
    napi_value exception;
    check(env, napi_get_element(env, holder(env), exception_place, &exception));
    return exception;
  }
  return failure_ ? to_error(env, *failure_) : nullptr;
}

void Operation::deliver(napi_env env) { finish(env); }

void Operation::finish(napi_env env) {
  drained();
  settle(env);
  drop_holder(env);
}

void Operation::settle(napi_env env) {
  if (settled_) return;
  napi_value value = error(env);
  if (!value && guard(env, [&] { value = result(env); })) return resolve(env, value);
  reject(env, value ? value : error(env));
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
  for (const auto &resource : resources_) resource->leave();
  executor_->settled_error = std::move(error_text_);
}

void Operation::resolve(napi_env env, napi_value value) {
  if (std::exchange(settled_, true)) return;
  environment_->release();
  check(env, napi_resolve_deferred(env, deferred_, value));
}

void Operation::reject(napi_env env, napi_value reason) {
  if (std::exchange(settled_, true)) return;
  environment_->release();
  check(env, napi_reject_deferred(env, deferred_, reason));
}

void Operation::cancel() {
  cancelled_ = true;
  wake();
  executor_->connection.interrupt(*this);
}

void Operation::abort(napi_value reason) {
  cancel();
  reject(environment_->env(), reason);
}

void Operation::environment_gone() {
  settled_ = true;
  cancel();
}

// Whoever waits for JavaScript's answer waits no more.
void Operation::wake() {
  std::shared_ptr<CallbackRequest> call;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    call = call_;
    changed_.notify_all();
  }
  if (call) call->settle(CallbackRequest::State::Gone);
  woken();
}

napi_value Operation::holder(napi_env env) {
  napi_value value;
  if (holder_) {
    check(env, napi_get_reference_value(env, holder_, &value));
    return value;
  }
  check(env, napi_create_array(env, &value));
  check(env, napi_create_reference(env, value, 1, &holder_));
  return value;
}

void Operation::drop_holder(napi_env env) {
  if (holder_) napi_delete_reference(env, holder_);
  holder_ = nullptr;
}

}  // namespace neon
