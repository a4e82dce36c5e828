// Reads the response to a PROPFIND into batches.
#pragma once

#include <ne_207.h>
#include <ne_session.h>
#include <ne_xml.h>

#include <functional>
#include <memory>
#include <string>

#include "classes/propfind/batch.h"

namespace neon {

/// Reads the response to a PROPFIND into batches, while it arrives.
///
/// neon parses: a ne_xml_parser, and on it a ne_207_parser for resources and their statuses. Only the handler
/// of the content of `prop` is ours. That of ne_simple_propfind copies each name and each value into a result
/// set, which costs a PROPFIND a third of its time; this one writes equal text straight into a batch.
///
/// Owned by one operation, and called on its thread, inside neon; from inside the parser it calls `flush`
/// with full batches, and with others after a resource when `wanted` returns true.
class PropfindParser final {
 public:
  using Flush = std::function<void(std::unique_ptr<PropfindBatch>)>;
  using Wanted = std::function<bool()>;

  /// For the response of `path` on the session.
  PropfindParser(ne_session *session, const std::string &path, Flush flush, Wanted wanted);
  ~PropfindParser();
  PropfindParser(const PropfindParser &) = delete;
  PropfindParser &operator=(const PropfindParser &) = delete;

  ne_xml_parser *c() const { return c_; }
  bool out_of_memory() const { return out_of_memory_; }
  /// The resources after the last batch that was flushed.
  std::unique_ptr<PropfindBatch> take() { return std::move(batch_); }

 private:
  static void *on_response(void *self, const ne_uri *uri) noexcept;
  static void on_response_end(void *self, void *response, const ne_status *status,
                              const char *description) noexcept;
  static void *on_propstat(void *self, void *response) noexcept;
  static void on_propstat_end(void *self, void *propstat, const ne_status *status,
                              const char *description) noexcept;
  static int on_start(void *self, int parent, const char *nspace, const char *name,
                      const char **attributes) noexcept;
  static int on_text(void *self, int state, const char *text, std::size_t size) noexcept;
  static int on_end(void *self, int state, const char *nspace, const char *name) noexcept;

  template <class Work>
  bool work(Work work) noexcept;
  bool count();
  void open_element(const char *nspace, const char *name, const char **attributes);
  bool has_room() const { return batch_->value_size() < max_value; }

  // neon's limits: on the bytes of a value, the rest of which is omitted, and on the properties of a
  // resource.
  static constexpr std::size_t max_value = 102400;
  static constexpr int max_properties = 1024;
  // The state of an element inside `prop`, and of its descendants.
  static constexpr int property_state = NE_207_STATE_TOP;

  std::unique_ptr<PropfindBatch> batch_ = std::make_unique<PropfindBatch>();
  ne_xml_parser *const c_;
  ne_207_parser *const multistatus_;
  const Flush flush_;
  const Wanted wanted_;
  int count_ = 0;  // the number of properties and propstats of the resource
  int depth_ = 0;  // the depth of the current element below its property
  bool out_of_memory_ = false;
};

}  // namespace neon
