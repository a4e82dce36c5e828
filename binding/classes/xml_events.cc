// Packs the events of neon's XML parser, and parses a whole document in memory.
#include "classes/xml_events.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "classes/xml_element.h"
#include "classes/xml_encoding.h"
#include "core/arguments.h"
#include "core/block.h"
#include "core/topic.h"

namespace neon {

// --- EventBatch -------------------------------------------------------------------------------------------

void EventBatch::start(std::string_view nspace, std::string_view name) {
  ++events_;
  length_at_ = 0;
  numbers_.insert(numbers_.end(), {1, elements_.index_of({nspace, name}), 0});
  count_at_ = numbers_.size() - 1;
}

void EventBatch::attribute(std::string_view nspace, std::string_view name, std::string_view value) {
  ++numbers_[count_at_];
  numbers_.push_back(attributes_.index_of({nspace, name}));
  numbers_.push_back(append(value));
}

void EventBatch::text(std::string_view text) {
  if (length_at_ == 0) {
    ++events_;
    numbers_.insert(numbers_.end(), {0, 0});
    length_at_ = numbers_.size() - 1;
  }
  numbers_[length_at_] += append(text);
}

void EventBatch::end(std::string_view nspace, std::string_view name) {
  ++events_;
  length_at_ = 0;
  numbers_.insert(numbers_.end(), {2, elements_.index_of({nspace, name})});
}

Napi::Value EventBatch::value(Napi::Env env) const {
  return array_of(env, {text_value(env), numbers_value(env), elements_.array(env), attributes_.array(env)});
}

// --- EventParser ------------------------------------------------------------------------------------------

EventParser::EventParser(unsigned wanted, const std::string &charset, Flush flush)
    : c_(ne_xml_create()), wanted_(wanted), flush_(std::move(flush)) {
  ne_xml_push_handler(c_, on_start, wanted & texts ? on_text : nullptr, on_end, this);
  error_ = set_encoding(c_, charset);
}

EventParser::~EventParser() { ne_xml_destroy(c_); }

bool EventParser::parse(std::string_view block) {
  if (!error_.empty() || ne_xml_parse(c_, block.data(), block.size()) != 0) return false;
  if (!block.empty() || (begun_ && level_ == 0)) return true;
  error_ = incomplete_document;
  return false;
}

std::string EventParser::error() const { return error_.empty() ? ne_xml_get_error(c_) : error_; }

std::unique_ptr<EventBatch> EventParser::take() {
  return batch_ && !batch_->empty() ? std::move(batch_) : nullptr;
}

// Adds an event to the batch. Returns false to end the parsing.
template <class Add>
bool EventParser::add(Add add) noexcept {
  try {
    if (!batch_) batch_ = std::make_unique<EventBatch>();
    add(*batch_);
    return !batch_->full() || flush_(std::exchange(batch_, nullptr));
  } catch (const std::bad_alloc &) {
    error_ = "Out of memory";
    return false;
  }
}

int EventParser::on_start(void *self, int, const char *nspace, const char *name,
                          const char **attributes) noexcept {
  EventParser &parser = *static_cast<EventParser *>(self);
  parser.begun_ = true;
  if (++parser.level_ > max_depth) {
    set_too_deep(parser.c_);
    return NE_XML_ABORT;
  }
  if (!(parser.wanted_ & starts)) {
    if (parser.batch_) parser.batch_->end_text();
    return 1;
  }
  const bool continues = parser.add([&](EventBatch &batch) {
    batch.start(nspace, name);
    for (; attributes[0]; attributes += 2) parser.add_attribute(batch, attributes[0], attributes[1]);
  });
  return continues ? 1 : NE_XML_ABORT;
}

int EventParser::on_text(void *self, int, const char *text, std::size_t size) noexcept {
  EventParser &parser = *static_cast<EventParser *>(self);
  return parser.add([&](EventBatch &batch) { batch.text({text, size}); }) ? 0 : NE_XML_ABORT;
}

int EventParser::on_end(void *self, int, const char *nspace, const char *name) noexcept {
  EventParser &parser = *static_cast<EventParser *>(self);
  --parser.level_;
  if (!(parser.wanted_ & ends)) {
    if (parser.batch_) parser.batch_->end_text();
    return 0;
  }
  return parser.add([&](EventBatch &batch) { batch.end(nspace, name); }) ? 0 : NE_XML_ABORT;
}

// Leaves declarations of namespaces as they are written, and also names with undeclared prefixes.
void EventParser::add_attribute(EventBatch &batch, std::string_view name, const char *value) const {
  const std::size_t colon = name.find(':');
  const std::string_view prefix = name.substr(0, colon);
  if (colon == std::string_view::npos || prefix == "xmlns") return batch.attribute("", name, value);
  const char *nspace = prefix == "xml" ? "http://www.w3.org/XML/1998/namespace"  // needs no declaration
                                       : ne_xml_resolve_nspace(c_, prefix.data(), prefix.size());
  if (nspace)
    batch.attribute(nspace, name.substr(colon + 1), value);
  else
    batch.attribute("", name, value);
}

// ----------------------------------------------------------------------------------------------------------

namespace {

/// parseDocument(body, wanted, charset, onBatch) → why the document is not well-formed, or null. onBatch is
/// called with EventBatch::value() during the parsing, and returns whether to continue.
Napi::Value parse_document(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const auto wanted = static_cast<unsigned>(arguments.integer(1, "wanted", 0, 7));
  const Napi::Function on_batch = arguments.function(3, "onBatch");
  bool continues = true, called = true;
  std::exception_ptr thrown;
  const auto give = [&](std::unique_ptr<EventBatch> batch) noexcept {
    const Napi::HandleScope scope(env);
    called = true;
    continues = false;
    try {
      continues = call_javascript(on_batch, {batch->value(env)}).As<Napi::Boolean>();
    } catch (...) {
      thrown = std::current_exception();
    }
    return continues;
  };
  EventParser parser(wanted, arguments.text(2, "charset"), give);
  Napi::Uint8Array body;
  std::string block;  // a copy: onBatch might detach the memory of the body
  bool well_formed;
  std::size_t at = 0;
  do {
    if (std::exchange(called, false)) body = arguments[0].As<Napi::Uint8Array>();  // may be detached now
    const std::size_t start = std::min(at, body.ByteLength());
    block.assign(reinterpret_cast<const char *>(body.Data()) + start,
                 std::min(body.ByteLength() - start, whole_limit));
    at += block.size();
    well_formed = parser.parse(block);
  } while (well_formed && !block.empty());
  if (auto rest = continues ? parser.take() : nullptr) give(std::move(rest));
  if (thrown) std::rethrow_exception(thrown);
  return well_formed || !continues ? env.Null() : Napi::Value(Napi::String::New(env, parser.error()));
}

}  // namespace

void register_xml_events(Topic &topic) { topic.plain("parseDocument", parse_document); }

}  // namespace neon
