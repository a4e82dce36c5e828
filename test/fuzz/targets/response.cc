// Reads a whole response from a connection of neon: its head, its framing, its compressed body and its
// trailers.
#include <ne_session.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "../target.h"
#include "classes/exchange/record.h"

namespace neon::fuzz {

namespace {

/// A server that answers each connection with the same bytes and then closes it.
class Server final {
 public:
  Server() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *const name = reinterpret_cast<sockaddr *>(&address);
    require(::bind(listener_, name, size) == 0 && ::listen(listener_, 8) == 0 &&
                ::getsockname(listener_, name, &size) == 0,
            "the server listens");
    port_ = ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();
  }

  unsigned port() const { return port_; }
  void answer_with(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ = bytes;
  }

 private:
  [[noreturn]] void serve() {
    for (;;) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) continue;
      std::string bytes;
      {
        const std::lock_guard lock(mutex_);
        bytes = bytes_;
      }
      static_cast<void>(!::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      ::shutdown(peer, SHUT_WR);
      char sink[4096];
      while (::read(peer, sink, sizeof sink) > 0)
        ;
      // A reset leaves no port in the state TIME_WAIT. There are too few ports for all trials otherwise.
      const linger reset{1, 0};
      ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::close(peer);
    }
  }

  const int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unsigned port_ = 0;
  std::mutex mutex_;
  std::string bytes_;
};

constexpr std::size_t room = 10'000;
constexpr std::uint64_t limit = 100'000;

/// The head for JavaScript is lines: names and values alternate. A name may be empty, as in neon.
void check_head(const Head &head) {
  require(head.reason.find('\n') == std::string::npos, "the reason phrase is a line");
  std::size_t lines = 0;
  for (Lines rest(head.headers); !rest.over(); ++lines) rest.next();
  require(lines % 2 == 0, "each field has a name and a value");
}

}  // namespace

void response(std::string_view bytes) {
  static Server &server = *new Server;
  const bool inflates = take_byte(bytes) % 2 != 0;
  server.answer_with(bytes);
  ne_session *const session = ne_session_create("http", "127.0.0.1", server.port());
  ne_set_read_timeout(session, 60);
  {
    ResponseRecord record(room, room);
    ne_request *const request = ne_request_create(session, "GET", "/");
    record.read_from(request, inflates ? limit : 0);
    const int result = ne_request_dispatch(request);
    ne_request_destroy(request);
    record.stop_reading();
    require(record.body().size() <= room, "the body is not longer than its room");
    require(result != NE_TIMEOUT, "a response that ends does not time out");
    if (result == NE_OK) {
      require(record.arrived(), "a success has a head");
      check_head(record.head());
    } else {
      require(*ne_get_error(session), "a failure has a text");
    }
  }
  ne_session_destroy(session);
}

}  // namespace neon::fuzz
