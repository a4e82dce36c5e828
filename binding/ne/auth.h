#pragma once

// The state that a session needs for authentication.

#include <ne_request.h>

#include <memory>
#include <vector>

#include "ne/session/callback.h"

namespace neon {

/// The state that a session needs for authentication in addition to neon's own. C refers to it and to the
/// callbacks as long as the C object lives; the session owns it longer.
struct Authentication {
  /// The server or the proxy, which both can ask for credentials.
  struct Side {
    const char *challenge_header;
    const char *info_header;
    const char *request_line;  // the end of a line and the name of the header that answers
    int status;
    int refused;  // the NE_* code
    bool has_callback = false;
    bool sent_digest = false;  // with the last request
  };

  /// Whether neon may answer the response by sending the request again: then the body of the response is not
  /// for the caller.
  bool may_retry(ne_request *request) const;

  std::vector<std::unique_ptr<Callback>> callbacks;
  Side server{"WWW-Authenticate", "Authentication-Info", "\r\nAuthorization: ", 401, NE_AUTH};
  Side proxy{"Proxy-Authenticate", "Proxy-Authentication-Info", "\r\nProxy-Authorization: ", 407,
             NE_PROXYAUTH};
};

}  // namespace neon
