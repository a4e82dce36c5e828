// The handler of neon's XML parser that writes the resources of a multi-status document into a batch.
#include "classes/propfind/parser.h"

#include <ne_string.h>

#include <algorithm>
#include <new>
#include <utility>

#include "classes/xml_element.h"
#include "classes/xml_encoding.h"

namespace neon {

namespace {

// The elements that the parser accepts. `property` is an element inside `prop`, or inside a property.
enum Element : int { multistatus = 1, response, href, propstat, prop, status, description, token, property };

constexpr ChildElement children[] = {
    {multistatus, "response", response},
    {multistatus, "sync-token", token},
    {response, "href", href},
    {response, "propstat", propstat},
    {response, "status", status},
    {response, "responsedescription", description},
    {propstat, "prop", prop},
    {propstat, "status", status},
    {propstat, "responsedescription", description},
};

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Whether this is an absolute path that needs no escaping, resolving or guessing.
bool is_plain_path(std::string_view path) {
  constexpr std::string_view others = "/-._~!$&'()*+,;=:@";  // in RFC 3986, besides letters and digits
  if (!path.starts_with('/') || path.starts_with("//")) return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) continue;
    if (c == '%' && i + 2 < path.size() && is_hex(path[i + 1]) && is_hex(path[i + 2])) continue;
    if (others.find(c) == std::string_view::npos) return false;
    if (c != '/') continue;
    std::string_view segment = path.substr(i + 1, 3);
    segment = segment.substr(0, segment.find('/'));
    if (segment == "." || segment == "..") return false;
  }
  return true;
}

}  // namespace

PropfindParser::PropfindParser(ne_session *session, Flush flush, Wanted wanted)
    : c_(ne_xml_create()), flush_(std::move(flush)), wanted_(std::move(wanted)) {
  ne_fill_server_uri(session, &server_);
  ne_xml_push_handler(c_, on_start, on_text, on_end, this);
}

PropfindParser::~PropfindParser() {
  ne_uri_free(&server_);
  ne_xml_destroy(c_);
}

int PropfindParser::parse(ne_request *request, std::string_view block) noexcept {
  if (!std::exchange(begun_, true)) encoding_error_ = set_encoding(c_, charset_of(request));
  return encoding_error_.empty() ? ne_xml_parse(c_, block.data(), block.size()) : -1;
}

const char *PropfindParser::failure(bool complete) const {
  if (!encoding_error_.empty()) return encoding_error_.c_str();
  if (ne_xml_failed(c_)) return ne_xml_get_error(c_);
  if (complete && level_ > 0) return incomplete_document;
  return found_root_ || !complete ? nullptr
                                  : "The response is not a multi-status document: it has no XML body";
}

void PropfindParser::Outcome::clear() {
  if (status.reason_phrase) ne_free(status.reason_phrase);
  status = {};
  known = false;
  description.clear();
}

// Calls `work`, which changes the batch. Returns false to end the parsing.
template <class Work>
bool PropfindParser::work(Work work) noexcept {
  try {
    return !out_of_memory_ && work();
  } catch (const std::bad_alloc &) {
    out_of_memory_ = true;
    return false;
  }
}

bool PropfindParser::fail(const std::string &message) noexcept {
  ne_xml_set_error(c_, message.c_str());
  return false;
}

bool PropfindParser::count() {
  return ++count_ < max_properties || fail("Response exceeds maximum property count");
}

int PropfindParser::on_start(void *self, int parent, const char *nspace, const char *name,
                             const char **attributes) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  int state = NE_XML_ABORT;
  const bool continues = parser.work([&] {
    state = parser.start(parent, nspace, name, attributes);
    return state != NE_XML_DECLINE && state != NE_XML_ABORT && ++parser.level_ <= max_depth;
  });
  if (continues || state == NE_XML_DECLINE) return state;
  if (parser.level_ > max_depth) set_too_deep(parser.c_);
  return NE_XML_ABORT;
}

int PropfindParser::start(int parent, std::string_view nspace, std::string_view name,
                          const char **attributes) {
  if (parent == property) {
    ++depth_;
    open_element(nspace.data(), name.data(), attributes);
    return has_room() ? property : NE_XML_ABORT;
  }
  if (parent == prop) {
    depth_ = 0;
    if (!count()) return NE_XML_ABORT;
    property_attributes_ = attributes_text(attributes);
    batch_->begin_property(nspace, name);
    return property;
  }
  if (parent == NE_XML_STATEROOT) return start_root(nspace, name) ? multistatus : NE_XML_ABORT;
  const int state = state_of(children, parent, nspace, name);
  if (state == NE_XML_DECLINE) return state;
  text_.clear();
  if (state == response) {
    count_ = 0;
    batch_->begin_resource();
  } else if (state == propstat) {
    if (!count()) return NE_XML_ABORT;
    in_propstat_ = true;
    batch_->begin_propstat();
  }
  return state;
}

bool PropfindParser::start_root(std::string_view nspace, std::string_view name) {
  if (nspace == "DAV:" && name == "multistatus") return found_root_ = true;
  std::string message = "The response is not a multi-status document: its root element is ";
  if (!nspace.empty()) message.append("{").append(nspace).append("}");
  return fail(message.append(name));
}

bool PropfindParser::has_room() {
  return batch_->value_size() < max_value || fail("The value of a property is longer than 16 MiB");
}

void PropfindParser::open_element(const char *nspace, const char *name, const char **attributes) {
  PropfindBatch &batch = *batch_;
  batch.mark();
  for (const char *const part : {"\x01", nspace, "\x02", name}) batch.text(part);
  batch.text(attributes_text(attributes));
  batch.text("\x04");
}

