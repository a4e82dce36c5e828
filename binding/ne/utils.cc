// Versions, features and the debugging log: the functions of ne_utils.h.
#include <dlfcn.h>
#include <ne_utils.h>
#include <unistd.h>

#include "core/debug_log.h"
#include "core/interpose.h"
#include "core/shared_lane.h"
#include "core/since.h"
#include "core/topic.h"

namespace neon {

namespace {

Napi::Value version_string(const Arguments &arguments) {
  return Napi::String::New(arguments.env(), ne_version_string());
}

Napi::Value version_library(const Arguments &arguments) {
  return Napi::String::New(arguments.env(), Since<const char *()>::required("ne_version_library")());
}

Napi::Value version_match(const Arguments &arguments) {
  const int major = static_cast<int>(arguments.integer(0, "major", 0, INT32_MAX));
  const int minor = static_cast<int>(arguments.integer(1, "minor", 0, INT32_MAX));
  return Napi::Number::New(arguments.env(), ne_version_match(major, minor));
}

Napi::Value has_support(const Arguments &arguments) {
  const int feature = static_cast<int>(arguments.integer(0, "feature", INT32_MIN, INT32_MAX));
  return Napi::Number::New(arguments.env(), ne_has_support(feature));
}

// Returns the version of the TLS library that libneon uses in this process. The lookup follows the order of
// the dynamic linker: first the program's own symbols (node exports its OpenSSL), then those of libneon's
// dependencies.
Napi::Value tls_version(const Arguments &arguments) {
  const std::string build = ne_version_string();
  if (build.find("GNU TLS") != std::string::npos) {
    const auto version =
        reinterpret_cast<const char *(*)(const char *)>(dlsym(RTLD_DEFAULT, "gnutls_check_version"));
    if (version) return Napi::String::New(arguments.env(), "GnuTLS " + std::string(version(nullptr)));
  } else if (build.find("OpenSSL") != std::string::npos) {
    const auto version = reinterpret_cast<const char *(*)(int)>(dlsym(RTLD_DEFAULT, "OpenSSL_version"));
    if (version) {
      const std::string text = version(0);  // "OpenSSL 3.0.19 27 Jan 2026"
      return Napi::String::New(arguments.env(), text.substr(0, text.find(' ', text.find(' ') + 1)));
    }
  }
  return arguments.env().Null();
}

Napi::Value can_interrupt(const Arguments &arguments) {
  return Napi::Boolean::New(arguments.env(), interposition_works());
}

Napi::Value has_shared_lane(const Arguments &arguments) {
  return Napi::Boolean::New(arguments.env(), SharedLane::available());
}

Napi::Value newer_functions(const Arguments &arguments) {
  const Napi::Object object = Napi::Object::New(arguments.env());
  for (const GatedName &gated : gated_names)
    set_property(object, gated.name, find_symbol(gated.name) != nullptr);
  return object;
}

Napi::Value parse_statusline(const Arguments &arguments) {
  const std::string line = arguments.text(0, "status_line");
  const Napi::Object object =
      arguments.out(1, "s", {"major_version", "minor_version", "code", "klass", "reason_phrase"});
  ne_status status{};
  const int result = ne_parse_statusline(line.c_str(), &status);
  if (result == 0) {
    const Napi::Value reason = take_string(arguments.env(), status.reason_phrase);
    set_field(object, "major_version", status.major_version);
    set_field(object, "minor_version", status.minor_version);
    set_field(object, "code", status.code);
    set_field(object, "klass", status.klass);
    set_field(object, "reason_phrase", reason);
  }
  return Napi::Number::New(arguments.env(), result);
}

Napi::Value debug_init(const Arguments &arguments) {
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
  return arguments.env().Undefined();
}

// debugToStderr(), for NODE_DEBUG: opens the log, and returns whether this neon writes to the log.
Napi::Value debug_to_stderr(const Arguments &arguments) {
  return Napi::Boolean::New(arguments.env(), DebugLog::instance().open_discreet(STDERR_FILENO));
}

// JavaScript has already formatted the text, so C must not interpret it as a format.
Napi::Value debug(const Arguments &arguments) {
  const int channels = static_cast<int>(arguments.integer(0, "ch", INT32_MIN, INT32_MAX));
  ne_debug(channels, "%s", arguments.text(1, "format").c_str());
  return arguments.env().Undefined();
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
  topic.plain("hasSharedLane", has_shared_lane);
  topic.plain("newerFunctions", newer_functions);
}

}  // namespace neon
