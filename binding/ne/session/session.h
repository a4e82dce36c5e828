#pragma once

// The handle of a `ne_session`, and the interfaces by which the classes extend it.

#include <ne_request.h>
#include <ne_session.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/handle.h"
#include "core/operation.h"

namespace neon {

struct Authentication;
struct Callback;
struct LockRegistration;
class Request;
class Session;
struct Token;

/// Observes all status events of a session, on the thread that runs the operation. The classes implement this
/// interface.
class StatusObserver {
 public:
  StatusObserver() = default;
  StatusObserver(const StatusObserver &) = delete;
  StatusObserver &operator=(const StatusObserver &) = delete;
  virtual ~StatusObserver() = default;

  virtual void on_status(ne_session_status status, const ne_session_status_info &info) noexcept = 0;
};

/// Locks that several sessions share, and that the requests of each session submit. The classes implement
/// this interface.
class SharedLocks {
 public:
  SharedLocks() = default;
  SharedLocks(const SharedLocks &) = delete;
  SharedLocks &operator=(const SharedLocks &) = delete;
  virtual ~SharedLocks() = default;

  /// From now on requests of this session submit the locks. Has no effect until the first lock exists. Called
  /// on the thread that runs the operation. Throws ERR_NEON_INVALID_STATE while C has requests of the
  /// session.
  virtual void join(Session &session) = 0;
};

/// A request that the promise form of ne_request_create has queued but not made yet. A Creation counts as
/// live while an operation uses it.
struct Creation final : Resource {
  explicit Creation(std::string description) : description(std::move(description)) {}
  const std::string description;
};

/// A `ne_session`.
///
/// A session is owned by its JavaScript object, its requests, and the operations that run on it. If no
/// request is left, the ne_session_destroy operation destroys the C session; its hooks may call JavaScript.
/// Otherwise the C session is destroyed with the last owner. `active`, `requests` and `being_created` belong
/// to the thread that runs an operation (see Executor). `live` belongs to the JavaScript thread. `callbacks`
/// are registered with C. They outlive the C object, because C calls some of them while it destroys the
/// object.
class Session final : public Handle, public Executor {
 public:
  static constexpr Kind kind = Kind::Session;
  static constexpr std::int64_t external_size = 4096;
  static constexpr const char *argument_name = "sess";

  Session(Environment &environment, const std::string &scheme, const std::string &host, unsigned port);
  ~Session() override;

  ne_session *c() const { return c_; }
  /// Longer requests are not quick: the buffer of an idle socket has room for this many bytes.
  static constexpr std::size_t max_quick_request = 8192;
  /// Whether a small request of this session may begin on the shared lane.
  bool may_be_quick() const;
  /// Whether a request can begin there now. If not, it needs the lane's own thread. To be called on the
  /// shared lane.
  bool is_ready_for_quick() { return connection.is_ready() && !connection.is_stale(); }
  bool uses_tls() const { return std::string_view(ne_get_scheme(c_)) == "https"; }

  /// Throws ERR_NEON_ACTIVE_REQUEST when another request is between begin and end.
  void require_free(const Request *request = nullptr) const;
  /// Throws ERR_NEON_INVALID_STATE when a request was created already.
  void require_fresh(const char *function) const;
  /// Throws ERR_NEON_INVALID_STATE while the session is being destroyed. By then, neon's own hooks may have
  /// freed data that the calling function needs.
  void require_whole(const char *function) const;
  /// Closes the connection. Afterwards no request is active.
  void close_connection();
  /// Closes the connection by a reset, which discards the data in the connection.
  void abandon_connection();
  /// Closes a kept-alive connection if the peer has closed it or has sent unexpected bytes on it. C then
  /// opens a new connection for the next request. The classes call this function before each request, because
  /// C makes no such check.
  void close_stale_connection();
  /// Calls ne_session_destroy; if requests are left, only closes the connection.
  void finish();
  /// Marks the session as destroyed before ne_session_destroy runs. Its last callbacks may still use it.
  /// Called on the JavaScript thread.
  void mark_destroyed() { marked_destroyed_ = true; }
  /// In a callback of ne_session_destroy the C object is still valid.
  bool closed() const override { return marked_destroyed_ && !inside_callback(); }
  /// Must be called when a request is about to be created. Runs, like prepare(), on the thread that runs the
  /// operation.
  void expect_request();
  /// Does the work that was deferred until a request is sent.
  void prepare();

