#include "classes/exchange/composed.h"

#include <algorithm>
#include <new>

#include "classes/lock_set.h"
#include "core/error.h"
#include "core/topic.h"
#include "ne/request/request.h"

namespace neon {

ComposedRequest::ComposedRequest(std::shared_ptr<Session> session, Recipe recipe, Send send)
    : Operation(session), session_(std::move(session)), recipe_(std::move(recipe)), send_(std::move(send)) {}

void ComposedRequest::run() {
  ne_session *const c = session_->c();
  if (SharedLocks *locks = session_->shared_locks()) locks->join(*session_);
  const HiddenLocks hidden(*session_, recipe_);
  code_ = Request::run_delegated(*session_, [this, c] {
    ne_hook_create_request(c, on_create, this);
    ne_hook_pre_send(c, on_send, this);
    const int result = send_(c, recipe_.target.c_str());
    ne_unhook_create_request(c, on_create, this);
    ne_unhook_pre_send(c, on_send, this);
    return result;
  });
  text_ = ne_get_error(c);
  if (out_of_memory_) throw neon_failure(code::no_memory, "Out of memory");
}

void ComposedRequest::on_create(ne_request *request, void *answered, const char *, const char *) noexcept {
  ComposedRequest &self = *static_cast<ComposedRequest *>(answered);
  if (self.created_) return;
  self.created_ = request;
  for (const auto &[flag, value] : self.recipe_.flags)
    ne_set_request_flag(request, static_cast<ne_request_flag>(flag), value);
  for (const auto &[name, value] : self.recipe_.headers)
    ne_add_request_header(request, name.c_str(), value.c_str());
}

// The reader that is added last is called first: C's own, which may fail, is there by now.
void ComposedRequest::on_send(ne_request *request, void *answered, ne_buffer *) noexcept {
  ComposedRequest &self = *static_cast<ComposedRequest *>(answered);
  if (request != self.created_ || std::exchange(self.reads_, true)) return;
  ne_add_response_body_reader(request, on_response, on_block, answered);
}

// Also for each response that neon answers itself: the last one counts.
int ComposedRequest::on_response(void *answered, ne_request *request, const ne_status *) noexcept {
  ComposedRequest &self = *static_cast<ComposedRequest *>(answered);
  try {
    self.complete_ = false;
    self.body_.clear();
    self.head_.note(request);
    return 1;
  } catch (const std::bad_alloc &) {
    self.out_of_memory_ = true;
    return 0;
  }
}

int ComposedRequest::on_block(void *answered, const char *bytes, std::size_t size) noexcept {
  ComposedRequest &self = *static_cast<ComposedRequest *>(answered);
  try {
    if (size == 0) self.complete_ = true;
    const bool whole = self.head_.status / 100 == 2;
    self.body_.append(bytes, whole ? size : std::min(size, whole_limit - self.body_.size()));
    return 0;
  } catch (const std::bad_alloc &) {
    self.out_of_memory_ = true;
    return -1;
  }
}

// The functions of neon's fail for some responses that came: those that are not 2xx, those that tell of
// failures inside, and those whose document is none. Of the last the text is the status line, since nothing
// else was wrong.
bool ComposedRequest::is_answer() const {
  if (code_ == NE_OK) return head_.status != 0;
  if (code_ != NE_ERROR || head_.status == 0) return false;
  if (head_.status == 207) return complete_ || text_ == "207 " + head_.reason;
  return complete_ && head_.status / 100 != 2;
}

Napi::Value ComposedRequest::result(Napi::Env env) {
  if (!is_answer()) throw result_failure(code_, text_);
  return head_.response(env, body_.empty() ? null(env) : copy_to_buffer(env, body_), null(env), "");
}

std::shared_ptr<Operation> answered(const Arguments &arguments, ComposedRequest::Send send) {
  auto session = arguments.handle<Session>(0, "session");
  Recipe recipe;
  recipe.target = arguments.line(1, "target");
  read_headers_and_flags(arguments, 2, &recipe);
  return std::make_shared<ComposedRequest>(std::move(session), std::move(recipe), std::move(send));
}

}  // namespace neon
