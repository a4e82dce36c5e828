// TLS contexts of sockets: ne_ssl_context_* and ne_ssl_proto_name of ne_ssl.h.
#include "ne/ssl/context.h"

#include <ne_utils.h>

#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "core/since.h"
#include "core/topic.h"
#include "ne/session/callback.h"
#include "ne/socket/socket.h"
#include "ne/ssl/clicert.h"

namespace neon {

namespace {

constexpr std::int64_t newest_protocol = 5;  // NE_SSL_PROTO_TLS_1_3

bool is_gnutls() {
  static const bool gnutls = std::string_view(ne_version_string()).find("GNU TLS") != std::string_view::npos;
  return gnutls;
}

// Makes OpenSSL verify the chain instead of neon, so that the handshake fails when the chain has a fault.
// Before 0.37, neon's callback for such faults mistakes the context's user data for a session. That callback
// would accept every fault that it knows, and a caller could not ask for the faults afterwards. With GnuTLS
// this call has no effect on clients: their handshakes verify nothing.
void verify_in_handshake(ne_ssl_context *client) { ne_ssl_context_set_verify(client, 1, nullptr, nullptr); }

std::shared_ptr<ne_ssl_context> make(int mode) {
  ne_ssl_context *const c = ne_ssl_context_create(mode);
  if (!c) return nullptr;
  if (mode == NE_SSL_CTX_CLIENT && !verifies_after_handshake()) verify_in_handshake(c);
  return {c, ne_ssl_context_destroy};
}

}  // namespace

bool verifies_after_handshake() {
  static const bool verifies = find_symbol("ne_ssl_check_certificate") != nullptr;
  return verifies;
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
  const bool written_to = is_gnutls() || (!is_server() && verifies_after_handshake());
  return written_to && lent() ? remake() : c_;
}

Context::Provider *Context::add_provider(std::uint32_t function) {
  providers_.push_back(std::make_unique<Provider>(Provider{*this, function}));
  return providers_.back().get();
}

void Context::note_call(std::shared_ptr<const Loan> loan, ne_ssl_context *c) {
  std::erase_if(calls_, [](const auto &call) { return call.first->over(); });
  calls_.emplace_back(std::move(loan), c);
}

void Context::provide(const Change &change) {
  this->change(change);
  const std::lock_guard lock(Loan::mutex);  // C waits until the loan is over
  for (const auto &[loan, c] : calls_)
    if (!loan->over()) change(c);
}

namespace {

// Sockets keep the context's object, which keeps the function.
void on_provide_clicert(void *userdata, const ne_ssl_dname *const *names, int count) noexcept {
  auto &provider = *static_cast<Context::Provider *>(userdata);
  Operation *const operation = Operation::current();
  if (!operation) return;
  auto &socket = static_cast<Socket &>(operation->executor());
  const auto loan = std::make_shared<Loan>();
  operation->ask(
      0,
      [&](Napi::Env env) {
        provider.context.note_call(loan, socket.tls_context());
        const Napi::Value object = socket.context_object(env, *operation, provider.context);
        const auto function = Handle::kept(env, object, provider.function).As<Napi::Function>();
        return operation->call_function(function, {DistinguishedName::lend(env, loan, names, count)});
      },
      to_int);
  loan->end();
}

std::shared_ptr<Context> context_argument(const Arguments &arguments) {
  return arguments.handle<Context>(0, Context::argument_name);
}

std::optional<std::string> optional_text(const Arguments &arguments, std::size_t index, const char *name) {
  if (arguments.is_nullish(index)) return std::nullopt;
  return arguments.text(index, name);
}

const char *pointer(const std::optional<std::string> &text) { return text ? text->c_str() : nullptr; }

Napi::Value create(const Arguments &arguments) {
  const int mode = static_cast<int>(arguments.integer(0, "mode", NE_SSL_CTX_CLIENT, NE_SSL_CTX_SERVERv2));
  const auto context = Context::create(arguments.environment(), mode);
  return context ? to_object(context) : arguments.env().Null();
}

Napi::Value set_flag(const Arguments &arguments) {
  const auto context = context_argument(arguments);
  const int flag = static_cast<int>(arguments.integer(1, "flag", 0, INT32_MAX));
  const int value = arguments.flag(2, "value");
  context->change([flag, value](ne_ssl_context *c) {
    ne_ssl_context_set_flag(c, flag, value);
    return 0;
  });
  return arguments.env().Undefined();
}

Napi::Value get_flag(const Arguments &arguments) {
  const auto context = context_argument(arguments);
  const int flag = static_cast<int>(arguments.integer(1, "flag", 0, INT32_MAX));
  return Napi::Number::New(arguments.env(), ne_ssl_context_get_flag(context->c().get(), flag));
}

Napi::Value keypair(const Arguments &arguments) {
  const auto context = context_argument(arguments);
  std::string cert = arguments.text(1, "cert"), key = arguments.text(2, "key");
  return Napi::Number::New(arguments.env(),
                           context->change([cert = std::move(cert), key = std::move(key)](ne_ssl_context *c) {
                             return ne_ssl_context_keypair(c, cert.c_str(), key.c_str());
                           }));
}

Napi::Value set_verify(const Arguments &arguments) {
  const auto context = context_argument(arguments);
  const int required = arguments.flag(1, "required");
  auto ca_names = optional_text(arguments, 2, "ca_names"),
       verify_cas = optional_text(arguments, 3, "verify_cas");
  return Napi::Number::New(
      arguments.env(), context->change([required, ca_names = std::move(ca_names),
                                        verify_cas = std::move(verify_cas)](ne_ssl_context *c) {
        return ne_ssl_context_set_verify(c, required, pointer(ca_names), pointer(verify_cas));
      }));
}

Napi::Value set_versions(const Arguments &arguments) {
  using Set = int(ne_ssl_context *, int, int);  // C's enum is not in the oldest headers
  const auto context = context_argument(arguments);
  const int min = static_cast<int>(arguments.integer(1, "min", 0, newest_protocol));
  const int max = static_cast<int>(arguments.integer(2, "max", 0, newest_protocol));
  const auto set = Since<Set>::required("ne_ssl_context_set_versions");
  return Napi::Number::New(arguments.env(),
                           context->change([set, min, max](ne_ssl_context *c) { return set(c, min, max); }));
}

Napi::Value trust_certificate(const Arguments &arguments) {
  const auto context = context_argument(arguments);
  context->change([certificate = arguments.handle<Certificate>(1, "cert")](ne_ssl_context *c) {
    ne_ssl_context_trustcert(c, certificate->c());
    return 0;
  });
  return arguments.env().Undefined();
}

Napi::Value trust_default(const Arguments &arguments) {
  const auto context = context_argument(arguments);
  const auto trust = Since<void(ne_ssl_context *)>::required("ne_ssl_context_trustdefca");
  context->change([trust](ne_ssl_context *c) {
    trust(c);
    return 0;
  });
  return arguments.env().Undefined();
}

Napi::Value set_client_certificate(const Arguments &arguments) {
  using Set = void(ne_ssl_context *, const ne_ssl_client_cert *);
  const auto context = context_argument(arguments);
  const auto certificate = arguments.handle<ClientCertificate>(1, "cc");
  const auto set = Since<Set>::required("ne_ssl_context_set_clicert");
  certificate->require_decrypted();
  context->provide([set, certificate](ne_ssl_context *c) {
    set(c, certificate->c());
    return 0;
  });
  return arguments.env().Undefined();
}

Napi::Value set_provider(const Arguments &arguments) {
  using Provide = void(void *, const ne_ssl_dname *const *, int);
  using Set = void(ne_ssl_context *, Provide *, void *);
  const auto context = context_argument(arguments);
  const Napi::Function function =
      arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, "provider");
  const auto set = Since<Set>::required("ne_ssl_context_set_ccprovide");
  Context::Provider *const provider =
      function.IsEmpty() ? nullptr : context->add_provider(context->keep(function));
  context->change([set, provider](ne_ssl_context *c) {
    set(c, provider ? on_provide_clicert : nullptr, provider);
    return 0;
  });
  return arguments.env().Undefined();
}

Napi::Value protocol_name(const Arguments &arguments) {
  const int protocol = static_cast<int>(arguments.integer(0, "proto", 0, INT32_MAX));
  return string_or_null(arguments.env(), Since<const char *(int)>::required("ne_ssl_proto_name")(protocol));
}

Napi::Value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*context_argument(arguments));
  return arguments.env().Undefined();
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
  topic.plain("ne_ssl_context_set_clicert", set_client_certificate);
  topic.plain("ne_ssl_context_set_ccprovide", set_provider);
  topic.plain("ne_ssl_context_destroy", destroy);
  topic.plain("ne_ssl_proto_name", protocol_name);
}

}  // namespace neon
