#include <algorithm>

#include "core/error.h"
#include "core/topic.h"
#include "ne/session/callback.h"
#include "ne/socket/address.h"

namespace neon {

namespace {

// Newer than the oldest neon: the members of its union, and the number of its event.
constexpr int handshake_status = 6;
struct HandshakeInfo {
  int protocol;
  const char *ciphersuite;
};

napi_value object(napi_env env) {
  napi_value value;
  check(env, napi_create_object(env, &value));
  return value;
}

napi_value hostname_object(napi_env env, const char *hostname) {
  napi_value fields = object(env);
  set(env, fields, "hostname", from(env, hostname));
  return fields;
}

// A plain object with the struct that goes with the event, under its C name.
napi_value info_object(napi_env env, Environment &environment, int status,
                       const ne_session_status_info &info) {
  napi_value union_object = object(env);
  switch (status) {
    case ne_status_lookup:
      set(env, union_object, "lu", hostname_object(env, info.lu.hostname));
      break;
    case ne_status_connecting: {
      napi_value fields = hostname_object(env, info.ci.hostname);
      const auto address = info.ci.address ? Address::copy_of(environment, info.ci.address) : nullptr;
      set(env, fields, "address", address ? to_object(address) : null(env));
      set(env, union_object, "ci", fields);
      break;
    }
    case ne_status_connected:
    case ne_status_disconnected:
      set(env, union_object, "cd", hostname_object(env, info.cd.hostname));
      break;
    case ne_status_sending:
    case ne_status_recving: {
      napi_value fields = object(env);
      set(env, fields, "progress", from(env, static_cast<double>(info.sr.progress)));
      set(env, fields, "total", from(env, static_cast<double>(info.sr.total)));
      set(env, union_object, "sr", fields);
      break;
    }
    case handshake_status: {
      const auto &handshake = reinterpret_cast<const HandshakeInfo &>(info);
      napi_value fields = object(env);
      set(env, fields, "protocol", from(env, handshake.protocol));
      set(env, fields, "ciphersuite", from(env, handshake.ciphersuite));
      set(env, union_object, "hs", fields);
      break;
    }
    default:
      break;
  }
  return union_object;
}

void on_status(void *userdata, ne_session_status status, const ne_session_status_info *info) noexcept {
  Callback &callback = *static_cast<Callback *>(userdata);
  call_back(callback, 0, [&](napi_env env, Operation &) {
    const int number = static_cast<int>(status);
    return std::vector<napi_value>{from(env, number),
                                   info_object(env, *callback.session.environment, number, *info)};
  });
}

void on_progress(void *userdata, ne_off_t progress, ne_off_t total) noexcept {
  call_back(*static_cast<Callback *>(userdata), 0, [&](napi_env env, Operation &) {
    return std::vector<napi_value>{from(env, static_cast<double>(progress)),
                                   from(env, static_cast<double>(total))};
  });
}

// One at a time, whichever of the two kinds it is.
napi_value set_notifier(const Arguments &arguments) {
  return replace_callback(arguments, &Session::notifier, "status",
                          [](ne_session *session, Callback *callback) {
                            ne_set_notifier(session, callback ? on_status : nullptr, callback);
                          });
}

napi_value set_progress(const Arguments &arguments) {
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
