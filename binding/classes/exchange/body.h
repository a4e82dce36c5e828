// The body of a request of the classes: bytes, a file or pipe, or blocks from a JavaScript function.
#pragma once

#include <ne_request.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/arguments.h"

namespace neon {

/// The body of a request. It is made on the JavaScript thread, and used on the thread that runs the
/// operation. The operation owns it, because C reads the body until C's request is destroyed.
class Body {
 public:
  Body() = default;
  Body(const Body &) = delete;
  Body &operator=(const Body &) = delete;
  virtual ~Body() = default;

  /// Makes this object the body of C's request.
  virtual void give_to(ne_request *request) = 0;
  /// Whether the body can start again after a part of it was sent. Must be called after give_to(). May wait
  /// for the first bytes of a stream.
  virtual bool can_restart() { return true; }
  /// The number of bytes, if they are all in memory; otherwise the largest number.
  virtual std::size_t size_in_memory() const { return SIZE_MAX; }
  /// The JavaScript function that provides the bytes; an empty function for any other body.
  virtual Napi::Function function() const { return {}; }

  /// Reads argument `index`, which is one of these values:
  ///  - undefined or null: no body
  ///  - a string or Uint8Array
  ///  - [path or descriptor, offset, length, announced length]
  ///  - [function that returns blocks, their total length, whether the function can start again]
  /// A length of -1 means that the length is unknown. For a regular file, the system then reports the length.
  /// Any other body is sent in chunks, unless its length is announced.
  static std::unique_ptr<Body> from_arguments(const Arguments &arguments, std::size_t index);
};

}  // namespace neon
