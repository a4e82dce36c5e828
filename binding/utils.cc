#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ne_utils.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>

#include "gated.h"
#include "interpose.h"
#include "topic.h"

namespace neon {

namespace {

napi_value version_string(const Arguments &arguments) { return from(arguments.env(), ne_version_string()); }

napi_value version_library(const Arguments &arguments) {
  return from(arguments.env(), Gated<const char *()>::required("ne_version_library")());
}

napi_value version_match(const Arguments &arguments) {
  const int major = static_cast<int>(arguments.integer(0, "major", 0, INT32_MAX));
  return from(arguments.env(),
              ne_version_match(major, static_cast<int>(arguments.integer(1, "minor", 0, INT32_MAX))));
}

napi_value has_support(const Arguments &arguments) {
  return from(arguments.env(),
              ne_has_support(static_cast<int>(arguments.integer(0, "feature", INT32_MIN, INT32_MAX))));
}

// The TLS library that libneon's calls are bound to in this process: looked up as the dynamic linker did it,
// the program's own symbols (node exports its OpenSSL) before those of libneon's dependencies.
napi_value tls_version(const Arguments &arguments) {
  const std::string build = ne_version_string();
  if (build.find("GNU TLS") != std::string::npos) {
    const auto version =
        reinterpret_cast<const char *(*)(const char *)>(dlsym(RTLD_DEFAULT, "gnutls_check_version"));
    if (version) return from(arguments.env(), "GnuTLS " + std::string(version(nullptr)));
  } else if (build.find("OpenSSL") != std::string::npos) {
    const auto version = reinterpret_cast<const char *(*)(int)>(dlsym(RTLD_DEFAULT, "OpenSSL_version"));
    if (version) {
      const std::string text = version(0);  // "OpenSSL 3.0.19 27 Jan 2026"
      return from(arguments.env(), text.substr(0, text.find(' ', text.find(' ') + 1)));
    }
  }
  return null(arguments.env());
}

napi_value can_interrupt(const Arguments &arguments) { return from(arguments.env(), interposition_works()); }

napi_value newer_functions(const Arguments &arguments) {
  const napi_env env = arguments.env();
  napi_value list;
  check(env, napi_create_object(env, &list));
  for (const GatedName &gated : gated_names)
    set(env, list, gated.name, from(env, find_symbol(gated.name) != nullptr));
  return list;
}

napi_value parse_statusline(const Arguments &arguments) {
  const napi_env env = arguments.env();
  const std::string line = arguments.text(0, "status_line");
  napi_value object = arguments.object(1, "s");
  ne_status status{};
  const int result = ne_parse_statusline(line.c_str(), &status);
  if (result != 0) return from(env, result);
  napi_value reason = take(env, status.reason_phrase);
  set(env, object, "major_version", from(env, status.major_version));
  set(env, object, "minor_version", from(env, status.minor_version));
  set(env, object, "code", from(env, status.code));
  set(env, object, "klass", from(env, status.klass));
  set(env, object, "reason_phrase", reason);
  return from(env, result);
}

/// Where neon's debugging output goes: one stream for the process, which is made with the first log.
///
/// Another thread may be about to write to it, so it is never closed and, once it is there, neon never again
/// has none: only the file behind its descriptor is exchanged, which the system does in one step. Without a
/// log that is /dev/null.
class DebugLog final {
 public:
  /// To a duplicate of the caller's descriptor.
  void open(int descriptor, int mask) {
    const std::lock_guard lock(mutex_);
    require_writable(descriptor);
    if (!stream_) stream_ = ::fdopen(checked(open_nowhere(), "open"), "w");
    if (!stream_) throw system_failure(errno, "fdopen");
    replace(descriptor);
    ne_debug_init(stream_, mask);
  }

  void close() {
    const std::lock_guard lock(mutex_);
    ne_debug_init(stream_, 0);
    if (!stream_) return;
    const int nowhere = checked(open_nowhere(), "open");
    replace(nowhere);
    ::close(nowhere);
  }

 private:
  static int open_nowhere() { return ::open("/dev/null", O_WRONLY | O_CLOEXEC); }

  static int checked(int result, const char *call) {
    if (result < 0) throw system_failure(errno, call);
    return result;
  }

  static void require_writable(int descriptor) {
    const int flags = checked(::fcntl(descriptor, F_GETFL), "fcntl");
    if ((flags & O_ACCMODE) == O_RDONLY) throw system_failure(EBADF, "write");
  }

  void replace(int descriptor) {
    const int own = ::fileno(stream_);
    checked(::dup2(descriptor, own), "dup2");
    ::fcntl(own, F_SETFD, FD_CLOEXEC);
  }

  std::mutex mutex_;
  FILE *stream_ = nullptr;
};

napi_value debug_init(const Arguments &arguments) {
  static DebugLog log;
  const bool given = !arguments.is_nullish(0);
  const int descriptor = given ? static_cast<int>(arguments.integer(0, "stream", 0, INT32_MAX)) : -1;
  const int mask = static_cast<int>(arguments.integer(1, "mask", INT32_MIN, INT32_MAX));
  if (Underway::anything())
    throw neon_failure(code::busy,
                       "Calls are under way on other threads, which may be writing to neon's debugging log");
  if (given)
    log.open(descriptor, mask);
  else
    log.close();
  return undefined(arguments.env());
}

// The format is applied in JavaScript; here it is data.
napi_value debug(const Arguments &arguments) {
  const int channels = static_cast<int>(arguments.integer(0, "ch", INT32_MIN, INT32_MAX));
  ne_debug(channels, "%s", arguments.text(1, "format").c_str());
  return undefined(arguments.env());
}

}  // namespace

void register_utils(Topic &topic) {
  topic.plain("ne_version_string", version_string);
  topic.plain("ne_version_library", version_library);
  topic.plain("ne_version_match", version_match);
  topic.plain("ne_has_support", has_support);
  topic.plain("ne_parse_statusline", parse_statusline);
  topic.plain("ne_debug_init", debug_init);
  topic.plain("ne_debug", debug);
  topic.plain("tlsVersion", tls_version);
  topic.plain("canInterrupt", can_interrupt);
  topic.plain("newerFunctions", newer_functions);
}

}  // namespace neon
