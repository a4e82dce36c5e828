#pragma once

// The handle of a `ne_socket`, and the operations on it.

#include <ne_session.h>
#include <ne_socket.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/arguments.h"
#include "core/handle.h"
#include "core/operation.h"
#include "ne/socket/address.h"
#include "ne/ssl/context.h"

namespace neon {

/// The result of a call on a socket: a NE_SOCK_* code or a count. If the call received into memory of our
/// own, the result also has this memory.
struct SocketResult {
  ssize_t code = 0;
  Memory memory;

  void stalled() {
    if (code < 0) code = NE_SOCK_TIMEOUT;
  }
};

/// A `ne_socket`: an executor with its own connection and lane.
///
/// A socket is owned by its JavaScript object and by its operations. ne_sock_close runs in the operation of
/// the same name, or when the last owner is gone. The addresses aside, everything belongs to the thread that
/// runs an operation (see Executor).
///
/// C does not check the socket's state, so this class does. Without a connection, C would wait for descriptor
/// -1. On a second connection or handshake, C would leak the first. After a failed handshake, C would use a
/// TLS connection that does not exist.
class Socket final : public Handle, public Executor {
 public:
  static constexpr Kind kind = Kind::Socket;
  static constexpr std::int64_t external_size = 8192;
  static constexpr const char *argument_name = "sock";

  explicit Socket(Environment &environment)
      : Handle(environment), c_(ne_sock_create()), read_limit_(connection.stall_limit()) {}
  ~Socket() override;

  ne_socket *c() const { return c_; }
  bool is_secure() const { return state_ == State::Secure; }

  // The functions from require_new() to secure() throw ERR_NEON_INVALID_STATE if the socket is in the wrong
  // state.
  void require_new() const;
  int connect(const ne_inet_addr *address, unsigned port);
  int accept(int listener);
  /// Returns C's socket, which must be connected, for a call that receives or sends. The watchdog ends the
  /// call after the read timeout.
  ne_socket *connected();
  /// C's socket, which must speak TLS.
  ne_socket *secure() const;
  /// From now on the socket can only be closed. Called, for example, after a proxy refused the connection.
  void give_up() { state_ = State::Failed; }
  /// Runs a TLS handshake in this context.
  template <class Handshake>
  int start_tls(std::shared_ptr<ne_ssl_context> context, Handshake handshake);
  /// Makes the socket keep the context and its JavaScript object. During a handshake or later, C may call
  /// functions that belong to the context.
  void keep_context(std::shared_ptr<Context> context, Napi::Value object);
  /// The JavaScript object of a context that the socket keeps.
  Napi::Value context_object(Napi::Env env, Operation &operation, const Context &context) const;
  /// C's context of the handshake that began last.
  ne_ssl_context *tls_context() const { return context_.get(); }
  /// The user data for ne_sock_connect_ssl. Before 0.37, neon's callbacks treat this pointer as a session.
  void *tls_user_data();
  /// Continues to read until the peer closes, or half a second has passed. Called after a failed handshake,
  /// before the socket is closed. Closing with unread bytes would reset the connection, and the peer might
  /// lose the alert.
  void drain();
  /// Calls ne_sock_close.
  int close();

  void prebind(std::shared_ptr<Address> address, unsigned port);
  void set_connect_timeout(int seconds);
  void set_read_timeout(int seconds);
  const char *error() const { return ne_sock_error(c_); }

  void recover() override;
  void note_stall() override;
  std::string error_text() const override { return c_ ? error() : ""; }
  Napi::Object handle_object() const override { return object(); }
  Environment &executor_environment() const override { return *environment; }
  bool has_callbacks() const override { return !contexts_.empty(); }
  const char *noun() const override { return "socket"; }

 private:
  enum class State { New, Connected, Secure, Failed };
  struct Destroy {
    void operator()(ne_session *session) const { ne_session_destroy(session); }
  };

  ne_socket *require_connected() const;

  ne_socket *c_;
  State state_ = State::New;
  bool handshake_failed_ = false;
  int connect_timeout_ = 0;
  std::chrono::seconds read_limit_;
  std::shared_ptr<Handle> local_address_;  // C refers to it
  std::shared_ptr<ne_ssl_context> context_;
  std::vector<std::pair<std::shared_ptr<Context>, std::uint32_t>> contexts_;  // with their keep() numbers
  std::unique_ptr<ne_session, Destroy> user_data_;
};

template <class Handshake>
int Socket::start_tls(std::shared_ptr<ne_ssl_context> context, Handshake handshake) {
  ne_socket *const socket = connected();
  if (is_secure()) throw neon_failure(code::invalid_state, "The socket speaks TLS already");
  context_ = std::move(context);
  state_ = State::Failed;
  const int result = handshake(socket, context_.get());
  if (result == 0)
    state_ = State::Secure;
  else
    handshake_failed_ = connection.interruption() == Connection::Interruption::None;
  return result;
}

inline std::shared_ptr<Socket> socket_argument(const Arguments &arguments, std::size_t index = 0) {
  return arguments.handle<Socket>(index, Socket::argument_name);
}

/// The operation of a call that returns NE_SOCK_*.
template <class Run>
std::shared_ptr<Operation> socket_operation(std::shared_ptr<Socket> socket, Run run) {
  return operation(
      std::move(socket),
      [run = std::move(run)]() mutable {
        return SocketResult{run(), {}};
      },
      [](Operation &, Napi::Env env, const SocketResult &result) {
        return Napi::Number::New(env, static_cast<double>(result.code));
      });
}

}  // namespace neon
