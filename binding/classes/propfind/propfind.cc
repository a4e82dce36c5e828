// Sends a PROPFIND, and delivers its batches to JavaScript.
#include "classes/propfind/propfind.h"

#include <ne_basic.h>
#include <ne_xmlreq.h>

#include <utility>

#include "core/error.h"
#include "core/markup.h"
#include "core/since.h"
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
    // After a batch that is missing, no other is delivered.
    if (!propfind_->guard(env, [&] { propfind_->deliver_batch(env, *batch_); })) propfind_->cancel();
  }

 private:
  const std::shared_ptr<Propfind> propfind_;
  const std::unique_ptr<PropfindBatch> batch_;
};

Propfind::Propfind(std::shared_ptr<Session> session, Inquiry inquiry, bool posts)
    : Operation(session), session_(std::move(session)), inquiry_(std::move(inquiry)), posts_(posts) {}

// As ne_simple_propfind and ne_propnames write it.
std::string Inquiry::body() const {
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
  code_ = Request::run_delegated(
      *session_, [&] { return send(parser); }, Request::Reuse::Silent);
  text_ = ne_get_error(session_->c());
  if (parser.out_of_memory()) throw neon_failure(code::no_memory, "Out of memory");
  if (code_ != NE_OK) return;
  if (auto rest = parser.take(); !rest->empty()) flush(std::move(rest));
}

namespace {

// A multi-status document counts with each status of success: some servers send 200.
int accept_success(void *, ne_request *, const ne_status *status) { return status->klass == 2; }

}  // namespace

int Propfind::send(PropfindParser &parser) {
  ne_session *const session = session_->c();
  const std::string body = inquiry_.body();
  ne_request *const request = ne_request_create(session, "PROPFIND", inquiry_.path.c_str());
  ne_add_depth_header(request, inquiry_.depth);
  ne_set_request_body_buffer(request, body.data(), body.size());
  ne_add_request_header(request, "Content-Type", NE_XML_MEDIA_TYPE);
  // As neon itself does: newer versions check the type and the character encoding of the response.
  using DispatchIf = int(ne_request *, ne_xml_parser *, ne_accept_response, void *);
  int result;
  if (const auto dispatch = reinterpret_cast<DispatchIf *>(find_symbol("ne_xml_dispatchif_request"))) {
    result = dispatch(request, parser.c(), accept_success, nullptr);
  } else {
    ne_add_response_body_reader(request, accept_success, ne_xml_parse_v, parser.c());
    result = ne_request_dispatch(request);
    if (ne_xml_failed(parser.c())) {
      ne_set_error(session, "%s", ne_xml_get_error(parser.c()));
      result = NE_ERROR;
    }
  }
  status_ = ne_get_status(request)->code;
  if (result == NE_OK && ne_get_status(request)->klass != 2) result = NE_ERROR;
  if (const char *const foreign = result == NE_OK ? parser.foreign() : nullptr) {
    ne_set_error(session, "%s", foreign);
    result = NE_ERROR;
  }
  ne_request_destroy(request);
  return result;
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
  behind_ = false;  // JavaScript has seen all batches: they came before that question
}

// Unlike a callback of the user's, without its asynchronous context: AsyncLocalStorage would make all
// promises of the process slower.
Napi::Value Propfind::call(Napi::Env env, std::uint32_t place, std::span<const napi_value> arguments) {
  return call_javascript(held(env, place).As<Napi::Function>(), arguments);
}

void Propfind::deliver_batch(Napi::Env env, const PropfindBatch &batch) {
  const Napi::Value answer = call(env, batch_place, batch.arguments(env));
  behind_ = answer.IsBoolean() && answer.As<Napi::Boolean>();
}

Napi::Value Propfind::result(Napi::Env env) {
  if (code_ == NE_OK) return env.Null();
  return array_of(
      env, {Napi::Number::New(env, code_), Napi::String::New(env, text_), Napi::Number::New(env, status_)});
}

namespace {

/// propfind(session, path, depth, names, onBatch, room) → null, or [NE_* code, error text, status]. `names`
/// is a flat array of namespaces and names, an empty one for all properties, or null for the names alone.
/// onBatch is called with (text, numbers, names, statuses, origins), as PropfindBatch packs them, and returns
/// true when JavaScript is behind; room() is called then, and may return a promise. The request is that of
/// ne_simple_propfind and ne_propnames.
std::shared_ptr<Operation> propfind(const Arguments &arguments, Mode mode) {
  auto session = arguments.handle<Session>(0, "session");
  Inquiry inquiry;
  inquiry.path = arguments.line(1, "path");
  inquiry.depth = static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
  inquiry.only_names = arguments.is_nullish(3);
  if (!inquiry.only_names) {
    const std::vector<Napi::Value> names = arguments.list(3, "props");
    for (std::size_t i = 0; i + 1 < names.size(); i += 2) {
      const auto &[nspace, name] =
          inquiry.names.emplace_back(text_of(names[i], "A namespace"), text_of(names[i + 1], "A name"));
      require_element(name, nspace.c_str(), nullptr, "An entry of \"props\"");
    }
  }
  const Napi::Function on_batch = arguments.function(4, "onBatch"), room = arguments.function(5, "room");
  auto made = std::make_shared<Propfind>(std::move(session), std::move(inquiry), mode == Mode::Async);
  made->hold(on_batch);
  made->hold(room);
  return made;
}

}  // namespace

void register_propfind(Topic &topic) { topic.blocking("propfind", propfind); }

}  // namespace neon
