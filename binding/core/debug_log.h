#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace neon {

/// The destination of neon's debugging output: one stream for the process. The first log creates the stream.
///
/// The stream is never closed, because another thread may be writing to it. Instead, the file behind the
/// stream's descriptor is replaced, which the system does in one step. While no log is open, this file is
/// /dev/null.
class DebugLog final {
 public:
  static DebugLog &instance();

  /// Logs everything that neon writes with this mask. The log goes to a duplicate of the descriptor.
  void open(int descriptor, int mask);
  /// Logs what may be made public: no bodies, and no credentials. Does nothing if this function or open() was
  /// called before. Returns false when this neon was built without debugging.
  bool open_discreet(int descriptor);
  void close();

 private:
  static ssize_t write(void *log, const char *text, std::size_t size);

  void point_to(int descriptor);
  void set_discreet(bool discreet);
  bool says_something(int mask);
  void take(std::string_view text);
  void put(std::string_view text);
  bool wait_for_reader();

  std::mutex mutex_;
  FILE *stream_ = nullptr;
  int descriptor_ = -1;
  // Under the stream's lock.
  bool discreet_ = false;
  bool wrote_ = false;
  bool reader_stopped_ = false;
  std::string line_;  // the line that is not complete yet
};

/// Replaces credentials in a line of the log by dots.
std::string without_credentials(std::string_view line);

}  // namespace neon
