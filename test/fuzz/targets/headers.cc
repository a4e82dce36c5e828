// Replaces the fields of the head of a request by those of a caller, and reads the options of a request.
#include <ne_string.h>

#include "../target.h"
#include "classes/exchange/caller_headers.h"
#include "core/error.h"

namespace neon::fuzz {

namespace {

std::size_t count_fields(std::string_view head, const std::string &name) {
  std::size_t count = 0;
  for (std::size_t end; (end = head.find("\r\n")) != std::string_view::npos; head.remove_prefix(end + 2))
    count += head.substr(0, end).size() > name.size() && head[name.size()] == ':' &&
             ne_strncasecmp(head.data(), name.c_str(), name.size()) == 0;
  return count;
}

}  // namespace

/// The input: the number of lines of options, these lines, and then the head.
void headers(std::string_view bytes) {
  static ne_session *const session = ne_session_create("http", "localhost", 80);
  std::string options;
  for (unsigned count = 1 + take_byte(bytes) % 16; count > 0; --count)
    options.append(take_line(bytes)) += '\n';
  Recipe recipe;
  try {
    Lines lines(options);
    recipe.read_lines(lines);
  } catch (const Failure &) {
    return;  // a name that is no token, or a value with a forbidden character
  }
  ne_request *const request = ne_request_create(session, "GET", "/");
  for (const auto &[name, value] : recipe.headers)
    ne_add_request_header(request, name.c_str(), value.c_str());
  ne_request_destroy(request);
  if (bytes.find('\0') != std::string_view::npos) return;  // C has refused the byte before
  const CallerHeaders headers(session, recipe);
  ne_buffer *const head = ne_buffer_create();
  ne_buffer_append(head, bytes.data(), bytes.size());
  const std::string before(bytes);
  headers.replace_in(head);
  const std::string after(head->data, ne_buffer_size(head));
  ne_buffer_destroy(head);
  for (const auto &[name, value] : recipe.headers) {
    const auto same = [&, &name = name](const auto &other) {
      return ne_strcasecmp(other.first.c_str(), name.c_str()) == 0;
    };
    const auto given =
        static_cast<std::size_t>(std::count_if(recipe.headers.begin(), recipe.headers.end(), same));
    require(count_fields(after, name) == std::min(count_fields(before, name), given),
            "there are as many fields as the caller gave");
  }
  require(after.size() <= before.size(), "the head does not grow");
}

}  // namespace neon::fuzz
