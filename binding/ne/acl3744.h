// Access control entries from JavaScript, for ne_acl3744.h, ne_acl.h and the classes.
#pragma once

#include <ne_acl3744.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/arguments.h"
#include "core/error.h"
#include "core/markup.h"
#include "ne/request/request.h"

namespace neon {

/// One object of the argument "entries". A missing field becomes NULL or 0.
class AclEntryFields final {
 public:
  /// `texts` owns the strings to which the resulting entry points.
  AclEntryFields(Napi::Value value, std::deque<std::string> &texts)
      : object_(require_object(value, "An entry of \"entries\"")), texts_(texts) {}

  std::int64_t integer(const char *name, std::int64_t max, std::int64_t min = 0) const {
    const Napi::Value value = get_property(object_, name);
    return is_nullish(value) ? 0 : integer_of(value, described(name), min, max);
  }
  /// Reads the name of a principal. If `needed` is set, C writes the name unescaped between `before` and
  /// `after`. The resulting XML must then be well-formed.
  char *principal(const char *name, bool needed, const char *before, const char *after) const {
    const Napi::Value value = get_property(object_, name);
    if (!needed && is_nullish(value)) return nullptr;
    std::string &text = texts_.emplace_back(text_of(value, described(name)));
    if (needed) require_well_formed(before + text + after, described(name));
    return text.data();
  }

 private:
  static std::string described(const char *name) {
    return std::string("The \"") + name + "\" of an entry of \"entries\"";
  }

  const Napi::Object object_;
  std::deque<std::string> &texts_;  // a deque: its strings do not move
};

/// An entry for ne_acl3744_set.
ne_acl_entry read_acl_entry(const AclEntryFields &fields);

/// The entries in argument `index`. `read` makes an entry from the fields of an object.
template <class Entry>
class AclEntries final {
 public:
  AclEntries(const Arguments &arguments, std::size_t index, Entry (*read)(const AclEntryFields &fields))
      : list_(std::make_shared<List>()) {
    for (const Napi::Value &value : arguments.list(index, "entries"))
      list_->entries.push_back(read({value, list_->texts}));
  }

  /// Calls `set(session, path, entries, count)`.
  int send(int (*set)(ne_session *, const char *, const Entry *, int), ne_session *session,
           const char *path) const {
    return set(session, path, list_->entries.data(), static_cast<int>(list_->entries.size()));
  }

 private:
  struct List {
    std::vector<Entry> entries;
    std::deque<std::string> texts;
  };
  std::shared_ptr<List> list_;
};

/// An operation that calls `set(session, path, entries, count)`. The arguments from JavaScript are
/// (sess, path, entries, …).
template <class Entry>
std::shared_ptr<Operation> acl_operation(const Arguments &arguments, const char *path_name,
                                         Entry (*read)(const AclEntryFields &fields),
                                         int (*set)(ne_session *, const char *, const Entry *, int)) {
  const AclEntries<Entry> entries(arguments, 2, read);  // read first: a getter may destroy the session
  std::string path = arguments.line(1, path_name);
  auto session = arguments.handle<Session>(0, "sess");
  return code_operation(session, [session, entries, set, path = std::move(path)] {
    return Request::run_delegated(*session, [&] { return entries.send(set, session->c(), path.c_str()); });
  });
}

}  // namespace neon
