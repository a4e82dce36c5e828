#pragma once

#include <ne_request.h>

#include <memory>
#include <vector>

#include "ne/session/callback.h"

namespace neon {

/// What a session needs for authentication beside what neon keeps itself. C refers to it and to the callbacks
/// as long as the C object lives; the session owns it longer.
struct Authentication {
  /// One of the two that can ask for credentials.
  struct Side {
    const char *challenge_header;
    const char *info_header;
    const char *request_line;  // the start of the header that answers, after the end of a line
    int status;
    int refused;               // the NE_* code
    bool asked = false;        // whether there are callbacks for it
    bool sent_digest = false;  // with the request that was sent last
  };

  /// Whether neon may answer the response, and send the request again: its body is then nobody's.
  bool may_retry(ne_request *request) const;

  std::vector<std::unique_ptr<Callback>> callbacks;
  Side server{"WWW-Authenticate", "Authentication-Info", "\r\nAuthorization: ", 401, NE_AUTH};
  Side proxy{"Proxy-Authenticate", "Proxy-Authentication-Info", "\r\nProxy-Authorization: ", 407,
             NE_PROXYAUTH};
};

}  // namespace neon
