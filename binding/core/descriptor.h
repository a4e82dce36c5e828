#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/arguments.h"
#include "core/error.h"

namespace neon {

/// A file descriptor from the caller, for C to read or write. A lane uses a duplicate. The reason is that the
/// promise of an aborted operation settles while the lane still reads or writes. The caller may then close
/// its descriptor, and the system may give the number to another file.
class Descriptor final {
 public:
  Descriptor(int given, Mode mode) : number_(given), own_(mode == Mode::Async) {
    if (!own_) return;
    number_ = ::fcntl(given, F_DUPFD_CLOEXEC, 0);
    // EBADF is not thrown here, since C reports a descriptor that is not open.
    if (number_ < 0 && errno != EBADF) throw system_failure(errno, "dup");
  }
  Descriptor(const Arguments &arguments, std::size_t index, const char *name, Mode mode)
      : Descriptor(static_cast<int>(arguments.integer(index, name, 0, INT32_MAX)), mode) {}
  ~Descriptor() {
    if (own_ && number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;

  int number() const { return number_; }

 private:
  int number_;
  const bool own_;
};

}  // namespace neon
