// Authentication: the functions of ne_auth.h, and a check that keeps malformed response headers from neon's
// parser.
#include "ne/auth.h"

#include <ne_auth.h>
#include <ne_string.h>
#include <ne_utils.h>
#include <strings.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/secret.h"
#include "core/since.h"
#include "core/topic.h"
#include "core/usable.h"

namespace neon {

namespace {

// --- Credentials ------------------------------------------------------------------------------------------

/// A user name and a password, which are wiped when they are no longer needed.
struct Credentials {
  static constexpr std::size_t room = std::size_t{2} * NE_ABUFSIZ;  // the most that neon offers

  Credentials() = default;
  Credentials(const Credentials &) = delete;
  Credentials &operator=(const Credentials &) = delete;
  ~Credentials() {
    wipe(username, sizeof username);
    wipe(password, sizeof password);
  }

  char username[room] = "";
  char password[room] = "";
};

// No message may contain the value.
void read_field(const Napi::Object &object, const char *field, char *text, std::size_t room) {
  const std::string what = std::string("The \"") + field + "\" of the credentials";
  const Napi::Value value = get_property(object, field);
  if (!value.IsString()) throw type_failure(code::argument_type, what + " must be of type string");
  read_secret(value, what, text, room);
}

/// Converts the return value of a credentials callback; null means that the callback gave up. Throws unless
/// the value is an object or a non-zero number. In particular, undefined is never read as an empty password.
std::shared_ptr<const Credentials> to_credentials(Napi::Env env, Napi::Value value, std::size_t room) {
  const napi_valuetype type = value.Type();
  if (type == napi_number && to_int(env, value) != 0) return nullptr;
  if (type != napi_object)
    throw type_failure(code::argument_type,
                       "A callback for credentials must return an object with username and password, or a "
                       "number other than 0 to give up");
  auto credentials = std::make_shared<Credentials>();
  read_field(value.As<Napi::Object>(), "username", credentials->username, room);
  read_field(value.As<Napi::Object>(), "password", credentials->password, room);
  return credentials;
}

// Without a callback, `userdata` is null. Only Negotiate, which has another source of credentials, may be
// registered without a callback.
template <class MakeArguments>
int ask_credentials(void *userdata, std::size_t room, char *username, char *password,
                    MakeArguments make_arguments) {
  if (!userdata) return -1;
  const auto given = ask_callback<std::shared_ptr<const Credentials>>(
      *static_cast<Callback *>(userdata), nullptr, make_arguments,
      [room](Napi::Env env, Napi::Value value) { return to_credentials(env, value, room); });
  if (!given) return -1;
  copy_text(given->username, username, room);
  copy_text(given->password, password, room);
  return 0;
}

int on_creds(void *userdata, const char *realm, int attempt, char *username, char *password) noexcept {
  return ask_credentials(userdata, NE_ABUFSIZ, username, password, [=](Napi::Env env, Operation &) {
    return std::vector<napi_value>{string_or_null(env, realm), Napi::Number::New(env, attempt)};
  });
}

int on_provide(void *userdata, int attempt, unsigned protocol, const char *realm, char *username,
               char *password, std::size_t size) noexcept {
  // For NTLM, neon 0.37 reports a size that is larger than neon's buffer.
  const std::size_t room = std::min(protocol & NE_AUTH_NTLM ? NE_ABUFSIZ : size, Credentials::room);
  return ask_credentials(userdata, room, username, password, [=](Napi::Env env, Operation &) {
    return std::vector<napi_value>{Napi::Number::New(env, attempt), Napi::Number::New(env, protocol),
                                   string_or_null(env, realm),
                                   Napi::Number::New(env, static_cast<double>(room))};
  });
}

// --- Headers that neon must not parse ----------------------------------------------------------------------

// Whether the last parameter in a list has a name but no value. neon's parser reads past the end of such a
// list.
bool ends_in_name(std::string_view parameters) {
  enum { Name, Value, Quoted } place = Name;
  for (const char c : parameters) {
    if (place == Quoted)
      place = c == '"' ? Value : Quoted;
    else if (place == Name)
      place = c == '=' ? Value : Name;
    else
      place = c == '"' ? Quoted : c == ',' ? Name : Value;
  }
  return place == Name && !parameters.empty();
}

bool ends_in_space(std::string_view text) {
  return !text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr;
}

bool says_stale(std::string_view challenge) {
  constexpr std::string_view name = "stale=";
  for (std::size_t i = 0; i + name.size() < challenge.size(); ++i) {
    if (strncasecmp(challenge.data() + i, name.data(), name.size()) != 0) continue;
    const std::size_t value = challenge.find_first_not_of("\"'", i + name.size());
    if (value != std::string_view::npos && strncasecmp(challenge.data() + value, "true", 4) == 0) return true;
  }
  return false;
}

const char *info_of(ne_request *request, const char *name) {
  using GetTrailer = const char *(ne_request *, const char *);
  if (const auto get_trailer = reinterpret_cast<GetTrailer *>(find_symbol("ne_get_response_trailer")))
    if (const char *value = get_trailer(request, name)) return value;
  return ne_get_response_header(request, name);
}

// Rejects response headers that crash neon (0.32 to 0.37).
int check_headers(const Authentication::Side &side, ne_request *request) {
  ne_session *const session = ne_get_session(request);
  const char *challenge = ne_get_response_header(request, side.challenge_header);
  if (challenge && ends_in_space(challenge)) {
    ne_set_error(session, "The header %s is malformed", side.challenge_header);
    return side.refused;
  }
  const char *info = info_of(request, side.info_header);
  if (info && (ends_in_name(info) || ends_in_space(info))) {
    ne_set_error(session, "The header %s is malformed", side.info_header);
    return NE_ERROR;
  }
  // Without this call, neon would resume an earlier Digest exchange from leftover state.
  if (challenge && !side.sent_digest && says_stale(challenge)) ne_forget_auth(session);
  return NE_OK;
}

// Runs before neon's own hook.
int on_post_send(ne_request *request, void *userdata, const ne_status *) noexcept {
  const auto &authentication = *static_cast<Authentication *>(userdata);
  const int result = check_headers(authentication.server, request);
  return result == NE_OK ? check_headers(authentication.proxy, request) : result;
}

// Runs after neon's own pre-send hook, which has by then appended its header.
void on_pre_send(ne_request *, void *userdata, ne_buffer *header) noexcept {
  auto &authentication = *static_cast<Authentication *>(userdata);
  const std::string_view head(header->data, header->used - 1);
  for (Authentication::Side *side : {&authentication.server, &authentication.proxy}) {
    const std::size_t line = head.rfind(side->request_line);
    side->sent_digest = line != std::string_view::npos &&
                        head.substr(line + std::strlen(side->request_line)).starts_with("Digest ");
  }
}

// --- The functions ----------------------------------------------------------------------------------------

Authentication &authentication_of(Session &session) {
  if (!session.authentication) {
    session.authentication = std::make_unique<Authentication>();
    ne_hook_post_send(session.c(), on_post_send, session.authentication.get());
  }
  return *session.authentication;
}

// The sides for which a callback provides credentials.
enum Sides { Server = 1, Proxy = 2 };

// Whether neon would crash after a failed NTLM exchange. Since 0.37, neon frees the token and the password of
// such an exchange twice. The second free happens when neon next forgets credentials or destroys the session.
// neon reports NTLM support only since 0.37.
bool ntlm_crashes() {
  constexpr int feature_ntlm = 11;
  return ne_has_support(feature_ntlm) != 0;
}

// The protocols that C would derive from these flags, except NTLM if this neon crashes with it.
unsigned safe_protocol(const Session &session, unsigned protocol, int sides) {
  if (!ntlm_crashes()) return protocol;
  if (protocol & NE_AUTH_NTLM)
    throw neon_failure(code::unsupported,
                       "NTLM is not used with this neon, which would crash where it fails");
  const bool negotiate = session.uses_tls() || sides == Proxy;
  if (protocol & NE_AUTH_ALL)
    protocol |= NE_AUTH_BASIC | NE_AUTH_DIGEST | NE_AUTH_GSSAPI;
  else if (protocol & NE_AUTH_DEFAULT)
    protocol |= NE_AUTH_BASIC | NE_AUTH_DIGEST | (negotiate ? NE_AUTH_GSSAPI : 0);
  if (protocol & NE_AUTH_NEGOTIATE) protocol |= NE_AUTH_GSSAPI;
  return protocol & ~static_cast<unsigned>(NE_AUTH_ALL | NE_AUTH_DEFAULT | NE_AUTH_NEGOTIATE);
}

// `add(session, protocol, callback)` is neon's function.
template <class Add>
Napi::Value register_callback(const Arguments &arguments, std::size_t index, unsigned protocol, int sides,
                              Add add) {
  const auto session = usable<Session>(arguments);
  session->require_whole("A function that adds a callback for credentials");
  protocol = safe_protocol(*session, protocol, sides);
  Authentication &authentication = authentication_of(*session);
  std::unique_ptr<Callback> callback;
  if (!arguments.is_nullish(index))
    callback = std::make_unique<Callback>(Callback{*session, session->keep(arguments[index])});
  add(session->c(), protocol, callback.get());
  authentication.callbacks.push_back(std::move(callback));
  if (sides & Server) authentication.server.has_callback = true;
  if (sides & Proxy) authentication.proxy.has_callback = true;
  ne_unhook_pre_send(session->c(), on_pre_send, &authentication);
  ne_hook_pre_send(session->c(), on_pre_send, &authentication);
  return arguments.env().Undefined();
}

void add_to_server(ne_session *session, unsigned protocol, Callback *callback) {
  ne_add_server_auth(session, protocol, on_creds, callback);
}

void add_to_proxy(ne_session *session, unsigned protocol, Callback *callback) {
  ne_add_proxy_auth(session, protocol, on_creds, callback);
}

// In neon, ne_set_server_auth and ne_set_proxy_auth do the same as the ne_add_* functions with the default
// protocols.
Napi::Value set_server_auth(const Arguments &arguments) {
  arguments.function(1, "creds");
  return register_callback(arguments, 1, NE_AUTH_DEFAULT, Server, add_to_server);
}

Napi::Value set_proxy_auth(const Arguments &arguments) {
  arguments.function(1, "creds");
  return register_callback(arguments, 1, NE_AUTH_DEFAULT, Proxy, add_to_proxy);
}

// The callback may be null only for Negotiate.
template <class Add>
Napi::Value add(const Arguments &arguments, int sides, Add add) {
  constexpr unsigned without =
      NE_AUTH_NEGOTIATE | NE_AUTH_GSSAPI | NE_AUTH_GSSAPI_ONLY | NE_AUTH_SSPI | NE_AUTH_PROXY;
  const auto protocol = static_cast<unsigned>(arguments.integer(1, "protocol", 0, UINT32_MAX));
  if ((protocol & ~without) != 0 || !arguments.is_nullish(2)) arguments.function(2, "creds");
  return register_callback(arguments, 2, protocol, sides, add);
}

Napi::Value add_server_auth(const Arguments &arguments) { return add(arguments, Server, add_to_server); }

Napi::Value add_proxy_auth(const Arguments &arguments) { return add(arguments, Proxy, add_to_proxy); }

Napi::Value add_auth(const Arguments &arguments) {
  return add(arguments, Server | Proxy, [](ne_session *session, unsigned protocol, Callback *callback) {
    ne_add_auth(session, protocol, on_provide, callback);
  });
}

// Throws while a credentials callback runs. neon uses its authentication state after the callback, and
// ne_forget_auth would free this state.
Napi::Value forget_auth(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  session->require_whole("ne_forget_auth");
  if (session->authentication)
    for (const auto &callback : session->authentication->callbacks)
      if (callback && callback->running)
        throw neon_failure(code::reentrant,
                           "ne_forget_auth must not be called while a callback for credentials runs");
  ne_forget_auth(session->c());
  return arguments.env().Undefined();
}

}  // namespace

bool Authentication::may_retry(ne_request *request) const {
  const int status = ne_get_status(request)->code;
  const auto challenged = [=](const Side &side) {
    return side.has_callback && side.status == status &&
           ne_get_response_header(request, side.challenge_header);
  };
  return challenged(server) || challenged(proxy);
}

void register_auth(Topic &topic) {
  topic.plain("ne_set_server_auth", set_server_auth);
  topic.plain("ne_set_proxy_auth", set_proxy_auth);
  topic.plain("ne_add_server_auth", add_server_auth);
  topic.plain("ne_add_proxy_auth", add_proxy_auth);
  topic.plain("ne_add_auth", add_auth);
  topic.plain("ne_forget_auth", forget_auth);
}

}  // namespace neon
