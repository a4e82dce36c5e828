#pragma once

#include <ne_request.h>

#include <memory>
#include <string>
#include <vector>

#include "session.h"

namespace neon {

/// A `ne_request`.
///
/// Owned by its JavaScript object and by the operations that use it; it owns its session. `phase_` and what
/// C points to (body, readers) belong to whoever runs an operation on it, else to the JavaScript thread, as
/// long as `occupied` is 0. ne_request_destroy runs the session's hooks, so it waits until the session is
/// free.
class Request final : public Handle, public Part {
 public:
  static constexpr Kind kind = Kind::Request;
  static constexpr std::int64_t external_size = 12288;  // ne_request_s holds a buffer of 8 KiB

  /// Where a request stands between ne_begin_request and ne_end_request. `Ended` also stands for failed ones.
  enum class Phase { Idle, Sending, Body, AtEnd, Ended };

  /// A pair of callbacks from ne_add_response_body_reader; the functions are kept by the handle object.
  struct Reader {
    std::uint32_t accept_function;  // unused where neon's own decides
    std::uint32_t read_function;
  };

  /// Whoever drops the last reference, and wherever: it is deleted when no operation uses its session.
  static std::shared_ptr<Request> create(std::shared_ptr<Session> session, std::string method,
                                         std::string target);

  ne_request *c() const { return c_; }
  Session &session() const { return *session_; }
  std::shared_ptr<Session> shared_session() const { return session_; }
  /// "GET /path"
  std::string description() const { return method_ + " " + target_; }

  /// About to use this request alone, on the JavaScript thread: ERR_NEON_BUSY.
  void require_usable() const;
  Phase phase() const { return phase_; }
  bool has_readers() const { return !readers_.empty(); }
  std::uint64_t generation() const { return generation_; }
  void connection_lost() { phase_ = Phase::Ended; }
  void parted() override;
  /// Its JavaScript object, from when on it counts as live.
  napi_value open_handle();

  void set_body(std::string body);
  void add_reader(ne_accept_response accept, std::uint32_t accept_function, std::uint32_t read_function);

  // The blocking calls, with neon's results.
  int dispatch();
  int begin();
  ssize_t read(char *buffer, std::size_t size);
  int discard();
  int end();

 private:
  Request(std::shared_ptr<Session> session, std::string method, std::string target);
  ~Request() override;

  bool body_complete() const;
  bool was_cut() const;
  void require_pulling(const char *function) const;
  void enter(Phase phase);

  const std::shared_ptr<Session> session_;
  const std::string method_;
  const std::string target_;
  ne_request *const c_;
  Phase phase_ = Phase::Idle;
  std::uint64_t received_ = 0;    // bytes of the body that were read
  std::uint64_t generation_ = 0;  // counts sends: the header cursors of an earlier one are stale
  std::string body_;
  bool has_body_ = false;
  std::vector<std::unique_ptr<Reader>> readers_;
};

/// A plain object with the fields of `ne_status`.
napi_value status_object(napi_env env, const ne_status &status);

}  // namespace neon
