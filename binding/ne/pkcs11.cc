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

/// Wiped when nobody needs it any more.
struct Pin {
  Pin() = default;
  Pin(const Pin &) = delete;
  Pin &operator=(const Pin &) = delete;
  ~Pin() { wipe(text, sizeof text); }

  char text[NE_SSL_P11PINLEN] = "";
};

// No error here may tell the value. Null when the callback gave up.
std::shared_ptr<const Pin> to_pin(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_number && to_int(env, value) != 0) return nullptr;
  if (type != napi_string)
    throw type_failure(code::argument_type,
                       "A callback for PINs must return a string, or a number other than 0 to give up");
  auto pin = std::make_shared<Pin>();
  std::size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  if (length >= sizeof pin->text)
    throw range_failure("A PIN must be shorter than " + std::to_string(sizeof pin->text) +
                        " bytes. Received " + std::to_string(length) + " bytes");
  check(env, napi_get_value_string_utf8(env, value, pin->text, sizeof pin->text, &length));
  if (std::strlen(pin->text) != length)
    throw type_failure(code::argument_value, "A PIN must be a string without null bytes");
  return pin;
}

// The provider's handle may be destroyed; its object keeps the function all the same.
napi_value function_for_pins(napi_env env, Operation &operation, const Pkcs11Provider &provider) {
  const auto &session = static_cast<const Session &>(operation.executor());
  const auto token = std::find_if(session.tokens.begin(), session.tokens.end(),
                                  [&](const Token &one) { return one.provider.get() == &provider; });
  napi_value object = Handle::kept(env, operation.handle_object(env), token->object);
  return Handle::kept(env, object, *provider.pin_function);
}

// C calls it in a handshake of a session that was given the provider, and of nobody else.
int on_pin(void *userdata, int attempt, const char *slot, const char *token, unsigned flags,
           char *pin) noexcept {
  const auto &provider = *static_cast<const Pkcs11Provider *>(userdata);
  Operation *const operation = Operation::current();
  if (!operation) return -1;
  const auto given = operation->ask<std::shared_ptr<const Pin>>(
      nullptr,
      [&](napi_env env) {
        const napi_value arguments[] = {from(env, attempt), from(env, slot), from(env, token),
                                        from(env, static_cast<double>(flags))};
        napi_value function = function_for_pins(env, *operation, provider);
        return operation->call_function(env, function, std::size(arguments), arguments);
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

// `init(provider)` is the function of neon's.
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
      [&environment](Operation &self, napi_env env, Initialised result) {
        if (result.provider)
          set(env, self.held(env, 0), "value",
              to_object(std::make_shared<Pkcs11Provider>(environment, result.provider.release())));
        return from(env, result.code);
      });
  made->hold(arguments.object(0, "provider"));
  return made;
}

std::shared_ptr<Operation> provider_init(const Arguments &arguments, Mode) {
  return initialise(arguments, [name = arguments.text(1, "name")](ne_ssl_pkcs11_provider **provider) {
    return ne_ssl_pkcs11_provider_init(provider, name.c_str());
  });
}

std::shared_ptr<Operation> nss_provider_init(const Arguments &arguments, Mode) {
  return initialise(
      arguments,
      [name = arguments.text(1, "name"), directory = arguments.text(2, "directory"),
       cert_prefix = arguments.text(3, "cert_prefix"), key_prefix = arguments.text(4, "key_prefix"),
       secmod_db = arguments.text(5, "secmod_db")](ne_ssl_pkcs11_provider **provider) {
        return ne_ssl_pkcs11_nss_provider_init(provider, name.c_str(), directory.c_str(), cert_prefix.c_str(),
                                               key_prefix.c_str(), secmod_db.c_str());
      });
}

std::shared_ptr<Pkcs11Provider> provider_of(const Arguments &arguments, std::size_t index) {
  return arguments.handle<Pkcs11Provider>(index, "provider");
}

napi_value set_pin_callback(const Arguments &arguments) {
  const auto provider = provider_of(arguments, 0);
  napi_value function = arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, "fn");
  provider->group->require_idle();
  const auto before = provider->pin_function;
  if (function)
    provider->pin_function = provider->keep(function);
  else
    provider->pin_function.reset();
  ne_ssl_pkcs11_provider_pin(provider->c(), function ? on_pin : nullptr, provider.get());
  if (before) provider->forget(*before);
  return undefined(arguments.env());
}

// C calls the provider from now on instead of the session's callback for client certificates.
napi_value set_provider(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  const auto provider = provider_of(arguments, 1);
  session->require_idle();
  session->join(session, provider->group);
  const bool known = std::any_of(session->tokens.begin(), session->tokens.end(),
                                 [&](const Token &token) { return token.provider == provider; });
  if (!known) session->tokens.push_back({provider, session->keep(arguments[1])});
  ne_ssl_set_pkcs11_provider(session->c(), provider->c());
  if (session->clicert_provider) session->forget(session->clicert_provider->function);
  session->clicert_provider.reset();
  return undefined(arguments.env());
}

// Sessions that were given it go on with it.
napi_value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*provider_of(arguments, 0));
  return undefined(arguments.env());
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
