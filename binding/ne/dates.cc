// Dates: the functions of ne_dates.h. The two common formats are parsed without neon, which is faster.
#include "ne/dates.h"

#include <ne_dates.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/topic.h"

namespace neon {

namespace {

/// Whether the text has digits where the pattern has `0`, letters where the pattern has `a`, and the
/// characters of the pattern in all other places.
bool fits(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), [](char one, char wanted) {
    if (wanted == '0') return one >= '0' && one <= '9';
    if (wanted == 'a') return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z');
    return one == wanted;
  });
}

unsigned number_at(std::string_view text, std::size_t at, std::size_t digits) {
  unsigned value = 0;
  for (const char digit : text.substr(at, digits)) value = value * 10 + static_cast<unsigned>(digit - '0');
  return value;
}

/// `time` is HH:MM:SS. A leap second is converted to the following second, as in neon. Returns no value for a
/// day or a time that does not exist, or for a year before 1000. Date formats differ in how they write such
/// early years.
std::optional<std::int64_t> milliseconds(unsigned year, unsigned month, unsigned day, std::string_view time) {
  using namespace std::chrono;
  constexpr unsigned first_year = 1000;
  const auto date =
      std::chrono::year(static_cast<int>(year)) / static_cast<int>(month) / static_cast<int>(day);
  const unsigned hour = number_at(time, 0, 2), minute = number_at(time, 3, 2), second = number_at(time, 6, 2);
  if (year < first_year || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto since = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
  return duration_cast<std::chrono::milliseconds>(since.time_since_epoch()).count();
}

// The largest number of seconds that is exact both in time_t and in JavaScript.
constexpr std::int64_t max_seconds =
    std::min<std::int64_t>(std::numeric_limits<std::time_t>::max(), (std::int64_t{1} << 53) - 1);

Napi::Value rfc1123_date(const Arguments &arguments) {
  const auto anytime = static_cast<std::time_t>(arguments.integer(0, "anytime", -max_seconds, max_seconds));
  const auto text = [anytime] {
    const std::lock_guard lock(gmtime_mutex);
    return ne_rfc1123_date(anytime);
  };
  return take_string(arguments.env(), text());
}

template <std::time_t (*Parse)(const char *)>
Napi::Value parse(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), static_cast<double>(Parse(arguments.text(0, "date").c_str())));
}

}  // namespace

std::optional<std::int64_t> usual_iso8601(std::string_view text) {
  if (!fits(text, "0000-00-00T00:00:00Z")) return std::nullopt;
  return milliseconds(number_at(text, 0, 4), number_at(text, 5, 2), number_at(text, 8, 2), text.substr(11));
}

std::optional<std::int64_t> usual_httpdate(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (!fits(text, "aaa, 00 aaa 0000 00:00:00 GMT")) return std::nullopt;
  const std::size_t month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  return milliseconds(number_at(text, 12, 4), static_cast<unsigned>(month / 3 + 1), number_at(text, 5, 2),
                      text.substr(17));
}

void register_dates(Topic &topic) {
  topic.plain("ne_rfc1123_date", rfc1123_date);
  topic.plain("ne_rfc1123_parse", parse<ne_rfc1123_parse>);
  topic.plain("ne_rfc1036_parse", parse<ne_rfc1036_parse>);
  topic.plain("ne_asctime_parse", parse<ne_asctime_parse>);
  topic.plain("ne_httpdate_parse", parse<ne_httpdate_parse>);
  topic.plain("ne_iso8601_parse", parse<ne_iso8601_parse>);
}

}  // namespace neon
