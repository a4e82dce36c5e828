#include <ne_acl3744.h>

#include "classes/exchange/composed.h"
#include "core/topic.h"
#include "ne/acl3744.h"

namespace neon {

namespace {

ne_acl_entry read_entry(const AclEntryFields &fields) {
  ne_acl_entry entry{};
  entry.target = static_cast<ne_acl_target>(fields.integer("target", ne_acl_self));
  entry.type = static_cast<ne_acl_optype>(fields.integer("type", ne_acl_deny));
  const bool property = entry.target == ne_acl_property;
  entry.tname = fields.principal("tname", property || entry.target == ne_acl_href, property ? "<" : "",
                                 property ? "/>" : "");
  entry.privileges = static_cast<unsigned>(fields.integer("privileges", UINT32_MAX));
  return entry;
}

std::shared_ptr<Operation> set_acl(const Arguments &arguments, Mode) {
  return acl_operation(arguments, "path", read_entry, ne_acl3744_set);
}

/// setAcl(session, target, headers, flags, entries)
std::shared_ptr<Operation> set_acl_answered(const Arguments &arguments, Mode) {
  const AclEntries<ne_acl_entry> entries(arguments, 4,
                                         read_entry);  // first: a getter may destroy the session
  return answered(arguments, [entries](ne_session *session, const char *target) {
    return entries.set(ne_acl3744_set, session, target);
  });
}

}  // namespace

void register_acl(Topic &topic) {
  topic.blocking("ne_acl3744_set", set_acl);
  topic.blocking("setAcl", set_acl_answered);
}

}  // namespace neon
