// Hooks of a session: ne_hook_* and ne_unhook_* of ne_request.h.
#include <ne_request.h>

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"
#include "ne/string/buffer.h"

namespace neon {

namespace {

// --- Callbacks that neon calls ----------------------------------------------------------------------------

Callback &callback_of(void *userdata) { return *static_cast<Callback *>(userdata); }

Napi::Object request_object(Callback &callback, ne_request *request, Operation &operation) {
  return Request::object_of(callback.session, request, operation);
}

void on_create_request(ne_request *request, void *userdata, const char *method, const char *target) noexcept {
  Callback &callback = callback_of(userdata);
  Request::created(callback.session, request);
  call_back(callback, 0, [&](Napi::Env env, Operation &operation) {
    return std::vector<napi_value>{request_object(callback, request, operation), string_or_null(env, method),
                                   string_or_null(env, target)};
  });
}

void on_pre_send(ne_request *request, void *userdata, ne_buffer *header) noexcept {
  Callback &callback = callback_of(userdata);
  if (!callback.session.operation()) return;
  // The buffer is lent to the hook: its handle is destroyed when the call ends.
  const auto buffer = std::make_shared<Buffer>(*callback.session.environment, header);
  ask_callback(
      callback, 0,
      [&](Napi::Env, Operation &operation) {
        return std::vector<napi_value>{request_object(callback, request, operation), to_object(buffer)};
      },
      [&](Napi::Env env, Napi::Value value) {
        HandleWrap::destroy(*buffer);
        return to_int(env, value);
      });
  buffer->take_back();
}

void on_post_headers(ne_request *request, void *userdata, const ne_status *status) noexcept {
  Callback &callback = callback_of(userdata);
  call_back(callback, 0, [&](Napi::Env env, Operation &operation) {
    return std::vector<napi_value>{request_object(callback, request, operation), status_object(env, *status)};
  });
}

int on_post_send(ne_request *request, void *userdata, const ne_status *status) noexcept {
  Callback &callback = callback_of(userdata);
  // If an operation is running but the hook cannot be called, the result is NE_ERROR. The request must not be
  // sent again after an exception. If no operation is running, the result is NE_OK.
  return call_back(callback, callback.session.operation() ? NE_ERROR : NE_OK,
                   [&](Napi::Env env, Operation &operation) {
                     return std::vector<napi_value>{request_object(callback, request, operation),
                                                    status_object(env, *status)};
                   });
}

// neon may have made the request itself, and no earlier hook may have seen it. request_object() then adopts
// the request, and destroying() is called again to record that C has freed most of it.
void on_destroy_request(ne_request *request, void *userdata) noexcept {
  Callback &callback = callback_of(userdata);
  Session &session = callback.session;
  if (callback.removed || Request::dropped(session, request)) return;
  Request::destroying(session, request);
  ++session.running_destroy_hooks;
  call_back(callback, 0, [&](Napi::Env, Operation &operation) {
    const Napi::Object object = request_object(callback, request, operation);
    Request::destroying(session, request);
    return std::vector<napi_value>{object};
  });
  --session.running_destroy_hooks;
}

void on_event(void *userdata) noexcept {
  call_back(callback_of(userdata), 0, [](Napi::Env, Operation &) { return std::vector<napi_value>(); });
}

// --- Registration -----------------------------------------------------------------------------------------

/// One of neon's lists of hooks.
struct HookList {
  const char *hook_name;
  const char *unhook_name;
  void (*hook)(ne_session *, void *userdata);
  void (*unhook)(ne_session *, void *userdata);
};

// The lists of hooks, in the order of their numbers in lib/ne/request.ts.
constexpr HookList lists[] = {
    {"ne_hook_create_request", "ne_unhook_create_request",
     [](ne_session *session, void *data) { ne_hook_create_request(session, on_create_request, data); },
     [](ne_session *session, void *data) { ne_unhook_create_request(session, on_create_request, data); }},
    {"ne_hook_pre_send", "ne_unhook_pre_send",
     [](ne_session *session, void *data) { ne_hook_pre_send(session, on_pre_send, data); },
     [](ne_session *session, void *data) { ne_unhook_pre_send(session, on_pre_send, data); }},
    {"ne_hook_post_headers", "ne_unhook_post_headers",
     [](ne_session *session, void *data) { ne_hook_post_headers(session, on_post_headers, data); },
     [](ne_session *session, void *data) { ne_unhook_post_headers(session, on_post_headers, data); }},
    {"ne_hook_post_send", "ne_unhook_post_send",
     [](ne_session *session, void *data) { ne_hook_post_send(session, on_post_send, data); },
     [](ne_session *session, void *data) { ne_unhook_post_send(session, on_post_send, data); }},
    {"ne_hook_destroy_request", "ne_unhook_destroy_request",
     [](ne_session *session, void *data) { ne_hook_destroy_request(session, on_destroy_request, data); },
     [](ne_session *session, void *data) { ne_unhook_destroy_request(session, on_destroy_request, data); }},
    {"ne_hook_destroy_session", "ne_unhook_destroy_session",
     [](ne_session *session, void *data) { ne_hook_destroy_session(session, on_event, data); },
     [](ne_session *session, void *data) { ne_unhook_destroy_session(session, on_event, data); }},
    {"ne_hook_close_conn", "ne_unhook_close_conn",
     [](ne_session *session, void *data) { ne_hook_close_conn(session, on_event, data); },
     [](ne_session *session, void *data) { ne_unhook_close_conn(session, on_event, data); }},
};

const HookList &list_argument(const Arguments &arguments) {
  return lists[arguments.integer(1, "list", 0, std::size(lists) - 1)];
}

bool is_destroy_request(const HookList &list) {
  return std::string_view(list.hook_name) == "ne_hook_destroy_request";
}

// Frees the destroy-request hooks that were removed while a destroy-request hook ran.
void sweep(Session &session) {
  if (session.running_destroy_hooks > 0) return;
  std::erase_if(session.callbacks, [&](const auto &callback) {
    if (callback->removed) ne_unhook_destroy_request(session.c(), on_destroy_request, callback.get());
    return callback->removed;
  });
}

/// addHook(session, list, function) → the number under which the function is kept
Napi::Value add(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  const HookList &list = list_argument(arguments);
  sweep(*session);
  const std::uint32_t function = session->keep(arguments.function(2, "fn"));
  session->callbacks.push_back(std::make_unique<Callback>(Callback{*session, function}));
  list.hook(session->c(), session->callbacks.back().get());
  if (is_destroy_request(list)) Request::watch_lent(*session);
  return Napi::Number::New(arguments.env(), static_cast<double>(function));
}

/// removeHook(session, list, number)
Napi::Value remove(const Arguments &arguments) {
  const auto session = usable<Session>(arguments);
  const HookList &list = list_argument(arguments);
  const auto function = static_cast<std::uint32_t>(arguments.integer(2, "number", 0, UINT32_MAX));
  sweep(*session);
  const auto found = std::find_if(
      session->callbacks.begin(), session->callbacks.end(),
      [&](const auto &callback) { return callback->function == function && !callback->removed; });
  if (found == session->callbacks.end()) return arguments.env().Undefined();
  if (is_destroy_request(list) && session->running_destroy_hooks > 0) {
    // neon lets a destroy-request hook remove itself. While such a hook runs, neon holds a pointer to the
    // next hook, so the removed hook is freed later.
    (*found)->removed = true;
    session->forget(function);
    return arguments.env().Undefined();
  }
  if ((*found)->running)
    throw neon_failure(code::reentrant,
                       std::string("A hook must not be removed (") + list.unhook_name + ") while it runs");
  list.unhook(session->c(), found->get());
  session->callbacks.erase(found);
  session->forget(function);
  return arguments.env().Undefined();
}

}  // namespace

void register_hooks(Topic &topic) {
  topic.plain("addHook", add);
  topic.plain("removeHook", remove);
}

}  // namespace neon