// Leaves out the declarations of namespaces, which the names contain already.
std::string PropfindParser::attributes_text(const char **attributes) const {
  std::string text;
  for (; attributes[0]; attributes += 2) {
    const std::string_view name = attributes[0];
    if (name == "xmlns" || name.starts_with("xmlns:")) continue;
    const std::size_t colon = name.find(':');
    const char *const nspace =
        colon == std::string_view::npos ? nullptr : ne_xml_resolve_nspace(c_, attributes[0], colon);
    text.append("\x03").append(nspace ? nspace : "").append("\x02");
    text.append(nspace ? name.substr(colon + 1) : name).append("\x02").append(attributes[1]);
  }
  return text;
}

int PropfindParser::on_text(void *self, int state, const char *text, std::size_t size) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  const bool continues = parser.work([&] {
    if (state == property) {
      parser.batch_->text({text, size});
      return parser.has_room();
    }
    if (state == href || state == status || state == description || state == token) {
      if (parser.text_.size() + size > max_text)
        return parser.fail("An href, status, description or synchronization token is too long");
      parser.text_.append(text, size);
    }
    return true;
  });
  return continues ? 0 : NE_XML_ABORT;
}

int PropfindParser::on_end(void *self, int state, const char * /*nspace*/, const char * /*name*/) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  --parser.level_;
  return parser.work([&] { return parser.end(state); }) ? 0 : NE_XML_ABORT;
}

bool PropfindParser::end(int state) {
  switch (state) {
    case property:
      if (depth_-- > 0) {
        batch_->text("\x05");
        return true;
      }
      if (batch_->has_markup() && !property_attributes_.empty())
        for (const std::string_view part :
             {std::string_view("\x06"), std::string_view(property_attributes_), std::string_view("\x04")})
          batch_->text(part);
      batch_->end_property();
      return true;
    case token:
      sync_token_ = shaved(text_);
      return true;
    case href:
      set_href(text_);
      return true;
    case status:
      return end_status();
    case description:
      (in_propstat_ ? propstat_ : response_).description = shaved(text_);
      return true;
    case propstat:
      end_propstat();
      return true;
    case response:
      end_response();
      return true;
    default:
      return true;
  }
}

// A response element may have several hrefs only if it has one status for all of them. Each href then becomes
// a resource of the batch.
void PropfindParser::set_href(std::string_view text) {
  hrefs_.emplace_back(text);
  if (hrefs_.size() > 1) return;
  PropfindBatch &batch = *batch_;
  if (batch.has_properties()) return batch.set_raw_href(text);
  const std::string_view path = shaved(text);
  if (path.size() == text.size()) {
    if (is_plain_path(path)) return batch.set_href(server_, path);
    const std::size_t authority = path.find("://");
    const std::size_t start = authority == std::string_view::npos ? authority : path.find('/', authority + 3);
    ne_uri uri{};
    const bool read = start != std::string_view::npos && is_plain_path(path.substr(start)) &&
                      ne_uri_parse(hrefs_[0].c_str(), &uri) == 0 && uri.host && *uri.host &&
                      path.substr(start) == uri.path;
    if (read) batch.set_href(uri, uri.path);
    ne_uri_free(&uri);
    if (read) return;
  }
  batch.set_raw_href(text);
}

bool PropfindParser::end_status() {
  const std::string line(shaved(text_));
  Outcome &outcome = in_propstat_ ? propstat_ : response_;
  if (line.empty()) return true;
  if (outcome.status.reason_phrase) ne_free(outcome.status.reason_phrase);
  outcome.status = {};
  // Some servers omit the space before an empty reason phrase. From 0.34 on, neon requires this space.
  outcome.known = ne_parse_statusline(line.c_str(), &outcome.status) == 0 ||
                  ne_parse_statusline((line + " ").c_str(), &outcome.status) == 0;
  return outcome.known ||
         fail("Invalid HTTP status line in status element at line " + std::to_string(ne_xml_currentline(c_)) +
              " of response:\nStatus line was: " + line);
}

void PropfindParser::end_propstat() {
  const bool failed = propstat_.failed();
  if (failed && batch_->propstat_empty() && !empty_.known) {
    std::swap(empty_.status, propstat_.status);
    std::swap(empty_.description, propstat_.description);
    empty_.known = true;
  } else {
    succeeded_ = succeeded_ || !failed || !batch_->propstat_empty();
    batch_->end_propstat(propstat_.known ? &propstat_.status : nullptr);
  }
  propstat_.clear();
  in_propstat_ = false;
}

void PropfindParser::end_response() {
  // A propstat that fails without naming a property makes the resource fail. But the resource's own status
  // has precedence, and so does another propstat that succeeded or named properties.
  const Outcome &outcome = response_.known || succeeded_ ? response_ : empty_;
  const std::string &text = response_.description.empty() ? outcome.description : response_.description;
  const ne_status *const failure = outcome.failed() ? &outcome.status : nullptr;
  batch_->end_resource(failure, text);
  const auto flush = [this] { flush_(std::exchange(batch_, std::make_unique<PropfindBatch>())); };
  for (std::size_t i = 1; i < hrefs_.size(); ++i) {
    if (batch_->full()) flush();
    batch_->begin_resource();
    batch_->set_raw_href(hrefs_[i]);
    batch_->end_resource(failure, text);
  }
  hrefs_.clear();
  response_.clear();
  empty_.clear();
  succeeded_ = false;
  if (batch_->full() || wanted_()) flush();
}

}  // namespace neon
