// systemError(): finds the system's error code from the text of a failure in neon.
#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "core/topic.h"
#include "core/value.h"

namespace neon {

namespace {

struct Code {
  const char *name;  // as Node calls it
  int number;
};

// The codes that can occur with connections, names and TLS.
constexpr Code system_codes[] = {
    {"EACCES", EACCES},
    {"EADDRINUSE", EADDRINUSE},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"ECONNABORTED", ECONNABORTED},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ECONNRESET", ECONNRESET},
    {"EHOSTDOWN", EHOSTDOWN},
    {"EHOSTUNREACH", EHOSTUNREACH},
    {"EINVAL", EINVAL},
    {"EMFILE", EMFILE},
    {"ENETDOWN", ENETDOWN},
    {"ENETUNREACH", ENETUNREACH},
    {"ENFILE", ENFILE},
    {"ENOBUFS", ENOBUFS},
    {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC},
    {"ENOTCONN", ENOTCONN},
    {"EPERM", EPERM},
    {"EPIPE", EPIPE},
    {"EPROTO", EPROTO},
    {"ETIMEDOUT", ETIMEDOUT},
};

// The codes of getaddrinfo(3), with the names and numbers that Node and libuv give them.
struct LookupCode {
  const char *name;
  int number, node;
};
constexpr int not_found = -3008;
constexpr LookupCode lookup_codes[] = {
    {"ENOTFOUND", EAI_NONAME, not_found},
#ifdef EAI_NODATA
    {"ENOTFOUND", EAI_NODATA, -3007},
#endif
    {"EAI_AGAIN", EAI_AGAIN, -3001},      {"EAI_FAIL", EAI_FAIL, -3004},
    {"EAI_FAMILY", EAI_FAMILY, -3005},    {"EAI_MEMORY", EAI_MEMORY, -3006},
    {"EAI_SERVICE", EAI_SERVICE, -3010},
};

bool ends_with(std::string_view text, std::string_view end) {
  return text.ends_with(end) && (text.size() == end.size() || text[text.size() - end.size() - 1] == ' ');
}

Napi::Value found(Napi::Env env, const char *name, int number, const char *description) {
  return array_of(env, {Napi::String::New(env, name), Napi::Number::New(env, number),
                        Napi::String::New(env, description)});
}

/// systemError(text) → [code, errno, description], or null. `text` is the error text of a failure in neon.
/// neon keeps no error number, but appends the system's message to its text. The result describes the system
/// error with this message. `errno` is negative, as in Node's errors.
Napi::Value system_error(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const std::string text = arguments.text(0, "text");
  // neon's own text for EAI_NONAME.
  if (ends_with(text, "Host not found")) return found(env, "ENOTFOUND", not_found, "Host not found");
  for (const LookupCode &code : lookup_codes)
    if (const char *const end = ::gai_strerror(code.number); ends_with(text, end))
      return found(env, code.name, code.node, end);
  for (const Code &code : system_codes)
    if (const std::string end = std::strerror(code.number); ends_with(text, end))  // NOLINT(*-mt-unsafe)
      return found(env, code.name, -code.number, end.c_str());
  return env.Null();
}

}  // namespace

void register_system_error(Topic &topic) { topic.plain("systemError", system_error); }

}  // namespace neon
