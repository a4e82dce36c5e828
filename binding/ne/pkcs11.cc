// PKCS#11 providers: the functions of ne_pkcs11.h.
#include "ne/pkcs11.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/secret.h"
#include "core/sessionless_executor.h"
#include "core/topic.h"
#include "ne/session/callback.h"
#include "ne/session/session.h"

namespace neon {

namespace {

// --- The callback for PINs --------------------------------------------------------------------------------

/// A PIN, which is wiped when it is no longer needed.
struct Pin {
  Pin() = default;
  Pin(const Pin &) = delete;
  Pin &operator=(const Pin &) = delete;
  ~Pin() { wipe(text, sizeof text); }

  char text[NE_SSL_P11PINLEN] = "";
};

// The PIN that a callback returned, or null when the callback gave up. Error messages must not contain this
// value.
std::shared_ptr<const Pin> to_pin(Napi::Env env, Napi::Value value) {
  const napi_valuetype type = value.Type();
  if (type == napi_number && to_int(env, value) != 0) return nullptr;
  if (type != napi_string)
    throw type_failure(code::argument_type,
                       "A callback for PINs must return a string, or a number other than 0 to give up");
  auto pin = std::make_shared<Pin>();
  read_secret(value, "A PIN", pin->text, sizeof pin->text);
  return pin;
}

// Returns the function that provides PINs. The provider's JavaScript object keeps this function, even after
// the provider's handle is destroyed.
Napi::Function function_for_pins(Napi::Env env, Operation &operation, const Pkcs11Provider &provider) {
  const auto &session = static_cast<const Session &>(operation.executor());
  const auto token = std::find_if(session.tokens.begin(), session.tokens.end(),
                                  [&](const Token &one) { return one.provider.get() == &provider; });
  const Napi::Value object = Handle::kept(env, operation.handle_object(env), token->object);
  return Handle::kept(env, object, *provider.pin_function).As<Napi::Function>();
}

// C calls this callback only in a handshake of a session that uses the provider.
int on_pin(void *userdata, int attempt, const char *slot, const char *token, unsigned flags,
           char *pin) noexcept {
  const auto &provider = *static_cast<const Pkcs11Provider *>(userdata);
  Operation *const operation = Operation::current();
  if (!operation) return -1;
  const auto given = operation->ask<std::shared_ptr<const Pin>>(
      nullptr,
      [&](Napi::Env env) {
        return operation->call_function(function_for_pins(env, *operation, provider),
                                        {Napi::Number::New(env, attempt), string_or_null(env, slot),
                                         string_or_null(env, token), Napi::Number::New(env, flags)});
      },
      to_pin);
  if (!given) return -1;
  copy_text(given->text, pin, NE_SSL_P11PINLEN);
  return 0;
}

// --- The functions ----------------------------------------------------------------------------------------

struct DestroyProvider {
  void operator()(ne_ssl_pkcs11_provider *c) const { ne_ssl_pkcs11_provider_destroy(c); }
};

struct Initialised {
  int code = NE_PK11_FAILED;
  std::unique_ptr<ne_ssl_pkcs11_provider, DestroyProvider> provider;
};

// `init(provider)` is neon's function.
template <class Init>
std::shared_ptr<Operation> initialise(const Arguments &arguments, Init init) {
  Environment &environment = arguments.environment();
  auto made = operation(
      std::make_shared<SessionlessExecutor>(environment),
      [init = std::move(init)] {
        Initialised result;
        ne_ssl_pkcs11_provider *provider = nullptr;
        result.code = init(&provider);
        if (result.code == NE_PK11_OK) result.provider.reset(provider);
        return result;
      },
      [&environment](Operation &self, Napi::Env env, Initialised result) {
        if (result.provider)
          set_field(self.held(env, 0).As<Napi::Object>(), "value",
                    to_object(std::make_shared<Pkcs11Provider>(environment, result.provider.release())));
        return Napi::Number::New(env, result.code);
      });
  made->hold(arguments.out(0, "provider"));
  return made;
}

std::shared_ptr<Operation> provider_init(const Arguments &arguments, Mode) {
  return initialise(arguments, [name = arguments.text(1, "name")](ne_ssl_pkcs11_provider **provider) {
    return ne_ssl_pkcs11_provider_init(provider, name.c_str());
  });
}

using OptionalText = std::optional<std::string>;

OptionalText optional_text(const Arguments &arguments, std::size_t index, const char *name) {
  return arguments.is_nullish(index) ? std::nullopt : std::optional(arguments.text(index, name));
}

const char *text_or_null(const OptionalText &text) { return text ? text->c_str() : nullptr; }

std::shared_ptr<Operation> nss_provider_init(const Arguments &arguments, Mode) {
  return initialise(
      arguments, [name = arguments.text(1, "name"), directory = arguments.text(2, "directory"),
                  cert_prefix = optional_text(arguments, 3, "cert_prefix"),
                  key_prefix = optional_text(arguments, 4, "key_prefix"),
                  secmod_db = optional_text(arguments, 5, "secmod_db")](ne_ssl_pkcs11_provider **provider) {
        return ne_ssl_pkcs11_nss_provider_init(provider, name.c_str(), directory.c_str(),
                                               text_or_null(cert_prefix), text_or_null(key_prefix),
                                               text_or_null(secmod_db));
      });
}

std::shared_ptr<Pkcs11Provider> provider_argument(const Arguments &arguments, std::size_t index) {
  return arguments.handle<Pkcs11Provider>(index, Pkcs11Provider::argument_name);
}

Napi::Value set_pin_callback(const Arguments &arguments) {
  const auto provider = provider_argument(arguments, 0);
  const Napi::Function function = arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, "fn");
  provider->group->require_idle();
  const auto before = provider->pin_function;
  if (function.IsEmpty())
    provider->pin_function.reset();
  else
    provider->pin_function = provider->keep(function);
  ne_ssl_pkcs11_provider_pin(provider->c(), function.IsEmpty() ? nullptr : on_pin, provider.get());
  if (before) provider->forget(*before);
  return arguments.env().Undefined();
}

// After this call, C calls the provider instead of the session's callback for client certificates.
Napi::Value set_provider(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto provider = provider_argument(arguments, 1);
  session->require_idle();
  session->join(session, provider->group);
  const bool known = std::any_of(session->tokens.begin(), session->tokens.end(),
                                 [&](const Token &token) { return token.provider == provider; });
  if (!known) session->tokens.push_back({provider, session->keep(arguments[1])});
  ne_ssl_set_pkcs11_provider(session->c(), provider->c());
  if (session->clicert_provider) session->forget(session->clicert_provider->function);
  session->clicert_provider.reset();
  return arguments.env().Undefined();
}

// Sessions that use the provider continue to use it.
Napi::Value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*provider_argument(arguments, 0));
  return arguments.env().Undefined();
}

}  // namespace

void register_pkcs11(Topic &topic) {
  topic.blocking("ne_ssl_pkcs11_provider_init", provider_init);
  topic.blocking("ne_ssl_pkcs11_nss_provider_init", nss_provider_init);
  topic.plain("ne_ssl_pkcs11_provider_pin", set_pin_callback);
  topic.plain("ne_ssl_set_pkcs11_provider", set_provider);
  topic.plain("ne_ssl_pkcs11_provider_destroy", destroy);
}

}  // namespace neon
