// ne_props.h: the C++ objects behind properties, propfind handlers and result sets.
#pragma once

#include <ne_props.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/arguments.h"
#include "core/loan.h"
#include "ne/request/request.h"
#include "ne/xml.h"

namespace neon {

/// A `ne_propname` made from a plain object with the same fields.
class PropertyName final {
 public:
  /// `what` names the object in errors: "an entry of …".
  PropertyName(Napi::Value value, const std::string &what);

  /// The result is valid until this object is moved or destroyed.
  ne_propname c() const { return {nspace_ ? nspace_->c_str() : nullptr, name_.c_str()}; }
  /// Throws ERR_INVALID_ARG_VALUE unless C can write an element that has this name and this content.
  void require_element(const char *content, const std::string &what) const;

 private:
  std::optional<std::string> nspace_;
  std::string name_;
};

/// The changes of a ne_proppatch, made from plain objects with the fields of `ne_proppatch_operation`.
class PropertyChanges final {
 public:
  /// Reads argument `index`.
  PropertyChanges(const Arguments &arguments, std::size_t index);

  /// Calls ne_proppatch.
  int send(ne_session *session, const char *path) const;

 private:
  struct Change {
    explicit Change(Napi::Object object);

    PropertyName name;
    ne_proppatch_optype type = ne_propset;
    std::string value;
  };

  std::vector<Change> changes_;
};

/// A `ne_propfind_handler`.
///
/// A handler is owned by its JavaScript object and by the operations that use it. It owns its session, and
/// the request and the parser that C makes inside the handler. The JavaScript objects of the handler, the
/// request and the parser keep each other alive. All functions that they keep therefore survive as long as
/// any of the three objects. Any thread may drop the last reference. The handler is then deleted when no
/// operation uses its session.
///
/// C calls the functions of ne_propfind_set_private only during operations of the handler: while it reads the
/// response, and in ne_propfind_destroy. The JavaScript object keeps the private value of the current result
/// set. C receives the number of that value.
class PropfindHandler final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::PropfindHandler;
  static constexpr std::int64_t external_size = 4096;
  static constexpr const char *argument_name = "handler";

  static std::shared_ptr<PropfindHandler> create(std::shared_ptr<Session> session, const std::string &path,
                                                 int depth);
  ~PropfindHandler() override;

  /// Makes the handler's JavaScript object. From then on, the session counts the handler as a live request.
  Napi::Object open_handle();

  ne_propfind_handler *c() const { return c_; }
  Session &session() const { return *session_; }
  std::shared_ptr<Session> shared_session() const { return session_; }
  const std::shared_ptr<Request> &request() const { return request_; }
  const std::shared_ptr<XmlParser> &parser() const { return parser_; }

  /// Must be called before the JavaScript thread uses the handler. Throws ERR_NEON_BUSY while a promise of
  /// the handler is pending.
  void require_usable() const;
  bool closed() const override { return closing_ || (marked_destroyed_ && !in_question()); }
  void on_detached() override;
  /// Marks the handler as destroyed before ne_propfind_destroy runs. Callbacks of earlier calls may still use
  /// it.
  void mark_destroyed();
  /// Calls ne_propfind_destroy.
  void close();
  /// Detaches the handles of this handler, of its request and of its parser. Called on the JavaScript thread.
  void detach();

  /// Either function may be empty.
  void set_private(Napi::Function creator, Napi::Function destructor);
  bool has_destructor() const { return destructor_.has_value(); }

  /// Sends the request. Throws when it is called a second time.
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
  bool sent_ = false;
  bool marked_destroyed_ = false;  // JavaScript thread
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
  /// Ends the loan of the result set. Must be called when C is about to free the set.
  void end() { loan_.end(); }
  Napi::Value private_value() const;

  /// While a Reading exists, C does not free the result set. The constructor throws ERR_NEON_DESTROYED when C
  /// has already freed the result set.
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

}  // namespace neon
