#pragma once

// The handle of a `ne_buffer`.

#include <ne_string.h>

#include "core/handle.h"

namespace neon {

/// A `ne_buffer` that belongs to the caller, or that is lent to a hook until the hook returns.
class Buffer final : public Handle {
 public:
  static constexpr Kind kind = Kind::Buffer;
  static constexpr std::int64_t external_size = 512;
  static constexpr const char *argument_name = "buf";

  /// Creates a buffer that belongs to the caller.
  explicit Buffer(Environment &environment, std::size_t size);
  /// Wraps a buffer that C lends.
  Buffer(Environment &environment, ne_buffer *c) : Handle(environment), c_(c) {}
  ~Buffer() override;

  ne_buffer *c() const { return c_; }
  bool lent() const { return !own_; }
  bool closed() const override { return c_ == nullptr; }
  /// Ends the loan: from now on the handle counts as destroyed.
  void take_back() { c_ = nullptr; }

 private:
  const bool own_ = false;
  ne_buffer *c_;
};

}  // namespace neon
