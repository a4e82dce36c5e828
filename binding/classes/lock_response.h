// Reads the response to a LOCK leniently. A strict reader could lose a lock that the server has granted.
#pragma once

#include <ne_locks.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "classes/exchange/record.h"

namespace neon {

/// A lock that the response to a LOCK describes.
///
/// neon's own reader rejects a response without a Lock-Token header, with white space around a token, or with
/// a timeout that is not a number. It also rejects the response to a refresh if it has no document. The
/// rejected lock stays on the server.
struct ActiveLock {
  std::string token;                 // or empty
  std::optional<std::string> owner;  // without markup
  long timeout = NE_TIMEOUT_INVALID;
  int depth = -1;  // unknown
  ne_lock_scope scope = ne_lockscope_exclusive;
};

/// Returns the timeout in seconds, or NE_TIMEOUT_INFINITE. Returns NE_TIMEOUT_INVALID when the text is not a
/// valid time. 0 and negative numbers are invalid too, since some servers use them for "unlimited". Drops
/// fractions of a second. Reduces numbers above the maximum of the protocol to this maximum.
long lock_timeout(std::string_view text);

/// The response to a LOCK: the locks in its document, and the token in its header.
class LockResponse final {
 public:
  explicit LockResponse(const ResponseRecord &record) : record_(record) {}

  bool out_of_memory() const { return out_of_memory_; }
  bool granted() const { return record_.head().is_success() && record_.head().status != 207; }
  /// Parses the body, if there is one. Returns null, or the reason why the body is not the document of a LOCK
  /// response.
  const char *parse();
  /// Returns the lock with this token. If the document does not have it, returns the only lock of the
  /// document, or null when the document has no lock or several locks.
  const ActiveLock *find(std::string_view token) const;
  /// Returns the token of the lock that was granted. The token in the header counts if it is valid;
  /// otherwise, the token of the only lock in the document counts. Returns an empty string when neither can
  /// be sent back.
  std::string token() const;

 private:
  const ResponseRecord &record_;
  std::string error_;
  std::vector<ActiveLock> locks_;
  bool out_of_memory_ = false;
};

}  // namespace neon
