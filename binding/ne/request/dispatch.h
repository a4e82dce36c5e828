#pragma once

#include <memory>

#include "ne/request/request.h"

namespace neon {

/// A call of ne_request_dispatch.
///
/// If the request is small, and neither it nor its session has callbacks, the call begins on the shared lane.
/// There it sends the request, and discards a short body. The lane's own thread goes on with a long body. It
/// starts again when the call needs a new connection, as neon itself would.
class Dispatch final : public Operation {
 public:
  Dispatch(std::shared_ptr<Request> request, bool callbacks);

  bool is_quick() const override { return request_->is_quick(); }

 protected:
  void run() override;
  bool give_up() override;
  void stalled() override;
  Napi::Value result(Napi::Env env) override { return Napi::Number::New(env, result_); }
  bool has_callbacks() const override { return callbacks_ || Operation::has_callbacks(); }

 private:
  const std::shared_ptr<Request> request_;
  const bool callbacks_;
  int result_ = NE_OK;
  bool rest_is_left_ = false;  // of the body, by the shared lane
};

}  // namespace neon
