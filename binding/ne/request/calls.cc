// The functions of ne_request.h, except hooks.
#include <ne_207.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/since.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/request/dispatch.h"
#include "ne/request/receive.h"
#include "ne/session/callback.h"
#include "ne/uri.h"
#include "ne/xml.h"

namespace neon {

namespace {

/// ne_response_header_iterate or ne_response_trailer_iterate.
using Iterate = void *(ne_request *, void *, const char **, const char **);

/// A position in an iteration over headers or trailers. It is stale when its request is gone or was sent
/// again.
class HeaderCursor final : public Handle {
 public:
  static constexpr Kind kind = Kind::HeaderCursor;
  static constexpr std::int64_t external_size = 64;

  HeaderCursor(const std::shared_ptr<Request> &request, void *position, Iterate *iterate)
      : Handle(*request->environment),
        request(request),
        generation(request->generation()),
        position(position),
        iterate(iterate) {}

  const std::weak_ptr<Request> request;
  const std::uint64_t generation;
  void *const position;
  Iterate *const iterate;
};

std::shared_ptr<Operation> create_queued(const Arguments &arguments, Mode);

Napi::Value create(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  if (session->has_callbacks()) return create_queued(arguments, Mode::Sync)->call();
  std::string method = arguments.line(1, "method"), target = arguments.line(2, "path");
  session->require_idle();
  return Request::create(session, std::move(method), std::move(target))->open_handle();
}

// Creates the request on the lane, when this call reaches the front of the queue.
std::shared_ptr<Operation> create_queued(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  std::string method = arguments.line(1, "method"), target = arguments.line(2, "path");
  const auto creation = session->announce(method + " " + target);
  auto made = operation(
      session,
      [session, method = std::move(method), target = std::move(target)] {
        return Request::create(session, method, target);
      },
      [](Operation &, Napi::Env, const std::shared_ptr<Request> &request) { return request->open_handle(); });
  made->use(creation);
  made->hold(arguments[0]);
  return made;
}

std::shared_ptr<Request> own(const Arguments &arguments) {
  auto request = arguments.handle<Request>(0, "req");
  request->require_own("destroyed");
  return request;
}

std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode);

// Detaches the handle at once; C's request is destroyed when the session is free.
Napi::Value destroy(const Arguments &arguments) {
  const auto request = own(arguments);
  const Session &session = request->session();
  if (session.asks_about(*request) && session.inside_callback())
    throw neon_failure(code::reentrant,
                       "A request must not be destroyed from a callback of its own running call");
  if (session.has_callbacks()) {
    session.require_idle();
    return destroy_queued(arguments, Mode::Sync)->call();
  }
  session.require_usable();
  HandleWrap::destroy(*request);
  return arguments.env().Undefined();
}

// If the session has hooks, the object stays attached until the hooks have seen the request.
std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode) {
  auto request = own(arguments);
  request->session().require_queueable();
  const auto session = request->shared_session();
  request->mark_destroyed();
  const bool hooks = session->has_callbacks();
  if (!hooks) HandleWrap::destroy(*request);
  auto made = operation(
      session,
      [request, hooks]() mutable {
        if (hooks) request->close();
        request.reset();
        return true;
      },
      [seen = hooks ? request : nullptr](Operation &, Napi::Env env, bool) {
        if (seen) HandleWrap::destroy(*seen);
        return env.Undefined();
      });
  if (hooks) {
    made->use(request);
    made->hold(arguments[0]);
  }
  return made;
}

Napi::Value add_header(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const std::string name = arguments.token(1, "name");
  const std::string value = arguments.line(2, "value");
  ne_add_request_header(request->c(), name.c_str(), value.c_str());
  request->note_header(name, value);
  return arguments.env().Undefined();
}

// JavaScript has already formatted the text, so C must not interpret it as a format. C would truncate a text
// that exceeds its buffer, so this function rejects such a text.
Napi::Value print_header(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const std::string name = arguments.token(1, "name");
  const std::string value = arguments.line(2, "format");
  if (value.size() >= NE_BUFSIZ)
    throw range_failure("The formatted header value must be shorter than " + std::to_string(NE_BUFSIZ) +
                        " bytes");
  ne_print_request_header(request->c(), name.c_str(), "%s", value.c_str());
  request->note_header(name, value);
  return arguments.env().Undefined();
}

Napi::Value set_body_buffer(const Arguments &arguments) {
  usable<Request>(arguments)->set_body(arguments.bytes(1, "buffer"));
  return arguments.env().Undefined();
}

