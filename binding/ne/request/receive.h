#pragma once

// Calls that fill the caller's buffer and report how many bytes of the buffer they used.

#include "core/arguments.h"
#include "ne/request/request.h"

namespace neon {

/// Returns how many bytes of the caller's buffer (argument `index`) may be used. The `value` of the next
/// argument gives the number. By default, it is the size of the buffer.
inline std::size_t room_in(const Arguments &arguments, std::size_t index) {
  const std::span<char> buffer = arguments.buffer(index, "buf");
  return size_or(get_property(arguments.out(index + 1, "buflen"), "value"), "buflen", buffer.size());
}

/// A blocking call `run(memory, &size)`. It fills memory of the addon, because JavaScript may detach the
/// caller's buffer meanwhile. On success, the bytes are copied to the caller's buffer (argument `index`). The
/// `value` of the next argument is set to the number of bytes.
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
      [](Operation &operation, Napi::Env env, const Received &received) {
        if (received.result == NE_OK) {
          fill(operation.held(env, 1), {received.memory.get(), received.size});
          set_field(operation.held(env, 2).As<Napi::Object>(), "value", static_cast<double>(received.size));
        }
        return Napi::Number::New(env, received.result);
      },
      callbacks);
  made->hold(arguments[0]);
  made->hold(arguments[index]);
  made->hold(arguments[index + 1]);
  return made;
}

}  // namespace neon
