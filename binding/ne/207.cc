// ne_207.h: Multi-Status (207) documents, which a ne_xml_parser parses.
#include <ne_207.h>

#include "core/error.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"
#include "ne/uri.h"
#include "ne/xml.h"

namespace neon {

namespace {

/// A `ne_207_parser`.
///
/// The XML parser calls this parser's callbacks while it parses. Every operation that uses the XML parser
/// therefore uses this parser too. C receives the address of the Multistatus as userdata.
///
/// The XML parser and the JavaScript object of this parser both own the Multistatus. The C object is
/// destroyed when both are gone. The Multistatus refers to the XML parser weakly. The JavaScript objects of
/// the two parsers keep each other alive. C must not call the callbacks after ne_207_destroy, so from then on
/// the XML parser refuses to parse.
///
/// While a response or propstat is open, the JavaScript object keeps the value that its start callback
/// returned. A C program would return a pointer there; C receives the number of the value instead.
class Multistatus final : public Handle {
 public:
  static constexpr Kind kind = Kind::Multistatus;
  static constexpr std::int64_t external_size = 1024;
  static constexpr const char *argument_name = "p";

  using Function = std::optional<std::uint32_t>;
  /// The functions for one kind of element, and the value that the start function returned for the open
  /// element.
  struct Element {
    Function start, end, value;
  };

  Multistatus(const std::shared_ptr<XmlParser> &parser, const ne_uri &base)
      : Handle(*parser->environment), parser_(parser), c_(ne_207_create(parser->c(), &base, this)) {}
  ~Multistatus() override { ne_207_destroy(c_); }

  ne_207_parser *c() const { return c_; }
  /// The XML parser. It is null after the XML parser is gone, but never in a callback.
  std::shared_ptr<XmlParser> parser() const { return parser_.lock(); }
  /// Must be called before the JavaScript thread uses this parser. Throws ERR_NEON_BUSY while an operation
  /// uses the XML parser.
  void require_usable() const {
    if (const auto xml = parser()) xml->require_usable();
  }

  /// Either function may be empty.
  void set_functions(Element &element, Napi::Function start, Napi::Function end);
  /// Calls a start callback.
  template <class MakeArguments>
  void *start(Element &element, MakeArguments make_arguments);
  /// Calls an end callback.
  void end(Element &element, void *value, const ne_status *status, const char *description);

  Element response, propstat;

 private:
  const std::weak_ptr<XmlParser> parser_;
  ne_207_parser *const c_;
};

void Multistatus::set_functions(Element &element, Napi::Function start, Napi::Function end) {
  keep_instead(element.start, start);
  keep_instead(element.end, end);
}

template <class MakeArguments>
void *Multistatus::start(Element &element, MakeArguments make_arguments) {
  return parser()
      ->ask(*this, *element.start, make_arguments,
            [this, &element](Napi::Env, Napi::Value value) { return keep_for_c(element.value, value); })
      .value_or(nullptr);
}

void Multistatus::end(Element &element, void *value, const ne_status *status, const char *description) {
  parser()->ask(
      *this, *element.end,
      [=, this](Napi::Env env) {
        return std::vector<napi_value>{value_of(value), status ? status_object(env, *status) : env.Null(),
                                       string_or_null(env, description)};
      },
      [](Napi::Env, Napi::Value) { return true; });
}

// --- Called by neon ---------------------------------------------------------------------------------------

Multistatus &multistatus_of(void *userdata) { return *static_cast<Multistatus *>(userdata); }

void *on_start_response(void *userdata, const ne_uri *uri) noexcept {
  Multistatus &self = multistatus_of(userdata);
  return self.start(self.response,
                    [=](Napi::Env env) { return std::vector<napi_value>{uri_object(env, *uri)}; });
}

void on_end_response(void *userdata, void *response, const ne_status *status,
                     const char *description) noexcept {
  Multistatus &self = multistatus_of(userdata);
  self.end(self.response, response, status, description);
}

void *on_start_propstat(void *userdata, void *response) noexcept {
  Multistatus &self = multistatus_of(userdata);
  return self.start(self.propstat,
                    [&](Napi::Env) { return std::vector<napi_value>{self.value_of(response)}; });
}

void on_end_propstat(void *userdata, void *propstat, const ne_status *status,
                     const char *description) noexcept {
  Multistatus &self = multistatus_of(userdata);
  self.end(self.propstat, propstat, status, description);
}

// --- Functions --------------------------------------------------------------------------------------------

Napi::Value create(const Arguments &arguments) {
  const GivenUri base(arguments.object(1, "base"),
                      "base");  // read first: a getter may destroy the parser
  const ne_uri &uri = *base.with_path();
  const auto parser = usable<XmlParser>(arguments, 0, "parser");
  const auto made = std::make_shared<Multistatus>(parser, uri);
  const Napi::Object object =
      HandleWrap::wrap(made, Multistatus::kind, Multistatus::external_size, arguments[0]);
  parser->attach(made, object);
  return object;
}

Napi::Value set_flags(const Arguments &arguments) {
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, UINT32_MAX));
  ne_207_set_flags(usable<Multistatus>(arguments)->c(), flags);
  return arguments.env().Undefined();
}

