#pragma once

// The state that a session needs for authentication.

#include <ne_request.h>

#include <memory>
#include <vector>

#include "ne/session/callback.h"

namespace neon {

/// The state that a session needs for authentication in addition to neon's own. C refers to this object and
/// its callbacks until the C session is destroyed. The Session frees them only after that.
struct Authentication {
  /// The server or the proxy; each of them can ask for credentials.
  struct Side {
    const char *challenge_header;
    const char *info_header;
    const char *request_line;  // a line end, then the name of the header that answers the challenge
    int status;
    int refused;  // the NE_* code
    bool has_callback = false;
    bool sent_digest = false;  // whether the last request had Digest credentials
  };

  /// Whether neon may resend the request in reaction to the response. If so, the caller must not receive the
  /// response body.
  bool may_retry(ne_request *request) const;

  std::vector<std::unique_ptr<Callback>> callbacks;
  Side server{"WWW-Authenticate", "Authentication-Info", "\r\nAuthorization: ", 401, NE_AUTH};
  Side proxy{"Proxy-Authenticate", "Proxy-Authentication-Info", "\r\nProxy-Authorization: ", 407,
             NE_PROXYAUTH};
};

}  // namespace neon
