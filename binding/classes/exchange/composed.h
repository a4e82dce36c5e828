#pragma once

#include <ne_request.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "classes/exchange/exchange.h"
#include "core/operation.h"
#include "ne/session/session.h"

namespace neon {

/// A whole request whose method and body a function of neon's writes (ne_proppatch, ne_acl3744_set), and what
/// the server answered: what the classes run. The response crosses whole, as that of an Exchange does; the
/// body of one that is not 2xx up to `whole_limit`.
class ComposedRequest final : public Operation {
 public:
  using Send = std::function<int(ne_session *, const char *target)>;

  /// Of `recipe` the target, the headers and the flags count.
  ComposedRequest(std::shared_ptr<Session> session, Recipe recipe, Send send);

 protected:
  void run() override;
  void stalled() override {
    if (code_ == NE_OK) return;
    code_ = NE_TIMEOUT;
    text_ = ne_get_error(session_->c());
  }
  Napi::Value result(Napi::Env env) override;

 private:
  static void on_create(ne_request *request, void *answered, const char *, const char *) noexcept;
  static void on_send(ne_request *request, void *answered, ne_buffer *header) noexcept;
  static int on_response(void *answered, ne_request *request, const ne_status *status) noexcept;
  static int on_block(void *answered, const char *bytes, std::size_t size) noexcept;
  bool is_answer() const;

  const std::shared_ptr<Session> session_;
  const Recipe recipe_;
  const Send send_;
  ne_request *created_ = nullptr;  // what comes after it is neon's CONNECT
  bool reads_ = false;

  // Written inside run(), read after it.
  int code_ = NE_ERROR;
  std::string text_;
  Head head_;
  std::string body_;
  bool complete_ = false;
  bool out_of_memory_ = false;
};

/// name(session, target, headers, flags, content) → what exchange gives; `send` is made of the content.
std::shared_ptr<Operation> answered(const Arguments &arguments, ComposedRequest::Send send);

}  // namespace neon
