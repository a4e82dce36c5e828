// Calls the functions that read one text: dates, XML for C, the debugging log, and tables of strings.
#include <ne_dates.h>
#include <ne_xml.h>

#include "../target.h"
#include "core/debug_log.h"
#include "core/error.h"
#include "core/markup.h"
#include "core/packed.h"
#include "ne/dates.h"

namespace neon::fuzz {

namespace {

/// A date that is read without neon is the date that neon reads.
void check_date(const std::string &text) {
  if (const auto time = usual_iso8601(text))
    require(*time == std::int64_t{1000} * ne_iso8601_parse(text.c_str()), "an ISO 8601 date is neon's");
  if (const auto time = usual_httpdate(text))
    require(*time == std::int64_t{1000} * ne_rfc1123_parse(text.c_str()), "an HTTP date is neon's");
}

/// Whether a document is well-formed, as neon's parser reads it without the simple checks before it.
bool is_well_formed(const std::string &document) {
  ne_xml_parser *const parser = ne_xml_create();
  const bool well_formed =
      ne_xml_parse(parser, document.data(), document.size()) == 0 && ne_xml_parse(parser, nullptr, 0) == 0;
  ne_xml_destroy(parser);
  return well_formed;
}

/// What is accepted is one element when C has written it.
void check_element(const std::string &name, const std::string &space, const std::string &value) {
  if ((name + space + value).find('\0') != std::string::npos) return;  // refused before
  try {
    require_element(name, space.c_str(), value.c_str(), "The element");
  } catch (const Failure &) {
    return;
  }
  require(
      is_well_formed("<" + name + " xmlns=\"" + space + "\" xmlns:D=\"DAV:\">" + value + "</" + name + ">"),
      "an element that is accepted is well-formed");
}

void check_content(const std::string &content) {
  if (content.find('\0') != std::string::npos) return;
  try {
    require_well_formed(content, "The content");
  } catch (const Failure &) {
    return;
  }
  require(is_well_formed("<a xmlns=\"DAV:\">" + content + "</a>"), "content that is accepted is well-formed");
}

/// No credentials remain in a line of the log, and a second pass changes nothing more.
void check_log(const std::string &line) {
  const std::string once = without_credentials(line);
  require(without_credentials(once) == once, "the second pass changes nothing");
  if (line.find("SeCrEt") != std::string::npos) return;
  const std::string url = "http://user:SeCrEt@" + line;
  const std::string field = line + "Authorization: SeCrEt";
  require(without_credentials("Request: " + url).find("SeCrEt") == std::string::npos,
          "a URL loses its password");
  require(without_credentials(field).find("SeCrEt") == std::string::npos, "a field loses its value");
}

/// A table returns the index of the first place of a tuple.
void check_table(std::string_view bytes) {
  Table table;
  std::vector<std::pair<std::string, std::string>> known;
  while (!bytes.empty()) {
    const std::string one(take_line(bytes)), other(take_line(bytes));
    if ((one + other).find('\0') != std::string::npos) continue;  // XML has no such character
    const std::uint32_t index = table.index_of({one, other});
    const auto found = std::find(known.begin(), known.end(), std::pair(one, other));
    require(index == static_cast<std::uint32_t>(found - known.begin()),
            "the index is that of the first place");
    if (found == known.end()) known.emplace_back(one, other);
  }
}

}  // namespace

void text(std::string_view bytes) {
  const unsigned choice = take_byte(bytes) % 5;
  if (choice == 0) return check_date(std::string(bytes));
  if (choice == 1) {
    const std::string name(take_line(bytes)), space(take_line(bytes));
    return check_element(name, space, std::string(bytes));
  }
  if (choice == 2) return check_content(std::string(bytes));
  if (choice == 3) return check_log(std::string(take_line(bytes)));
  check_table(bytes);
}

}  // namespace neon::fuzz
