// A response body that is an XML document, whose events reach JavaScript in batches.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "classes/xml_events.h"

namespace neon {

/// The parser of a body that is an XML document, and the batches that JavaScript has not taken yet. The
/// comment on Exchange says which thread owns them, and when.
struct Document {
  Document(unsigned wanted, const std::string &charset, EventParser::Flush flush)
      : parser(wanted, charset, std::move(flush)) {}

  EventParser parser;
  std::deque<std::unique_ptr<EventBatch>> full;
  std::unique_ptr<EventBatch> open;
  bool over = false;    // the JavaScript thread parsed the document to its end, or to a failure
  bool failed = false;  // the parser failed on the JavaScript thread
};

}  // namespace neon
