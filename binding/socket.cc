#include <ne_i18n.h>
#include <ne_socket.h>
#include <signal.h>

#include <atomic>
#include <mutex>

#include "topic.h"

namespace neon {

namespace {

// neon counts its own initialisations without a lock, and the real exit would take the library away from
// other users in the process: so neon is initialised once, for ever, and what JavaScript says is counted
// here.
std::atomic<int> initialisations{0};

// neon ignores SIGPIPE from here on; a user's own handler must survive that.
int initialise_once() {
  static std::once_flag once;
  static int result = -1;
  std::call_once(once, [] {
    struct sigaction before;
    sigaction(SIGPIPE, nullptr, &before);
    result = ne_sock_init();
    sigaction(SIGPIPE, &before, nullptr);
    ne_i18n_init("UTF-8");
  });
  return result;
}

napi_value init(const Arguments &arguments) {
  const int result = initialise_once();
  if (result == 0) ++initialisations;
  return from(arguments.env(), result);
}

napi_value exit(const Arguments &arguments) {
  int count = initialisations;
  while (count > 0 && !initialisations.compare_exchange_weak(count, count - 1)) {
  }
  return undefined(arguments.env());
}

}  // namespace

void register_socket(Topic &topic) {
  topic.plain("ne_sock_init", init);
  topic.plain("ne_sock_exit", exit);
}

}  // namespace neon
