#include <dlfcn.h>
#include <ne_utils.h>
#include <unistd.h>

#include "core/debug_log.h"
#include "core/interpose.h"
#include "core/since.h"
#include "core/topic.h"

namespace neon {

namespace {

napi_value version_string(const Arguments &arguments) { return from(arguments.env(), ne_version_string()); }

napi_value version_library(const Arguments &arguments) {
  return from(arguments.env(), Since<const char *()>::required("ne_version_library")());
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

napi_value debug_init(const Arguments &arguments) {
  const bool given = !arguments.is_nullish(0);
  const int descriptor = given ? static_cast<int>(arguments.integer(0, "stream", 0, INT32_MAX)) : -1;
  const int mask = static_cast<int>(arguments.integer(1, "mask", INT32_MIN, INT32_MAX));
  if (InFlight::anything())
    throw neon_failure(code::busy,
                       "Calls are under way on other threads, which may be writing to neon's debugging log");
  if (given)
    DebugLog::instance().open(descriptor, mask);
  else
    DebugLog::instance().close();
  return undefined(arguments.env());
}

// For NODE_DEBUG: whether this neon says anything.
napi_value debug_to_stderr(const Arguments &arguments) {
  return from(arguments.env(), DebugLog::instance().open_discreet(STDERR_FILENO));
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
  topic.plain("debugToStderr", debug_to_stderr);
  topic.plain("tlsVersion", tls_version);
  topic.plain("canInterrupt", can_interrupt);
  topic.plain("newerFunctions", newer_functions);
}

}  // namespace neon
