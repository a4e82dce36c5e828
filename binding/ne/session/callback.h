#pragma once

// Session callbacks. neon stores a C function and a pointer to a Callback, which identifies the JavaScript
// function.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/arguments.h"
#include "core/error.h"
#include "ne/session/session.h"

namespace neon {

/// A JavaScript function that was registered with C for a session: a hook, a notifier, or a function that
/// provides credentials or verifies certificates. C has the address of the Callback as userdata. The
/// session's JavaScript object keeps the function, under the number `function`.
struct Callback {
  Session &session;
  std::uint32_t function;
  std::size_t running = 0;  // calls that have not returned yet
  bool removed = false;     // a destroy-request hook that C still has
};

/// Converts the return value of a callback to C's int: undefined becomes 0, and a boolean becomes 0 or 1. An
/// integer that fits into an int is returned. Any other value throws a TypeError.
int to_int(Napi::Env env, Napi::Value value);

/// Calls a session's callback from inside neon, with the arguments that `make_arguments(env, operation)`
/// returns. `take(env, answer)` converts the answer to the result. The result is `refusal` if JavaScript must
/// not be called: in a finalizer, during a teardown, and after an exception.
template <class Answer, class MakeArguments, class Take>
Answer ask_callback(Callback &callback, Answer refusal, MakeArguments make_arguments, Take take) {
  Operation *operation = callback.session.operation();
  if (!operation) return refusal;
  ++callback.running;
  Answer answer = operation->ask(
      refusal,
      [&callback, operation, &make_arguments](Napi::Env env) {
        const std::vector<napi_value> values = make_arguments(env, *operation);
        const auto function =
            Handle::kept(env, operation->handle_object(env), callback.function).template As<Napi::Function>();
        return operation->call_function(function, values);
      },
      std::move(take));
  --callback.running;
  return answer;
}

/// ask_callback() for a callback that returns an int.
template <class MakeArguments>
int call_back(Callback &callback, int refusal, MakeArguments make_arguments) {
  return ask_callback(callback, refusal, std::move(make_arguments), to_int);
}

/// Replaces the callback in the member `place` of the session by the function in argument 1; null removes the
/// callback. `set(session, callback)` registers the new callback with C.
template <class Set>
Napi::Value replace_callback(const Arguments &arguments, std::unique_ptr<Callback> Session::*place,
                             const char *name, Set set) {
  const auto session = arguments.handle<Session>(0, "sess");
  const Napi::Function function = arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, name);
  session->require_usable();
  std::unique_ptr<Callback> &current = (*session).*place;
  if (current && current->running)
    throw neon_failure(code::reentrant, "A callback must not be replaced while it runs");
  auto callback =
      function.IsEmpty() ? nullptr : std::make_unique<Callback>(Callback{*session, session->keep(function)});
  set(session->c(), callback.get());
  if (current) session->forget(current->function);
  current = std::move(callback);
  return arguments.env().Undefined();
}

}  // namespace neon
