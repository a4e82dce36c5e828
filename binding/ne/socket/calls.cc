// Blocking calls on a socket: connecting, accepting, receiving, sending, ending.
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/error.h"
#include "core/exit.h"
#include "core/topic.h"
#include "ne/socket/socket.h"

namespace neon {

namespace {

constexpr std::int64_t max_seconds = 2147483;  // C multiplies by 1000
constexpr std::size_t max_socks_text = 255;    // C keeps the length in one byte

[[noreturn]] void reject(const char *why) { throw type_failure(code::argument_value, why); }

unsigned port_argument(const Arguments &arguments, std::size_t index) {
  return static_cast<unsigned>(arguments.integer(index, "port", 0, 65535));
}

std::shared_ptr<Operation> connect(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  auto address = address_argument(arguments, 1, "addr");
  const unsigned port = port_argument(arguments, 2);
  auto made =
      socket_operation(socket, [socket, address, port] { return socket->connect(address->c(), port); });
  made->use(address);
  return made;
}

// --- Accepting --------------------------------------------------------------------------------------------

/// A pipe that wakes a poll(2).
class Waker final {
 public:
  Waker() {
    if (::pipe(ends_) != 0) throw system_failure(errno, "pipe");
    for (const int end : ends_) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
  }
  ~Waker() {
    for (const int end : ends_) ::close(end);
  }
  Waker(const Waker &) = delete;
  Waker &operator=(const Waker &) = delete;

  int descriptor() const { return ends_[0]; }
  void wake() {
    const char byte = 0;
    static_cast<void>(!::write(ends_[1], &byte, 1));  // a full pipe wakes too
  }

 private:
  int ends_[2];
};

/// Runs ne_sock_accept. An abort shuts connections down, but the listener belongs to the caller's service and
/// must stay open. The operation therefore waits for a connection itself, and an abort can end this wait.
/// After the wait, C's call returns at once.
class AcceptOperation final : public Operation {
 public:
  AcceptOperation(std::shared_ptr<Socket> socket, int listener)
      : Operation(socket), socket_(std::move(socket)), listener_(listener) {}

 protected:
  void run() override {
    socket_->require_new();
    wait();
    result_ = cancelled() ? -1 : socket_->accept(listener_);
  }
  void woken() override { waker_.wake(); }
  Napi::Value result(Napi::Env env) override { return Napi::Number::New(env, result_); }

