#include "core/outbox.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/value.h"

namespace neon {

namespace {

constexpr std::size_t columns = 4;

}  // namespace

void Outbox::open(Napi::Float64Array table, Napi::Uint8Array bytes) {
  table_ = table.Data();
  rows_ = table.ElementLength() / columns;
  bytes_ = reinterpret_cast<char *>(bytes.Data());
  room_ = bytes.ElementLength();
}

bool Outbox::add(std::uint64_t operation, int status, std::initializer_list<std::string_view> head,
                 std::string_view body) {
  const std::size_t head_size =
      std::accumulate(head.begin(), head.end(), std::size_t{0},
                      [](std::size_t sum, auto piece) { return sum + piece.size(); });
  if (count_ == rows_ || room_ - used_ < head_size + body.size()) return false;
  double *const row = table_ + columns * count_++;
  row[0] = static_cast<double>(operation);
  row[1] = status;
  row[2] = static_cast<double>(head_size);
  row[3] = static_cast<double>(body.size());
  for (const std::string_view piece : head) append(piece);
  append(body);
  return true;
}

void Outbox::append(std::string_view text) {
  std::copy(text.begin(), text.end(), bytes_ + used_);
  used_ += text.size();
}

// Resets the counts first, so that an exception leaves no response behind that would be delivered twice.
void Outbox::flush(Napi::Function deliver) {
  used_ = 0;
  const auto count = static_cast<double>(std::exchange(count_, 0));
  call_javascript(deliver, {Napi::Number::New(deliver.Env(), count)});
}

}  // namespace neon
