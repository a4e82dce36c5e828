// Requests that a function of neon's sends as a whole: run_delegated().
#include "ne/request/request.h"

namespace neon {

namespace {

/// Observes by hooks of our own each time that C sends a request, and whether it read the response to its
/// end.
class SendObserver final {
 public:
  /// A null request stands for the first one that C makes.
  SendObserver(Session &session, Request *request)
      : request_(request), session_(session.c()), c_(request ? request->c() : nullptr) {
    ne_hook_create_request(session_, on_create, this);
    ne_hook_pre_send(session_, on_send, this);
    ne_hook_post_send(session_, on_end, this);
  }
  ~SendObserver() {
    ne_unhook_create_request(session_, on_create, this);
    ne_unhook_pre_send(session_, on_send, this);
    ne_unhook_post_send(session_, on_end, this);
  }
  SendObserver(const SendObserver &) = delete;
  SendObserver &operator=(const SendObserver &) = delete;

  bool complete() const { return complete_; }

 private:
  static void on_create(ne_request *c, void *userdata, const char *, const char *) noexcept {
    SendObserver &self = *static_cast<SendObserver *>(userdata);
    if (!self.c_) self.c_ = c;
  }
  static void on_send(ne_request *c, void *userdata, ne_buffer *) noexcept {
    SendObserver &self = *static_cast<SendObserver *>(userdata);
    if (c != self.c_) return;  // neon's CONNECT
    if (self.request_) self.request_->sent_again();
    self.complete_ = false;
  }
  static int on_end(ne_request *c, void *userdata, const ne_status *) noexcept {
    SendObserver &self = *static_cast<SendObserver *>(userdata);
    if (c == self.c_) self.complete_ = true;
    return NE_OK;
  }

  Request *const request_;
  ne_session *const session_;
  ne_request *c_;
  bool complete_ = false;
};

int send_whole(Session &session, Request *request, const std::function<int()> &send) {
  const SendObserver observer(session, request);
  int result = send();
  // Where the end of the connection ends the body, neon mistakes our own shutdown for that end.
  if (result == NE_OK && session.connection.interruption() != Connection::Interruption::None)
    result = NE_ERROR;
  // Some errors leave the connection open with the rest of the response in it.
  if (result == NE_ERROR && !observer.complete()) ne_close_connection(session.c());
  return result;
}

}  // namespace

int Request::run_delegated(const std::function<int()> &send) {
  prepare();
  enter(Phase::Sending);
  const int result = send_whole(*session_, this, send);
  enter(Phase::Ended);
  return result;
}

int Request::run_delegated(Session &session, const std::function<int()> &send) {
  session.require_free();
  session.prepare();
  session.expect_request();
  return send_whole(session, nullptr, send);
}

}  // namespace neon
