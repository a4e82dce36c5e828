#include "context.h"

#include <ne_utils.h>

#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "certificate.h"
#include "convert.h"
#include "gated.h"
#include "topic.h"

namespace neon {

namespace {

constexpr std::int64_t newest_protocol = 5;  // NE_SSL_PROTO_TLS_1_3

bool is_gnutls() {
  static const bool gnutls = std::string_view(ne_version_string()).find("GnuTLS") != std::string_view::npos;
  return gnutls;
}

// Before 0.37 the callback with which neon looks at each fault of a chain takes the user data for a session
// of its own, and would accept all faults that it knows; nobody could ask for them afterwards. The
// verification that this call sets instead is OpenSSL's: it fails the handshake. With GnuTLS it has no effect
// on clients, and handshakes do not verify.
void verify_in_handshake(ne_ssl_context *client) { ne_ssl_context_set_verify(client, 1, nullptr, nullptr); }

std::shared_ptr<ne_ssl_context> make(int mode) {
  ne_ssl_context *const c = ne_ssl_context_create(mode);
  if (!c) return nullptr;
  if (mode == NE_SSL_CTX_CLIENT && !judges_after_handshake()) verify_in_handshake(c);
  return {c, ne_ssl_context_destroy};
}

}  // namespace

bool judges_after_handshake() {
  static const bool judges = find_symbol("ne_ssl_check_certificate") != nullptr;
  return judges;
}

std::shared_ptr<Context> Context::create(Environment &environment, int mode) {
  std::shared_ptr<ne_ssl_context> c = make(mode);
  return c ? std::make_shared<Context>(environment, mode, std::move(c)) : nullptr;
}

Context::Context(Environment &environment, int mode, std::shared_ptr<ne_ssl_context> c)
    : Handle(environment), mode_(mode), c_(std::move(c)) {}

bool Context::is_server() const { return mode_ != NE_SSL_CTX_CLIENT; }

std::shared_ptr<ne_ssl_context> Context::remake() const {
  std::shared_ptr<ne_ssl_context> made = make(mode_);
  if (!made) throw std::bad_alloc();
  for (const Change &change : changes_) change(made.get());
  return made;
}

int Context::change(Change change) {
  if (lent()) c_ = remake();
  const int result = change(c_.get());
  changes_.push_back(std::move(change));
  return result;
}

std::shared_ptr<ne_ssl_context> Context::lend() {
  const bool written_to = is_gnutls() || (!is_server() && judges_after_handshake());
  return written_to && lent() ? remake() : c_;
}

namespace {

std::shared_ptr<Context> context_of(const Arguments &arguments) {
  return arguments.handle<Context>(0, "ctx");
}

std::optional<std::string> optional_text(const Arguments &arguments, std::size_t index, const char *name) {
  if (arguments.is_nullish(index)) return std::nullopt;
  return arguments.text(index, name);
}

const char *pointer(const std::optional<std::string> &text) { return text ? text->c_str() : nullptr; }

napi_value create(const Arguments &arguments) {
  const int mode = static_cast<int>(arguments.integer(0, "mode", NE_SSL_CTX_CLIENT, NE_SSL_CTX_SERVERv2));
  const auto context = Context::create(arguments.environment(), mode);
  return context ? to_object(context) : null(arguments.env());
}

napi_value set_flag(const Arguments &arguments) {
  const auto context = context_of(arguments);
  const int flag = static_cast<int>(arguments.integer(1, "flag", 0, INT32_MAX));
  const int value = arguments.flag(2, "value");
  context->change([flag, value](ne_ssl_context *c) {
    ne_ssl_context_set_flag(c, flag, value);
    return 0;
  });
  return undefined(arguments.env());
}

napi_value get_flag(const Arguments &arguments) {
  const auto context = context_of(arguments);
  const int flag = static_cast<int>(arguments.integer(1, "flag", 0, INT32_MAX));
  return from(arguments.env(), ne_ssl_context_get_flag(context->c().get(), flag));
}

napi_value keypair(const Arguments &arguments) {
  const auto context = context_of(arguments);
  std::string cert = arguments.text(1, "cert"), key = arguments.text(2, "key");
  return from(arguments.env(),
              context->change([cert = std::move(cert), key = std::move(key)](ne_ssl_context *c) {
                return ne_ssl_context_keypair(c, cert.c_str(), key.c_str());
              }));
}

napi_value set_verify(const Arguments &arguments) {
  const auto context = context_of(arguments);
  const int required = arguments.flag(1, "required");
  auto ca_names = optional_text(arguments, 2, "ca_names"),
       verify_cas = optional_text(arguments, 3, "verify_cas");
  return from(arguments.env(), context->change([required, ca_names = std::move(ca_names),
                                                verify_cas = std::move(verify_cas)](ne_ssl_context *c) {
    return ne_ssl_context_set_verify(c, required, pointer(ca_names), pointer(verify_cas));
  }));
}

napi_value set_versions(const Arguments &arguments) {
  using Set = int(ne_ssl_context *, int, int);  // C's enum is not in the oldest headers
  const auto context = context_of(arguments);
  const int min = static_cast<int>(arguments.integer(1, "min", 0, newest_protocol));
  const int max = static_cast<int>(arguments.integer(2, "max", 0, newest_protocol));
  const auto set = Gated<Set>::required("ne_ssl_context_set_versions");
  return from(arguments.env(),
              context->change([set, min, max](ne_ssl_context *c) { return set(c, min, max); }));
}

napi_value trust_certificate(const Arguments &arguments) {
  const auto context = context_of(arguments);
  context->change([certificate = arguments.handle<Certificate>(1, "cert")](ne_ssl_context *c) {
    ne_ssl_context_trustcert(c, certificate->c());
    return 0;
  });
  return undefined(arguments.env());
}

napi_value trust_default(const Arguments &arguments) {
  const auto context = context_of(arguments);
  const auto trust = Gated<void(ne_ssl_context *)>::required("ne_ssl_context_trustdefca");
  context->change([trust](ne_ssl_context *c) {
    trust(c);
    return 0;
  });
  return undefined(arguments.env());
}

napi_value protocol_name(const Arguments &arguments) {
  const int protocol = static_cast<int>(arguments.integer(0, "proto", 0, INT32_MAX));
  return from(arguments.env(), Gated<const char *(int)>::required("ne_ssl_proto_name")(protocol));
}

napi_value destroy(const Arguments &arguments) {
  Wrapping::destroy(*context_of(arguments));
  return undefined(arguments.env());
}

}  // namespace

void register_context(Topic &topic) {
  topic.plain("ne_ssl_context_create", create);
  topic.plain("ne_ssl_context_set_flag", set_flag);
  topic.plain("ne_ssl_context_get_flag", get_flag);
  topic.plain("ne_ssl_context_keypair", keypair);
  topic.plain("ne_ssl_context_set_verify", set_verify);
  topic.plain("ne_ssl_context_set_versions", set_versions);
  topic.plain("ne_ssl_context_trustcert", trust_certificate);
  topic.plain("ne_ssl_context_trustdefca", trust_default);
  topic.plain("ne_ssl_context_destroy", destroy);
  topic.plain("ne_ssl_proto_name", protocol_name);
}

}  // namespace neon
