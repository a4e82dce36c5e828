// Reads the response to a LOCK: the document, the token and the timeout.
#include <ne_basic.h>

#include "../target.h"
#include "classes/lock_response.h"

namespace neon::fuzz {

namespace {

// A token that can be sent back, as RFC 4918 wants it in a header.
void check_token(std::string_view token) {
  for (const char c : token) require(c > ' ' && c <= '~' && c != '<' && c != '>', "a token can be sent back");
}

void check_timeout(long timeout) {
  require(timeout == NE_TIMEOUT_INFINITE || timeout == NE_TIMEOUT_INVALID ||
              (timeout > 0 && timeout <= 4294967295),
          "a timeout is in its range");
}

}  // namespace

void lock(std::string_view bytes) {
  const std::string_view line = take_line(bytes);
  const std::string header(line.substr(0, line.find('\0')));  // neon's headers are strings of C

  check_timeout(lock_timeout(header));
  ResponseRecord record(whole_limit, 0);
  record.head_.status = 200;
  record.head_.headers = "lock-token\n" + header + "\n";
  record.body_ = bytes;
  LockResponse response(record);
  const char *const failure = response.parse();
  require(!failure || *failure, "a failure has a reason");
  check_token(response.token());
  for (const ActiveLock &lock : response.locks_) {
    check_token(lock.token);
    check_timeout(lock.timeout);
    if (lock.owner) utf16_length(*lock.owner);
    require(lock.depth >= -1 && lock.depth <= NE_DEPTH_INFINITE, "a depth is in its range");
  }
}

}  // namespace neon::fuzz
