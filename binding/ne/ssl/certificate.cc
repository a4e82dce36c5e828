// Certificates and distinguished names: ne_ssl_cert_* and ne_ssl_*dname* of ne_ssl.h.
#include "ne/ssl/certificate.h"

#include "core/error.h"
#include "core/tls_errors.h"
#include "core/topic.h"
#include "ne/dates.h"

namespace neon {

std::shared_ptr<Certificate> Certificate::lend_copy(Environment &environment, const ne_ssl_certificate *c,
                                                    const std::shared_ptr<const Loan> &loan) {
  if (!c) return nullptr;
  const Memory text(ne_ssl_cert_export(c));
  ne_ssl_certificate *copy = text ? ne_ssl_cert_import(text.get()) : nullptr;
  if (!copy) return nullptr;
  auto certificate = std::make_shared<Certificate>(environment, copy);
  certificate->loan_ = loan;
  certificate->signed_by_ = lend_copy(environment, ne_ssl_cert_signedby(c), loan);
  return certificate;
}

void Certificate::take_back() {
  for (const auto &name : {known_subject_.lock(), known_issuer_.lock()})
    if (name) HandleWrap::destroy(*name);
  if (signed_by_) signed_by_->take_back();
  HandleWrap::destroy(*this);
}

std::shared_ptr<Certificate> Certificate::signed_by() {
  if (signed_by_) return signed_by_;
  auto certificate = known_signed_by_.lock();
  const ne_ssl_certificate *c = ne_ssl_cert_signedby(c_);
  if (certificate || !c) return certificate;
  certificate = std::make_shared<Certificate>(shared(), c);
  known_signed_by_ = certificate;
  return certificate;
}

std::shared_ptr<DistinguishedName> Certificate::subject() {
  return name(known_subject_, ne_ssl_cert_subject(c_));
}

std::shared_ptr<DistinguishedName> Certificate::issuer() {
  return name(known_issuer_, ne_ssl_cert_issuer(c_));
}

std::shared_ptr<DistinguishedName> Certificate::name(std::weak_ptr<DistinguishedName> &known,
                                                     const ne_ssl_dname *c) {
  auto found = known.lock();
  if (!found) known = found = std::make_shared<DistinguishedName>(shared(), c, loan_);
  return found;
}

Napi::Value DistinguishedName::lend(Napi::Env env, const std::shared_ptr<const Loan> &loan,
                                    const ne_ssl_dname *const *names, int count) {
  const Napi::Array list = Napi::Array::New(env);
  for (int i = 0; i < count; ++i) {
    const auto name = std::make_shared<DistinguishedName>(Environment::of(env), names[i], loan);
    list.Set(static_cast<std::uint32_t>(i), to_object(name));
  }
  return list;
}

DistinguishedName::Reading::Reading(std::initializer_list<const DistinguishedName *> names) {
  for (const DistinguishedName *name : names)
    if (name->closed()) throw neon_failure(code::destroyed, "This ne_ssl_dname is destroyed");
}

namespace {

std::shared_ptr<Certificate> certificate_argument(const Arguments &arguments, std::size_t index = 0,
                                                  const char *name = Certificate::argument_name) {
  return arguments.handle<Certificate>(index, name);
}

std::shared_ptr<DistinguishedName> name_argument(const Arguments &arguments, std::size_t index,
                                                 const char *name) {
  return arguments.handle<DistinguishedName>(index, name);
}

Napi::Value to_certificate(const Arguments &arguments, ne_ssl_certificate *c) {
  forget_tls_errors();
  if (!c) return arguments.env().Null();
  return to_object(std::make_shared<Certificate>(arguments.environment(), c));
}

/// Returns the object that receives an output of C. The result is empty if the caller passes null.
Napi::Object optional_object(const Arguments &arguments, std::size_t index, const char *name) {
  return arguments.is_nullish(index) ? Napi::Object() : arguments.out(index, name);
}

template <class Value>
void set_value(const Napi::Object &out, Value value) {
  if (!out.IsEmpty()) set_field(out, "value", value);
}

Napi::Value read(const Arguments &arguments) {
  return to_certificate(arguments, ne_ssl_cert_read(arguments.text(0, "filename").c_str()));
}

Napi::Value write(const Arguments &arguments) {
  const auto certificate = certificate_argument(arguments);
  return Napi::Number::New(arguments.env(),
                           ne_ssl_cert_write(certificate->c(), arguments.text(1, "filename").c_str()));
}

Napi::Value import(const Arguments &arguments) {
  return to_certificate(arguments, ne_ssl_cert_import(arguments.text(0, "data").c_str()));
}

Napi::Value export_certificate(const Arguments &arguments) {
  return take_string(arguments.env(), ne_ssl_cert_export(certificate_argument(arguments)->c()));
}

Napi::Value identity(const Arguments &arguments) {
  return string_or_null(arguments.env(), ne_ssl_cert_identity(certificate_argument(arguments)->c()));
}

Napi::Value signed_by(const Arguments &arguments) {
  const auto signer = certificate_argument(arguments)->signed_by();
  return signer ? to_object(signer) : arguments.env().Null();
}

Napi::Value subject(const Arguments &arguments) {
  return to_object(certificate_argument(arguments)->subject());
}

Napi::Value issuer(const Arguments &arguments) {
  return to_object(certificate_argument(arguments)->issuer());
}

Napi::Value digest(const Arguments &arguments) {
  const auto certificate = certificate_argument(arguments);
  const Napi::Object out = arguments.out(1, "digest");
  char text[NE_SSL_DIGESTLEN];
  const int result = ne_ssl_cert_digest(certificate->c(), text);
  if (result == 0) set_field(out, "value", text);
  return Napi::Number::New(arguments.env(), result);
}

Napi::Value hash_digest(const Arguments &arguments) {
  const auto certificate = certificate_argument(arguments);
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, UINT32_MAX));
  return take_string(arguments.env(), ne_ssl_cert_hdigest(certificate->c(), flags));
}

