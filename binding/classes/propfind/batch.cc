// Writes the packed form of resources, and turns lengths and dates into numbers.
#include "classes/propfind/batch.h"

#include <string>

#include "core/value.h"
#include "ne/dates.h"

namespace neon {

namespace {

std::string_view view(const char *text) { return text ? text : ""; }

std::optional<std::int64_t> usual_length(std::string_view text) {
  constexpr std::size_t max_digits = 15;  // a JavaScript number holds all of these
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

void PropfindBatch::begin_resource(const ne_uri &uri) {
  if (in_resource_) return_to(resource_);
  in_resource_ = true;
  has_propstat_ = false;
  properties_.clear();
  resource_ = here();
  numbers_.push_back(
      origins_.index_of({view(uri.scheme), view(uri.host), view(uri.userinfo), std::to_string(uri.port)}));
  numbers_.push_back(append(view(uri.path)));
  std::uint32_t tail = 0;
  if (uri.query) tail += append("?") + append(uri.query);
  if (uri.fragment) tail += append("#") + append(uri.fragment);
  numbers_.push_back(tail);
  count_ = numbers_.size();
  numbers_.push_back(0);
}

void PropfindBatch::end_resource() {
  ++resources_;
  if (!has_propstat_) return_to(resource_);
  in_resource_ = false;
}

void PropfindBatch::begin_propstat() {
  has_propstat_ = true;
  propstat_ = here();
}

void PropfindBatch::end_propstat(const ne_status *status) {
  if (!status || status->klass == 2 || properties_.size() == propstat_.properties) return;
  return_to(propstat_);
  const std::uint32_t index = statuses_.index_of({std::to_string(status->code), view(status->reason_phrase)});
  for (std::size_t i = propstat_.properties; i < properties_.size(); ++i)
    numbers_.insert(numbers_.end(), {properties_[i], 0, index});
}

void PropfindBatch::begin_property(std::string_view nspace, std::string_view name) {
  ++numbers_[count_];
  name_ = names_.index_of({nspace, name});
  numbers_.push_back(name_);
  properties_.push_back(name_);
  if (name_ == columns_.size()) columns_.emplace_back().reader = reader_of(nspace, name);
  value_ = text_.size();
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
    numbers_.push_back(measure(value) + 3);
  }
}

std::array<napi_value, 5> PropfindBatch::arguments(Napi::Env env) const {
  return {text_value(env), numbers_value(env), names_.array(env), statuses_.array(env), origins_.array(env)};
}

}  // namespace neon