 private:
  // Whether the descriptor is a listener. If it is not, run() does not wait, and C reports the error.
  bool listens() const {
    int listens = 0;
    socklen_t size = sizeof listens;
    return ::getsockopt(listener_, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
  }

  void wait() const {
    if (!listens()) return;
    pollfd events[] = {{listener_, POLLIN, 0}, {waker_.descriptor(), POLLIN, 0}};
    const SafePoint outside;
    while (!cancelled() && ::poll(events, std::size(events), -1) < 0 && errno == EINTR) {
    }
  }

  const std::shared_ptr<Socket> socket_;
  const int listener_;
  Waker waker_;
  int result_ = -1;
};

std::shared_ptr<Operation> accept(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  const int listener = static_cast<int>(arguments.integer(1, "fd", 0, INT32_MAX));
  return std::make_shared<AcceptOperation>(std::move(socket), listener);
}

// --- Receiving --------------------------------------------------------------------------------------------

/// A C function that receives into a buffer. From its return value `code`, `filled` computes how many bytes
/// of the buffer are filled.
struct Receiver {
  ssize_t (*receive)(ne_socket *socket, char *buffer, std::size_t size);
  std::size_t (*filled)(ssize_t code, std::size_t size);
};

// Receives directly into the caller's memory if nothing can detach this memory during the call. Otherwise
// receives into memory of our own.
std::shared_ptr<Operation> receive(const Arguments &arguments, Mode mode, const Receiver &receiver) {
  auto socket = socket_argument(arguments);
  const std::span<char> buffer = arguments.buffer(1, "buffer");
  const bool direct = mode == Mode::Sync && !arguments.environment().in_worker();
  auto made = operation(
      socket,
      [socket, buffer, direct, receiver] {
        ne_socket *const c = socket->connected();
        SocketResult result;
        if (!direct) result.memory = allocate(buffer.size());
        char *const memory = direct ? buffer.data() : result.memory.get();
        result.code = receiver.receive(c, memory, buffer.size());
        return result;
      },
      [receiver, size = buffer.size()](Operation &operation, Napi::Env env, const SocketResult &result) {
        if (result.memory && result.code >= 0)
          fill(operation.held(env, 0), {result.memory.get(), receiver.filled(result.code, size)});
        return Napi::Number::New(env, static_cast<double>(result.code));
      });
  made->hold(arguments[1]);
  return made;
}

std::size_t counted(ssize_t code, std::size_t) { return static_cast<std::size_t>(code); }

std::shared_ptr<Operation> read(const Arguments &arguments, Mode mode) {
  return receive(arguments, mode, {ne_sock_read, counted});
}

std::shared_ptr<Operation> peek(const Arguments &arguments, Mode mode) {
  return receive(arguments, mode, {ne_sock_peek, counted});
}

std::shared_ptr<Operation> read_line(const Arguments &arguments, Mode mode) {
  return receive(arguments, mode, {ne_sock_readline, [](ssize_t code, std::size_t) {
                                     return static_cast<std::size_t>(code) + 1;  // and the NUL
                                   }});
}

std::shared_ptr<Operation> read_fully(const Arguments &arguments, Mode mode) {
  return receive(arguments, mode, {ne_sock_fullread, [](ssize_t, std::size_t size) { return size; }});
}

std::shared_ptr<Operation> block(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  const int seconds = static_cast<int>(arguments.integer(1, "n", 1, max_seconds));
  return socket_operation(socket, [socket, seconds] {
    ne_socket *const c = socket->connected();
    socket->connection.limit_stall(std::chrono::seconds(seconds));
    const int result = ne_sock_block(c, seconds);
    // When the watchdog shuts a descriptor down, the descriptor becomes readable. C then reports no timeout.
    return socket->connection.interruption() == Connection::Interruption::Stalled ? NE_SOCK_TIMEOUT : result;
  });
}

// --- Sending ----------------------------------------------------------------------------------------------

std::shared_ptr<Operation> write_fully(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  return socket_operation(socket, [socket, data = arguments.bytes(1, "data")] {
    return ne_sock_fullwrite(socket->connected(), data.data(), data.size());
  });
}

// The blocks to send. Empty blocks are left out, because with an empty block C would loop forever.
std::vector<std::string> blocks_argument(const Arguments &arguments, std::size_t index) {
  const std::vector<Napi::Value> values = arguments.list(index, "vector");
  if (values.empty()) reject("The \"vector\" argument must hold at least one block");
  std::vector<std::string> blocks;
  for (const Napi::Value &value : values) {
    std::string block = bytes_or_text(value, "Each block of the \"vector\" argument");
    if (!block.empty()) blocks.push_back(std::move(block));
  }
  if (blocks.size() > IOV_MAX)
    throw range_failure("The \"vector\" argument must hold at most " + std::to_string(IOV_MAX) + " blocks");
  return blocks;
}

std::shared_ptr<Operation> write_blocks(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  return socket_operation(socket, [socket, blocks = blocks_argument(arguments, 1)]() mutable {
    ne_socket *const c = socket->connected();
    std::vector<ne_iovec> vector;
    vector.reserve(blocks.size());
    for (std::string &block : blocks) vector.push_back({block.data(), block.size()});
    return vector.empty() ? 0 : ne_sock_fullwritev(c, vector.data(), static_cast<int>(vector.size()));
  });
}

// --- Proxies ----------------------------------------------------------------------------------------------

/// The arguments of ne_sock_proxy. require_complete() checks them, because C would use some of them even if
/// they were NULL.
struct Destination {
  ne_sock_sversion version;
  std::shared_ptr<Address> address;
  std::optional<std::string> hostname, username, password;
  unsigned port;
};

std::optional<std::string> socks_text(const Arguments &arguments, std::size_t index, const char *name) {
  if (arguments.is_nullish(index)) return std::nullopt;
  std::string text = arguments.text(index, name);
  if (text.size() > max_socks_text)
    throw range_failure("The \"" + std::string(name) + "\" argument must hold at most " +
                        std::to_string(max_socks_text) + " bytes. Received " + std::to_string(text.size()));
  return text;
}

void require_complete(const Destination &to) {
  const bool v5 = to.version == NE_SOCK_SOCKSV5;
  if (v5 && !to.address && !to.hostname) reject("SOCKS 5 needs \"addr\" or \"hostname\"");
  if (to.version == NE_SOCK_SOCKSV4A && !to.hostname) reject("SOCKS 4A needs \"hostname\"");
  if (to.version == NE_SOCK_SOCKSV4) {
    if (!to.address) reject("SOCKS 4 needs \"addr\"");
    if (ne_iaddr_typeof(to.address->c()) != ne_iaddr_ipv4) reject("SOCKS 4 needs an IPv4 address");
  }
  if (!v5 && !to.username) reject("SOCKS 4 and 4A need \"username\"");
  if (v5 && to.username && !to.password) reject("\"username\" needs \"password\"");
}

Destination destination_argument(const Arguments &arguments) {
  Destination to;
  to.version = static_cast<ne_sock_sversion>(arguments.integer(1, "vers", NE_SOCK_SOCKSV4, NE_SOCK_SOCKSV5));
  if (!arguments.is_nullish(2)) to.address = address_argument(arguments, 2, "addr");
  to.hostname = socks_text(arguments, 3, "hostname");
  to.port = port_argument(arguments, 4);
  to.username = socks_text(arguments, 5, "username");
  to.password = socks_text(arguments, 6, "password");
  require_complete(to);
  return to;
}

int go_through_proxy(Socket &socket, const Destination &to) {
  // A missing user name or password becomes "". If the proxy asked for a missing value, C would dereference
  // NULL.
  const int result = ne_sock_proxy(socket.connected(), to.version, to.address ? to.address->c() : nullptr,
                                   to.hostname ? to.hostname->c_str() : nullptr, to.port,
                                   to.username.value_or("").c_str(), to.password.value_or("").c_str());
  if (result != 0) socket.give_up();
  return result;
}

std::shared_ptr<Operation> proxy(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  Destination to = destination_argument(arguments);
  const std::shared_ptr<Address> address = to.address;
  auto made =
      socket_operation(socket, [socket, to = std::move(to)] { return go_through_proxy(*socket, to); });
  if (address) made->use(address);
  return made;
}

// --- Ending -----------------------------------------------------------------------------------------------

std::shared_ptr<Operation> shut_down(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", NE_SOCK_RECV, NE_SOCK_BOTH));
  return socket_operation(socket, [socket, flags] { return ne_sock_shutdown(socket->connected(), flags); });
}

std::shared_ptr<Operation> close(const Arguments &arguments, Mode mode) {
  auto socket = socket_argument(arguments);
  if (mode == Mode::Sync)
    socket->require_idle();
  else
    socket->require_queueable();
  HandleWrap::destroy(*socket);
  return socket_operation(socket, [socket] {
    socket->drain();
    return socket->close();
  });
}

}  // namespace

void register_socket_calls(Topic &topic) {
  topic.blocking("ne_sock_connect", connect);
  topic.blocking("ne_sock_accept", accept);
  topic.blocking("ne_sock_read", read);
  topic.blocking("ne_sock_peek", peek);
  topic.blocking("ne_sock_readline", read_line);
  topic.blocking("ne_sock_fullread", read_fully);
  topic.blocking("ne_sock_block", block);
  topic.blocking("ne_sock_fullwrite", write_fully);
  topic.blocking("ne_sock_fullwritev", write_blocks);
  topic.blocking("ne_sock_proxy", proxy);
  topic.blocking("ne_sock_shutdown", shut_down);
  topic.blocking("ne_sock_close", close);
}

}  // namespace neon
