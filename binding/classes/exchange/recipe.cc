// Reads a recipe from arguments, applies it to C's request, and packs the head of a response.
#include "classes/exchange/recipe.h"

#include <ne_session.h>
#include <ne_string.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/value.h"
#include "ne/constants.h"

namespace neon {

namespace {

// Visits the elements of a flat array two by two.
template <class Visit>
void each_pair(Napi::Array list, Visit visit) {
  const std::uint32_t length = list.Length();
  for (std::uint32_t i = 0; i + 1 < length; i += 2) visit(list.Get(i), list.Get(i + 1));
}

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

}  // namespace

// --- Recipe -----------------------------------------------------------------------------------------------

void Recipe::read_options(const Arguments &arguments, std::size_t index) {
  const std::string text = to_string(arguments[index]);
  Lines lines(text);
  inflate = std::strtoull(std::string(lines.next()).c_str(), nullptr, 10);
  while (!lines.over()) {
    const std::string_view name = lines.next(), value = lines.next();
    add_header(std::string(name), std::string(value));
  }
}

void Recipe::add_header(std::string name, std::string value) {
  require_token(name, "header name");
  require_line(value, "header value");
  headers.emplace_back(std::move(name), std::move(value));
}

void Recipe::read_flags(const Arguments &arguments, std::size_t index) {
  each_pair(arguments[index].As<Napi::Array>(), [this](Napi::Value flag, Napi::Value value) {
    flags.emplace_back(flag.As<Napi::Number>().Int32Value(), value.As<Napi::Number>().Int32Value());
  });
}

const std::string *Recipe::header(const char *name) const {
  for (const auto &[other, value] : headers)
    if (ne_strcasecmp(other.c_str(), name) == 0) return &value;
  return nullptr;
}

void Recipe::add_headers_and_flags_to(ne_request *request) const {
  for (const auto &[flag, value] : flags)
    ne_set_request_flag(request, static_cast<ne_request_flag>(flag), value);
  for (const auto &[name, value] : headers) ne_add_request_header(request, name.c_str(), value.c_str());
}

// --- Head -------------------------------------------------------------------------------------------------

void Head::note(ne_request *request) {
  const ne_status *given = ne_get_status(request);
  status = given->code;
  major = given->major_version;
  minor = given->minor_version;
  reason = given->reason_phrase ? given->reason_phrase : "";
  headers.clear();
  headers.reserve(512);
  const char *name, *value;
  for (void *cursor = nullptr; (cursor = ne_response_header_iterate(request, cursor, &name, &value));)
    headers.append(name).append("\n").append(value).append("\n");
}

std::optional<std::string_view> Head::header(std::string_view name) const {
  for (Lines lines(headers); !lines.over();) {
    const std::string_view key = lines.next(), value = lines.next();
    if (key == name) return value;
  }
  return std::nullopt;
}

Napi::Value Head::response(Napi::Env env, Napi::Value body, Napi::Value stream,
                           const std::string &trailers) const {
  // Passing one string in one array to JavaScript takes half as long as passing many values.
  const std::string lines =
      std::to_string(major) + "." + std::to_string(minor) + "\n" + reason + "\n" + headers;
  return array_of(env, {Napi::Number::New(env, status), Napi::String::New(env, lines), body, stream,
                        Napi::String::New(env, trailers)});
}

// --- CallResult -------------------------------------------------------------------------------------------

void CallResult::note(int result, ne_session *session) {
  text = ne_get_error(session);
  code = result;
}

void CallResult::note_stall(ne_session *session) {
  if (code != NE_OK) note(NE_TIMEOUT, session);
}

Failure CallResult::failure() const { return neon_failure(result_name(code), text); }

}  // namespace neon
