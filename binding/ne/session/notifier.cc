// Status and progress of a session: ne_set_notifier and ne_set_progress.
#include "core/error.h"
#include "core/topic.h"
#include "ne/session/callback.h"
#include "ne/socket/address.h"

namespace neon {

namespace {

// The number of the handshake event, and the event's member of the union. The oldest neon declares neither.
constexpr int handshake_status = 6;
struct HandshakeInfo {
  int protocol;
  const char *ciphersuite;
};

Napi::Object hostname_object(Napi::Env env, const char *hostname) {
  const Napi::Object fields = Napi::Object::New(env);
  set_property(fields, "hostname", string_or_null(env, hostname));
  return fields;
}

// Returns a plain object whose only member is the event's struct. The member has the same name as in C's
// union.
Napi::Object info_object(Napi::Env env, Environment &environment, int status,
                         const ne_session_status_info &info) {
  const Napi::Object union_object = Napi::Object::New(env);
  switch (status) {
    case ne_status_lookup:
      set_property(union_object, "lu", hostname_object(env, info.lu.hostname));
      break;
    case ne_status_connecting: {
      const Napi::Object fields = hostname_object(env, info.ci.hostname);
      const auto address = info.ci.address ? Address::copy_of(environment, info.ci.address) : nullptr;
      set_property(fields, "address", address ? to_object(address) : env.Null());
      set_property(union_object, "ci", fields);
      break;
    }
    case ne_status_connected:
    case ne_status_disconnected:
      set_property(union_object, "cd", hostname_object(env, info.cd.hostname));
      break;
    case ne_status_sending:
    case ne_status_recving: {
      const Napi::Object fields = Napi::Object::New(env);
      set_property(fields, "progress", static_cast<double>(info.sr.progress));
      set_property(fields, "total", static_cast<double>(info.sr.total));
      set_property(union_object, "sr", fields);
      break;
    }
    case handshake_status: {
      const auto &handshake = reinterpret_cast<const HandshakeInfo &>(info);
      const Napi::Object fields = Napi::Object::New(env);
      set_property(fields, "protocol", handshake.protocol);
      set_property(fields, "ciphersuite", string_or_null(env, handshake.ciphersuite));
      set_property(union_object, "hs", fields);
      break;
    }
    default:
      break;
  }
  return union_object;
}

void on_status(void *userdata, ne_session_status status, const ne_session_status_info *info) noexcept {
  Callback &callback = *static_cast<Callback *>(userdata);
  call_back(callback, 0, [&](Napi::Env env, Operation &) {
    const int number = static_cast<int>(status);
    return std::vector<napi_value>{Napi::Number::New(env, number),
                                   info_object(env, *callback.session.environment, number, *info)};
  });
}

void on_progress(void *userdata, ne_off_t progress, ne_off_t total) noexcept {
  call_back(*static_cast<Callback *>(userdata), 0, [&](Napi::Env env, Operation &) {
    return std::vector<napi_value>{Napi::Number::New(env, static_cast<double>(progress)),
                                   Napi::Number::New(env, static_cast<double>(total))};
  });
}

// A session has either a notifier or a progress callback.
Napi::Value set_notifier(const Arguments &arguments) {
  return replace_callback(arguments, &Session::notifier, "status",
                          [](ne_session *session, Callback *callback) {
                            ne_set_notifier(session, callback ? on_status : nullptr, callback);
                          });
}

Napi::Value set_progress(const Arguments &arguments) {
  return replace_callback(arguments, &Session::notifier, "progress",
                          [](ne_session *session, Callback *callback) {
                            ne_set_progress(session, callback ? on_progress : nullptr, callback);
                          });
}

}  // namespace

void register_notifier(Topic &topic) {
  topic.plain("ne_set_notifier", set_notifier);
  topic.plain("ne_set_progress", set_progress);
}

}  // namespace neon
