// The body of a request and the readers of its response: callbacks that neon calls while it sends and
// receives.
#include <algorithm>

#include "core/error.h"
#include "core/since.h"
#include "core/value.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"
#include "ne/xml.h"

namespace neon {

namespace {

// Operation::ask() catches and stores all exceptions, so that none crosses neon's stack frames.

// Returns the JavaScript object of a request. The request's handle may be destroyed, so every operation with
// callbacks holds the object as its first value. If the request is lent to hooks, its object lives as long as
// the operation.
Napi::Value object_in(Napi::Env env, Operation &operation, const Request &request) {
  const Napi::Value object = request.object();
  return object.IsEmpty() ? operation.held(env, 0) : object;
}

Napi::Function function_in(Napi::Env env, Operation &operation, const Request &request,
                           std::uint32_t number) {
  return Handle::kept(env, object_in(env, operation, request), number).As<Napi::Function>();
}

int accept_response(void *userdata, ne_request *, const ne_status *status) noexcept {
  const auto *reader = static_cast<const Request::Reader *>(userdata);
  return ask_acceptor(reader->request, *status, [reader](Napi::Env env, Operation &operation) {
    return function_in(env, operation, reader->request, reader->accept_function);
  });
}

int read_block(void *userdata, const char *bytes, std::size_t size) noexcept {
  const auto *reader = static_cast<const Request::Reader *>(userdata);
  Session &session = reader->request.session();
  Operation *operation = session.operation();
  if (!operation) return 1;
  const std::string before = ne_get_error(session.c());
  const int result = operation->ask(
      1,
      [=](Napi::Env env) {
        const auto block = Napi::Buffer<char>::Copy(env, bytes, size);
        return operation->call_function(function_in(env, *operation, reader->request, reader->read_function),
                                        {block});
      },
      to_int);
  // neon expects the reader to set the error text. If the reader sets none, neon would report the status
  // line, "200 OK".
  if (result != 0 && before == ne_get_error(session.c()))
    ne_set_error(session.c(), "The reader of the response body returned %d: it must return 0 to continue",
                 result);
  return result;
}

int parse_block(void *userdata, const char *bytes, std::size_t size) noexcept {
  return static_cast<const Request::Reader *>(userdata)->parser->parse(bytes, size);
}

void on_interim(void *userdata, ne_request *, const ne_status *status) noexcept {
  const auto *handler = static_cast<const Request::InterimHandler *>(userdata);
  Operation *operation = handler->request.session().operation();
  if (!operation) return;
  operation->ask(
      0,
      [=](Napi::Env env) {
        return operation->call_function(
            function_in(env, *operation, handler->request, handler->function),
            {object_in(env, *operation, handler->request), status_object(env, *status)});
      },
      to_int);
}

/// The result of a body provider: a number with C's meaning, or bytes.
struct Provided {
  ssize_t count = -1;
  std::string bytes;
};

Provided to_provided(Napi::Env env, Napi::Value value, std::size_t room) {
  if (!value.IsTypedArray()) return {to_int(env, value), {}};
  std::string bytes = bytes_of(value, "The block of a body provider");
  if (room == 0 && !bytes.empty())
    throw range_failure(
        "A body provider must rewind when \"buflen\" is 0, and return 0: the body is sent from "
        "its beginning after that. Received " +
        std::to_string(bytes.size()) + " bytes");
  if (bytes.size() > room)
    throw range_failure("A body provider must give at most " + std::to_string(room) + " bytes. Received " +
                        std::to_string(bytes.size()));
  const auto count = static_cast<ssize_t>(bytes.size());
  return {count, std::move(bytes)};
}

ssize_t fail_provider(Request &request, std::int64_t given) {
  ne_set_error(request.session().c(), "The request body provider gave %s than the %lld bytes it announced",
               given > request.provider()->length ? "more" : "less",
               static_cast<long long>(request.provider()->length));
  return -1;
}

ssize_t provide_body(void *userdata, char *buffer, std::size_t size) noexcept {
  Request &request = *static_cast<Request *>(userdata);
  Operation *operation = request.session().operation();
  if (!operation) return -1;
  Request::Provider &provider = *request.provider();
  if (size == 0) provider.given = 0;
  const Provided provided = operation->ask(
      Provided{},
      [&](Napi::Env env) {
        return operation->call_function(function_in(env, *operation, request, provider.function),
                                        {Napi::Number::New(env, static_cast<double>(size))});
      },
      [=](Napi::Env env, Napi::Value value) { return to_provided(env, value, size); });
  if (size == 0 || provided.count < 0) return provided.count;
  provider.given += provided.count;
  const bool ended = provided.count == 0;
  if (provider.length >= 0 &&
      (provider.given > provider.length || (ended && provider.given < provider.length)))
    return fail_provider(request, provider.given);
  if (provided.bytes.empty() && provided.count > 0) {
    ne_set_error(request.session().c(), "The request body provider gave a number where bytes were due");
    return -1;
  }
  std::copy(provided.bytes.begin(), provided.bytes.end(), buffer);
  return provided.count;
}

}  // namespace

int ask_acceptor(const Request &request, const ne_status &status,
                 const std::function<Napi::Value(Napi::Env, Operation &)> &function) {
  Operation *operation = request.session().operation();
  if (!operation) return 0;
  return operation->ask(
      0,
      [&](Napi::Env env) {
        const napi_value arguments[] = {object_in(env, *operation, request), status_object(env, status)};
        return operation->call_function(function(env, *operation).As<Napi::Function>(), arguments);
      },
      to_int);
}

void Request::note_header(const std::string &name, const std::string &value) {
  header_bytes_ += name.size() + value.size() + std::string_view(": \r\n").size();
}

void Request::set_body(std::string body) {
  announce_body();
  body_ = std::move(body);
  ne_set_request_body_buffer(c_, body_.data(), body_.size());
}

void Request::set_body(int descriptor, std::int64_t offset, std::int64_t length) {
  announce_body();
  is_in_memory_ = false;
  ne_set_request_body_fd(c_, descriptor, offset, length);
}

void Request::set_body_provider(std::int64_t length, std::uint32_t function) {
  announce_body();
  provider_ = Provider{function, length};
  ne_set_request_body_provider(c_, length, provide_body, this);
}

// Throws if the request already has a body or has begun. Otherwise C could send two Content-Length fields, or
// a body that no header announces.
void Request::announce_body() {
  if (has_body_) throw neon_failure(code::invalid_state, "This request has a body already");
  const bool late = lent_ ? adopted_ || generation_ > 0 : phase_ != Phase::Idle && phase_ != Phase::Ended;
  if (late) throw neon_failure(code::invalid_state, "A body must be set before the request begins");
  has_body_ = true;
}

void Request::add_interim_handler(std::uint32_t function) {
  using AddHandler = void(ne_request *, void (*)(void *, ne_request *, const ne_status *), void *);
  const auto add = Since<AddHandler>::required("ne_add_interim_handler");
  interim_handlers_.push_back(std::make_unique<InterimHandler>(InterimHandler{*this, function}));
  add(c_, on_interim, interim_handlers_.back().get());
}

void Request::add_reader(Coding coding, ne_accept_response accept, std::uint32_t accept_function,
                         std::uint32_t read_function, std::shared_ptr<XmlParser> parser) {
  const ne_block_reader read = parser ? parse_block : read_block;
  readers_.push_back(
      std::make_unique<Reader>(Reader{*this, accept_function, read_function, std::move(parser)}));
  if (!accept) accept = accept_response;
  if (coding == Coding::Gzip)
    decompressors_.emplace_back(ne_decompress_reader(c_, accept, read, readers_.back().get()));
  else
    ne_add_response_body_reader(c_, accept, read, readers_.back().get());
}

}  // namespace neon
