// A response body that is an XML document, whose events reach JavaScript in batches.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "classes/xml_events.h"

namespace neon {

/// The parser of such a body, and the batches that JavaScript has still to take. Exchange says which thread
/// owns what, and when.
struct Document {
  Document(unsigned wanted, const std::string &charset, EventParser::Flush flush)
      : parser(wanted, charset, std::move(flush)) {}

  EventParser parser;
  std::deque<std::unique_ptr<EventBatch>> full;
  std::unique_ptr<EventBatch> open;
  bool over = false;    // the JavaScript thread parsed it to its end
  bool failed = false;  // or to where the parser failed
};

}  // namespace neon
