#include "dates.h"

#include <ne_dates.h>

#include <algorithm>
#include <limits>

#include "convert.h"
#include "topic.h"

namespace neon {

namespace {

// What both time_t and JavaScript's numbers hold.
constexpr std::int64_t most_seconds =
    std::min<std::int64_t>(std::numeric_limits<std::time_t>::max(), (std::int64_t{1} << 53) - 1);

napi_value rfc1123_date(const Arguments &arguments) {
  const auto anytime = static_cast<std::time_t>(arguments.integer(0, "anytime", -most_seconds, most_seconds));
  const auto text = [anytime] {
    const std::lock_guard lock(gmtime_mutex);
    return ne_rfc1123_date(anytime);
  };
  return take(arguments.env(), text());
}

template <std::time_t (*Parse)(const char *)>
napi_value parse(const Arguments &arguments) {
  return from(arguments.env(), static_cast<double>(Parse(arguments.text(0, "date").c_str())));
}

}  // namespace

void register_dates(Topic &topic) {
  topic.plain("ne_rfc1123_date", rfc1123_date);
  topic.plain("ne_rfc1123_parse", parse<ne_rfc1123_parse>);
  topic.plain("ne_rfc1036_parse", parse<ne_rfc1036_parse>);
  topic.plain("ne_asctime_parse", parse<ne_asctime_parse>);
  topic.plain("ne_httpdate_parse", parse<ne_httpdate_parse>);
  topic.plain("ne_iso8601_parse", parse<ne_iso8601_parse>);
}

}  // namespace neon
