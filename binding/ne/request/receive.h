#pragma once

#include "ne/request/request.h"

namespace neon {

/// How much of the caller's buffer, argument `index`, may be used: the `value` of the object behind it, or
/// all of it.
inline std::size_t room_in(const Arguments &arguments, std::size_t index) {
  const std::span<char> buffer = arguments.buffer(index, "buf");
  napi_value object = arguments.object(index + 1, "buflen");
  return size_or(arguments.env(), field(arguments.env(), object, "value"), "buflen", buffer.size());
}

/// A blocking call `run(memory, &size)` that fills the caller's buffer, argument `index`, through memory of
/// ours: JavaScript's may be taken away meanwhile. After success the `value` of the object behind it is how
/// much was used.
template <class Run>
std::shared_ptr<Operation> receiving(const Arguments &arguments, std::size_t index, std::size_t room,
                                     std::shared_ptr<Session> session, Run run, bool callbacks = false) {
  struct Received {
    Memory memory;
    std::size_t size = 0;
    int result = NE_ERROR;
    void stalled() {
      if (result != NE_OK) result = NE_TIMEOUT;
    }
  };
  auto made = operation(
      std::move(session),
      [run = std::move(run), room] {
        Received received{allocate(room), room};
        received.result = run(received.memory.get(), &received.size);
        return received;
      },
      [](Operation &operation, napi_env env, const Received &received) {
        if (received.result != NE_OK) return from(env, received.result);
        fill(env, operation.held(env, 1), {received.memory.get(), received.size});
        set(env, operation.held(env, 2), "value", from(env, static_cast<double>(received.size)));
        return from(env, received.result);
      },
      callbacks);
  made->hold(arguments[0]);
  made->hold(arguments[index]);
  made->hold(arguments[index + 1]);
  return made;
}

}  // namespace neon
