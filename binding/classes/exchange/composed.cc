// The PROPPATCH and ACL requests of the classes. neon's ne_proppatch and ne_acl3744_set compose them.
#include "classes/exchange/composed.h"

#include <algorithm>
#include <new>
#include <utility>

#include "classes/exchange/caller_headers.h"
#include "classes/lock_set.h"
#include "core/block.h"
#include "core/error.h"
#include "core/topic.h"
#include "ne/acl3744.h"
#include "ne/props.h"
#include "ne/request/request.h"

namespace neon {

ComposedRequest::ComposedRequest(std::shared_ptr<Session> session, Recipe recipe, Send send)
    : Operation(session), session_(std::move(session)), recipe_(std::move(recipe)), send_(std::move(send)) {}

void ComposedRequest::run() {
  ne_session *const c = session_->c();
  if (SharedLocks *locks = session_->shared_locks()) locks->join(*session_);
  const HiddenLocks hidden(*session_, recipe_);
  const CallerHeaders headers(c, recipe_);
  const auto send = [this, c] {
    ne_hook_create_request(c, on_create, this);
    ne_hook_pre_send(c, on_send, this);
    const int sent = send_(c, recipe_.target.c_str());
    ne_unhook_create_request(c, on_create, this);
    ne_unhook_pre_send(c, on_send, this);
    return sent;
  };
  const int result = Request::run_delegated(*session_, send, Request::Reuse::Silent);
  result_.note(result, c);
  if (record_.out_of_memory()) throw neon_failure(code::no_memory, "Out of memory");
}

void ComposedRequest::on_create(ne_request *request, void *self, const char *, const char *) noexcept {
  ComposedRequest &composed = *static_cast<ComposedRequest *>(self);
  if (composed.created_) return;
  composed.created_ = request;
  composed.recipe_.add_headers_and_flags_to(request);
}

// Adds the record's reader after C has added its own. neon calls the last added reader first. So the record
// receives each block even if C's reader then fails.
void ComposedRequest::on_send(ne_request *request, void *self, ne_buffer *) noexcept {
  ComposedRequest &composed = *static_cast<ComposedRequest *>(self);
  if (request != composed.created_ || std::exchange(composed.reads_, true)) return;
  composed.record_.read_from(request, 0);
}

// Whether a response arrived. neon's functions can fail although one arrived: the status is not 2xx, the
// response reports failures inside, or the body of a 207 is not a document. In the last case neon has found
// no other error, so its error text is the status line.
bool ComposedRequest::has_response() const {
  const Head &head = record_.head();
  if (result_.ok()) return record_.arrived();
  if (result_.code != NE_ERROR || !record_.arrived()) return false;
  if (head.status == 207) return record_.complete() || result_.text == "207 " + head.reason;
  return record_.complete() && !head.is_success();
}

Napi::Value ComposedRequest::result(Napi::Env env) {
  if (!has_response()) throw result_.failure();
  return record_.value(env);
}

namespace {

// name(session, target, options, content) → Head::response(); `send` is made from the content.
std::shared_ptr<Operation> compose(const Arguments &arguments, ComposedRequest::Send send) {
  auto session = arguments.handle<Session>(0, "session");
  Recipe recipe;
  recipe.target = arguments.line(1, "target");
  recipe.read_options(arguments, 2);
  return std::make_shared<ComposedRequest>(std::move(session), std::move(recipe), std::move(send));
}

/// proppatch(session, target, options, operations)
std::shared_ptr<Operation> proppatch(const Arguments &arguments, Mode) {
  PropertyChanges changes(arguments, 3);  // read first: a getter may destroy the session
  return compose(arguments, [changes = std::move(changes)](ne_session *session, const char *target) {
    return changes.send(session, target);
  });
}

/// setAcl(session, target, options, entries)
std::shared_ptr<Operation> set_acl(const Arguments &arguments, Mode) {
  const AclEntries<ne_acl_entry> entries(arguments, 3,
                                         read_acl_entry);  // read first: a getter may destroy the session
  return compose(arguments, [entries](ne_session *session, const char *target) {
    return entries.send(ne_acl3744_set, session, target);
  });
}

}  // namespace

void register_composed(Topic &topic) {
  topic.call("proppatch", proppatch);
  topic.call("setAcl", set_acl);
}

}  // namespace neon
