#include "core/environment.h"

#include <algorithm>
#include <string>
#include <thread>

#include "core/error.h"
#include "core/shared_lane.h"
#include "core/value.h"

namespace neon {

namespace {

// The names of the handle classes, in the order of Kind.
constexpr const char *class_names[] = {
    "ne_session",         "ne_request",          "ne_header_cursor",   "ne_ssl_certificate",
    "neon_exchange",      "ne_buffer",           "ne_inet_addr",       "ne_sock_addr",
    "ne_ssl_context",     "ne_socket",           "ne_md5_ctx",         "ne_ssl_dname",
    "ne_ssl_client_cert", "ne_xml_parser",       "ne_207_parser",      "ne_ssl_pkcs11_provider",
    "ne_decompress",      "ne_propfind_handler", "ne_prop_result_set", "ne_lock_store",
    "neon_lock_set"};
static_assert(std::size(class_names) == static_cast<std::size_t>(Kind::Count));

// The names of the hooks, in the order of Hook.
constexpr const char *hook_names[] = {"NeonError", "snapshot", "enter",    "isInside",      "keep",
                                      "kept",      "forget",   "token",    "handleClasses", "isHandle",
                                      "status",    "fillUri",  "setField", "requireFields", "lastOperation",
                                      "later",     "settle",   "deliver",  "outboxTable",   "outboxBytes"};
static_assert(std::size(hook_names) == static_cast<std::size_t>(Environment::Hook::Count));

// After this time, or this many events, other work of the event loop gets its turn.
constexpr std::chrono::milliseconds turn{4};
constexpr int max_events = 256;

// Reports the exception of an event, so that it does not reach the next event.
void report_uncaught(Napi::Env env) {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

}  // namespace

const char *class_name(Kind kind) { return class_names[static_cast<std::size_t>(kind)]; }

void Environment::create(Napi::Env env) {
  std::shared_ptr<Environment> environment(new Environment(env));
  env.SetInstanceData(new std::shared_ptr<Environment>(environment));
  environment->open_queue();
}

Environment &Environment::of(Napi::Env env) { return **env.GetInstanceData<std::shared_ptr<Environment>>(); }

void Environment::open_queue() {
  napi_value name;
  check(env_, napi_create_string_utf8(env_, "libneon", NAPI_AUTO_LENGTH, &name));
  auto *context = new std::shared_ptr<Environment>(shared_from_this());
  check(env_,
        napi_create_threadsafe_function(
            env_, nullptr, nullptr, name, 0, 1, nullptr,
            [](napi_env, void *, void *data) { delete static_cast<std::shared_ptr<Environment> *>(data); },
            context, on_wakeup, &wakeup_));
  check(env_, napi_unref_threadsafe_function(env_, wakeup_));
  open_ = true;
  // Registered after the thread-safe function, so that this hook runs before the hook of that function.
  check(env_, napi_add_env_cleanup_hook(env_, on_cleanup, this));
}

void Environment::initialize(const Napi::Object &hooks, bool in_worker) {
  in_worker_ = in_worker;
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    hooks_[i] = Napi::Persistent(hooks.Get(hook_names[i]).As<Napi::Function>());
    hooks_[i].SuppressDestruct();
  }
  last_operation_ = hook(Hook::LastOperation).As<Napi::Float64Array>().Data();
  outbox_.open(hook(Hook::OutboxTable).As<Napi::Float64Array>(),
               hook(Hook::OutboxBytes).As<Napi::Uint8Array>());
}

Napi::Function Environment::hook(Hook hook) const { return hooks_[static_cast<std::size_t>(hook)].Value(); }

Napi::Function Environment::handle_class(Kind kind) {
  Napi::FunctionReference &reference = classes_[static_cast<std::size_t>(kind)];
  if (!reference.IsEmpty()) return reference.Value();
  const Napi::Value constructor = hook(Hook::HandleClasses).Get(class_name(kind));
  reference = Napi::Persistent(constructor.As<Napi::Function>());
  reference.SuppressDestruct();
  return constructor.As<Napi::Function>();
}

bool Environment::post(std::shared_ptr<Event> event) {
  std::unique_lock lock(mutex_);
  if (!open_) return false;
  queue_.push_back(std::move(event));
  if (PostTogether *const together = PostTogether::current())
    together->wake_later(*this);
  else
    request_drain(std::move(lock));
  return true;
}

// Requests a drain if there are events, and none was requested. Ends the lock.
void Environment::request_drain(std::unique_lock<std::mutex> lock) {
  if (!open_ || queue_.empty() || std::exchange(called_, true)) return;
  ++calling_;
  lock.unlock();
  call_for_drain();
  --calling_;
}

void Environment::call_for_drain() { napi_call_threadsafe_function(wakeup_, nullptr, napi_tsfn_nonblocking); }

void Environment::on_wakeup(napi_env env, napi_value, void *context, void *) {
  if (!env) return;  // the thread-safe function is being torn down
  const std::shared_ptr<Environment> self = *static_cast<std::shared_ptr<Environment> *>(context);
  self->drain();
}

void Environment::drain() {
  const auto end = std::chrono::steady_clock::now() + turn;
  int delivered = 0;
  do {
    while (next_ < taken_.size()) {
      std::shared_ptr<Event> event = std::move(taken_[next_++]);
      if (!event->pack(outbox_)) {
        flush();
        if (!event->pack(outbox_)) deliver(std::move(event));
      }
      event.reset();
      if (++delivered == max_events || std::chrono::steady_clock::now() >= end) {
        flush();
        return drain_later();
      }
    }
    flush();
  } while (take());
}

void Environment::flush() {
  if (outbox_.is_empty()) return;
  const Napi::HandleScope scope(env_);
  at_border(env_, [&]() -> napi_value {
    outbox_.flush(hook(Hook::Deliver));
    return nullptr;
  });
  report_uncaught(env_);
}

// Takes the posted events. Returns false when no event was posted; the next post then requests a new drain.
bool Environment::take() {
  taken_.clear();
  next_ = 0;
  const std::lock_guard lock(mutex_);
  taken_.swap(queue_);
  called_ = !taken_.empty();
  return called_;
}

void Environment::deliver(std::shared_ptr<Event> event) {
  const Napi::HandleScope scope(env_);
  at_border(env_, [&]() -> napi_value {
    event->deliver(env_);
    return nullptr;
  });
  event.reset();
  report_uncaught(env_);
}

// Does not use the thread-safe function, because Node would call that function again in the same turn of the
// event loop.
void Environment::drain_later() {
  const Napi::HandleScope scope(env_);
  // This call fails only when the environment is being terminated. In this case nothing waits for the
  // remaining events.
  at_border(env_, [&] {
    const auto function = Napi::Function::New<on_later>(env_, "drain");
    return call_javascript(hook(Hook::Later), {function});
  });
}

Napi::Value Environment::on_later(const Napi::CallbackInfo &info) {
  of(info.Env()).drain();
  return {};
}

void Environment::hold() {
  if (held_++ == 0) napi_ref_threadsafe_function(env_, wakeup_);
}

void Environment::release() {
  if (--held_ == 0 && open_) napi_unref_threadsafe_function(env_, wakeup_);
}

void Environment::settle(std::uint64_t id, bool succeeded, napi_value value) {
  call_javascript(hook(Hook::Settle), {Napi::Number::New(env_, static_cast<double>(id)),
                                       Napi::Boolean::New(env_, succeeded), value});
}

std::uint64_t Environment::add(const std::shared_ptr<Abortable> &operation) {
  const auto id = static_cast<std::uint64_t>(++*last_operation_);
  operations_.emplace(id, operation);
  return id;
}

std::shared_ptr<Abortable> Environment::find(std::uint64_t id) const {
  const auto found = operations_.find(id);
  return found == operations_.end() ? nullptr : found->second.lock();
}

void Environment::on_cleanup(void *self) { static_cast<Environment *>(self)->close(); }

void Environment::close() {
  std::vector<std::shared_ptr<Event>> dropped;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    dropped.swap(queue_);
  }
  taken_.clear();
  while (calling_ > 0) std::this_thread::yield();
  napi_release_threadsafe_function(wakeup_, napi_tsfn_abort);
  const auto operations = std::move(operations_);
  for (const auto &[id, weak] : operations) {
    if (const std::shared_ptr<Abortable> operation = weak.lock()) operation->environment_gone();
  }
  if (shared_lane_) shared_lane_->dismiss();
}

SharedLane *Environment::shared_lane() {
  if (!shared_lane_ && SharedLane::is_known_available()) shared_lane_ = std::make_shared<SharedLane>();
  return shared_lane_.get();
}

namespace {

thread_local PostTogether *post_together = nullptr;

}  // namespace

PostTogether *PostTogether::current() { return post_together; }

PostTogether::PostTogether() { post_together = this; }

PostTogether::~PostTogether() {
  post_together = nullptr;
  if (environment_) environment_->request_drain(std::unique_lock(environment_->mutex_));
}

void PostTogether::wake_later(Environment &environment) {
  if (!environment_) environment_ = environment.shared_from_this();
}

}  // namespace neon
