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
/// The operation's mutex guards the state, which changes from Waiting to Running to Answered. When the
/// operation is aborted or the environment goes away, Waiting and Running change to Gone. While the state is
/// Running, the promise of the callback may be pending.
class CallbackRequest final : public Event, public std::enable_shared_from_this<CallbackRequest> {
 public:
  /// put() calls the function, and may read the stack frame of the lane, since the lane waits. take()
  /// converts the result.
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
