// Records status events on the thread that runs an operation, and passes them to the function of the classes.
#include "classes/status.h"

#include <ne_socket.h>

#include <utility>

#include "core/arguments.h"
#include "core/topic.h"

namespace neon {

namespace {

/// A reference that is deleted on the JavaScript thread, or by Node if the environment ends first.
class DeletedReference final : public Event {
 public:
  explicit DeletedReference(Napi::FunctionReference reference) : reference_(std::move(reference)) {}
  void deliver(Napi::Env) override { reference_.Reset(); }

 private:
  Napi::FunctionReference reference_;
};

}  // namespace

StatusQueue::StatusQueue(const Session &session) : session_(session), environment_(session.environment) {}

StatusQueue::~StatusQueue() {
  if (!function_.IsEmpty()) environment_->post(std::make_shared<DeletedReference>(std::move(function_)));
}

void StatusQueue::enable(Napi::Function function) {
  if (function_.IsEmpty()) {
    function_ = Napi::Weak(function);
    function_.SuppressDestruct();
  }
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
  const Napi::Function function = function_.Value();
  if (function.IsEmpty()) return;  // collected with its session
  const auto number = [env](auto value) { return Napi::Number::New(env, static_cast<double>(value)); };
  const auto text = [env](const std::string &value) { return Napi::String::New(env, value); };
  for (const Record &record : records)
    call_javascript(function, {number(record.status), text(record.hostname), text(record.address),
                               number(record.progress), number(record.total), number(record.operation)});
}

namespace {

/// watchStatus(session): from now on events can be enabled.
Napi::Value watch(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  session->require_usable();
  session->observe_status(std::make_shared<StatusQueue>(*session));
  return arguments.env().Undefined();
}

/// enableStatus(session, function(status, hostname, address, progress, total, operation) or null). Every call
/// must pass the function that the first call passed.
Napi::Value enable(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  auto &queue = static_cast<StatusQueue &>(*session->status_observer());
  if (arguments.is_nullish(1))
    queue.disable();
  else
    queue.enable(arguments.function(1, "fn"));
  return arguments.env().Undefined();
}

}  // namespace

void register_status(Topic &topic) {
  topic.plain("watchStatus", watch);
  topic.plain("enableStatus", enable);
}

}  // namespace neon
