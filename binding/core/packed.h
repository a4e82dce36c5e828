#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace neon {

/// Strings that come again and again, so many fields at a time, in the order of their first coming.
class Table final {
 public:
  std::uint32_t index_of(std::initializer_list<std::string_view> fields);
  /// A flat array of all fields.
  Napi::Array array(Napi::Env env) const;

 private:
  std::vector<std::string> fields_;
  std::unordered_map<std::string, std::uint32_t> indices_;
  std::uint32_t last_ = 0;  // that was asked for
};

/// Many texts that cross to JavaScript at the cost of two values: one string, and one array of numbers that
/// tells how to cut it. Lengths are in UTF-16 units.
class Packed {
 public:
  bool empty() const { return numbers_.empty(); }

 protected:
  // So much text that the cost of a batch does not count.
  static constexpr std::size_t max_text = std::size_t{256} * 1024;

  /// Valid UTF-8; gives its length.
  std::uint32_t append(std::string_view text);
  /// The length of the text that was added to text_ alone.
  std::uint32_t measure(std::string_view text);
  Napi::Value text_value(Napi::Env env) const;
  Napi::Value numbers_value(Napi::Env env) const;

  std::string text_;
  std::vector<std::uint32_t> numbers_;

 private:
  bool ascii_ = true;
};

}  // namespace neon
