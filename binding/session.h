#pragma once

#include <ne_session.h>

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "handle.h"
#include "operation.h"

namespace neon {

class Request;

/// A request that ne_request_create of the promises has still to make; it counts as live as long as it is
/// occupied.
struct Creation final : Part {
  explicit Creation(std::string description) : description(std::move(description)) {}
  const std::string description;
};

/// A `ne_session`.
///
/// Owned by its JavaScript object, its requests, and the operations that run on it; ne_session_destroy runs
/// when the last of them is gone. `active` belongs to whoever runs an operation (see Target); `live` to the
/// JavaScript thread.
class Session final : public Handle, public Target {
 public:
  static constexpr Kind kind = Kind::Session;
  static constexpr std::int64_t external_size = 4096;

  Session(Environment &environment, const std::string &scheme, const std::string &host, unsigned port);
  ~Session() override;

  ne_session *c() const { return c_; }
  bool uses_tls() const { return std::string_view(ne_get_scheme(c_)) == "https"; }

  /// ERR_NEON_ACTIVE_REQUEST when another request is between begin and end.
  void require_free(const Request *request = nullptr) const;
  /// Nothing is active any more (the connection is closed).
  void close_connection();
  /// Does what was put off until a request is sent. Runs where the operation runs.
  void prepare();

  void recover() override { close_connection(); }
  void note_stall() override;
  std::string error_text() const override { return ne_get_error(c_); }
  napi_value target_object() const override { return object(); }
  Environment &target_environment() const override { return *environment; }

  /// The request between begin and end.
  Request *active = nullptr;
  /// Requests whose handle is not destroyed.
  std::unordered_set<const Request *> live;
  std::vector<std::weak_ptr<const Creation>> creations;
  /// What destroying the session would leave without it: "GET /path", …
  std::vector<std::string> live_requests();
  /// Loading the default authorities takes 7 to 25 ms, so it is put off until a connection may be made.
  bool trust_default_ca = false;

 private:
  ne_session *const c_;
};

}  // namespace neon
