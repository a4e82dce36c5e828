#pragma once

// Reads the handle argument of a function that uses the C object at once.

#include <cstddef>
#include <memory>

#include "core/arguments.h"

namespace neon {

/// Returns the handle that is passed as argument `index`. Throws ERR_NEON_DESTROYED when the handle is
/// destroyed, and the error of `T::require_usable()` when a pending call uses the handle's C object.
/// `T::argument_name` is the name of the parameter in neon's headers.
template <class T>
std::shared_ptr<T> usable(const Arguments &arguments, std::size_t index = 0,
                          const char *name = T::argument_name) {
  auto handle = arguments.handle<T>(index, name);
  handle->require_usable();
  return handle;
}

}  // namespace neon
