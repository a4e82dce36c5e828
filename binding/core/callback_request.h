#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "core/environment.h"

namespace neon {

class Operation;

/// A call that neon makes to a JavaScript function from a lane. The lane waits in
/// Operation::wait_for_answer().
///
/// The operation's mutex guards the state. It changes from Waiting to Running, and then to Answered. It stays
/// Running while a promise of the callback is pending. If the operation is aborted or the environment goes
/// away before the answer, the state changes to Gone.
class CallbackRequest final : public Event, public std::enable_shared_from_this<CallbackRequest> {
 public:
  /// put() calls the function. It may read the stack frame of the lane, because the lane waits meanwhile.
  /// take() converts the result.
  struct Handler {
    Handler() = default;
    Handler(const Handler &) = delete;
    Handler &operator=(const Handler &) = delete;
    virtual ~Handler() = default;
    virtual Napi::Value put(Napi::Env env) = 0;
    virtual void take(Napi::Env env, Napi::Value answer) = 0;
  };

  CallbackRequest(std::shared_ptr<Operation> operation, std::unique_ptr<Handler> handler)
      : handler_(std::move(handler)), operation_(std::move(operation)) {}

  void deliver(Napi::Env env) override;

 private:
  friend class Operation;
  enum class State { Waiting, Running, Answered, Gone };

  void await(Napi::Promise promise);
  void answer(Napi::Value value);
  void refuse(Napi::Value reason);
  bool is_running() const;
  void settle(State state);

  const std::unique_ptr<Handler> handler_;
  const std::shared_ptr<Operation> operation_;
  State state_ = State::Waiting;
};

}  // namespace neon
