#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "ne/session/session.h"

namespace neon {

/// A JavaScript function that was registered with C for a session: a hook, the notifier, one that gives
/// credentials or judges certificates. C has its address as userdata; the function is kept by the session's
/// object, under this number.
struct Callback {
  Session &session;
  std::uint32_t function;
  std::size_t running = 0;  // calls of it that wait for JavaScript
};

/// What a callback answered, as C's int: nothing is 0, a boolean 0 or 1; anything else is a TypeError.
int to_int(napi_env env, napi_value value);

/// Calls a session's callback from inside neon with what `arguments(env, operation)` makes, and gives what
/// `take(env, answer)` makes of the answer; `refusal` when nobody may be asked (a finalizer, a teardown,
/// after an exception).
template <class Answer, class MakeArguments, class Take>
Answer ask_callback(Callback &callback, Answer refusal, MakeArguments make_arguments, Take take) {
  Operation *operation = callback.session.operation();
  if (!operation) return refusal;
  ++callback.running;
  Answer answer = operation->ask(
      refusal,
      [&callback, operation, &make_arguments](napi_env env) {
        const std::vector<napi_value> values = make_arguments(env, *operation);
        napi_value function = Handle::kept(env, operation->handle_object(env), callback.function);
        return operation->call_function(env, function, values.size(), values.data());
      },
      std::move(take));
  --callback.running;
  return answer;
}

/// The same for a callback that answers with an int.
template <class MakeArguments>
int call_back(Callback &callback, int refusal, MakeArguments make_arguments) {
  return ask_callback(callback, refusal, std::move(make_arguments), to_int);
}

/// Argument 1, a function or null for nobody, takes the place of the callback that stands in this member of
/// the session; `set(session, callback)` tells C.
template <class Set>
napi_value replace_callback(const Arguments &arguments, std::unique_ptr<Callback> Session::*place,
                            const char *name, Set set) {
  const auto session = arguments.handle<Session>(0, "sess");
  napi_value function = arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, name);
  session->require_usable();
  std::unique_ptr<Callback> &current = (*session).*place;
  if (current && current->running)
    throw neon_failure(code::reentrant, "A callback must not be replaced while it runs");
  auto callback =
      function ? std::make_unique<Callback>(Callback{*session, session->keep(function)}) : nullptr;
  set(session->c(), callback.get());
  if (current) session->forget(current->function);
  current = std::move(callback);
  return undefined(arguments.env());
}

}  // namespace neon