// Sets the start and end functions for one kind of element. Either function may be null. `set(parser, start,
// end)` registers callbacks with C; its two flags say which of the functions exist.
template <class Set>
Napi::Value set_handlers(const Arguments &arguments, Multistatus::Element Multistatus::*element, Set set) {
  const auto multistatus = usable<Multistatus>(arguments);
  const Napi::Function start = arguments.optional_function(1, "start");
  const Napi::Function end = arguments.optional_function(2, "end");
  multistatus->set_functions((*multistatus).*element, start, end);
  set(multistatus->c(), !start.IsEmpty(), !end.IsEmpty());
  return arguments.env().Undefined();
}

Napi::Value set_response_handlers(const Arguments &arguments) {
  return set_handlers(arguments, &Multistatus::response, [](ne_207_parser *p, bool start, bool end) {
    ne_207_set_response_handlers(p, start ? on_start_response : nullptr, end ? on_end_response : nullptr);
  });
}

Napi::Value set_propstat_handlers(const Arguments &arguments) {
  return set_handlers(arguments, &Multistatus::propstat, [](ne_207_parser *p, bool start, bool end) {
    ne_207_set_propstat_handlers(p, start ? on_start_propstat : nullptr, end ? on_end_propstat : nullptr);
  });
}

Napi::Value get_current_response(const Arguments &arguments) {
  const auto multistatus = usable<Multistatus>(arguments);
  return multistatus->value_of(ne_207_get_current_response(multistatus->c()));
}

Napi::Value get_current_propstat(const Arguments &arguments) {
  const auto multistatus = usable<Multistatus>(arguments);
  return multistatus->value_of(ne_207_get_current_propstat(multistatus->c()));
}

Napi::Value destroy(const Arguments &arguments) {
  const auto multistatus = arguments.handle<Multistatus>(0, "p");
  if (const auto parser = multistatus->parser()) parser->require_idle();
  HandleWrap::destroy(*multistatus);
  return arguments.env().Undefined();
}

Napi::Value accept_207(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  arguments.handle<Request>(0, "req");
  ne_status status{};
  status.code = to_int(env, get_property(arguments.object(1, "st"), "code"));
  return Napi::Number::New(env, ne_accept_207(nullptr, nullptr, &status));
}

/// Closes the request when the call ends, because ne_simple_request destroys its request. If the call fails
/// before C runs, the request is closed too.
class Consumed final {
 public:
  explicit Consumed(Request &request) : request_(request) {}
  ~Consumed() { request_.close(); }
  Consumed(const Consumed &) = delete;
  Consumed &operator=(const Consumed &) = delete;

 private:
  Request &request_;
};

// The request's handle behaves as destroyed from now on, except inside the callbacks of this call.
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

void register_207(Topic &topic) {
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
