#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/markup.h"
#include "ne/request/request.h"

namespace neon {

/// One object of the argument "entries"; a field that is missing is NULL or 0, as in C.
class AclEntryFields final {
 public:
  AclEntryFields(napi_env env, napi_value object, std::deque<std::string> &texts)
      : env_(env), object_(object), texts_(texts) {
    require_object(env, object, "What stands in \"entries\"");
  }

  int required_integer(const char *name, std::int64_t min, std::int64_t max) const {
    return static_cast<int>(integer_of(env_, field(env_, object_, name), described(name), min, max));
  }
  std::int64_t integer(const char *name, std::int64_t max) const {
    napi_value value = field(env_, object_, name);
    return is_missing(value) ? 0 : integer_of(env_, value, described(name), 0, max);
  }
  /// The name of a principal, which C puts into XML between these two as it is, where it needs one.
  char *principal(const char *name, bool needed, const char *before, const char *after) const {
    napi_value value = field(env_, object_, name);
    if (!needed && is_missing(value)) return nullptr;
    std::string &text = texts_.emplace_back(text_of(env_, value, described(name)));
    if (needed) require_well_formed(before + text + after, described(name));
    return text.data();
  }

 private:
  bool is_missing(napi_value value) const {
    napi_valuetype type;
    check(env_, napi_typeof(env_, value, &type));
    return type == napi_undefined || type == napi_null;
  }
  static std::string described(const char *name) {
    return std::string("The \"") + name + "\" of what stands in \"entries\"";
  }

  const napi_env env_;
  const napi_value object_;
  std::deque<std::string> &texts_;  // what entries point to stays where it is
};

/// The entries that are argument `index`; `read` makes each of its fields.
template <class Entry>
class AclEntries final {
 public:
  AclEntries(const Arguments &arguments, std::size_t index, Entry (*read)(const AclEntryFields &fields))
      : list_(std::make_shared<List>()) {
    for (const Napi::Value &object : arguments.list(index, "entries"))
      list_->entries.push_back(read({arguments.env(), object, list_->texts}));
  }

  int set(int (*set)(ne_session *, const char *, const Entry *, int), ne_session *session,
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

/// A call `set(session, path, entries, count)`.
template <class Entry>
std::shared_ptr<Operation> acl_operation(const Arguments &arguments, const char *path_name,
                                         Entry (*read)(const AclEntryFields &fields),
                                         int (*set)(ne_session *, const char *, const Entry *, int)) {
  const AclEntries<Entry> entries(arguments, 2, read);  // first: a getter may destroy the session
  std::string path = arguments.line(1, path_name);
  auto session = arguments.handle<Session>(0, "sess");
  return code_operation(session, [session, entries, set, path = std::move(path)] {
    return Request::run_delegated(*session, [&] { return entries.set(set, session->c(), path.c_str()); });
  });
}

}  // namespace neon
