#include "classes/exchange/caller_headers.h"

#include <ne_string.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <vector>

namespace neon {

namespace {

constexpr std::string_view line_end = "\r\n";

/// Whether the line is a header field with this name. The request line never matches: the text before its
/// first colon contains a space, and a name contains none.
bool is_field(std::string_view line, const std::string &name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         ne_strncasecmp(line.data(), name.c_str(), name.size()) == 0;
}

std::string_view value_of(std::string_view line, const std::string &name) {
  line.remove_prefix(name.size() + 1);
  const std::size_t start = line.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view() : line.substr(start);
}

std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  for (std::size_t end; (end = head.find(line_end)) != std::string_view::npos;) {
    lines.push_back(head.substr(0, end));
    head.remove_prefix(end + line_end.size());
  }
  return lines;
}

}  // namespace

CallerHeaders::CallerHeaders(ne_session *session, const Recipe &recipe) : session_(session), recipe_(recipe) {
  if (!recipe_.headers.empty()) ne_hook_pre_send(session_, on_send, this);
}

CallerHeaders::~CallerHeaders() {
  if (!recipe_.headers.empty()) ne_unhook_pre_send(session_, on_send, this);
}

void CallerHeaders::on_send(ne_request *, void *self, ne_buffer *head) noexcept {
  try {
    static_cast<CallerHeaders *>(self)->replace_in(head);
  } catch (const std::bad_alloc &) {  // the head keeps its duplicate fields
  }
}

// Removes surplus fields that the caller has not set, until the number of fields of each name equals the
// number that the caller has set.
void CallerHeaders::replace_in(ne_buffer *head) const {
  const std::string before(head->data, ne_buffer_size(head));
  auto lines = lines_of(before);
  const std::size_t all = lines.size();
  for (const auto &field : recipe_.headers) {
    const std::string &name = field.first;
    std::vector<std::string_view> given;
    for (const auto &[other, text] : recipe_.headers)
      if (ne_strcasecmp(other.c_str(), name.c_str()) == 0) given.push_back(text);
    auto surplus =
        std::count_if(lines.begin(), lines.end(), [&](auto line) { return is_field(line, name); }) -
        static_cast<std::ptrdiff_t>(given.size());
    if (surplus <= 0) continue;
    std::erase_if(lines, [&](std::string_view line) {
      if (!is_field(line, name)) return false;
      const auto own = std::find(given.begin(), given.end(), value_of(line, name));
      if (own == given.end()) return surplus-- > 0;
      given.erase(own);
      return false;
    });
  }
  if (lines.size() == all) return;
  ne_buffer_clear(head);
  for (const std::string_view line : lines) {
    ne_buffer_append(head, line.data(), line.size());
    ne_buffer_append(head, line_end.data(), line_end.size());
  }
}

}  // namespace neon
