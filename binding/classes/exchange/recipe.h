// The parts of a request of the classes, the head of its response, and the result of the call.
#pragma once

#include <ne_request.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classes/exchange/body.h"
#include "core/arguments.h"
#include "core/error.h"

namespace neon {

/// Splits a text into lines. over() is true before an empty last line, but next() still returns this line.
class Lines final {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool over() const { return rest_.empty(); }
  std::string_view next() {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
    return line;
  }

 private:
  std::string_view rest_;
};

/// The parts of a request.
struct Recipe {
  /// Reads the options from one text argument, which is faster than many values. The first line has the limit
  /// of inflating, and then the numbers and values of flags, alternately, with spaces between them. The other
  /// lines are the names and values of headers, alternately.
  void read_options(const Arguments &arguments, std::size_t index);
  /// Reads the method, a space and the target from the first line of a text argument, and the options from
  /// the other lines.
  void read_request(const Arguments &arguments, std::size_t index);
  /// The value of a header, or null.
  const std::string *header(const char *name) const;
  /// The value of a flag, or `otherwise` if the recipe does not set it.
  int flag(ne_request_flag flag, int otherwise) const;
  /// About how many bytes the request has. The largest number if its body is not in memory.
  std::size_t size() const;
  /// Gives C's request the flags and headers.
  void add_headers_and_flags_to(ne_request *request) const;

  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<int, int>> flags;
  std::unique_ptr<Body> body;
  std::uint64_t inflate = 0;  // the limit of inflated bytes; 0 leaves bodies as they arrive

 private:
  void read_lines(Lines &lines);
  void add_header(std::string name, std::string value);
};

/// The head of a response.
struct Head {
  void note(ne_request *request);
  bool is_success() const { return status / 100 == 2; }
  /// The value of a header, by its name in lower case; std::nullopt when the response lacks the header.
  std::optional<std::string_view> header(std::string_view name) const;
  /// The response as an array for JavaScript: [status, head, body, stream, trailers]. The head is a text. Its
  /// lines are the version, the reason phrase, and then the names and values of headers, alternately. The
  /// trailers are a text with the same alternation of names and values.
  Napi::Value response(Napi::Env env, Napi::Value body, Napi::Value stream,
                       const std::string &trailers) const;

  int status = 0;
  std::string version;  // "1.1"
  std::string reason;
  std::string headers;  // name LF value LF …
};

/// How a call into neon ended. Written inside Operation::run(), and read after it.
struct CallResult {
  void note(int result, ne_session *session);
  /// Called after the watchdog has ended the call. If the call has failed, sets the code to NE_TIMEOUT, and
  /// copies the session's error text, which reports the stall.
  void note_stall(ne_session *session);
  bool ok() const { return code == NE_OK; }
  /// A NeonError with the name of the code.
  Failure failure() const;

  int code = NE_ERROR;
  std::string text;
};

}  // namespace neon
