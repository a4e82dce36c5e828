#pragma once

#include <ne_uri.h>
#include <ne_utils.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/packed.h"

namespace neon {

/// Some resources of a listing, packed. For each (lib/classes/propfind-batch.ts reads it):
///
///     origin, length of the path, length of what follows it in the URI (`?query#fragment`), count,
///     then count times: name, and the length of the value + 3
///                          or 2, and a number: its upper and its lower half
///                          or 1, when the value is the last one of this name again
///                          or 0, and the status, when there is none
///
/// Origin (scheme, host, user information, port), name (namespace, name) and status (code, reason) are
/// indices. Numbers (signed, 64 bits) stand for lengths and dates of the usual forms: getcontentlength, and
/// in milliseconds since 1970 creationdate and getlastmodified.
///
/// Written in the order of the document: begin_resource(), then begin_property(), text(), end_property()
/// inside begin_propstat() and end_propstat(), then end_resource().
class Batch final : public Packed {
 public:
  /// One that did not end is forgotten.
  void begin_resource(const ne_uri &uri);
  /// Without any propstat it is forgotten, too.
  void end_resource();
  void begin_propstat();
  /// The properties since begin_propstat() have no values unless the status is null or 2xx.
  void end_propstat(const ne_status *status);
  void begin_property(std::string_view nspace, std::string_view name);
  /// More of the value.
  void text(std::string_view text) { text_ += text; }
  std::size_t value_size() const { return text_.size() - value_; }
  void end_property();

  bool full() const {
    return resources_ >= max_resources || numbers_.size() >= max_numbers || text_.size() >= max_text;
  }
  /// text, numbers, names, statuses, origins
  std::vector<napi_value> arguments(napi_env env) const;

 private:
  // So few that making objects of them keeps nobody waiting: resources, and what tells of their properties.
  static constexpr std::size_t max_resources = 128, max_numbers = std::size_t{32} * 1024;

  using Reader = std::optional<std::int64_t> (*)(std::string_view text);
  static Reader reader_of(std::string_view nspace, std::string_view name);

  /// Where something began.
  struct Mark {
    std::size_t text = 0, numbers = 0, properties = 0;
  };
  Mark here() const { return {text_.size(), numbers_.size(), properties_.size()}; }
  /// Takes back what was written since. Values that stood there are no longer anybody's last ones.
  void return_to(Mark mark);

  /// What has one name: how its values become numbers, and its last value.
  struct Column {
    Reader reader = nullptr;
    enum { None, Number, Text } last = None;
    std::int64_t number = 0;
    std::size_t text = 0, size = 0;
    std::size_t at = 0;  // where it stands in numbers_
  };

  std::size_t resources_ = 0;  // the forgotten ones too: their origins stay
  bool in_resource_ = false, has_propstat_ = false;
  Mark resource_, propstat_;
  std::size_t count_ = 0;  // where in numbers_ the properties of the resource are counted
  std::size_t value_ = 0;  // where in text_ the value began
  std::uint32_t name_ = 0;
  std::vector<std::uint32_t> properties_;  // the names of those that the resource has so far
  std::vector<Column> columns_;
  Table names_, statuses_, origins_;
};

}  // namespace neon
