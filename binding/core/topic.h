#pragma once

#include "core/arguments.h"
#include "core/operation.h"

namespace neon {

/// Registers the functions of one neon header with the module.
class Topic final {
 public:
  /// A function that does not block.
  using Plain = Napi::Value (*)(const Arguments &arguments);
  using RawPlain = napi_value (*)(const Arguments &arguments);  // until all are converted
  /// Makes the operation of one call to a function that blocks; the same for both surfaces.
  using Prepare = std::shared_ptr<Operation> (*)(const Arguments &arguments, Mode mode);

  /// `sync` and `async` are the two tables of the binding.
  Topic(const Napi::Object &sync, const Napi::Object &async) : sync_(sync), async_(async) {}

  void plain(const char *name, Plain function);
  void plain(const char *name, RawPlain function);
  void blocking(const char *name, Prepare prepare);
  /// The promise form of a function that does not block but must wait its turn.
  void queued(const char *name, Prepare prepare);
  void constant(const char *name, double value);

 private:
  const Napi::Object sync_;
  const Napi::Object async_;
};

// One per topic; module.cc calls them.
void register_utils(Topic &topic);
void register_socket(Topic &topic);
void register_socket_calls(Topic &topic);
void register_socket_tls(Topic &topic);
void register_session(Topic &topic);
void register_request(Topic &topic);
void register_hooks(Topic &topic);
void register_auth(Topic &topic);
void register_proxy(Topic &topic);
void register_notifier(Topic &topic);
void register_status(Topic &topic);
void register_session_addresses(Topic &topic);
void register_address(Topic &topic);
void register_resolve(Topic &topic);
void register_context(Topic &topic);
void register_buffer(Topic &topic);
void register_uri(Topic &topic);
void register_dates(Topic &topic);
void register_i18n(Topic &topic);
void register_string(Topic &topic);
void register_md5(Topic &topic);
void register_certificate(Topic &topic);
void register_clicert(Topic &topic);
void register_ssl(Topic &topic);
void register_xml(Topic &topic);
void register_xmlreq(Topic &topic);
void register_207(Topic &topic);
void register_pkcs11(Topic &topic);
void register_basic(Topic &topic);
void register_redirect(Topic &topic);
void register_compress(Topic &topic);
void register_props(Topic &topic);
void register_locks(Topic &topic);
void register_lock_set(Topic &topic);
void register_acl3744(Topic &topic);
void register_acl(Topic &topic);
void register_exchange(Topic &topic);
void register_composed(Topic &topic);
void register_propfind(Topic &topic);
void register_xml_events(Topic &topic);
void register_constants(Topic &topic);

}  // namespace neon