constexpr std::int64_t max_bytes = (std::int64_t{1} << 53) - 1;  // Number.MAX_SAFE_INTEGER

Napi::Value set_body_fd(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const int descriptor = static_cast<int>(arguments.integer(1, "fd", 0, INT32_MAX));
  const std::int64_t offset = arguments.integer(2, "offset", 0, max_bytes);
  request->set_body(descriptor, offset, arguments.integer(3, "length", 0, max_bytes));
  return arguments.env().Undefined();
}

Napi::Value set_body_provider(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const std::int64_t length = arguments.integer(1, "length", -1, max_bytes);
  const Napi::Function provider = arguments.function(2, "provider");
  request->set_body_provider(length, request->keep(provider));
  return arguments.env().Undefined();
}

Napi::Value add_interim_handler(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const Napi::Function handler = arguments.function(1, "fn");
  request->add_interim_handler(request->keep(handler));
  return arguments.env().Undefined();
}

Napi::Value accept_2xx(const Arguments &arguments) {
  arguments.handle<Request>(0, "req");
  ne_status status{};
  status.klass = to_int(arguments.env(), get_property(arguments.object(1, "st"), "klass"));
  return Napi::Number::New(arguments.env(), ne_accept_2xx(nullptr, nullptr, &status));
}

Napi::Value accept_always(const Arguments &arguments) {
  arguments.handle<Request>(0, "req");
  arguments.object(1, "st");
  const ne_status status{};
  return Napi::Number::New(arguments.env(), ne_accept_always(nullptr, nullptr, &status));
}

void require_before_begin(const Request &request) {
  if (request.phase() != Request::Phase::Idle && request.phase() != Request::Phase::Ended)
    throw neon_failure(code::invalid_state, "A reader must be added before the request begins");
}

Napi::Value add_body_reader(const Arguments &arguments) {
  add_function_reader(arguments, Request::Coding::Any);
  return arguments.env().Undefined();
}

/// addParser(req, accpt, parser): ne_add_response_body_reader with ne_xml_parse_v.
Napi::Value add_parser(const Arguments &arguments) {
  add_parser_reader(arguments, Request::Coding::Any);
  return arguments.env().Undefined();
}

std::shared_ptr<Operation> dispatch(const Arguments &arguments, Mode) {
  const auto request = arguments.handle<Request>(0, "req");
  return request_operation_by(arguments, 0, request, false,
                              [&](bool callbacks) { return std::make_shared<Dispatch>(request, callbacks); });
}

std::shared_ptr<Operation> begin(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, 0, request, [request] { return request->begin(); });
}

std::shared_ptr<Operation> end(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, 0, request, [request] { return request->end(); });
}

std::shared_ptr<Operation> discard(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  return request_operation(arguments, 0, request, [request] { return request->discard(); });
}

// Reads directly into the caller's memory if nothing can detach this memory during the call. Otherwise reads
// into memory of our own.
std::shared_ptr<Operation> read_block(const Arguments &arguments, Mode mode) {
  auto request = arguments.handle<Request>(0, "req");
  const std::span<char> buffer = arguments.buffer(1, "buffer");
  if (mode == Mode::Sync && !arguments.environment().in_worker() && !request->has_callbacks() &&
      !request->session().has_callbacks()) {
    auto made = operation(
        request->shared_session(), [request, buffer] { return request->read(buffer.data(), buffer.size()); },
        [](Operation &, Napi::Env env, ssize_t count) {
          return Napi::Number::New(env, static_cast<double>(count));
        });
    request->use_for(*made);
    return made;
  }

  struct Block {
    Memory memory;
    ssize_t count = 0;
  };
  const std::size_t size = buffer.size();
  auto made = operation(
      request->shared_session(),
      [request, size] {
        Block block{allocate(size)};
        block.count = request->read(block.memory.get(), size);
        return block;
      },
      [](Operation &operation, Napi::Env env, const Block &block) {
        if (block.count > 0)
          fill(operation.held(env, 1), {block.memory.get(), static_cast<std::size_t>(block.count)});
        return Napi::Number::New(env, static_cast<double>(block.count));
      },
      request->has_callbacks());
  request->use_for(*made);
  made->hold(arguments[0]);
  made->hold(arguments[1]);
  return made;
}

