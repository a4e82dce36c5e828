// Reads an XML document into batches of events, and unpacks each batch as lib/classes/xml-events.ts does.
#include <memory>

#include "../target.h"
#include "classes/xml_events.h"

namespace neon::fuzz {

namespace {

void check(const EventBatch &batch) {
  const auto &numbers = batch.numbers_;
  Cutter text(batch.text_);
  require(!batch.ascii_ || utf16_length(batch.text_) == batch.text_.size(), "the text is ASCII");
  const std::size_t elements = batch.elements_.fields_.size() / 2,
                    attributes = batch.attributes_.fields_.size() / 2;
  std::size_t next = 0, events = 0;
  const auto number = [&] {
    require(next < numbers.size(), "a number is inside the list");
    return numbers[next++];
  };
  while (next < numbers.size()) {
    ++events;
    const std::uint32_t kind = number(), first = number();
    if (kind == 0) {
      text.next(first);
      continue;
    }
    require(kind <= 2 && first < elements, "the index of an element");
    for (std::uint32_t count = kind == 1 ? number() : 0; count > 0; --count) {
      require(number() < attributes, "the index of an attribute");
      text.next(number());
    }
  }
  text.require_over();
  require(events == batch.events_, "the number of events");
}

}  // namespace

void events(std::string_view bytes) {
  const unsigned size = take_byte(bytes), wanted = take_byte(bytes) % 8;
  const auto flush = [](std::unique_ptr<EventBatch> batch) {
    check(*batch);
    return true;
  };
  EventParser parser(wanted, "", flush);
  const auto parse = [&](std::string_view block) {
    const bool good = parser.parse(block);
    // A reader takes what has arrived, and gives it back when it wants more.
    if (auto batch = parser.take()) {
      check(*batch);
      if (wanted % 2 != 0) parser.give_back(std::move(batch));
    }
    return good;
  };
  if (!feed_blocks(bytes, size, parse) || !parser.parse({}))
    require(!parser.error().empty(), "an error has a text");
  if (auto batch = parser.take()) check(*batch);
}

}  // namespace neon::fuzz
