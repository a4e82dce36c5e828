// Reads the response to a LOCK, leniently: the lock that a server has granted must not be lost.
#pragma once

#include <ne_locks.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "classes/exchange/record.h"

namespace neon {

/// The lock that the response to a LOCK describes.
///
/// neon's own reader fails for a response without Lock-Token header, for white space around a token, for a
/// timeout that is not a number, and for a refresh without a document, and the lock stays on the server then.
struct ActiveLock {
  std::string token;                 // or empty
  std::optional<std::string> owner;  // without markup
  long timeout = NE_TIMEOUT_INVALID;
  int depth = -1;  // unknown
  ne_lock_scope scope = ne_lockscope_exclusive;
};

/// Seconds, or NE_TIMEOUT_INFINITE; NE_TIMEOUT_INVALID where the text does not say: 0 and negative numbers
/// mean "unlimited" to some servers. Fractions are omitted. A larger number than the protocol allows counts
/// as the largest.
long lock_timeout(std::string_view text);

/// The response to a LOCK: the locks in its document, and the token in its header.
class LockResponse final {
 public:
  explicit LockResponse(const ResponseRecord &record) : record_(record) {}

  bool out_of_memory() const { return out_of_memory_; }
  bool granted() const { return record_.head().is_success() && record_.head().status != 207; }
  /// Parses the body, if there is one. Null, or why it is not the document that a LOCK has.
  const char *parse();
  /// The lock with this token, or else the only one; null without one.
  const ActiveLock *find(std::string_view token) const;
  /// The token of the lock that was granted: that of the header, or of the only lock in the document. Empty
  /// when no token can be sent back.
  std::string token() const;

 private:
  const ResponseRecord &record_;
  std::string error_;
  std::vector<ActiveLock> locks_;
  bool out_of_memory_ = false;
};

}  // namespace neon
