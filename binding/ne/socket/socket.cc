// A socket's life and its settings: the functions of ne_socket.h that work on sockets and do not block.
#include "ne/socket/socket.h"

#include <fcntl.h>
#include <ne_i18n.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>

#include "core/exit.h"
#include "core/topic.h"
#include "core/usable.h"

namespace neon {

Socket::~Socket() {
  if (c_) close();
}

void Socket::require_new() const {
  if (state_ == State::Failed) require_connected();
  if (state_ != State::New) throw neon_failure(code::invalid_state, "The socket is connected already");
}

ne_socket *Socket::require_connected() const {
  if (state_ == State::New) throw neon_failure(code::invalid_state, "The socket is not connected");
  if (state_ == State::Failed)
    throw neon_failure(code::invalid_state,
                       "The connection of this socket failed or was ended: it can only be closed");
  return c_;
}

ne_socket *Socket::connected() {
  ne_socket *const socket = require_connected();
  connection.limit_stall(read_limit_);
  return socket;
}

ne_socket *Socket::secure() const {
  ne_socket *const socket = require_connected();
  if (!is_secure()) throw neon_failure(code::invalid_state, "The socket does not speak TLS");
  return socket;
}

int Socket::connect(const ne_inet_addr *address, unsigned port) {
  require_new();
  const int result = connection.connect(c_, address, port);
  ne_sock_connect_timeout(c_, connect_timeout_);  // a deadline may have shortened it
  if (result == 0) state_ = State::Connected;
  return result;
}

int Socket::accept(int listener) {
  int result;
  {
    const SafePoint outside;  // C waits if another process has taken the connection
    result = ne_sock_accept(c_, listener);
  }
  if (result != 0) return result;
  ::fcntl(ne_sock_fd(c_), F_SETFD, FD_CLOEXEC);  // as neon does with sockets that it connects
  state_ = State::Connected;
  connection.attach(c_);
  return result;
}

void *Socket::tls_user_data() {
  if (verifies_after_handshake()) return nullptr;
  user_data_.reset(ne_session_create("https", "localhost", 443));
  return user_data_.get();
}

void Socket::keep_context(std::shared_ptr<Context> context, Napi::Value object) {
  if (!context->has_provider()) return;
  const bool known =
      std::any_of(contexts_.begin(), contexts_.end(), [&](const auto &one) { return one.first == context; });
  if (!known) contexts_.emplace_back(std::move(context), keep(object));
}

Napi::Value Socket::context_object(Napi::Env env, Operation &operation, const Context &context) const {
  const auto found = std::find_if(contexts_.begin(), contexts_.end(),
                                  [&](const auto &one) { return one.first.get() == &context; });
  return Handle::kept(env, operation.handle_object(env), found->second);
}

void Socket::drain() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds limit{500};
  constexpr int max_reads = 64;
  if (!std::exchange(handshake_failed_, false)) return;
  const SafePoint outside;
  const auto end = Clock::now() + limit;
  std::array<char, 4096> scratch;
  for (int reads = 0; reads < max_reads; ++reads) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    pollfd readable{ne_sock_fd(c_), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) return;
    if (::recv(readable.fd, scratch.data(), scratch.size(), MSG_DONTWAIT) <= 0) return;
  }
}

int Socket::close() {
  const int result = connection.close(std::exchange(c_, nullptr));
  context_.reset();
  user_data_.reset();
  return result;
}

void Socket::prebind(std::shared_ptr<Address> address, unsigned port) {
  ne_sock_prebind(c_, address ? address->c() : nullptr, port);
  local_address_ = address ? Address::hold(std::move(address)) : nullptr;
}

void Socket::set_connect_timeout(int seconds) {
  connect_timeout_ = seconds;
  ne_sock_connect_timeout(c_, seconds);
  connection.set_connect_limit(std::chrono::seconds(seconds));
}

void Socket::set_read_timeout(int seconds) {
  read_limit_ = std::chrono::seconds(seconds);
  ne_sock_read_timeout(c_, seconds);
}

void Socket::recover() {
  if (c_ && ne_sock_fd(c_) >= 0) give_up();
}

void Socket::note_stall() {
  if (!c_) return;
  ne_sock_set_error(c_, "Connection timed out: no data moved for %lld seconds",
                    static_cast<long long>(connection.stall_limit().count()));
}

