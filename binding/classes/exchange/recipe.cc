// Reads a recipe from arguments, applies it to C's request, and packs the head of a response.
#include "classes/exchange/recipe.h"

#include <ne_session.h>
#include <ne_string.h>

#include <charconv>
#include <string_view>

#include "core/value.h"
#include "ne/constants.h"

namespace neon {

namespace {

/// The decimal numbers of a line.
class Numbers final {
 public:
  explicit Numbers(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}
  bool over() const { return at_ == end_; }
  template <class Number>
  Number next() {
    Number number{};
    at_ = std::from_chars(at_, end_, number).ptr;
    if (at_ != end_) ++at_;  // the space between two numbers
    return number;
  }

 private:
  const char *at_, *const end_;
};

}  // namespace

// --- Recipe -----------------------------------------------------------------------------------------------

void Recipe::read_options(const Arguments &arguments, std::size_t index) {
  const std::string text = to_string(arguments[index]);
  Lines lines(text);
  read_lines(lines);
}

void Recipe::read_request(const Arguments &arguments, std::size_t index) {
  const std::string text = to_string(arguments[index]);
  Lines lines(text);
  const std::string_view request = lines.next();
  require_line(request, "request");
  const std::size_t space = request.find(' ');
  method = request.substr(0, space);
  target = request.substr(space + 1);
  read_lines(lines);
}

void Recipe::read_lines(Lines &lines) {
  Numbers numbers(lines.next());
  inflate = numbers.next<std::uint64_t>();
  while (!numbers.over()) {
    const int flag = numbers.next<int>();
    flags.emplace_back(flag, numbers.next<int>());
  }
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

const std::string *Recipe::header(const char *name) const {
  for (const auto &[other, value] : headers)
    if (ne_strcasecmp(other.c_str(), name) == 0) return &value;
  return nullptr;
}

int Recipe::flag(ne_request_flag flag, int otherwise) const {
  for (const auto &[number, value] : flags)
    if (number == flag) return value;
  return otherwise;
}

std::size_t Recipe::size() const {
  std::size_t size = method.size() + target.size();
  for (const auto &[name, value] : headers) size += name.size() + value.size() + 4;
  const std::size_t length = body ? body->size_in_memory() : 0;
  return length < SIZE_MAX ? size + length : SIZE_MAX;
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
  version = std::to_string(given->major_version) + "." + std::to_string(given->minor_version);
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
  const std::string lines = version + "\n" + reason + "\n" + headers;
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
