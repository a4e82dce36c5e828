#pragma once

#include <ne_request.h>

#include <memory>
#include <string>

#include "core/arguments.h"

namespace neon {

/// What a request of the classes sends. Made on the JavaScript thread; used where the operation runs, which
/// owns it: C calls it back until its request is destroyed.
class Body {
 public:
  Body() = default;
  Body(const Body &) = delete;
  Body &operator=(const Body &) = delete;
  virtual ~Body() = default;

  /// Tells C of it.
  virtual void give_to(ne_request *request) = 0;
  /// What is called for the bytes, or null.
  virtual napi_value function() const { return nullptr; }

  /// Reads argument `index` and the one after it: nothing; a string or Uint8Array; [path or descriptor,
  /// offset, length]; or a function that gives blocks, and then their length. A length of -1 is unknown:
  /// chunks.
  static std::unique_ptr<Body> from_arguments(const Arguments &arguments, std::size_t index);
};

}  // namespace neon