  void recover() override { abandon_connection(); }
  void note_stall() override;
  std::string error_text() const override { return c_ ? ne_get_error(c_) : ""; }
  Napi::Object handle_object() const override { return object(); }
  Environment &executor_environment() const override { return *environment; }
  bool has_callbacks() const override {
    return notifier || verifier || clicert_provider || authentication || !tokens.empty() ||
           !callbacks.empty();
  }
  /// The operation of this session that runs on this thread. It is null if no operation runs; callbacks must
  /// not call JavaScript then.
  Operation *operation() const;

  std::vector<std::unique_ptr<Callback>> callbacks;
  std::unique_ptr<Callback> notifier;  // or the progress callback
  std::unique_ptr<Callback> verifier;
  std::unique_ptr<Callback> clicert_provider;
  /// Makes C call this observer instead of the notifier. Called on the JavaScript thread.
  void observe_status(std::shared_ptr<StatusObserver> observer);
  /// The observer, or null.
  StatusObserver *status_observer() const { return status_observer_.get(); }
  std::vector<Token> tokens;                       // PKCS#11 providers, in use until C's session ends
  std::unique_ptr<Authentication> authentication;  // once there are callbacks for credentials
  /// Maps each of C's requests to its Request. `being_created` is a Request for which C has no request yet.
  std::unordered_map<ne_request *, Request *> requests;
  Request *being_created = nullptr;
  bool had_request = false;
  /// Requests that neon itself made and that are lent to hooks; forget_lent() releases them.
  std::vector<std::shared_ptr<Request>> lent;
  struct LentWatch {
    Session &session;
  };
  std::vector<std::unique_ptr<LentWatch>> lent_watches;  // only the hook of the last watch releases requests
  /// How many destroy-request hooks of JavaScript are running. While one runs, neon holds a pointer to the
  /// next hook, so no hook is removed from neon's list.
  std::size_t running_destroy_hooks = 0;
  /// Addresses that C refers to.
  std::vector<std::shared_ptr<Handle>> addresses;
  std::shared_ptr<Handle> local_address;

  /// The lock list's registration with this session. C's hooks refer to the registration. It belongs to the
  /// thread that runs an operation.
  std::shared_ptr<LockRegistration> locks;
  /// Makes the session use these shared locks. They later set the member `locks`. Called at most once, on the
  /// JavaScript thread.
  void share_locks(std::shared_ptr<SharedLocks> locks);
  /// The locks that the session shares with other sessions, or null. Any thread may call this function: the
  /// pointer is set only once, and before the flag `shares_locks_`.
  SharedLocks *shared_locks() const { return shares_locks_ ? shared_locks_.get() : nullptr; }

  /// The request that is between begin and end, or null.
  Request *active = nullptr;
  /// Requests whose handle is not destroyed.
  std::unordered_set<const Request *> live;
  std::vector<std::weak_ptr<const Creation>> creations;
  /// Other handles that are not destroyed: "ne_decompress of GET /path"
  std::unordered_map<const Handle *, std::string> live_others;
  /// Records a request that is queued but not made yet. The operation that makes the request must use() the
  /// returned Creation.
  std::shared_ptr<Creation> announce(std::string description);
  /// Descriptions of the handles that still need the session, such as "GET /path".
  std::vector<std::string> live_requests();
  /// Whether to trust the default authorities. Loading them takes 7 to 25 ms, so the loading is deferred
  /// until a connection may be made.
  bool trust_default_ca = false;
  /// Whether to ask the system for its proxies. Asking may block, so the session asks only once there is a
  /// request.
  bool system_proxy = false;
  /// Whether ne_redirect_register was called.
  bool redirects = false;

 private:
  ne_session *c_;
  bool marked_destroyed_ = false;                    // JavaScript thread
  std::shared_ptr<StatusObserver> status_observer_;  // C refers to it as long as the C object lives
  std::shared_ptr<SharedLocks> shared_locks_;
  std::atomic<bool> shares_locks_{false};
};

}  // namespace neon
