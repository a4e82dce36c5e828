// Parses XML into packed batches of events, for the XML handlers of the classes.
#pragma once

#include <napi.h>
#include <ne_xml.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/packed.h"

namespace neon {

/// Some events of a document, packed. For each event, the numbers are (lib/classes/xml-events.ts reads them):
///
///     0, length                                           text
///     1, name, count, then count times: name, length      the start of an element, and its attributes
///     2, name                                             the end of an element
///
/// Names are indices into two tables. The table of elements has pairs of a namespace and a name. The table of
/// attributes has pairs of a namespace and a name, or of an empty string and the name as it was written.
class EventBatch final : public Packed {
 public:
  void start(std::string_view nspace, std::string_view name);
  /// Adds an attribute to the start of the element that was added last.
  void attribute(std::string_view nspace, std::string_view name, std::string_view value);
  /// Consecutive texts are one event.
  void text(std::string_view text);
  void end(std::string_view nspace, std::string_view name);
  /// Called at a start or an end that JavaScript has not asked for. The text after it then becomes an event
  /// of its own.
  void end_text() { length_at_ = 0; }
  bool full() const { return events_ >= max_events || text_.size() >= max_text; }
  /// [text, numbers, elements, attributes]
  Napi::Value value(Napi::Env env) const;

 private:
  // The limit is low, so that the handlers of one batch do not block the event loop for long.
  static constexpr std::size_t max_events = 512;

  std::size_t events_ = 0;
  std::size_t count_at_ = 0;   // in numbers_: the count of the attributes of the last start
  std::size_t length_at_ = 0;  // in numbers_: the length of the text that came last, or 0
  Table elements_, attributes_;
};

/// Parses a document block by block, and packs its events. Any thread may use the parser, but only one thread
/// at a time. The parser calls no JavaScript.
class EventParser final {
 public:
  enum Wanted : unsigned { starts = 1, texts = 2, ends = 4 };
  /// Receives a full batch; returns false to end the parsing.
  using Flush = std::function<bool(std::unique_ptr<EventBatch>)>;

  /// `charset` is the charset that the response declares, or empty.
  EventParser(unsigned wanted, const std::string &charset, Flush flush);
  ~EventParser();
  EventParser(const EventParser &) = delete;
  EventParser &operator=(const EventParser &) = delete;

  /// Parses a block. An empty block is the end of the document. Returns false when the parsing was ended, or
  /// when the document is not well-formed.
  bool parse(std::string_view block);
  /// Why the document is not well-formed.
  std::string error() const;

  /// Takes the batch that is being filled; null when it has no events. The parser fills it further after
  /// give_back().
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
  bool begun_ = false;  // whether the root element has started
  int level_ = 0;       // the number of open elements
  std::string error_;   // an error that is not from C, or empty
};

}  // namespace neon
