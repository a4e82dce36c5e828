#include <ne_207.h>

#include "core/error.h"
#include "core/topic.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"
#include "ne/uri.h"
#include "ne/xml.h"

namespace neon {

namespace {

/// A `ne_207_parser`.
///
/// It tells its callbacks while the XML parser parses that it was made on, and only then: whoever uses that
/// uses this too. The XML parser owns it (C has this as userdata), beside its JavaScript object, which is
/// kept by the XML parser's and keeps that; the reference back is weak. After ne_207_destroy C may no longer
/// be made to call it, so the XML parser refuses to parse; the C object goes with the last of the two.
///
/// What a start callback returns is kept by the object while its response or propstat lasts: C is given the
/// number of it, where a C program has a pointer.
class Multistatus final : public Handle {
 public:
  static constexpr Kind kind = Kind::Multistatus;
  static constexpr std::int64_t external_size = 1024;

  using Function = std::optional<std::uint32_t>;
  /// The functions of one kind of element, and the value of the one that is open.
  struct Element {
    Function start, end, value;
  };

  Multistatus(const std::shared_ptr<XmlParser> &parser, const ne_uri &base)
      : Handle(*parser->environment), parser_(parser), c_(ne_207_create(parser->c(), &base, this)) {}
  ~Multistatus() override { ne_207_destroy(c_); }

  ne_207_parser *c() const { return c_; }
  /// Null when it is gone; never in a callback.
  std::shared_ptr<XmlParser> parser() const { return parser_.lock(); }

  void set_functions(Element &element, napi_value start, napi_value end);
  /// A start callback.
  template <class MakeArguments>
  void *start(Element &element, MakeArguments make_arguments);
  /// An end callback.
  void end(Element &element, void *value, const ne_status *status, const char *description);

  Element response, propstat;

 private:
  const std::weak_ptr<XmlParser> parser_;
  ne_207_parser *const c_;
};

void Multistatus::set_functions(Element &element, napi_value start, napi_value end) {
  keep_instead(element.start, start);
  keep_instead(element.end, end);
}

template <class MakeArguments>
void *Multistatus::start(Element &element, MakeArguments make_arguments) {
  return parser()
      ->ask(*this, *element.start, make_arguments,
            [this, &element](napi_env, napi_value value) { return keep_for_c(element.value, value); })
      .value_or(nullptr);
}

void Multistatus::end(Element &element, void *value, const ne_status *status, const char *description) {
  parser()->ask(
      *this, *element.end,
      [=, this](napi_env env) {
        return std::vector<napi_value>{value_of(value), status ? status_object(env, *status) : null(env),
                                       from(env, description)};
      },
      [](napi_env, napi_value) { return true; });
}

// --- What neon calls --------------------------------------------------------------------------------------

Multistatus &multistatus_of(void *userdata) { return *static_cast<Multistatus *>(userdata); }

void *on_start_response(void *userdata, const ne_uri *uri) noexcept {
  Multistatus &self = multistatus_of(userdata);
  return self.start(self.response,
                    [=](napi_env env) { return std::vector<napi_value>{uri_object(env, *uri)}; });
}

void on_end_response(void *userdata, void *response, const ne_status *status,
                     const char *description) noexcept {
  Multistatus &self = multistatus_of(userdata);
  self.end(self.response, response, status, description);
}

void *on_start_propstat(void *userdata, void *response) noexcept {
  Multistatus &self = multistatus_of(userdata);
  return self.start(self.propstat,
                    [&](napi_env) { return std::vector<napi_value>{self.value_of(response)}; });
}

void on_end_propstat(void *userdata, void *propstat, const ne_status *status,
                     const char *description) noexcept {
  Multistatus &self = multistatus_of(userdata);
  self.end(self.propstat, propstat, status, description);
}

// --- Functions --------------------------------------------------------------------------------------------

std::shared_ptr<Multistatus> usable(const Arguments &arguments) {
  auto multistatus = arguments.handle<Multistatus>(0, "p");
  if (const auto parser = multistatus->parser()) parser->require_usable();
  return multistatus;
}

napi_value create(const Arguments &arguments) {
  // First: a getter may destroy the parser.
  const GivenUri base(arguments.env(), arguments.object(1, "base"), "base");
  const ne_uri &uri = *base.with_path();
  const auto parser = arguments.handle<XmlParser>(0, "parser");
  parser->require_usable();
  const auto made = std::make_shared<Multistatus>(parser, uri);
  napi_value object = HandleWrap::wrap(made, Multistatus::kind, Multistatus::external_size, arguments[0]);
  parser->attach(made, object);
  return object;
}

napi_value set_flags(const Arguments &arguments) {
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, UINT32_MAX));
  ne_207_set_flags(usable(arguments)->c(), flags);
  return undefined(arguments.env());
}

