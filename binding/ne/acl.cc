// The two headers of ACLs have another type under the same name; here it gets one of its own, since templates
// that are made of both would be one.
#define ne_acl_entry ne_acl_entry_old
#include <ne_acl.h>
#undef ne_acl_entry

#include "core/topic.h"
#include "ne/acl3744.h"

namespace neon {

namespace {

// 0 is what includes a privilege, so that none may be missing.
int excluded(const AclEntryFields &fields, const char *privilege) {
  return fields.required_integer(privilege, INT32_MIN, INT32_MAX);
}

ne_acl_entry_old read_entry(const AclEntryFields &fields) {
  ne_acl_entry_old entry{};
  entry.apply = static_cast<decltype(entry.apply)>(fields.integer("apply", ne_acl_entry_old::ne_acl_all));
  entry.type = static_cast<decltype(entry.type)>(fields.integer("type", ne_acl_entry_old::ne_acl_deny));
  const bool property = entry.apply == ne_acl_entry_old::ne_acl_property;
  entry.principal = fields.principal("principal", property || entry.apply == ne_acl_entry_old::ne_acl_href,
                                     property ? "<" : "", property ? "/>" : "");
  entry.read = excluded(fields, "read");
  entry.read_acl = excluded(fields, "read_acl");
  entry.write = excluded(fields, "write");
  entry.write_acl = excluded(fields, "write_acl");
  entry.read_cuprivset = excluded(fields, "read_cuprivset");
  return entry;
}

std::shared_ptr<Operation> set_acl(const Arguments &arguments, Mode) {
  return acl_operation(arguments, "uri", read_entry, ne_acl_set);
}

}  // namespace

void register_oldacl(Topic &topic) { topic.blocking("ne_acl_set", set_acl); }

}  // namespace neon
