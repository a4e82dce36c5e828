// Packs the resources of a PROPFIND response for JavaScript.
#pragma once

#include <napi.h>
#include <ne_uri.h>
#include <ne_utils.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/packed.h"

namespace neon {

/// Some resources of a PROPFIND response, packed. For each resource, the numbers are
/// (lib/classes/propfind-batch.ts reads them):
///
///     origin, length of the href, failure, count,
///     then count times: name, and the length of the value + 3
///                          or 2, and a number: its upper and its lower half
///                          or 1, when the value equals the last one of this name
///                          or 0, and the status, when there is no value
///
/// Origin (scheme, host, user information, port), name (namespace, name) and status (code, reason,
/// description) are indices into tables. The index of an origin has 2 added. The origins 0 and 1 mark an href
/// that JavaScript has to read; the text of this href is as the server sent it. With the origin 0 this text
/// precedes the values, with the origin 1 it follows them. Failure is 0, or the index of the resource's own
/// status + 1. The values of getcontentlength, creationdate and getlastmodified are numbers (signed, 64 bits)
/// if their text has the usual form. The two dates are in milliseconds since 1970.
///
/// The calls for a resource follow the order of the document. begin_resource() is the first call,
/// end_resource() the last. Between them, set_href() or set_raw_href() is called once, and begin_propstat()
/// and end_propstat() are called for each propstat. Between begin_propstat() and end_propstat(),
/// begin_property(), text() and end_property() are called for each property.
class PropfindBatch final : public Packed {
 public:
  void begin_resource();
  /// Whether the resource has properties already. If it has, its href must be set by set_raw_href().
  bool has_properties() const { return !properties_.empty(); }
  /// Sets the href to the path of the resource on this server.
  void set_href(const ne_uri &server, std::string_view path);
  /// Sets the text of an href that JavaScript has to read.
  void set_raw_href(std::string_view text);
  /// A null `failure` means that the resource has not failed.
  void end_resource(const ne_status *failure, std::string_view description);
  void begin_propstat();
  /// The properties since begin_propstat() keep their values only if the status is null or 2xx.
  void end_propstat(const ne_status *status);
  /// Whether the last propstat has no properties.
  bool propstat_empty() const { return properties_.size() == propstat_.properties; }
  void begin_property(std::string_view nspace, std::string_view name);
  /// Appends to the value of the property.
  void text(std::string_view text) { text_ += text; }
  std::size_t value_size() const { return text_.size() - value_; }
  void end_property();

  bool full() const {
    return resources_ >= max_resources || numbers_.size() >= max_numbers || text_.size() >= max_text;
  }
  /// text, numbers, names, statuses, origins
  std::array<napi_value, 5> arguments(Napi::Env env) const;

 private:
  // The limits are so low that making the objects of a batch does not block the event loop for long.
  static constexpr std::size_t max_resources = 128, max_numbers = std::size_t{32} * 1024;

  using Reader = std::optional<std::int64_t> (*)(std::string_view text);
  static Reader reader_of(std::string_view nspace, std::string_view name);

  /// A position that return_to() goes back to.
  struct Mark {
    std::size_t text = 0, numbers = 0, properties = 0;
  };
  Mark here() const { return {text_.size(), numbers_.size(), properties_.size()}; }
  /// Removes everything that was written after the mark. A removed value is no longer the last value of its
  /// name.
  void return_to(Mark mark);

  /// The properties of one name: how their values become numbers, and the last value.
  struct Column {
    Reader reader = nullptr;
    enum { None, Number, Text } last = None;
    std::int64_t number = 0;
    std::size_t text = 0, size = 0;
    std::size_t at = 0;  // where the last value is in numbers_
  };

  std::size_t resources_ = 0;
  Mark propstat_;
  std::size_t head_ = 0;   // in numbers_: where the resource begins
  std::string late_href_;  // an href that came after properties
  std::size_t value_ = 0;  // in text_: where the value began
  std::uint32_t name_ = 0;
  std::vector<std::uint32_t> properties_;  // the names of the properties that the resource has so far
  std::vector<Column> columns_;
  Table names_, statuses_, origins_;
};

}  // namespace neon
