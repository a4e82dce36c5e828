#include "core/debug_log.h"

#include <errno.h>
#include <fcntl.h>
#include <ne_session.h>
#include <ne_utils.h>
#include <poll.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>

#include "core/error.h"
#include "core/exit.h"

namespace neon {

namespace {

// Leaves out bodies (HTTPBODY, XMLPARSE) and credentials. HTTPPLAIN logs credentials in plain text. HTTPAUTH
// logs digests of passwords, which an attacker can use in place of the passwords.
constexpr int discreet_mask =
    NE_DBG_SOCKET | NE_DBG_HTTP | NE_DBG_XML | NE_DBG_LOCKS | NE_DBG_SSL | NE_DBG_FLUSH;

// A longer line is split, and credentials in its second part would not be recognised. But neon accepts only
// header fields of up to 8 KiB, so no header field is split.
constexpr std::size_t max_line = 65536;

constexpr std::string_view mask = "...";

int open_nowhere() { return ::open("/dev/null", O_WRONLY | O_CLOEXEC); }

int checked(int result, const char *call) {
  if (result < 0) throw system_failure(errno, call);
  return result;
}

void require_writable(int descriptor) {
  const int flags = checked(::fcntl(descriptor, F_GETFL), "fcntl");
  if ((flags & O_ACCMODE) == O_RDONLY) throw system_failure(EBADF, "write");
}

FILE *make_stream(void *cookie, ssize_t (*write)(void *, const char *, std::size_t)) {
#ifdef __linux__
  cookie_io_functions_t functions{};
  functions.write = write;
  return ::fopencookie(cookie, "w", functions);
#else
  static const auto write_to = write;
  return ::funopen(
      cookie, nullptr,
      [](void *log, const char *text, int size) {
        return static_cast<int>(write_to(log, text, static_cast<std::size_t>(size)));
      },
      nullptr, nullptr);
#endif
}

std::size_t find_ignoring_case(std::string_view text, std::string_view word, std::size_t from) {
  for (std::size_t at = from; at + word.size() <= text.size(); ++at)
    if (strncasecmp(text.data() + at, word.data(), word.size()) == 0) return at;
  return std::string_view::npos;
}

/// Returns the position of the value if the line has one of neon's forms: "name:", "[name], Value:" or
/// "[name] =". Returns npos for any other line.
std::size_t value_of_field(std::string_view line, std::string_view name) {
  std::size_t end = 0;
  for (std::size_t at; (at = find_ignoring_case(line, name, end)) != std::string_view::npos;) {
    end = at + name.size();
    for (const std::string_view mark : {":", "] =", "], Value:"})
      if (line.substr(end).starts_with(mark)) return end + mark.size();
  }
  return std::string_view::npos;
}

}  // namespace

std::string without_credentials(std::string_view line) {
  std::string result(line);
  // neon itself hides the value of Authorization, but only in this spelling.
  for (const std::string_view name : {"authorization", "cookie", "cookie2"}) {
    const std::size_t value = value_of_field(result, name);
    if (value != std::string_view::npos) result.replace(value, std::string::npos, " ").append(mask) += '\n';
  }
  for (std::size_t at = 0; (at = result.find("://", at)) != std::string::npos;) {
    at += 3;
    const std::size_t end = std::min(result.find_first_of("/ \t\r\n\"']<>", at), result.size());
    const std::size_t sign = result.rfind('@', end);
    if (sign != std::string::npos && sign > at && sign < end) result.replace(at, sign - at, mask);
  }
  return result;
}

DebugLog &DebugLog::instance() {
  static DebugLog &log = *new DebugLog;  // never destroyed: C flushes its streams after the destructors
  return log;
}

ssize_t DebugLog::write(void *log, const char *text, std::size_t size) {
  static_cast<DebugLog *>(log)->take({text, size});
  return static_cast<ssize_t>(size);
}

void DebugLog::take(std::string_view text) {
  wrote_ = true;
  if (!discreet_) return put(text);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    line_ += text.substr(0, end);
    text.remove_prefix(end);
    if (line_.back() != '\n' && line_.size() < max_line) continue;
    put(without_credentials(line_));
    line_.clear();
  }
}

// Lines that cannot be written are lost, as with any log.
void DebugLog::put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_reader()))) continue;
    if (written <= 0) return;
    reader_stopped_ = false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Waits up to a second for the reader of a full pipe. (A full pipe refuses bytes, because Node makes its
// pipes non-blocking.) After a vain wait, does not wait again until the reader has made room. The reader may
// be this process itself.
bool DebugLog::wait_for_reader() {
  pollfd writable{descriptor_, POLLOUT, 0};
  // Short waits, since a signal ends a wait, and the process may exit meanwhile.
  for (int waits = 0; waits < 20 && !reader_stopped_; ++waits) {
    if (::poll(&writable, 1, 50) > 0) return true;
    if (exiting()) break;
  }
  reader_stopped_ = true;
  return false;
}

void DebugLog::point_to(int descriptor) {
  if (!stream_) {
    descriptor_ = checked(open_nowhere(), "open");
    stream_ = make_stream(this, write);
    if (!stream_) throw system_failure(errno, "fopen");
  }
  std::fflush(stream_);
  checked(::dup2(descriptor, descriptor_), "dup2");
  ::fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
}

void DebugLog::set_discreet(bool discreet) {
  ::flockfile(stream_);
  discreet_ = discreet;
  line_.clear();
  ::funlockfile(stream_);
}

void DebugLog::open(int descriptor, int mask) {
  const std::lock_guard lock(mutex_);
  require_writable(descriptor);
  point_to(descriptor);
  set_discreet(false);
  ne_debug_init(stream_, mask);
}

// Whether neon logs anything with this mask. Tries the mask with a new session, whose creation neon logs.
bool DebugLog::says_something(int mask) {
  const int nowhere = checked(open_nowhere(), "open");
  point_to(nowhere);
  ::close(nowhere);
  wrote_ = false;
  ne_debug_init(stream_, mask);
  ne_session_destroy(ne_session_create("http", "localhost", 80));
  std::fflush(stream_);
  return wrote_;
}

bool DebugLog::open_discreet(int descriptor) {
  const std::lock_guard lock(mutex_);
  if (stream_) return true;
  require_writable(descriptor);
  const bool says = says_something(discreet_mask);
  set_discreet(true);
  point_to(descriptor);
  return says;
}

void DebugLog::close() {
  const std::lock_guard lock(mutex_);
  ne_debug_init(stream_, 0);
  if (!stream_) return;
  const int nowhere = checked(open_nowhere(), "open");
  point_to(nowhere);
  ::close(nowhere);
}

}  // namespace neon
