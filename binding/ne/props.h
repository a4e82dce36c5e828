#pragma once

#include <ne_props.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loan.h"
#include "ne/request/request.h"
#include "ne/xml.h"

namespace neon {

/// The text with a capital letter first.
std::string sentence(std::string text);

/// A `ne_propname` made of a plain object with its fields.
class PropertyName final {
 public:
  /// `what` is what errors call the object: "an entry of …".
  PropertyName(napi_env env, napi_value object, const std::string &what);

  /// As long as this object stands where it does.
  ne_propname c() const { return {nspace_ ? nspace_->c_str() : nullptr, name_.c_str()}; }

 private:
  std::optional<std::string> nspace_;
  std::string name_;
};

/// A `ne_propfind_handler`.
///
/// Owned by its JavaScript object and by the operations that use it; it owns its session, and the request and
/// the parser that C made inside it, whose JavaScript objects and its own keep each other: the functions that
/// are kept by one of them are there as long as any. Whoever drops the last reference, it is deleted when no
/// operation uses its session.
///
/// The functions are called in its own operations only: while it reads the response, and in
/// ne_propfind_destroy. The private value of the current result set is kept by the object; C is given its
/// number.
class PropfindHandler final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::PropfindHandler;
  static constexpr std::int64_t external_size = 4096;

  static std::shared_ptr<PropfindHandler> create(std::shared_ptr<Session> session, const std::string &path,
                                                 int depth);
  ~PropfindHandler() override;

  /// Its JavaScript object, from when on it counts as a live request.
  napi_value open_handle();

  ne_propfind_handler *c() const { return c_; }
  Session &session() const { return *session_; }
  std::shared_ptr<Session> shared_session() const { return session_; }
  const std::shared_ptr<Request> &request() const { return request_; }
  const std::shared_ptr<XmlParser> &parser() const { return parser_; }

  /// About to look at it on the JavaScript thread: ERR_NEON_BUSY.
  void require_usable() const;
  bool closed() const override { return closing_ || (doomed_ && !in_question()); }
  void on_detached() override;
  /// It will be destroyed, and is so already for all but the callbacks of calls that were made before.
  void mark_destroyed();
  /// ne_propfind_destroy.
  void close();

  void set_private(napi_value creator, napi_value destructor);
  bool has_destructor() const { return destructor_.has_value(); }

  /// Sends the request, once.
  int send(const std::function<int()> &send);

 private:
  explicit PropfindHandler(std::shared_ptr<Session> session);
  static void *on_create(void *userdata, const ne_uri *uri) noexcept;
  static void on_destroy(void *userdata, void *complex) noexcept;

  const std::shared_ptr<Session> session_;
  std::shared_ptr<Request> request_;
  std::shared_ptr<XmlParser> parser_;
  ne_propfind_handler *c_ = nullptr;
  std::optional<std::uint32_t> creator_, destructor_, private_;
  bool used_ = false;
  bool doomed_ = false;  // JavaScript thread
  std::atomic<bool> closing_{false};
};

/// A `ne_prop_result_set`, lent to a callback.
class PropertyResults final : public Handle {
 public:
  static constexpr Kind kind = Kind::PropertyResults;
  static constexpr std::int64_t external_size = 512;

  PropertyResults(Environment &environment, const ne_prop_result_set *c, const PropfindHandler *handler)
      : Handle(environment), c_(c), handler_(handler) {}

  bool closed() const override { return loan_.over(); }
  /// C frees it now.
  void end() { loan_.end(); }
  napi_value private_value() const;

  /// It is not freed under its reader for the time of this block; throws ERR_NEON_DESTROYED when it was
  /// already.
  class Reading final {
   public:
    explicit Reading(const PropertyResults &results);
    const ne_prop_result_set *c() const { return c_; }

   private:
    const std::lock_guard<std::mutex> lock_{Loan::mutex};
    const ne_prop_result_set *const c_;
  };

 private:
  Loan loan_;
  const ne_prop_result_set *const c_;
  const PropfindHandler *const handler_;  // or null; outlives the loan
};

/// Who is told of the results of one call: a function that the operation holds at this place.
struct ResultsCallback {
  Session &session;
  const PropfindHandler *handler;
  std::uint32_t place;
};
/// The `ne_props_result` of such a userdata.
void tell_results(void *userdata, const ne_uri *uri, const ne_prop_result_set *results) noexcept;

}  // namespace neon
