#pragma once

// The handle of a `ne_ssl_context`.

#include <ne_ssl.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/handle.h"
#include "ne/ssl/certificate.h"

namespace neon {

/// A `ne_ssl_context`.
///
/// C keeps a TLS session in the context, to resume the session later, and has no lock for it. Handshakes
/// write this TLS session. With OpenSSL, reads from a connection write it too. Because each socket has its
/// own thread, one handle may have several C objects.
///
/// The handle records all changes, and lends each socket a C object to which all changes have been applied.
/// Only provide() changes a C object that is lent. A C object that C writes to is lent to one socket at a
/// time. Successive connections share that C object, and therefore resume sessions as in C.
class Context final : public Handle {
 public:
  static constexpr Kind kind = Kind::Context;
  static constexpr std::int64_t external_size = 65536;
  static constexpr const char *argument_name = "ctx";

  using Change = std::function<int(ne_ssl_context *)>;

  /// Null if C returns NULL.
  static std::shared_ptr<Context> create(Environment &environment, int mode);
  Context(Environment &environment, int mode, std::shared_ptr<ne_ssl_context> c);

  bool is_server() const;
  const std::shared_ptr<ne_ssl_context> &c() const { return c_; }
  /// Applies this change to the C object, and to all later C objects; returns the result of the change.
  int change(Change change);
  /// Returns a C object, which the connection must keep.
  std::shared_ptr<ne_ssl_context> lend();

  /// A function that C calls for a client certificate. The context's JavaScript object keeps the function,
  /// under the number `function`. The context owns the Provider, and C refers to the Provider as long as a
  /// socket uses the context.
  struct Provider {
    Context &context;
    std::uint32_t function;
  };
  Provider *add_provider(std::uint32_t function);
  bool has_provider() const { return !providers_.empty(); }
  /// Records that C is asking for a client certificate for `c`, one of this context's C objects. The record
  /// is valid until the loan is over.
  void note_call(std::shared_ptr<const Loan> loan, ne_ssl_context *c);
  /// Like change(), but also changes the C objects for which C is currently asking for a client certificate.
  void provide(const Change &change);

 private:
  std::shared_ptr<ne_ssl_context> remake() const;
  bool lent() const { return c_.use_count() > 1; }

  const int mode_;
  std::shared_ptr<ne_ssl_context> c_;
  std::vector<Change> changes_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<std::pair<std::shared_ptr<const Loan>, ne_ssl_context *>> calls_;
};

/// Whether ne_ssl_check_certificate verifies certificates after the handshake, as it does since neon 0.37.
/// Since then, a handshake succeeds with any certificate.
bool verifies_after_handshake();

}  // namespace neon
