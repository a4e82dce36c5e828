// Handlers of neon's XML and 207 parsers, which write resources into a batch.
#include "classes/propfind/parser.h"

#include <ne_string.h>

#include <cstring>
#include <new>
#include <utility>

namespace neon {

namespace {

ne_207_parser *create_multistatus(ne_session *session, const std::string &path, ne_xml_parser *parser,
                                  void *userdata) {
  ne_uri base{};
  ne_fill_server_uri(session, &base);
  base.path = ne_strdup(path.c_str());
  ne_207_parser *const made = ne_207_create(parser, &base, userdata);
  ne_uri_free(&base);
  if (ne_get_session_flag(session, NE_SESSFLAG_SHAREPOINT)) ne_207_set_flags(made, NE_207_MSSP_ESCAPING);
  return made;
}

}  // namespace

PropfindParser::PropfindParser(ne_session *session, const std::string &path, Flush flush, Wanted wanted)
    : c_(ne_xml_create()),
      multistatus_(create_multistatus(session, path, c_, this)),
      flush_(std::move(flush)),
      wanted_(std::move(wanted)) {
  ne_207_set_response_handlers(multistatus_, on_response, on_response_end);
  ne_207_set_propstat_handlers(multistatus_, on_propstat, on_propstat_end);
  ne_xml_push_handler(c_, on_start, on_text, on_end, this);
}

PropfindParser::~PropfindParser() {
  ne_207_destroy(multistatus_);
  ne_xml_destroy(c_);
}

// Changes the batch; false ends the parsing.
template <class Work>
bool PropfindParser::work(Work work) noexcept {
  try {
    if (!out_of_memory_) work(*batch_);
  } catch (const std::bad_alloc &) {
    out_of_memory_ = true;
  }
  return !out_of_memory_;
}

bool PropfindParser::count() {
  if (++count_ < max_properties) return true;
  ne_xml_set_error(c_, "Response exceeds maximum property count");
  return false;
}

void *PropfindParser::on_response(void *self, const ne_uri *uri) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  parser.count_ = 0;
  parser.work([&](PropfindBatch &batch) { batch.begin_resource(*uri); });
  return self;
}

void PropfindParser::on_response_end(void *self, void *, const ne_status *, const char *) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  parser.work([&](PropfindBatch &batch) {
    batch.end_resource();
    if (batch.full() || (!batch.empty() && parser.wanted_()))
      parser.flush_(std::exchange(parser.batch_, std::make_unique<PropfindBatch>()));
  });
}

void *PropfindParser::on_propstat(void *self, void *) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  const bool continues = parser.count() && parser.work([](PropfindBatch &batch) { batch.begin_propstat(); });
  return continues ? self : nullptr;
}

void PropfindParser::on_propstat_end(void *self, void *, const ne_status *status, const char *) noexcept {
  static_cast<PropfindParser *>(self)->work([&](PropfindBatch &batch) { batch.end_propstat(status); });
}

int PropfindParser::on_start(void *self, int parent, const char *nspace, const char *name,
                             const char **attributes) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  bool continues;
  if (parent == property_state) {
    ++parser.depth_;
    continues = parser.work([&](PropfindBatch &) { parser.open_element(nspace, name, attributes); });
  } else if (parent == NE_207_STATE_PROP) {
    parser.depth_ = 0;
    continues =
        parser.count() && parser.work([&](PropfindBatch &batch) { batch.begin_property(nspace, name); });
  } else {
    return NE_XML_DECLINE;
  }
  return continues ? property_state : NE_XML_ABORT;
}

void PropfindParser::open_element(const char *nspace, const char *name, const char **attributes) {
  if (!has_room()) return;
  PropfindBatch &batch = *batch_;
  for (const char *const part : {"<", nspace, name}) batch.text(part);
  for (; attributes[0] && has_room(); attributes += 2) {
    const char *const colon = std::strchr(attributes[0], ':');
    const char *const prefix_nspace =
        colon ? ne_xml_resolve_nspace(c_, attributes[0], static_cast<std::size_t>(colon - attributes[0]))
              : nullptr;
    batch.text(" ");
    if (prefix_nspace) batch.text(prefix_nspace);
    batch.text(prefix_nspace ? colon + 1 : attributes[0]);
    for (const char *const part : {"='", attributes[1], "'"}) batch.text(part);
  }
  batch.text(">");
}

int PropfindParser::on_text(void *self, int, const char *text, std::size_t size) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  const bool continues = parser.work([&](PropfindBatch &batch) {
    if (parser.has_room()) batch.text({text, size});
  });
  return continues ? 0 : NE_XML_ABORT;
}

int PropfindParser::on_end(void *self, int, const char *nspace, const char *name) noexcept {
  PropfindParser &parser = *static_cast<PropfindParser *>(self);
  const bool continues = parser.work([&](PropfindBatch &batch) {
    if (parser.depth_-- == 0) return batch.end_property();
    if (!parser.has_room()) return;
    for (const char *const part : {"</", nspace, name, ">"}) batch.text(part);
  });
  return continues ? 0 : NE_XML_ABORT;
}

}  // namespace neon
