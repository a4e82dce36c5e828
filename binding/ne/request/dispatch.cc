// Sends a request, and reads the whole response: ne_request_dispatch.
#include "ne/request/dispatch.h"

#include <utility>

#include "core/shared_lane.h"

namespace neon {

namespace {

// The shared lane discards at most about this many bytes of a body.
constexpr std::uint64_t max_quick_body = 16384;

}  // namespace

Dispatch::Dispatch(std::shared_ptr<Request> request, bool callbacks)
    : Operation(request->shared_session()), request_(std::move(request)), callbacks_(callbacks) {}

// Does what C's function does, in its documented steps: begin, discard and end.
void Dispatch::run() {
  Session &session = request_->session();
  const bool is_quick = SharedLane::current();
  if (is_quick && !session.is_ready_for_quick()) return move();
  do {
    if (!std::exchange(rest_is_left_, false)) {
      result_ = request_->begin();
      if (result_ != NE_OK) break;
    }
    if (is_quick) {
      result_ = request_->discard_some(max_quick_body);
      rest_is_left_ = result_ == NE_OK && request_->phase() == Request::Phase::Body;
      if (rest_is_left_) return move();
    } else {
      result_ = request_->discard();
    }
    if (result_ == NE_OK) result_ = request_->end();
  } while (result_ == NE_RETRY);
  if (session.connection.needs_own_lane()) move();
}

bool Dispatch::give_up() {
  result_ = NE_ERROR;
  return std::exchange(rest_is_left_, false);
}

void Dispatch::stalled() {
  if (result_ != NE_OK) result_ = NE_TIMEOUT;
}

}  // namespace neon
