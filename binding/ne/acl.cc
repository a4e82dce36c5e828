// ne_acl.h: the deprecated interface for access control lists.
//
// ne_acl.h and ne_acl3744.h both declare a type named ne_acl_entry. This file renames the type from ne_acl.h.
// Otherwise the linker would merge the template instantiations for the two types.
#define ne_acl_entry ne_acl_entry_old
#include <ne_acl.h>
#undef ne_acl_entry

#include "core/topic.h"
#include "ne/acl3744.h"

namespace neon {

namespace {

// Reads the field of a privilege. A non-zero value excludes the privilege from the entry. A missing field is
// read as 0.
int excluded(const AclEntryFields &fields, const char *privilege) {
  return static_cast<int>(fields.integer(privilege, INT32_MAX, INT32_MIN));
}

ne_acl_entry_old read_old_entry(const AclEntryFields &fields) {
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
  return acl_operation(arguments, "uri", read_old_entry, ne_acl_set);
}

}  // namespace

void register_acl(Topic &topic) { topic.blocking("ne_acl_set", set_acl); }

}  // namespace neon
