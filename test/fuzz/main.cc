// Chooses the target by the environment variable LIBNEON_FUZZ_TARGET, and passes inputs to it. libFuzzer has
// a main function of its own. Without libFuzzer, REPLAY is defined, and the program reads the files that are
// its arguments.
#include <ne_socket.h>

#include <fstream>
#include <iterator>

#include "target.h"

namespace {

using Target = void(std::string_view bytes);

struct Named {
  std::string_view name;
  Target *target;
};

constexpr Named targets[] = {
    {"events", neon::fuzz::events},   {"headers", neon::fuzz::headers}, {"inflate", neon::fuzz::inflate},
    {"listing", neon::fuzz::listing}, {"lock", neon::fuzz::lock},       {"response", neon::fuzz::response},
    {"text", neon::fuzz::text},
};

Target *chosen() {
  ne_sock_init();
  const char *const name = std::getenv("LIBNEON_FUZZ_TARGET");
  for (const Named &named : targets)
    if (name && named.name == name) return named.target;
  std::fprintf(stderr, "LIBNEON_FUZZ_TARGET must be the name of a target\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static Target *const target = chosen();
  target({reinterpret_cast<const char *>(data), size});
  return 0;
}

#ifdef REPLAY
int main(int count, char **arguments) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open()) return 2;
    std::fprintf(stderr, "%s\n", arguments[i]);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size());
  }
}
#endif
