// Reads the response to a PROPFIND into batches.
#pragma once

#include <ne_request.h>
#include <ne_session.h>
#include <ne_uri.h>
#include <ne_utils.h>
#include <ne_xml.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "classes/propfind/batch.h"

namespace neon {

/// Reads a multi-status document, such as the response to a PROPFIND, into batches, while the response
/// arrives.
///
/// neon's ne_xml_parser parses the XML, and calls this class for each element. This class replaces two parts
/// of neon:
///  - ne_207_parser drops a resource whose href is not a URI. It treats any other document as an empty
///    multi-status document, and truncates long hrefs.
///  - ne_simple_propfind copies each name and each value into a result set. This takes a third of the time of
///    a PROPFIND. It truncates long values, and writes elements as text that looks like other text. This
///    class writes values straight into a batch.
///
/// The elements in a value become text with control characters, which XML does not allow in documents
/// (lib/classes/markup.ts reads this form):
///
///     \x01 namespace \x02 name, then for each attribute \x03 namespace \x02 name \x02 value, then \x04
///     \x05 ends the element
///     \x06 at the end of a value, then the attributes of the property itself, then \x04
///
/// This class reads an href that is an absolute path, or a URI with an absolute path, if the path is
/// percent-encoded as RFC 3986 requires. It leaves any other href to JavaScript (lib/classes/href.ts).
///
/// One operation owns this object, and the thread that runs the operation calls it, inside neon. The object
/// calls `flush` with each full batch. It calls `wanted` after each resource. If `wanted` returns true, it
/// also flushes a batch that is not full.
class PropfindParser final {
 public:
  using Flush = std::function<void(std::unique_ptr<PropfindBatch>)>;
  using Wanted = std::function<bool()>;

  /// Makes a parser for a response of the session's server.
  PropfindParser(ne_session *session, Flush flush, Wanted wanted);
  ~PropfindParser();
  PropfindParser(const PropfindParser &) = delete;
  PropfindParser &operator=(const PropfindParser &) = delete;

  /// Parses a block of a response; the last block is empty. Returns 0 on success, and a nonzero value on
  /// failure.
  int parse(ne_request *request, std::string_view block) noexcept;
  bool out_of_memory() const { return out_of_memory_; }
  /// Why the parsing failed: the document is not well-formed, or it is not a multi-status document. Null when
  /// no such reason is known.
  ///
  /// @param complete whether the document was parsed to its end
  const char *failure(bool complete) const;
  /// The synchronization token of the document (RFC 6578); empty if the document has no token.
  const std::string &sync_token() const { return sync_token_; }
  /// The resources after the last batch that was flushed.
  std::unique_ptr<PropfindBatch> take() { return std::move(batch_); }

 private:
  static int on_start(void *self, int parent, const char *nspace, const char *name,
                      const char **attributes) noexcept;
  static int on_text(void *self, int state, const char *text, std::size_t size) noexcept;
  static int on_end(void *self, int state, const char *nspace, const char *name) noexcept;

  /// The status and the description of a resource or a propstat.
  struct Outcome {
    Outcome() = default;
    ~Outcome() { clear(); }
    Outcome(const Outcome &) = delete;
    Outcome &operator=(const Outcome &) = delete;
    void clear();
    bool failed() const { return known && status.klass != 2; }

    ne_status status{};
    bool known = false;
    std::string description;
  };

  template <class Work>
  bool work(Work work) noexcept;
  bool fail(const std::string &message) noexcept;
  bool count();
  int start(int parent, std::string_view nspace, std::string_view name, const char **attributes);
  bool start_root(std::string_view nspace, std::string_view name);
  void open_element(const char *nspace, const char *name, const char **attributes);
  std::string attributes_text(const char **attributes) const;
  bool end(int state);
  bool end_status();
  void end_propstat();
  void end_response();
  void set_href(std::string_view text);
  bool has_room();

  // A longer value is an error.
  static constexpr std::size_t max_value = std::size_t{16} * 1024 * 1024;
  static constexpr int max_properties = 1024;  // neon's own limit
  // A longer href, status, description or synchronization token is an error.
  static constexpr std::size_t max_text = std::size_t{64} * 1024;

  std::unique_ptr<PropfindBatch> batch_ = std::make_unique<PropfindBatch>();
  ne_xml_parser *const c_;
  ne_uri server_{};
  const Flush flush_;
  const Wanted wanted_;
  bool begun_ = false;
  bool found_root_ = false;
  std::string encoding_error_;
  int level_ = 0;                    // the number of open elements, without those that are skipped
  int count_ = 0;                    // the number of properties and propstats of the resource
  int depth_ = 0;                    // the depth of the current element below its property
  std::string property_attributes_;  // of the current property
  std::string sync_token_;
  std::string text_;  // of the href, status, description or token that is open
  // The state of the current resource.
  std::vector<std::string> hrefs_;
  Outcome response_;
  bool succeeded_ = false;  // whether a propstat had properties, or did not fail
  // `propstat_` is the outcome of the current propstat. `empty_` is the outcome of the first propstat that
  // failed without naming a property.
  Outcome propstat_, empty_;
  bool in_propstat_ = false;
  bool out_of_memory_ = false;
};

}  // namespace neon
