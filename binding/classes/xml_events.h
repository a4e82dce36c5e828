#pragma once

#include <ne_xml.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/packed.h"

namespace neon {

/// Some events of a document, packed. One after the other (lib/classes/xml-events.ts reads it):
///
///     0, length                                           text
///     1, name, count, then count times: name, length      the start of an element, and its attributes
///     2, name                                             its end
///
/// Names of elements (namespace, name) and of attributes (the same, or nothing and the name as it was
/// written) are indices.
class EventBatch final : public Packed {
 public:
  void start(std::string_view nspace, std::string_view name);
  /// Of the last start.
  void attribute(std::string_view nspace, std::string_view name, std::string_view value);
  /// Text that follows text is one event with it.
  void text(std::string_view text);
  void end(std::string_view nspace, std::string_view name);
  /// A start or an end that nobody wants.
  void end_text() { length_at_ = 0; }
  bool full() const { return events_ >= max_events || text_.size() >= max_text; }
  /// [text, numbers, elements, attributes]
  napi_value value(napi_env env) const;

 private:
  // So few that the handlers of one batch keep nobody waiting.
  static constexpr std::size_t max_events = 512;

  std::size_t events_ = 0;
  std::size_t count_at_ = 0;   // in numbers_: of the attributes of the last start
  std::size_t length_at_ = 0;  // in numbers_: of the text that came last, or 0
  Table elements_, attributes_;
};

/// A document whose events are packed, block by block. On one thread at a time, any; it calls no JavaScript.
class EventParser final {
 public:
  enum Wanted : unsigned { starts = 1, texts = 2, ends = 4 };
  /// Takes a full batch; false ends the parsing.
  using Flush = std::function<bool(std::unique_ptr<EventBatch>)>;

  /// `charset` is what the response says of itself, or empty.
  EventParser(unsigned wanted, const std::string &charset, Flush flush);
  ~EventParser();
  EventParser(const EventParser &) = delete;
  EventParser &operator=(const EventParser &) = delete;

  /// A block, or the end when it is empty. False when that was ended or is not well-formed.
  bool parse(std::string_view block);
  /// Why it is not.
  std::string error() const;

  /// What came after the last full batch, or null; give_back() makes more come into it.
  std::unique_ptr<EventBatch> take();
  void give_back(std::unique_ptr<EventBatch> batch) { batch_ = std::move(batch); }

 private:
  static int on_start(void *self, int parent, const char *nspace, const char *name,
                      const char **attributes) noexcept;
  static int on_text(void *self, int state, const char *text, std::size_t size) noexcept;
  static int on_end(void *self, int state, const char *nspace, const char *name) noexcept;
  template <class Add>
  bool add(Add add) noexcept;
  void add_attribute(EventBatch &batch, std::string_view name, const char *value) const;

  ne_xml_parser *const c_;
  const unsigned wanted_;
  const Flush flush_;
  std::unique_ptr<EventBatch> batch_;
  std::string error_;  // that is not C's
};

}  // namespace neon
