// run_delegated(): calls neon functions that send a complete request.
#include "ne/request/request.h"

namespace neon {

namespace {

/// Installs hooks to observe when C sends a request, and whether C reads the complete response. The pre-send
/// hook also closes a stale connection: C opens a new connection only after the pre-send hooks.
class SendObserver final {
 public:
  /// If `request` is null, observes the first request that C makes.
  SendObserver(Session &session, Request *request, Request::Reuse reuse)
      : request_(request), session_(session), reuse_(reuse), c_(request ? request->c() : nullptr) {
    ne_hook_create_request(session_.c(), on_create, this);
    ne_hook_pre_send(session_.c(), on_send, this);
    ne_hook_post_send(session_.c(), on_end, this);
  }
  ~SendObserver() {
    ne_unhook_create_request(session_.c(), on_create, this);
    ne_unhook_pre_send(session_.c(), on_send, this);
    ne_unhook_post_send(session_.c(), on_end, this);
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
    if (c != self.c_) return;  // neon's CONNECT, on a connection that was just made
    if (self.reuse_ == Request::Reuse::Silent) self.session_.close_stale_connection();
    if (self.request_) self.request_->sent_again();
    self.complete_ = false;
  }
  static int on_end(ne_request *c, void *userdata, const ne_status *) noexcept {
    SendObserver &self = *static_cast<SendObserver *>(userdata);
    if (c == self.c_) self.complete_ = true;
    return NE_OK;
  }

  Request *const request_;
  Session &session_;
  const Request::Reuse reuse_;
  ne_request *c_;
  bool complete_ = false;
};

int send_whole(Session &session, Request *request, const std::function<int()> &send, Request::Reuse reuse) {
  const SendObserver observer(session, request, reuse);
  int result = send();
  // A body may end where the connection ends. neon then mistakes our own shutdown for the regular end.
  if (result == NE_OK && session.connection.interruption() != Connection::Interruption::None)
    result = NE_ERROR;
  // After some errors, the connection is still open and contains the rest of the response.
  if (result == NE_ERROR && !observer.complete()) ne_close_connection(session.c());
  return result;
}

}  // namespace

int Request::run_delegated(const std::function<int()> &send) {
  prepare();
  enter(Phase::Sending);
  const int result = send_whole(*session_, this, send, Reuse::AsIs);
  enter(Phase::Ended);
  return result;
}

int Request::run_delegated(Session &session, const std::function<int()> &send, Reuse reuse) {
  session.require_free();
  session.prepare();
  session.expect_request();
  return send_whole(session, nullptr, send, reuse);
}

}  // namespace neon