namespace {

constexpr std::int64_t max_seconds = 2147483;  // C multiplies by 1000

// The number of initialisations by JavaScript that ne_sock_exit() has not yet undone. neon itself is
// initialised only once, and is never shut down. neon counts its own initialisations without a lock, and C's
// ne_sock_exit() would shut the library down for other users in the process.
std::atomic<int> initialisations{0};

// Initialises neon. ne_sock_init() makes the process ignore SIGPIPE, so this function restores the previous
// handler.
int initialise_once() {
  static std::once_flag once;
  static int result = -1;
  std::call_once(once, [] {
    struct sigaction before;
    sigaction(SIGPIPE, nullptr, &before);
    result = ne_sock_init();
    sigaction(SIGPIPE, &before, nullptr);
    ne_i18n_init("UTF-8");
  });
  return result;
}

Napi::Value init(const Arguments &arguments) {
  const int result = initialise_once();
  if (result == 0) ++initialisations;
  return Napi::Number::New(arguments.env(), result);
}

Napi::Value exit(const Arguments &arguments) {
  int count = initialisations;
  while (count > 0 && !initialisations.compare_exchange_weak(count, count - 1)) {
  }
  return arguments.env().Undefined();
}

Napi::Value create(const Arguments &arguments) {
  return to_object(std::make_shared<Socket>(arguments.environment()));
}

Napi::Value prebind(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  auto address = arguments.is_nullish(1) ? nullptr : address_argument(arguments, 1, "addr");
  socket->prebind(std::move(address), static_cast<unsigned>(arguments.integer(2, "port", 0, 65535)));
  return arguments.env().Undefined();
}

Napi::Value set_read_timeout(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  socket->set_read_timeout(static_cast<int>(arguments.integer(1, "timeout", 1, max_seconds)));
  return arguments.env().Undefined();
}

// A timeout of 0 sets no limit: connecting then waits until TCP gives up.
Napi::Value set_connect_timeout(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  socket->set_connect_timeout(static_cast<int>(arguments.integer(1, "timeout", 0, max_seconds)));
  return arguments.env().Undefined();
}

Napi::Value descriptor(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), ne_sock_fd(usable<Socket>(arguments)->c()));
}

// Whether the socket's family is IPv4 or IPv6. C takes a peer of any other family for an IPv4 address, and
// reads past the end of the peer's address.
bool is_inet(const ne_socket *socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(ne_sock_fd(socket), reinterpret_cast<sockaddr *>(&name), &size) != 0) return true;
  return name.ss_family == AF_INET || name.ss_family == AF_INET6;
}

Napi::Value peer(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  const Napi::Object out = arguments.out(1, "port");
  if (!is_inet(socket->c())) {
    ne_sock_set_error(socket->c(), "Socket family not supported");
    return arguments.env().Null();
  }
  unsigned port = 0;
  ne_inet_addr *const address = ne_sock_peer(socket->c(), &port);
  if (!address) return arguments.env().Null();
  set_field(out, "value", port);
  return to_object(std::make_shared<Address>(arguments.environment(), address));
}

Napi::Value error(const Arguments &arguments) {
  const auto socket = socket_argument(arguments);
  if (socket->pending) return Napi::String::New(arguments.env(), socket->settled_error);
  socket->require_usable();
  return string_or_null(arguments.env(), socket->error());
}

// JavaScript has already formatted the text, so C must not interpret it as a format.
Napi::Value set_error(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  ne_sock_set_error(socket->c(), "%s", arguments.text(1, "format").c_str());
  return arguments.env().Undefined();
}

// Throws unless the argument is a live socket that no pending call uses.
Napi::Value require_socket(const Arguments &arguments) {
  usable<Socket>(arguments);
  return arguments.env().Undefined();
}

}  // namespace

void register_socket(Topic &topic) {
  topic.plain("ne_sock_init", init);
  topic.plain("ne_sock_exit", exit);
  topic.plain("ne_sock_create", create);
  topic.plain("ne_sock_prebind", prebind);
  topic.plain("ne_sock_read_timeout", set_read_timeout);
  topic.plain("ne_sock_connect_timeout", set_connect_timeout);
  topic.plain("ne_sock_fd", descriptor);
  topic.plain("ne_sock_peer", peer);
  topic.plain("ne_sock_error", error);
  topic.plain("ne_sock_set_error", set_error);
  topic.plain("requireSocket", require_socket);
}

}  // namespace neon
