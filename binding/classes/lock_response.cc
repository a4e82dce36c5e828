// Parses the document of a LOCK response, and chooses the lock that was granted.
#include "classes/lock_response.h"

#include <ne_basic.h>
#include <ne_string.h>
#include <ne_xml.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "classes/xml_element.h"
#include "ne/locks.h"

namespace neon {

namespace {

/// Returns the token without the white space and the angle brackets around it. Returns an empty string when
/// the token cannot be sent back.
std::string clean_token(std::string_view text) {
  text = shaved(text);
  if (text.starts_with('<')) text.remove_prefix(1);
  if (text.ends_with('>')) text.remove_suffix(1);
  std::string token(shaved(text));
  return is_token(token.c_str()) ? token : std::string();
}

bool equal(std::string_view text, const char *other) {
  return ne_strcasecmp(std::string(text).c_str(), other) == 0;
}

enum Element : int {
  prop = 1,
  lockdiscovery,
  activelock,
  lockscope,
  shared,
  depth,
  owner,
  owner_content,
  timeout,
  locktoken,
  href
};

constexpr ChildElement children[] = {
    {NE_XML_STATEROOT, "prop", prop},
    {prop, "lockdiscovery", lockdiscovery},
    {lockdiscovery, "activelock", activelock},
    {activelock, "lockscope", lockscope},
    {lockscope, "shared", shared},
    {activelock, "depth", depth},
    {activelock, "owner", owner},
    {activelock, "timeout", timeout},
    {activelock, "locktoken", locktoken},
    {locktoken, "href", href},
};

/// The handler of neon's parser.
class Handler final {
 public:
  Handler(ne_xml_parser *parser, std::vector<ActiveLock> &locks) : parser_(parser), locks_(locks) {
    ne_xml_push_handler(parser, on_start, on_text, on_end, this);
  }
  bool out_of_memory() const { return out_of_memory_; }
  /// Whether each element that started has ended.
  bool complete() const { return level_ == 0; }

 private:
  static int on_start(void *self, int parent, const char *nspace, const char *name, const char **) noexcept {
    return static_cast<Handler *>(self)->start(parent, nspace, name);
  }

  static int on_text(void *self, int, const char *text, std::size_t size) noexcept {
    return static_cast<Handler *>(self)->work([=](Handler &handler) { handler.text_.append(text, size); });
  }

  static int on_end(void *self, int state, const char *, const char *) noexcept {
    return static_cast<Handler *>(self)->work([=](Handler &handler) { handler.end(state); });
  }

  template <class Work>
  int work(Work work) noexcept {
    try {
      work(*this);
      return 0;
    } catch (const std::bad_alloc &) {
      out_of_memory_ = true;
      return NE_XML_ABORT;
    }
  }

  int start(int parent, std::string_view nspace, std::string_view name) noexcept {
    int state = NE_XML_DECLINE;
    if (parent == owner || parent == owner_content) {
      state = owner_content;
    } else {
      state = state_of(children, parent, nspace, name);
    }
    if (state == NE_XML_DECLINE && parent == NE_XML_STATEROOT) {
      ne_xml_set_error(parser_, "The response is not a document about a lock");
      return NE_XML_ABORT;
    }
    if (state == NE_XML_DECLINE) return state;
    if (++level_ > max_depth) {
      set_too_deep(parser_);
      return NE_XML_ABORT;
    }
    const bool failed = work([=](Handler &handler) {
      if (state == activelock) handler.locks_.emplace_back();
      if (state != owner_content) handler.text_.clear();
    });
    return failed ? NE_XML_ABORT : state;
  }

  void end(int state) {
    --level_;
    const std::string_view text = shaved(text_);
    if (state == shared) {
      locks_.back().scope = ne_lockscope_shared;
    } else if (state == depth) {
      if (text == "0" || text == "1") locks_.back().depth = text == "0" ? NE_DEPTH_ZERO : NE_DEPTH_ONE;
      if (equal(text, "infinity")) locks_.back().depth = NE_DEPTH_INFINITE;
    } else if (state == owner) {
      locks_.back().owner = text;
    } else if (state == timeout) {
      locks_.back().timeout = lock_timeout(text);
    } else if (state == href) {
      locks_.back().token = clean_token(text);
    }
    if (state != owner_content) text_.clear();
  }

  ne_xml_parser *const parser_;
  std::vector<ActiveLock> &locks_;
  std::string text_;
  int level_ = 0;
  bool out_of_memory_ = false;
};

}  // namespace

long lock_timeout(std::string_view text) {
  constexpr std::string_view prefix = "Second-";
  constexpr std::int64_t max_seconds = 4294967295;  // RFC 4918, section 10.7
  text = shaved(text.substr(0, text.find(',')));
  if (equal(text, "Infinite")) return NE_TIMEOUT_INFINITE;
  if (!equal(text.substr(0, prefix.size()), "Second-")) return NE_TIMEOUT_INVALID;
  text.remove_prefix(prefix.size());
  std::int64_t seconds = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') break;
    seconds = std::min(seconds * 10 + (digit - '0'), max_seconds);
  }
  return seconds == 0 ? NE_TIMEOUT_INVALID : static_cast<long>(seconds);
}

// --- LockResponse -----------------------------------------------------------------------------------------

const char *LockResponse::parse() {
  const std::string &body = record_.body();
  if (shaved(body).empty()) return nullptr;
  ne_xml_parser *const parser = ne_xml_create();
  Handler handler(parser, locks_);
  if (ne_xml_parse(parser, body.data(), body.size()) != 0 || ne_xml_parse(parser, nullptr, 0) != 0)
    error_ = ne_xml_get_error(parser);
  else if (!handler.complete())
    error_ = incomplete_document;
  ne_xml_destroy(parser);
  out_of_memory_ = out_of_memory_ || handler.out_of_memory();
  return error_.empty() ? nullptr : error_.c_str();
}

const ActiveLock *LockResponse::find(std::string_view token) const {
  const auto found =
      std::find_if(locks_.begin(), locks_.end(), [=](const ActiveLock &lock) { return lock.token == token; });
  if (found != locks_.end()) return &*found;
  return locks_.size() == 1 ? &locks_.front() : nullptr;
}

std::string LockResponse::token() const {
  if (const auto header = record_.head().header("lock-token"))
    if (std::string token = clean_token(*header); !token.empty()) return token;
  return locks_.size() == 1 ? locks_.front().token : std::string();
}

}  // namespace neon
