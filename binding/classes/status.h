// The status events of a session, on their way to the session's object of the classes.
#pragma once

#include <napi.h>
#include <ne_session.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/environment.h"
#include "ne/session/session.h"

namespace neon {

/// Queues the status events of a session for the classes. The operation does not wait for JavaScript. If
/// progress has not been delivered yet, newer progress replaces it.
///
/// The thread that runs an operation writes into `records_`, under `mutex_`. It then posts the queue, unless
/// the queue is posted already. JavaScript takes all records at once. The session owns the queue. While the
/// queue is posted, the environment owns it too. The queue refers to the function weakly. The session's
/// object of the classes keeps the function alive.
class StatusQueue final : public Event,
                          public StatusObserver,
                          public std::enable_shared_from_this<StatusQueue> {
 public:
  explicit StatusQueue(const Session &session);
  ~StatusQueue() override;

  /// Makes the queue call `function` from now on. The session may be busy. JavaScript thread.
  void enable(Napi::Function function);
  void disable() { enabled_ = false; }
  void deliver(Napi::Env env) override;

  void on_status(ne_session_status status, const ne_session_status_info &info) noexcept override;

 private:
  struct Record {
    int status;
    std::string hostname, address;
    std::int64_t progress = 0, total = 0;
    std::uint64_t operation = 0;
  };
  void add(Record record);

  const Session &session_;  // used on the thread that runs an operation of the session
  const std::shared_ptr<Environment> environment_;
  Napi::FunctionReference function_;  // weak; an event deletes it, since the queue may be destroyed on a lane
  std::atomic<bool> enabled_{false};
  std::mutex mutex_;
  bool posted_ = false;
  std::vector<Record> records_;
};

}  // namespace neon
