#include "classes/status.h"

#include <ne_socket.h>

#include "core/arguments.h"
#include "core/error.h"
#include "core/topic.h"

namespace neon {

namespace {

/// A reference that is let go of on the JavaScript thread.
class Unreference final : public Event {
 public:
  explicit Unreference(napi_ref reference) : reference_(reference) {}
  void deliver(Napi::Env env) override { check(env, napi_delete_reference(env, reference_)); }

 private:
  napi_ref reference_;
};

}  // namespace

StatusQueue::StatusQueue(const Session &session) : session_(session), environment_(session.environment) {}

StatusQueue::~StatusQueue() {
  if (function_) environment_->post(std::make_shared<Unreference>(function_));
}

void StatusQueue::enable(napi_value function) {
  if (!function_)
    check(environment_->env(), napi_create_reference(environment_->env(), function, 0, &function_));
  enabled_ = true;
}

void StatusQueue::on_status(ne_session_status status, const ne_session_status_info &info) noexcept {
  if (!enabled_) return;
  Record record{static_cast<int>(status), "", "", 0, 0, 0};
  if (const Operation *operation = session_.operation()) record.operation = operation->id();
  const auto text = [](const char *string) { return std::string(string ? string : ""); };
  switch (status) {
    case ne_status_lookup:
      record.hostname = text(info.lu.hostname);
      break;
    case ne_status_connecting:
      record.hostname = text(info.ci.hostname);
      if (char address[128]; info.ci.address)
        record.address = ne_iaddr_print(info.ci.address, address, sizeof address);
      break;
    case ne_status_connected:
    case ne_status_disconnected:
      record.hostname = text(info.cd.hostname);
      break;
    case ne_status_sending:
    case ne_status_recving:
      record.progress = info.sr.progress;
      record.total = info.sr.total;
      break;
    default:
      break;
  }
  add(std::move(record));
}

void StatusQueue::add(Record record) {
  {
    const std::lock_guard lock(mutex_);
    const bool progress = record.status == ne_status_sending || record.status == ne_status_recving;
    if (progress && !records_.empty() && records_.back().status == record.status &&
        records_.back().operation == record.operation)
      records_.back() = std::move(record);
    else
      records_.push_back(std::move(record));
    if (std::exchange(posted_, true)) return;
  }
  environment_->post(shared_from_this());
}

void StatusQueue::deliver(Napi::Env env) {
  std::vector<Record> records;
  {
    const std::lock_guard lock(mutex_);
    records.swap(records_);
    posted_ = false;
  }
  napi_value function = nullptr;
  check(env, napi_get_reference_value(env, function_, &function));
  if (!function) return;
  for (const Record &record : records) {
    const napi_value arguments[] = {from(env, record.status),
                                    from(env, record.hostname),
                                    from(env, record.address),
                                    from(env, static_cast<double>(record.progress)),
                                    from(env, static_cast<double>(record.total)),
                                    from(env, static_cast<double>(record.operation))};
    napi_value nothing;
    check(env, napi_call_function(env, undefined(env), function, std::size(arguments), arguments, &nothing));
  }
}

namespace {

/// watchStatus(session): from now on events can be enabled.
napi_value watch(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_usable();
  session->observe_status(std::make_shared<StatusQueue>(*session));
  return undefined(arguments.env());
}

/// enableStatus(session, function(status, hostname, address, progress, total, operation) or null); the
/// function is always the same.
napi_value enable(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  auto &queue = static_cast<StatusQueue &>(*session->status_observer());
  if (arguments.is_nullish(1))
    queue.disable();
  else
    queue.enable(arguments.function(1, "fn"));
  return undefined(arguments.env());
}

}  // namespace

void register_watcher(Topic &topic) {
  topic.plain("watchStatus", watch);
  topic.plain("enableStatus", enable);
}

}  // namespace neon
