#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "request.h"
#include "session.h"

namespace neon {

/// A JavaScript function that was registered with C for a session: a hook, the notifier, one that gives
/// credentials. C has its address as
/// userdata; the function is kept by the session's object, under this number.
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
        napi_value function = Handle::kept(env, operation->target_object(env), callback.function);
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

}  // namespace neon