std::shared_ptr<Operation> read_to_fd(const Arguments &arguments, Mode mode) {
  auto request = arguments.handle<Request>(0, "req");
  auto fd = std::make_shared<Descriptor>(arguments, 1, "fd", mode);
  return request_operation(arguments, 0, request,
                           [request, fd = std::move(fd)] { return request->read_to(fd->number()); });
}

std::shared_ptr<Operation> read_to_buffer(const Arguments &arguments, Mode) {
  auto request = arguments.handle<Request>(0, "req");
  auto made = receiving(
      arguments, 1, room_in(arguments, 1), request->shared_session(),
      [request](char *buffer, std::size_t *size) { return request->read_to(buffer, size); },
      request->has_callbacks());
  request->use_for(*made);
  return made;
}

Napi::Value get_status(const Arguments &arguments) {
  const auto request = arguments.handle<Request>(0, "req");
  if (!request->closing() || !request->session().inside_callback()) request->require_usable();
  return status_object(arguments.env(), *ne_get_status(request->c()));
}

Napi::Value get_trailer(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const std::string name = arguments.text(1, "name");
  const auto get = Since<const char *(ne_request *, const char *)>::required("ne_get_response_trailer");
  return string_or_null(arguments.env(), get(request->c(), name.c_str()));
}

Napi::Value get_target(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const auto get = Since<const ne_uri *(ne_request *)>::required("ne_get_request_target");
  const ne_uri *uri = get(request->c());
  return uri ? uri_object(arguments.env(), *uri) : arguments.env().Null();
}

Napi::Value get_location(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const std::string fragment = arguments.is_nullish(1) ? "" : arguments.text(1, "fragment");
  const auto get = Since<ne_uri *(ne_request *, const char *)>::required("ne_get_response_location");
  ne_uri *uri = get(request->c(), arguments.is_nullish(1) ? nullptr : fragment.c_str());
  if (!uri) return arguments.env().Null();
  const Napi::Value object = uri_object(arguments.env(), *uri);
  ne_uri_free(uri);
  ne_free(uri);
  return object;
}

Napi::Value get_retry_after(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const auto get = Since<std::time_t(ne_request *)>::required("ne_get_response_retry_after");
  return Napi::Number::New(arguments.env(), static_cast<double>(get(request->c())));
}

Napi::Value get_response_header(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  return string_or_null(arguments.env(),
                        ne_get_response_header(request->c(), arguments.text(1, "name").c_str()));
}

Napi::Value iterate_fields(const Arguments &arguments, Iterate *iterate) {
  const auto request = usable<Request>(arguments);
  void *position = nullptr;
  if (!arguments.is_nullish(1)) {
    const auto cursor = arguments.handle<HeaderCursor>(1, "cursor");
    if (cursor->request.lock() != request || cursor->generation != request->generation() ||
        cursor->iterate != iterate)
      throw neon_failure(code::invalid_state, "The cursor belongs to another response");
    position = cursor->position;
  }
  const Napi::Object name_object = arguments.out(2, "name"), value_object = arguments.out(3, "value");
  const char *name = nullptr, *value = nullptr;
  position = iterate(request->c(), position, &name, &value);
  if (!position) return arguments.env().Null();
  set_field(name_object, "value", name);
  set_field(value_object, "value", value);
  return to_object(std::make_shared<HeaderCursor>(request, position, iterate));
}

Napi::Value iterate_headers(const Arguments &arguments) {
  return iterate_fields(arguments, ne_response_header_iterate);
}

Napi::Value iterate_trailers(const Arguments &arguments) {
  // Checks the arguments first, so that wrong arguments are reported even if this neon lacks the function.
  usable<Request>(arguments);
  if (!arguments.is_nullish(1)) arguments.handle<HeaderCursor>(1, "cursor");
  arguments.out(2, "name");
  arguments.out(3, "value");
  return iterate_fields(arguments, Since<Iterate>::required("ne_response_trailer_iterate"));
}

Napi::Value set_flag(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const auto flag = static_cast<ne_request_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  ne_set_request_flag(request->c(), flag, arguments.flag(2, "value"));
  return arguments.env().Undefined();
}

Napi::Value get_flag(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const auto flag = static_cast<ne_request_flag>(arguments.integer(1, "flag", 0, INT32_MAX));
  return Napi::Number::New(arguments.env(), ne_get_request_flag(request->c(), flag));
}

Napi::Value get_session(const Arguments &arguments) {
  const auto request = arguments.handle<Request>(0, "req");
  const Napi::Object session = request->session().object();
  if (session.IsEmpty() || request->session().closed())
    throw neon_failure(code::destroyed, "The ne_session of this request is destroyed");
  return session;
}

