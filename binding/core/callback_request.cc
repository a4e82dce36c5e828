#include "core/callback_request.h"

#include "core/operation.h"
#include "core/value.h"

namespace neon {

void CallbackRequest::deliver(Napi::Env env) {
  {
    const std::lock_guard lock(operation_->mutex_);
    if (state_ != State::Waiting) return;
    state_ = State::Running;
  }
  ++operation_->executor().asking;
  operation_->executor().asker = operation_.get();
  bool waits = false;
  operation_->guard(env, [&] {
    const Napi::Value value = handler_->put(env);
    if (operation_->waited_for_) Operation::refuse_promise(value);
    waits = value.IsPromise();
    if (waits)
      await(value.As<Napi::Promise>());
    else
      handler_->take(env, value);
  });
  if (!waits) settle(State::Answered);
}

bool CallbackRequest::is_running() const {
  const std::lock_guard lock(operation_->mutex_);
  return state_ == State::Running;
}

// A late answer to an aborted operation is dropped.
void CallbackRequest::answer(Napi::Value value) {
  if (!is_running()) return;
  operation_->guard(value.Env(), [&] { handler_->take(value.Env(), value); });
  settle(State::Answered);
}

void CallbackRequest::refuse(Napi::Value reason) {
  if (!is_running()) return;
  operation_->guard(reason.Env(), [&] { throw_value(reason.Env(), reason); });
  settle(State::Answered);
}

void CallbackRequest::settle(State state) {
  const std::lock_guard lock(operation_->mutex_);
  if (state_ == State::Running) --operation_->executor().asking;
  if (state_ == State::Running || state_ == State::Waiting) state_ = state;
  operation_->changed_.notify_all();
}

// Waits for the promise, while the request stays Running. The reactions of the promise refer to the request
// weakly. The operation owns the request during its wait.
void CallbackRequest::await(Napi::Promise promise) {
  const Napi::Env env = promise.Env();
  const auto reaction = [&](void (CallbackRequest::*settled)(Napi::Value)) {
    return Napi::Function::New(env, [weak = weak_from_this(), settled](const Napi::CallbackInfo &info) {
      at_border(info.Env(), [&]() -> napi_value {
        if (const auto request = weak.lock()) (request.get()->*settled)(info[0]);
        return nullptr;
      });
    });
  };
  // Uses Node-API directly: Napi::Promise::Then() opens a scope, and ends the process when JavaScript is
  // being terminated inside then() (error.cc says why).
  napi_value arguments[] = {reaction(&CallbackRequest::answer), reaction(&CallbackRequest::refuse)}, ignored;
  check(env, napi_call_function(env, promise, get_property(promise, "then"), 2, arguments, &ignored));
}

}  // namespace neon
