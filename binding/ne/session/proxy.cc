// Proxies of a session: the functions of ne_session.h whose names contain "proxy".
#include <ne_session.h>
#include <ne_socket.h>
#include <ne_uri.h>

#include "core/error.h"
#include "core/secret.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/session/session.h"

namespace neon {

namespace {

constexpr std::size_t max_socks_bytes = 255;  // C keeps the length in one byte

// Throws after the session's first request, because C would go on to use proxies that are freed here.
std::shared_ptr<Session> fresh_session(const Arguments &arguments, const char *function) {
  auto session = usable<Session>(arguments);
  session->require_fresh(function);
  return session;
}

// Each function that sets proxies replaces the proxies and addresses that were set earlier.
void forget_replaced(Session &session) {
  session.addresses.clear();
  session.system_proxy = false;
}

unsigned port_argument(const Arguments &arguments, std::size_t index) {
  return static_cast<unsigned>(arguments.integer(index, "port", 0, 65535));
}

Napi::Value session_proxy(const Arguments &arguments) {
  const std::string hostname = arguments.host(1, "hostname");
  const unsigned port = port_argument(arguments, 2);
  const auto session = fresh_session(arguments, "ne_session_proxy");
  ne_session_proxy(session->c(), hostname.c_str(), port);
  forget_replaced(*session);
  return arguments.env().Undefined();
}

// No message may contain the value.
void require_socks_length(const std::string &text, const std::string &what) {
  if (text.size() > max_socks_bytes)
    throw range_failure(what + " must be at most " + std::to_string(max_socks_bytes) +
                        " bytes for SOCKS. Received " + std::to_string(text.size()) + " bytes");
}

std::string server_host(ne_session *session) {
  ne_uri uri{};
  ne_fill_server_uri(session, &uri);
  std::string host = uri.host;
  ne_uri_free(&uri);
  return host;
}

/// A user name or password, "" by default. The result is never NULL, because C would dereference NULL if the
/// server asked for a user name or a password.
std::string secret_argument(const Arguments &arguments, std::size_t index, const char *name) {
  if (arguments.is_nullish(index)) return "";
  const std::string what = std::string("The \"") + name + "\" argument";
  const Napi::Value value = arguments[index];
  if (!value.IsString()) throw type_failure(code::argument_type, what + " must be of type string or null");
  std::string text = to_string(value);
  if (text.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, what + " must be a string without null bytes");
  require_socks_length(text, what);
  return text;
}

Napi::Value socks_proxy(const Arguments &arguments) {
  const auto version =
      static_cast<ne_sock_sversion>(arguments.integer(1, "vers", NE_SOCK_SOCKSV4, NE_SOCK_SOCKSV5));
  const std::string hostname = arguments.host(2, "hostname");
  const unsigned port = port_argument(arguments, 3);
  std::string username = secret_argument(arguments, 4, "username");
  std::string password = secret_argument(arguments, 5, "password");
  if (version != NE_SOCK_SOCKSV5 && arguments.is_nullish(4))
    throw type_failure(code::argument_value, "SOCKS 4 needs a \"username\"");
  if (!arguments.is_nullish(4) && arguments.is_nullish(5))
    throw type_failure(code::argument_value, "A \"username\" for SOCKS needs a \"password\"");
  const auto session = fresh_session(arguments, "ne_session_socks_proxy");
  if (version != NE_SOCK_SOCKSV4) require_socks_length(server_host(session->c()), "The session's host name");
  ne_session_socks_proxy(session->c(), version, hostname.c_str(), port, username.c_str(), password.c_str());
  for (std::string *secret : {&username, &password}) wipe(secret->data(), secret->size());
  forget_replaced(*session);
  return arguments.env().Undefined();
}

void require_no_flags(const Arguments &arguments, std::size_t index) {
  arguments.integer(index, "flags", 0, 0);
}

// The system may choose a SOCKS proxy, and SOCKS limits the length of host names.
void require_system_proxy(const Session &session) {
  require_socks_length(server_host(session.c()), "The session's host name");
}

std::shared_ptr<Operation> system_proxy(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  require_no_flags(arguments, 1);
  return operation(
      session,
      [session] {
        session->require_fresh("ne_session_system_proxy");
        require_system_proxy(*session);
        ne_session_system_proxy(session->c(), 0);
        forget_replaced(*session);
        return true;
      },
      [](Operation &, Napi::Env env, bool) { return env.Undefined(); });
}

/// systemProxyLater(session), for the classes: calls ne_session_system_proxy at the first request.
Napi::Value system_proxy_later(const Arguments &arguments) {
  const auto session = fresh_session(arguments, "systemProxyLater");
  require_system_proxy(*session);
  forget_replaced(*session);
  session->system_proxy = true;
  return arguments.env().Undefined();
}

}  // namespace

void register_proxy(Topic &topic) {
  topic.plain("ne_session_proxy", session_proxy);
  topic.plain("ne_session_socks_proxy", socks_proxy);
  topic.blocking("ne_session_system_proxy", system_proxy);
  topic.plain("systemProxyLater", system_proxy_later);
}

}  // namespace neon