// A start and an end function, each of which may be null, of one kind of element; `set` gives C which there
// are.
template <class Set>
napi_value set_handlers(const Arguments &arguments, Multistatus::Element Multistatus::*element, Set set) {
  const auto multistatus = usable(arguments);
  napi_value start = arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, "start");
  napi_value end = arguments.is_nullish(2) ? Napi::Function() : arguments.function(2, "end");
  multistatus->set_functions((*multistatus).*element, start, end);
  set(multistatus->c(), start != nullptr, end != nullptr);
  return undefined(arguments.env());
}

napi_value set_response_handlers(const Arguments &arguments) {
  return set_handlers(arguments, &Multistatus::response, [](ne_207_parser *p, bool start, bool end) {
    ne_207_set_response_handlers(p, start ? on_start_response : nullptr, end ? on_end_response : nullptr);
  });
}

napi_value set_propstat_handlers(const Arguments &arguments) {
  return set_handlers(arguments, &Multistatus::propstat, [](ne_207_parser *p, bool start, bool end) {
    ne_207_set_propstat_handlers(p, start ? on_start_propstat : nullptr, end ? on_end_propstat : nullptr);
  });
}

napi_value get_current_response(const Arguments &arguments) {
  const auto multistatus = usable(arguments);
  return multistatus->value_of(ne_207_get_current_response(multistatus->c()));
}

napi_value get_current_propstat(const Arguments &arguments) {
  const auto multistatus = usable(arguments);
  return multistatus->value_of(ne_207_get_current_propstat(multistatus->c()));
}

napi_value destroy(const Arguments &arguments) {
  const auto multistatus = arguments.handle<Multistatus>(0, "p");
  if (const auto parser = multistatus->parser()) parser->require_idle();
  HandleWrap::destroy(*multistatus);
  return undefined(arguments.env());
}

napi_value accept_207(const Arguments &arguments) {
  const napi_env env = arguments.env();
  arguments.handle<Request>(0, "req");
  ne_status status{};
  status.code = to_int(env, field(env, arguments.object(1, "st"), "code"));
  return from(env, ne_accept_207(nullptr, nullptr, &status));
}

/// What ne_simple_request was given is destroyed whatever comes of it, also when C was not reached.
class Consumed final {
 public:
  explicit Consumed(Request &request) : request_(request) {}
  ~Consumed() { request_.close(); }
  Consumed(const Consumed &) = delete;
  Consumed &operator=(const Consumed &) = delete;

 private:
  Request &request_;
};

// The handle of the request is destroyed at once for all but the callbacks of the call.
std::shared_ptr<Operation> simple_request(const Arguments &arguments, Mode mode) {
  const auto session = arguments.handle<Session>(0, "sess");
  auto request = arguments.handle<Request>(1, "req");
  if (&request->session() != session.get())
    throw type_failure(code::argument_value, "The \"req\" argument must be a request of \"sess\"");
  if (mode == Mode::Sync)
    session->require_idle();
  else
    session->require_queueable();
  auto made = request_operation(arguments, 1, request, [request, session] {
    const Consumed consumed(*request);
    return request->run_delegated([&] {
      const int result = ne_simple_request(session->c(), request->c());
      request->release();
      return result;
    });
  });
  made->require_resources();
  request->mark_destroyed();
  if (!session->has_callbacks() && !request->has_callbacks()) HandleWrap::destroy(*request);
  return made;
}

}  // namespace

void register_multistatus(Topic &topic) {
  topic.plain("ne_207_create", create);
  topic.plain("ne_207_set_flags", set_flags);
  topic.plain("ne_207_set_response_handlers", set_response_handlers);
  topic.plain("ne_207_set_propstat_handlers", set_propstat_handlers);
  topic.plain("ne_207_get_current_response", get_current_response);
  topic.plain("ne_207_get_current_propstat", get_current_propstat);
  topic.plain("ne_207_destroy", destroy);
  topic.plain("ne_accept_207", accept_207);
  topic.blocking("ne_simple_request", simple_request);
}

}  // namespace neon