// The private-data functions in lib use this check. Throws unless the argument is a live request.
Napi::Value require_request(const Arguments &arguments) {
  arguments.handle<Request>(0, "req");
  return arguments.env().Undefined();
}

}  // namespace

ne_accept_response native_acceptor(const Arguments &arguments, std::size_t index) {
  constexpr ne_accept_response acceptors[] = {ne_accept_always, ne_accept_2xx, ne_accept_207};
  if (!arguments[index].IsNumber()) return nullptr;
  return acceptors[arguments.integer(index, "accpt", 0, std::size(acceptors) - 1)];
}

namespace {

// Prepares the acceptance function in argument 1 for C. Returns either neon's own function, or null and the
// number under which the request keeps the JavaScript function.
std::pair<ne_accept_response, std::uint32_t> keep_acceptor(const Arguments &arguments, Request &request) {
  const ne_accept_response native = native_acceptor(arguments, 1);
  return {native, native ? 0 : request.keep(arguments[1])};
}

// Returns the request in argument 0. Throws unless this request may have a reader with this coding. Also
// throws unless argument 1 is an acceptance function.
std::shared_ptr<Request> readable(const Arguments &arguments, Request::Coding coding) {
  auto request = usable<Request>(arguments);
  if (!native_acceptor(arguments, 1)) arguments.function(1, "accpt");
  if (coding == Request::Coding::Gzip) request->require_own("decompressed");
  return request;
}

}  // namespace

std::shared_ptr<Request> add_function_reader(const Arguments &arguments, Request::Coding coding) {
  auto request = readable(arguments, coding);
  const Napi::Function read = arguments.function(2, "reader");
  require_before_begin(*request);
  const auto [native, accept] = keep_acceptor(arguments, *request);
  request->add_reader(coding, native, accept, request->keep(read));
  return request;
}

std::shared_ptr<Request> add_parser_reader(const Arguments &arguments, Request::Coding coding) {
  auto request = readable(arguments, coding);
  auto parser = arguments.handle<XmlParser>(2, "userdata");
  parser->require_own("given a document");
  // The operation of a lent request is already running, so it cannot be registered as a user of the parser.
  if (request->lent()) request->require_own("read by a parser");
  require_before_begin(*request);
  request->keep(arguments[2]);
  const auto [native, accept] = keep_acceptor(arguments, *request);
  request->add_reader(coding, native, accept, 0, std::move(parser));
  return request;
}

void register_request(Topic &topic) {
  topic.plain("ne_request_create", create);
  topic.queued("ne_request_create", create_queued);
  topic.plain("ne_request_destroy", destroy);
  topic.queued("ne_request_destroy", destroy_queued);
  topic.plain("ne_add_request_header", add_header);
  topic.plain("ne_print_request_header", print_header);
  topic.plain("ne_set_request_body_buffer", set_body_buffer);
  topic.plain("ne_set_request_body_fd", set_body_fd);
  topic.plain("ne_set_request_body_provider", set_body_provider);
  topic.plain("ne_add_interim_handler", add_interim_handler);
  topic.plain("ne_accept_2xx", accept_2xx);
  topic.plain("ne_accept_always", accept_always);
  topic.plain("ne_add_response_body_reader", add_body_reader);
  topic.plain("addParser", add_parser);
  topic.blocking("ne_request_dispatch", dispatch);
  topic.blocking("ne_begin_request", begin);
  topic.blocking("ne_read_response_block", read_block);
  topic.blocking("ne_read_response_to_fd", read_to_fd);
  topic.blocking("ne_read_response_to_buffer", read_to_buffer);
  topic.blocking("ne_discard_response", discard);
  topic.blocking("ne_end_request", end);
  topic.plain("ne_get_status", get_status);
  topic.plain("ne_get_response_header", get_response_header);
  topic.plain("ne_response_header_iterate", iterate_headers);
  topic.plain("ne_get_response_trailer", get_trailer);
  topic.plain("ne_response_trailer_iterate", iterate_trailers);
  topic.plain("ne_get_request_target", get_target);
  topic.plain("ne_get_response_location", get_location);
  topic.plain("ne_get_response_retry_after", get_retry_after);
  topic.plain("ne_set_request_flag", set_flag);
  topic.plain("ne_get_request_flag", get_flag);
  topic.plain("ne_get_session", get_session);
  topic.plain("requireRequest", require_request);
}

}  // namespace neon
