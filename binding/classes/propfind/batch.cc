// Writes the packed form of resources, and turns lengths and dates into numbers.
#include "classes/propfind/batch.h"

#include <string>

#include "core/value.h"
#include "ne/dates.h"

namespace neon {

namespace {

std::string_view view(const char *text) { return text ? text : ""; }

std::optional<std::int64_t> usual_length(std::string_view text) {
  constexpr std::size_t max_digits = 15;  // a JavaScript number is exact up to 15 digits
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  std::int64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value;
}

}  // namespace

PropfindBatch::Reader PropfindBatch::reader_of(std::string_view nspace, std::string_view name) {
  if (nspace != "DAV:") return nullptr;
  if (name == "getcontentlength") return usual_length;
  if (name == "creationdate") return usual_iso8601;
  if (name == "getlastmodified") return usual_httpdate;
  return nullptr;
}

void PropfindBatch::return_to(Mark mark) {
  text_.resize(mark.text);
  numbers_.resize(mark.numbers);
  for (std::size_t i = mark.properties; i < properties_.size(); ++i)
    if (Column &column = columns_[properties_[i]]; column.at >= mark.numbers) column.last = Column::None;
}

// Places in the head of a resource.
namespace {

constexpr std::size_t origin_place = 0, href_place = 1, failure_place = 2, count_place = 3, head_size = 4;
constexpr std::uint32_t raw_origin = 0, late_origin = 1, first_origin = 2;

}  // namespace

void PropfindBatch::begin_resource() {
  properties_.clear();
  head_ = numbers_.size();
  numbers_.insert(numbers_.end(), head_size, 0);
}

void PropfindBatch::set_href(const ne_uri &server, std::string_view path) {
  numbers_[head_ + origin_place] = origins_.index_of({view(server.scheme), view(server.host),
                                                      view(server.userinfo), std::to_string(server.port)}) +
                                   first_origin;
  numbers_[head_ + href_place] = append(path);
}

void PropfindBatch::set_raw_href(std::string_view text) {
  numbers_[head_ + origin_place] = properties_.empty() ? raw_origin : late_origin;
  late_href_ = properties_.empty() ? "" : text;
  if (properties_.empty()) numbers_[head_ + href_place] = append(text);
}

void PropfindBatch::end_resource(const ne_status *failure, std::string_view description) {
  ++resources_;
  if (numbers_[head_ + origin_place] == late_origin) numbers_[head_ + href_place] = append(late_href_);
  if (failure)
    numbers_[head_ + failure_place] =
        statuses_.index_of({std::to_string(failure->code), view(failure->reason_phrase), description}) + 1;
}

void PropfindBatch::begin_propstat() { propstat_ = here(); }

void PropfindBatch::end_propstat(const ne_status *status) {
  if (!status || status->klass == 2 || propstat_empty()) return;
  return_to(propstat_);
  const std::uint32_t index =
      statuses_.index_of({std::to_string(status->code), view(status->reason_phrase), ""});
  for (std::size_t i = propstat_.properties; i < properties_.size(); ++i)
    numbers_.insert(numbers_.end(), {properties_[i], 0, index});
}

void PropfindBatch::begin_property(std::string_view nspace, std::string_view name) {
  ++numbers_[head_ + count_place];
  name_ = names_.index_of({nspace, name});
  numbers_.push_back(name_);
  properties_.push_back(name_);
  if (name_ == columns_.size()) columns_.emplace_back().reader = reader_of(nspace, name);
  value_ = text_.size();
  markup_ = false;
}

void PropfindBatch::end_property() {
  Column &column = columns_[name_];
  const std::string_view value = std::string_view(text_).substr(value_);
  if (const auto number = column.reader ? column.reader(value) : std::nullopt) {
    text_.resize(value_);
    if (column.last == Column::Number && column.number == *number) return numbers_.push_back(1);
    column.last = Column::Number;
    column.at = numbers_.size();
    column.number = *number;
    const auto bits = static_cast<std::uint64_t>(*number);
    numbers_.insert(numbers_.end(),
                    {2, static_cast<std::uint32_t>(bits >> 32U), static_cast<std::uint32_t>(bits)});
  } else if (column.last == Column::Text &&
             value == std::string_view(text_).substr(column.text, column.size)) {
    text_.resize(value_);
    numbers_.push_back(1);
  } else {
    column.last = Column::Text;
    column.at = numbers_.size();
    column.text = value_;
    column.size = value.size();
    numbers_.push_back((measure(value) + 3) | (markup_ ? markup_bit : 0));
  }
}

std::array<napi_value, 5> PropfindBatch::arguments(Napi::Env env) const {
  return {text_value(env), numbers_value(env), names_.array(env), statuses_.array(env), origins_.array(env)};
}

}  // namespace neon
