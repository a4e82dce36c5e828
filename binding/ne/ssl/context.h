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
/// C keeps a TLS session in the context, to resume it later, and has no lock for it. Handshakes write it,
/// with OpenSSL reads do too, and each socket has a thread of its own. So one handle may have several C
/// objects: the handle records all changes, and lends each socket a C object to which all of them were
/// applied. A lent C object is not changed any more. Where C writes to it, only one socket at a time gets it:
/// successive connections share it, and so resume sessions as in C.
class Context final : public Handle {
 public:
  static constexpr Kind kind = Kind::Context;
  static constexpr std::int64_t external_size = 65536;
  static constexpr const char *argument_name = "ctx";

  using Change = std::function<int(ne_ssl_context *)>;

  /// Null where C returns NULL.
  static std::shared_ptr<Context> create(Environment &environment, int mode);
  Context(Environment &environment, int mode, std::shared_ptr<ne_ssl_context> c);

  bool is_server() const;
  const std::shared_ptr<ne_ssl_context> &c() const { return c_; }
  /// Applies this change to the C object, and to all later ones; returns the result of the change.
  int change(Change change);
  /// A C object for a connection, which keeps it.
  std::shared_ptr<ne_ssl_context> lend();

  /// A function that C calls for a client certificate: the context's object keeps it, under this number. C
  /// refers to this block as long as a socket uses the context, which owns it until then.
  struct Provider {
    Context &context;
    std::uint32_t function;
  };
  Provider *add_provider(std::uint32_t function);
  bool has_provider() const { return !providers_.empty(); }
  /// C is asking for a certificate for this C object, until the loan is over.
  void note_call(std::shared_ptr<const Loan> loan, ne_ssl_context *c);
  /// Like change(), and also applies the change to the C objects for which C is asking at the moment.
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

/// Since neon 0.37 a handshake succeeds whatever the certificate, and ne_ssl_check_certificate verifies it.
bool verifies_after_handshake();

}  // namespace neon
