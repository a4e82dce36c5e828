// The headers of a caller, which replace the headers that neon or a hook would send.
#pragma once

#include <ne_request.h>

#include "classes/exchange/recipe.h"

namespace neon {

/// While this object lives, the caller's headers replace fields of the same name that neon adds to the
/// requests of the session: Host, User-Agent, Connection, TE, credentials and so on. Used on the thread that
/// runs the operation. The session and the recipe must outlive this object.
///
/// The object registers a hook after all other hooks of the session. So this hook receives the head of a
/// request last, and sees what the other hooks have added. neon's own CONNECT requests contain no headers of
/// the caller, and stay unchanged.
class CallerHeaders final {
 public:
  CallerHeaders(ne_session *session, const Recipe &recipe);
  ~CallerHeaders();
  CallerHeaders(const CallerHeaders &) = delete;
  CallerHeaders &operator=(const CallerHeaders &) = delete;

 private:
  static void on_send(ne_request *request, void *self, ne_buffer *head) noexcept;
  void replace_in(ne_buffer *head) const;

  ne_session *const session_;
  const Recipe &recipe_;
};

}  // namespace neon
