// ne_acl3744.h: access control lists as in RFC 3744.
#include "ne/acl3744.h"

#include "core/topic.h"

namespace neon {

ne_acl_entry read_acl_entry(const AclEntryFields &fields) {
  ne_acl_entry entry{};
  entry.target = static_cast<ne_acl_target>(fields.integer("target", ne_acl_self));
  entry.type = static_cast<ne_acl_optype>(fields.integer("type", ne_acl_deny));
  const bool property = entry.target == ne_acl_property;
  entry.tname = fields.principal("tname", property || entry.target == ne_acl_href, property ? "<" : "",
                                 property ? "/>" : "");
  entry.privileges = static_cast<unsigned>(fields.integer("privileges", UINT32_MAX));
  return entry;
}

namespace {

std::shared_ptr<Operation> set_acl(const Arguments &arguments, Mode) {
  return acl_operation(arguments, "path", read_acl_entry, ne_acl3744_set);
}

}  // namespace

void register_acl3744(Topic &topic) { topic.blocking("ne_acl3744_set", set_acl); }

}  // namespace neon
