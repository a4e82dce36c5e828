#include "core/packed.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace neon {

namespace {

bool is_ascii(std::string_view text) {
  std::uint64_t bits = 0, word;
  for (; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
    std::memcpy(&word, text.data(), sizeof word);
    bits |= word;
  }
  for (const char byte : text) bits |= static_cast<unsigned char>(byte);
  return (bits & 0x8080808080808080U) == 0;
}

}  // namespace

// Tuples nearly always repeat in the order of their first appearance, so the next index is tried first.
std::uint32_t Table::index_of(std::initializer_list<std::string_view> fields) {
  const std::size_t count = indices_.size();
  const std::uint32_t guess = last_ + 1 < count ? last_ + 1 : 0;
  if (count > 0 && std::equal(fields.begin(), fields.end(), &fields_[guess * fields.size()]))
    return last_ = guess;
  std::string key;
  for (const std::string_view field : fields) key.append(field) += '\0';
  const auto [found, is_new] = indices_.try_emplace(std::move(key), count);
  if (is_new) fields_.insert(fields_.end(), fields.begin(), fields.end());
  return last_ = found->second;
}

Napi::Array Table::array(Napi::Env env) const {
  const Napi::Array list = Napi::Array::New(env, fields_.size());
  for (std::uint32_t i = 0; i < fields_.size(); ++i) list.Set(i, fields_[i]);
  return list;
}

std::uint32_t Packed::append(std::string_view text) {
  text_ += text;
  return measure(text);
}

// Counts the UTF-16 units: two for each character beyond the Basic Multilingual Plane, and one for any other.
std::uint32_t Packed::measure(std::string_view text) {
  if (is_ascii(text)) return static_cast<std::uint32_t>(text.size());
  ascii_ = false;
  std::uint32_t length = 0;
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    length += (value & 0xC0) != 0x80;
    length += value >= 0xF0;
  }
  return length;
}

// Passes ASCII as Latin-1, which costs less than UTF-8. Uses Node-API directly, because node-addon-api does
// not support Latin-1.
Napi::Value Packed::text_value(Napi::Env env) const {
  napi_value text;
  const auto create = ascii_ ? napi_create_string_latin1 : napi_create_string_utf8;
  const napi_status status = create(env, text_.data(), text_.size(), &text);
  // V8 refuses to make a string longer than half a GiB, and throws no exception then.
  if (status == napi_generic_failure || status == napi_invalid_arg)
    throw neon_failure(code::no_memory, "The text is longer than a string can be");
  check(env, status);
  return {env, text};
}

Napi::Value Packed::numbers_value(Napi::Env env) const {
  auto numbers = Napi::Uint32Array::New(env, numbers_.size());
  std::copy(numbers_.begin(), numbers_.end(), numbers.Data());
  return numbers;
}

}  // namespace neon
