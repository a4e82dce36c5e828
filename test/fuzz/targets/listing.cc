// Reads a multi-status document into batches, and unpacks each batch as lib/classes/propfind-batch.ts does.
#include <memory>

#include "../target.h"
#include "classes/propfind/batch.h"
#include "classes/propfind/parser.h"

namespace neon::fuzz {

namespace {

constexpr std::uint32_t first_origin = 2, markup_bit = 0x80000000U;

/// Reads the form that the elements in a value have (binding/classes/propfind/parser.h).
void check_markup(std::string_view value) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char part = value[at];
    if (part == '\x01') {
      const std::size_t name = value.find('\x02', at), end = value.find('\x04', at);
      require(name < end && end != std::string_view::npos, "the start of an element is complete");
      at = end;
      ++depth;
    } else if (part == '\x05') {
      require(depth-- > 0, "the end of an element has a start");
    } else if (part == '\x06') {
      require(depth == 0 && value.find('\x04', at) == value.size() - 1, "the attributes are the end");
      return;
    }
  }
  require(depth == 0, "each element ends");
}

void check(const PropfindBatch &batch) {
  const auto &numbers = batch.numbers_;
  Cutter text(batch.text_);
  require(!batch.ascii_ || utf16_length(batch.text_) == batch.text_.size(), "the text is ASCII");
  const std::size_t names = batch.names_.fields_.size() / 2, statuses = batch.statuses_.fields_.size() / 3,
                    origins = batch.origins_.fields_.size() / 4;
  for (const auto *table : {&batch.names_, &batch.statuses_, &batch.origins_})
    for (const std::string &field : table->fields_) utf16_length(field);
  std::size_t next = 0, resources = 0;
  const auto number = [&] {
    require(next < numbers.size(), "a number is inside the list");
    return numbers[next++];
  };
  std::vector<bool> seen(names);
  while (next < numbers.size()) {
    ++resources;
    const std::uint32_t origin = number(), length = number(), failure = number();
    require(origin < first_origin + origins, "the index of an origin");
    require(failure <= statuses, "the index of a failure");
    const bool late = origin == 1;
    if (!late) text.next(length);
    for (std::uint32_t count = number(); count > 0; --count) {
      const std::uint32_t name = number(), kind = number();
      require(name < names, "the index of a name");
      if (kind == 0) {
        require(number() < statuses, "the index of a status");
        continue;
      }
      if (kind == 1) {
        require(seen[name], "a value that repeats has appeared");
      } else if (kind == 2) {
        number();
        number();
      } else {
        require((kind & ~markup_bit) >= 3, "the length of a value");
        const std::string_view value = text.next((kind & ~markup_bit) - 3);
        if (kind & markup_bit) check_markup(value);
      }
      seen[name] = true;
    }
    if (late) text.next(length);
  }
  text.require_over();
  require(resources == batch.resources_, "the number of resources");
}

}  // namespace

void listing(std::string_view bytes) {
  static ne_session *const session = ne_session_create("http", "localhost", 80);
  static ne_request *const request = ne_request_create(session, "PROPFIND", "/");
  const unsigned size = take_byte(bytes);
  const bool wanted = take_byte(bytes) % 2 != 0;
  PropfindParser parser(
      session, [](std::unique_ptr<PropfindBatch> batch) { check(*batch); }, [=] { return wanted; });
  const auto parse = [&](std::string_view block) { return parser.parse(request, block) == 0; };
  const bool good = feed_blocks(bytes, size, parse) && parser.parse(request, {}) == 0;
  const char *const failure = parser.failure(good);
  require(good || failure, "a failure has a reason");
  if (!failure) check(*parser.take());
  utf16_length(parser.sync_token());
}

}  // namespace neon::fuzz