Napi::Value validity(const Arguments &arguments) {
  const auto certificate = certificate_argument(arguments);
  const Napi::Object from = optional_object(arguments, 1, "from");
  const Napi::Object until = optional_object(arguments, 2, "until");
  char from_text[NE_SSL_VDATELEN], until_text[NE_SSL_VDATELEN];
  {
    const std::lock_guard lock(gmtime_mutex);
    ne_ssl_cert_validity(certificate->c(), from_text, until_text);
  }
  set_value(from, from_text);
  set_value(until, until_text);
  return arguments.env().Undefined();
}

Napi::Value validity_time(const Arguments &arguments) {
  const auto certificate = certificate_argument(arguments);
  const Napi::Object from = optional_object(arguments, 1, "from");
  const Napi::Object until = optional_object(arguments, 2, "until");
  std::time_t from_time, until_time;
  ne_ssl_cert_validity_time(certificate->c(), &from_time, &until_time);
  set_value(from, static_cast<double>(from_time));
  set_value(until, static_cast<double>(until_time));
  return arguments.env().Undefined();
}

Napi::Value compare(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(), ne_ssl_cert_cmp(certificate_argument(arguments, 0, "c1")->c(),
                                                            certificate_argument(arguments, 1, "c2")->c()));
}

Napi::Value free_certificate(const Arguments &arguments) {
  const auto certificate = certificate_argument(arguments);
  if (certificate->borrowed())
    throw neon_failure(code::borrowed, "This ne_ssl_certificate belongs to another object");
  HandleWrap::destroy(*certificate);
  return arguments.env().Undefined();
}

Napi::Value readable_name(const Arguments &arguments) {
  const auto name = name_argument(arguments, 0, "dn");
  const DistinguishedName::Reading reading({name.get()});
  return take_string(arguments.env(), ne_ssl_readable_dname(name->c()));
}

Napi::Value compare_names(const Arguments &arguments) {
  const auto first = name_argument(arguments, 0, "dn1"), second = name_argument(arguments, 1, "dn2");
  const DistinguishedName::Reading reading({first.get(), second.get()});
  return Napi::Number::New(arguments.env(), ne_ssl_dname_cmp(first->c(), second->c()));
}

}  // namespace

void register_certificate(Topic &topic) {
  topic.plain("ne_ssl_cert_read", read);
  topic.plain("ne_ssl_cert_write", write);
  topic.plain("ne_ssl_cert_import", import);
  topic.plain("ne_ssl_cert_export", export_certificate);
  topic.plain("ne_ssl_cert_identity", identity);
  topic.plain("ne_ssl_cert_signedby", signed_by);
  topic.plain("ne_ssl_cert_subject", subject);
  topic.plain("ne_ssl_cert_issuer", issuer);
  topic.plain("ne_ssl_cert_digest", digest);
  topic.plain("ne_ssl_cert_hdigest", hash_digest);
  topic.plain("ne_ssl_cert_validity", validity);
  topic.plain("ne_ssl_cert_validity_time", validity_time);
  topic.plain("ne_ssl_cert_cmp", compare);
  topic.plain("ne_ssl_cert_free", free_certificate);
  topic.plain("ne_ssl_readable_dname", readable_name);
  topic.plain("ne_ssl_dname_cmp", compare_names);
}

}  // namespace neon
