#include "core/executor.h"

#include <algorithm>
#include <utility>

#include "core/operation.h"
#include "core/value.h"

namespace neon {

Executor::~Executor() {
  if (lane_ && !group_) lane_->dismiss();
}

bool Executor::inside_callback() const {
  if (running) return true;
  if (!asking) return false;
  // Other code also runs while the promise of a callback is pending. Only JavaScript can tell this code from
  // the code of the callback, so JavaScript is asked.
  const Napi::Object object = handle_object();
  if (object.IsEmpty()) return false;
  return call_javascript(executor_environment().hook(Environment::Hook::IsInside), {object})
      .As<Napi::Boolean>();
}

void Executor::require_usable() const {
  if (inside_callback()) return;  // the thread inside neon waits for JavaScript
  require_nothing_pending();
}

void Executor::require_idle() const {
  require_queueable();
  require_nothing_pending();
}

void Executor::require_nothing_pending() const {
  if (unread && !unread->cancelled())
    throw neon_failure(code::busy, "The body of " + unread->unread() + " is still arriving, and has this " +
                                       noun() + ": read it, cancel() it, or use the promise form");
  if (pending)
    throw neon_failure(code::busy, std::string("Promises of this ") + noun() +
                                       " are pending: await them, or use the promise form");
  if (group_is_busy())
    throw neon_failure(code::busy, std::string("Another ") + noun() +
                                       " is busy with an object that this one uses too: wait for its calls");
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

// All members share one lane and see each other's calls, so asking the first member is enough.
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

bool Resource::in_question() const { return use_count && user->asks_about(*this) && user->inside_callback(); }

}  // namespace neon
