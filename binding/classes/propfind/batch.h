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

/// Some resources of a PROPFIND response, packed into numbers and one text. lib/classes/propfind-batch.ts
/// reads them. The numbers of one resource are:
///
///     origin, length of the href, failure, count,
///     then count times: name, and the length of the value + 3, with the highest bit set if it has markup
///                          or 2, and a number: its upper and its lower half
///                          or 1, when the value equals the last one of this name
///                          or 0, and the status, when there is no value
///
/// Origins, names and statuses are indices into tables. An origin is (scheme, host, user information, port),
/// a name is (namespace, name), and a status is (code, reason, description). The index of an origin has 2
/// added, because the origins 0 and 1 mark an href that JavaScript has to read. The text of such an href is
/// as the server sent it. The text precedes the values if the origin is 0, and follows them if the origin is
/// 1. Failure is 0, or the index of the resource's own status + 1. The values of getcontentlength,
/// creationdate and getlastmodified are numbers (signed, 64 bits) if their text has the usual form. The two
/// dates are in milliseconds since 1970.
///
/// The calls for a resource follow the order of the document. The first call is begin_resource(), and the
/// last is end_resource(). Between them, set_href() or set_raw_href() is called once. For each propstat,
/// begin_propstat() and end_propstat() are called. Between these two, each property has the calls
/// begin_property(), text() and end_property().
class PropfindBatch final : public Packed {
 public:
  void begin_resource();
  /// Whether the resource has properties already. If it has, only set_raw_href() may set its href.
  bool has_properties() const { return !properties_.empty(); }
  /// Sets the href to the path of the resource on this server.
  void set_href(const ne_uri &server, std::string_view path);
  /// Sets the text of an href that JavaScript has to read.
  void set_raw_href(std::string_view text);
  /// A null `failure` means that the resource has not failed.
  void end_resource(const ne_status *failure, std::string_view description);
  void begin_propstat();
  /// If there is a status and it is not 2xx, the properties since begin_propstat() lose their values.
  void end_propstat(const ne_status *status);
  /// Whether the last propstat has no properties.
  bool propstat_empty() const { return properties_.size() == propstat_.properties; }
  void begin_property(std::string_view nspace, std::string_view name);
  /// Appends to the value of the property.
  void text(std::string_view text) { text_ += text; }
  std::size_t value_size() const { return text_.size() - value_; }
  /// Notes that the value of the property has elements.
  void mark() { markup_ = true; }
  bool has_markup() const { return markup_; }
  void end_property();

  bool full() const {
    return resources_ >= max_resources || numbers_.size() >= max_numbers || text_.size() >= max_text;
  }
  /// text, numbers, names, statuses, origins
  std::array<napi_value, 5> arguments(Napi::Env env) const;

 private:
  // The limits are so low that making the objects of a batch does not block the event loop for long.
  static constexpr std::size_t max_resources = 128, max_numbers = std::size_t{32} * 1024;
  static constexpr std::uint32_t markup_bit = 0x80000000U;

  using Reader = std::optional<std::int64_t> (*)(std::string_view text);
  static Reader reader_of(std::string_view nspace, std::string_view name);

  /// A position that return_to() goes back to.
  struct Mark {
    std::size_t text = 0, numbers = 0, properties = 0;
  };
  Mark here() const { return {text_.size(), numbers_.size(), properties_.size()}; }
  /// Removes everything that was written after the mark. Later values are not compared with a removed value.
  void return_to(Mark mark);

  /// What the batch knows of all properties with one name: how to read a number from a value, and the last
  /// value.
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
  bool markup_ = false;    // whether the value has elements
  std::uint32_t name_ = 0;
  std::vector<std::uint32_t> properties_;  // the names of the properties that the resource has so far
  std::vector<Column> columns_;
  Table names_, statuses_, origins_;
};

}  // namespace neon
