#pragma once

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
/// C keeps a TLS session in it to resume, without a lock: handshakes write that, with OpenSSL even reads, and
/// each socket has a thread of its own. So C's object may be several: the handle is what was set, and sockets
/// are lent a C object that had all of it done to it. One that is lent is not changed any more, and where C
/// writes to it, it is lent to one socket at a time: connections one after the other share it, and so resume
/// sessions as in C.
class Context final : public Handle {
 public:
  static constexpr Kind kind = Kind::Context;
  static constexpr std::int64_t external_size = 65536;

  using Change = std::function<int(ne_ssl_context *)>;

  /// Null where C makes none.
  static std::shared_ptr<Context> create(Environment &environment, int mode);
  Context(Environment &environment, int mode, std::shared_ptr<ne_ssl_context> c);

  bool is_server() const;
  const std::shared_ptr<ne_ssl_context> &c() const { return c_; }
  /// Does this to the C object, and to all that follow; returns what it returned.
  int change(Change change);
  /// The C object for a connection, which keeps it.
  std::shared_ptr<ne_ssl_context> lend();

  /// A function that C asks for a client certificate: kept by the context's object, under this number. C
  /// refers to it as long as a socket uses the context, which owns it until then.
  struct Provider {
    Context &context;
    std::uint32_t function;
  };
  Provider *add_provider(std::uint32_t function);
  bool has_provider() const { return !providers_.empty(); }
  /// C asks for a certificate in this C object, until the loan is over.
  void note_question(std::shared_ptr<const Loan> loan, ne_ssl_context *c);
  /// change(), of the C objects that ask just now, too.
  void answer(const Change &change);

 private:
  std::shared_ptr<ne_ssl_context> remake() const;
  bool lent() const { return c_.use_count() > 1; }

  const int mode_;
  std::shared_ptr<ne_ssl_context> c_;
  std::vector<Change> changes_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<std::pair<std::shared_ptr<const Loan>, ne_ssl_context *>> questions_;
};

/// Since neon 0.37 a handshake succeeds whatever the certificate, and ne_ssl_check_certificate judges it.
bool judges_after_handshake();

}  // namespace neon
