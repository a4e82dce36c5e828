#pragma once

#include <ne_ssl.h>

#include "handle.h"

namespace neon {

/// A `ne_ssl_certificate` of its own.
class Certificate final : public Handle {
 public:
  static constexpr Kind kind = Kind::Certificate;
  static constexpr std::int64_t external_size = 4096;

  Certificate(Environment &environment, ne_ssl_certificate *c) : Handle(environment), c_(c) {}
  ~Certificate() override { ne_ssl_cert_free(c_); }

  ne_ssl_certificate *c() const { return c_; }

 private:
  ne_ssl_certificate *const c_;
};

}  // namespace neon
