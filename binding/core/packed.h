#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace neon {

/// A table of tuples of strings that repeat: each tuple is stored once, in the order of first appearance.
class Table final {
 public:
  std::uint32_t index_of(std::initializer_list<std::string_view> fields);
  /// A flat array of all fields.
  Napi::Array array(Napi::Env env) const;

 private:
  std::vector<std::string> fields_;
  std::unordered_map<std::string, std::uint32_t> indices_;
  std::uint32_t last_ = 0;  // the index that was returned last
};

/// Many texts that reach JavaScript as only two values: one string, and one array of numbers that says where
/// to cut the string. Lengths are in UTF-16 units.
class Packed {
 public:
  bool empty() const { return numbers_.empty(); }

 protected:
  // With this much text, the fixed cost of a batch is negligible.
  static constexpr std::size_t max_text = std::size_t{256} * 1024;

  /// Appends valid UTF-8; returns its length.
  std::uint32_t append(std::string_view text);
  /// Returns the length of a text without appending it. The caller appends it to text_.
  std::uint32_t measure(std::string_view text);
  Napi::Value text_value(Napi::Env env) const;
  Napi::Value numbers_value(Napi::Env env) const;

  std::string text_;
  std::vector<std::uint32_t> numbers_;

 private:
  bool ascii_ = true;
};

}  // namespace neon
