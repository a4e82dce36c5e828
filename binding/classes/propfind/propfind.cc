// Sends a PROPFIND, and delivers its batches to JavaScript.
#include "classes/propfind/propfind.h"

#include <ne_basic.h>
#include <ne_xmlreq.h>

#include <utility>

#include "classes/exchange/caller_headers.h"
#include "core/error.h"
#include "core/markup.h"
#include "core/topic.h"
#include "ne/request/request.h"

namespace neon {

namespace {

// The places of the functions that the operation holds.
constexpr std::uint32_t batch_place = 0, room_place = 1;

}  // namespace

/// A batch on its way to JavaScript.
class Propfind::Delivery final : public Event {
 public:
  Delivery(std::shared_ptr<Propfind> propfind, std::unique_ptr<PropfindBatch> batch)
      : propfind_(std::move(propfind)), batch_(std::move(batch)) {}

  void deliver(Napi::Env env) override {
    --propfind_->ahead_;
    if (propfind_->cancelled()) return;
    // After one batch could not be delivered, no later batch is delivered.
    if (!propfind_->guard(env, [&] { propfind_->deliver_batch(env, *batch_); })) propfind_->cancel();
  }

 private:
  const std::shared_ptr<Propfind> propfind_;
  const std::unique_ptr<PropfindBatch> batch_;
};

Propfind::Propfind(std::shared_ptr<Session> session, Inquiry inquiry, Recipe recipe, bool posts)
    : Operation(session),
      session_(std::move(session)),
      inquiry_(std::move(inquiry)),
      recipe_(std::move(recipe)),
      posts_(posts) {}

// Writes the document as ne_simple_propfind and ne_propnames write it.
std::string Inquiry::body() const {
  if (document) return *document;
  std::string text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<propfind xmlns=\"DAV:\">";
  if (only_names) return text + "<propname/></propfind>";
  if (names.empty()) return text + "<allprop/></propfind>\n";
  text += "<prop>\n";
  for (const auto &[nspace, name] : names)
    text.append("<").append(name).append(" xmlns=\"").append(nspace).append("\"/>\n");
  return text + "</prop></propfind>\n";
}

void Propfind::run() {
  PropfindParser parser(
      session_->c(), [this](std::unique_ptr<PropfindBatch> batch) { flush(std::move(batch)); },
      [this] { return wants_batch(); });
  const auto parse = [&parser](ne_request *request, const char *bytes, std::size_t size) {
    return parser.parse(request, {bytes, size});
  };
  ResponseRecord &record = record_.emplace(parse);
  const CallerHeaders headers(session_->c(), recipe_);
  const auto send_it = [&] { return send(parser, record); };
  result_.note(Request::run_delegated(*session_, send_it, Request::Reuse::Silent), session_->c());
  if (parser.out_of_memory() || record.out_of_memory()) throw neon_failure(code::no_memory, "Out of memory");
  if (!result_.ok()) return;
  sync_token_ = parser.sync_token();
  if (auto rest = parser.take(); !rest->empty()) flush(std::move(rest));
}

// Sends the same request as neon's own functions. Accepts a document with any 2xx status, since some servers
// send 200 instead of 207.
int Propfind::send(PropfindParser &parser, ResponseRecord &record) {
  ne_session *const session = session_->c();
  const std::string body = inquiry_.body();
  ne_request *const request = ne_request_create(session, inquiry_.method.c_str(), inquiry_.path.c_str());
  if (inquiry_.depth != Inquiry::no_depth) ne_add_depth_header(request, inquiry_.depth);
  ne_set_request_body_buffer(request, body.data(), body.size());
  ne_add_request_header(request, "Content-Type", NE_XML_MEDIA_TYPE);
  recipe_.add_headers_and_flags_to(request);
  record.read_from(request, recipe_.inflate);
  const int result = ne_request_dispatch(request);
  ne_request_destroy(request);
  record.stop_reading();
  if (!record.head().is_success()) return result == NE_OK ? NE_ERROR : result;
  const char *const failure = parser.failure(result == NE_OK);
  if (!failure) return result;
  ne_set_error(session, "%s", failure);
  return NE_ERROR;
}

bool Propfind::wants_batch() const {
  return posts_ && ahead_ == 0 && !behind_ && Clock::now() - flushed_ >= patience;
}

void Propfind::flush(std::unique_ptr<PropfindBatch> batch) {
  if (cancelled()) return;
  flushed_ = Clock::now();
  const auto ignore_answer = [](Napi::Env, Napi::Value) { return true; };
  if (!posts_) {
    const auto deliver = [&](Napi::Env env) {
      deliver_batch(env, *batch);
      return env.Undefined();
    };
    ask(false, deliver, ignore_answer);
    return;
  }
  environment().post(
      std::make_shared<Delivery>(std::static_pointer_cast<Propfind>(shared_from_this()), std::move(batch)));
  if (++ahead_ <= max_ahead && !behind_) return;
  ask(
      false, [this](Napi::Env env) { return call(env, room_place, {}); }, ignore_answer);
  behind_ = false;  // JavaScript has seen all batches, which were posted before the question
}

// Calls the function outside the asynchronous context of the operation, unlike a callback of the user.
// Entering this context uses AsyncLocalStorage, which would make all promises of the process slower.
Napi::Value Propfind::call(Napi::Env env, std::uint32_t place, std::span<const napi_value> arguments) {
  return call_javascript(held(env, place).As<Napi::Function>(), arguments);
}

void Propfind::deliver_batch(Napi::Env env, const PropfindBatch &batch) {
  const Napi::Value answer = call(env, batch_place, batch.arguments(env));
  behind_ = answer.IsBoolean() && answer.As<Napi::Boolean>();
}

Napi::Value Propfind::result(Napi::Env env) {
  if (result_.ok()) return Napi::String::New(env, sync_token_);
  return array_of(env, {Napi::Number::New(env, result_.code), Napi::String::New(env, result_.text),
                        record_ ? record_->value(env) : env.Null()});
}

namespace {

/// propfind(session, method, path, depth, content, onBatch, room, options) → the synchronization token of the
/// document (an empty string without one), or [NE_* code, error text, response] when the call failed.
/// Head::response() packs the response, which is null when none arrived.
///  - depth: NE_DEPTH_*, or -1 for no Depth header.
///  - content: the document to send, or a flat array of namespaces and names. An empty array asks for all
///    properties. null asks only for the names of the properties.
///  - onBatch: receives (text, numbers, names, statuses, origins), as PropfindBatch packs them. Returns true
///    when JavaScript is behind.
///  - room: is called when the lane has to wait for JavaScript. May return a promise.
/// The request of a PROPFIND equals the request of ne_simple_propfind or ne_propnames.
std::shared_ptr<Operation> propfind(const Arguments &arguments, Mode mode) {
  auto session = arguments.handle<Session>(0, "session");
  Inquiry inquiry;
  inquiry.method = arguments.line(1, "method");
  inquiry.path = arguments.line(2, "path");
  inquiry.depth = arguments[3].As<Napi::Number>().Int32Value();
  inquiry.only_names = arguments.is_nullish(4);
  if (arguments[4].IsString()) {
    inquiry.document = arguments[4].As<Napi::String>().Utf8Value();
  } else if (!inquiry.only_names) {
    const std::vector<Napi::Value> names = arguments.list(4, "props");
    for (std::size_t i = 0; i + 1 < names.size(); i += 2) {
      const auto &[nspace, name] =
          inquiry.names.emplace_back(text_of(names[i], "A namespace"), text_of(names[i + 1], "A name"));
      require_element(name, nspace.c_str(), nullptr, "An entry of \"props\"");
    }
  }
  Recipe recipe;
  recipe.read_options(arguments, 7);
  const Napi::Function on_batch = arguments.function(5, "onBatch"), room = arguments.function(6, "room");
  auto made = std::make_shared<Propfind>(std::move(session), std::move(inquiry), std::move(recipe),
                                         mode == Mode::Async);
  made->hold(on_batch);
  made->hold(room);
  return made;
}

}  // namespace

void register_propfind(Topic &topic) { topic.call("propfind", propfind); }

}  // namespace neon
