#pragma once

#include <span>
#include <string>

namespace neon {

/// A function that the oldest supported version of neon lacks, and the version that introduced the function.
struct GatedName {
  const char *name;
  const char *since;
};
extern const std::span<const GatedName> gated_names;

/// The address of a function of the loaded libneon, or null.
void *find_symbol(const char *name);

/// Throws ERR_NEON_UNSUPPORTED; the message names the missing function, the first version of neon that has
/// it, and the loaded version.
[[noreturn]] void throw_unsupported(const char *name);

/// Looks functions up at run time, so that one binary can use the functions of a newer libneon.
template <class Signature>
struct Since;

template <class Result, class... Parameters>
struct Since<Result(Parameters...)> {
  using Function = Result (*)(Parameters...);

  static Function required(const char *name) {
    void *symbol = find_symbol(name);
    if (!symbol) throw_unsupported(name);
    return reinterpret_cast<Function>(symbol);
  }
};

}  // namespace neon
