// A request of the classes for which a function of neon writes the method and the body.
#pragma once

#include <ne_request.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "classes/exchange/recipe.h"
#include "classes/exchange/record.h"
#include "core/operation.h"
#include "ne/session/session.h"

namespace neon {

/// A request that neon's ne_proppatch or ne_acl3744_set makes and sends, and the response to it. JavaScript
/// receives the response in one piece, packed like the response of an Exchange. If the status is not 2xx,
/// only the first `whole_limit` bytes of the body reach JavaScript.
class ComposedRequest final : public Operation {
 public:
  using Send = std::function<int(ne_session *, const char *target)>;

  /// `recipe` has the target, the headers and the flags.
  ComposedRequest(std::shared_ptr<Session> session, Recipe recipe, Send send);

 protected:
  void run() override;
  void stalled() override { result_.note_stall(session_->c()); }
  Napi::Value result(Napi::Env env) override;

 private:
  static void on_create(ne_request *request, void *self, const char *method, const char *target) noexcept;
  static void on_send(ne_request *request, void *self, ne_buffer *header) noexcept;
  bool has_response() const;

  const std::shared_ptr<Session> session_;
  const Recipe recipe_;
  const Send send_;
  ne_request *created_ = nullptr;  // any request that is created later is neon's CONNECT
  bool reads_ = false;

  // Written inside run(), read after it.
  CallResult result_;
  ResponseRecord record_{SIZE_MAX, whole_limit};
};

}  // namespace neon
