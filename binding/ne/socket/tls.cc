// TLS on a socket: handshakes, the properties of the connection, and the peer's certificate.
#include <ne_alloc.h>

#include "core/since.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/socket/socket.h"
#include "ne/ssl/certificate.h"

namespace neon {

namespace {

using GetCertificate = ne_ssl_certificate *(ne_socket *, ne_ssl_context *);
using CheckCertificate = int(ne_ssl_context *, ne_socket *, const char *, const ne_inet_addr *,
                             const ne_ssl_certificate *, unsigned, int *);
using Handshake = int(ne_socket *, ne_ssl_context *, const char *, unsigned);

std::shared_ptr<Context> context_argument(const Arguments &arguments, bool server) {
  auto context = arguments.handle<Context>(1, "ctx");
  if (context->is_server() != server)
    throw type_failure(code::argument_value, server ? "The \"ctx\" argument must be a server's context"
                                                    : "The \"ctx\" argument must be a client's context");
  return context;
}

// Makes the handshake of ne_sock_connect_ssl fail when the certificate is not trusted. With OpenSSL, older
// versions of neon do this themselves. Programs written for these versions do not check the certificate
// afterwards. The host name in the certificate is not checked, because the caller passes no name to compare.
int verify_certificate(ne_socket *socket, ne_ssl_context *context) {
  ne_ssl_certificate *const certificate = Since<GetCertificate>::required("ne_sock_getcert")(socket, context);
  if (!certificate) return NE_SOCK_ERROR;
  int failures = 0;
  const int result = Since<CheckCertificate>::required("ne_ssl_check_certificate")(
      context, socket, nullptr, nullptr, certificate, 0, &failures);
  ne_ssl_cert_free(certificate);
  if (failures != NE_SSL_IDMISMATCH) return result;
  ne_sock_set_error(socket, "%s", "");
  return 0;
}

std::shared_ptr<Operation> connect_tls(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  auto context = context_argument(arguments, false);
  socket->keep_context(context, arguments[1]);
  return socket_operation(socket, [socket, context = context->lend()] {
    return socket->start_tls(context, [&](ne_socket *c, ne_ssl_context *tls) {
      const int result = ne_sock_connect_ssl(c, tls, socket->tls_user_data());
      return result == 0 && verifies_after_handshake() ? verify_certificate(c, tls) : result;
    });
  });
}

std::shared_ptr<Operation> accept_tls(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  auto context = context_argument(arguments, true)->lend();
  return socket_operation(socket,
                          [socket, context] { return socket->start_tls(context, ne_sock_accept_ssl); });
}

std::shared_ptr<Operation> handshake(const Arguments &arguments, Mode) {
  auto socket = socket_argument(arguments);
  auto context = context_argument(arguments, false);
  std::optional<std::string> hostname;
  if (!arguments.is_nullish(2)) hostname = arguments.text(2, "hostname");
  arguments.integer(3, "flags", 0, 0);
  const auto run_handshake = Since<Handshake>::required("ne_sock_handshake");
  socket->keep_context(context, arguments[1]);
  return socket_operation(socket, [socket, context = context->lend(), hostname, run_handshake] {
    return socket->start_tls(context, [&](ne_socket *c, ne_ssl_context *tls) {
      return run_handshake(c, tls, hostname ? hostname->c_str() : nullptr, 0);
    });
  });
}

// Returns -1 if the socket does not speak TLS. C itself makes no such check, even after a failed handshake.
Napi::Value session_id(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const auto socket = usable<Socket>(arguments);
  unsigned char *memory = nullptr;
  std::size_t size = 0;
  const Napi::Object out = arguments.out(2, "buflen");
  if (!arguments.is_nullish(1)) {
    const Napi::Value limit = get_property(out, "value");  // read first: a getter may detach the buffer
    const std::span<char> buffer = arguments.buffer(1, "buf");
    memory = reinterpret_cast<unsigned char *>(buffer.data());
    const bool none = limit.IsNumber() && limit.As<Napi::Number>().DoubleValue() == 0;
    size = none ? 0 : size_or(limit, "buflen", buffer.size());
  }
  if (!socket->is_secure()) return Napi::Number::New(env, -1);
  const int result = ne_sock_sessid(socket->c(), memory, &size);
  if (result == 0) set_field(out, "value", static_cast<double>(size));
  return Napi::Number::New(env, result);
}

Napi::Value cipher(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  if (!socket->is_secure()) return arguments.env().Null();
  char *const name = ne_sock_cipher(socket->c());
  const Napi::Value text = string_or_null(arguments.env(), name);
  if (name) ne_free(name);
  return text;
}

Napi::Value protocol(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  const auto get = Since<int(ne_socket *)>::required("ne_sock_getproto");
  return Napi::Number::New(arguments.env(), socket->is_secure() ? get(socket->c()) : 0);
}

Napi::Value certificate(const Arguments &arguments) {
  const auto socket = usable<Socket>(arguments);
  const auto context = arguments.handle<Context>(1, "ctx");
  const auto get = Since<GetCertificate>::required("ne_sock_getcert");
  ne_ssl_certificate *const c = get(socket->secure(), context->c().get());
  if (!c) return arguments.env().Null();
  return to_object(std::make_shared<Certificate>(arguments.environment(), c));
}

Napi::Value check_certificate(const Arguments &arguments) {
  const auto context = arguments.handle<Context>(0, "ctx");
  const auto socket = usable<Socket>(arguments, 1);
  std::optional<std::string> hostname;
  if (!arguments.is_nullish(2)) hostname = arguments.text(2, "hostname");
  const auto address = arguments.is_nullish(3) ? nullptr : address_argument(arguments, 3, "address");
  const auto certificate = arguments.handle<Certificate>(4, "cert");
  const auto flags = static_cast<unsigned>(arguments.integer(5, "flags", 0, UINT32_MAX));
  const Napi::Object out = arguments.out(6, "failures");
  int failures = 0;
  const int result = Since<CheckCertificate>::required("ne_ssl_check_certificate")(
      context->c().get(), socket->secure(), hostname ? hostname->c_str() : nullptr,
      address ? address->c() : nullptr, certificate->c(), flags, &failures);
  if (failures) set_field(out, "value", failures);
  return Napi::Number::New(arguments.env(), result);
}

}  // namespace

void register_socket_tls(Topic &topic) {
  topic.blocking("ne_sock_connect_ssl", connect_tls);
  topic.blocking("ne_sock_accept_ssl", accept_tls);
  topic.blocking("ne_sock_handshake", handshake);
  topic.plain("ne_sock_sessid", session_id);
  topic.plain("ne_sock_cipher", cipher);
  topic.plain("ne_sock_getproto", protocol);
  topic.plain("ne_sock_getcert", certificate);
  topic.plain("ne_ssl_check_certificate", check_certificate);
}

}  // namespace neon
