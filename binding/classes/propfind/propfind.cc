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

// The places of the functions that a listing holds.
constexpr std::uint32_t batch_place = 0, room_place = 1;

}  // namespace

class Propfind::Delivery final : public Event {
 public:
  Delivery(std::shared_ptr<Propfind> listing, std::unique_ptr<Batch> batch)
      : listing_(std::move(listing)), batch_(std::move(batch)) {}

  void deliver(Napi::Env env) override {
    --listing_->ahead_;
    if (listing_->cancelled()) return;
    // None comes after one that is missing.
    if (!listing_->guard(env, [&] { listing_->deliver_batch(env, *batch_); })) listing_->cancel();
  }

 private:
  const std::shared_ptr<Propfind> listing_;
  const std::unique_ptr<Batch> batch_;
};

Propfind::Propfind(std::shared_ptr<Session> session, Inquiry inquiry, bool posts)
    : Operation(session), session_(std::move(session)), inquiry_(std::move(inquiry)), posts_(posts) {}

// The request that ne_simple_propfind and ne_propnames send.
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
      session_->c(), inquiry_.path, [this](std::unique_ptr<Batch> batch) { flush(std::move(batch)); },
      [this] { return wanted(); });
  code_ = Request::run_delegated(*session_, [&] { return send(parser); });
  text_ = ne_get_error(session_->c());
  if (parser.out_of_memory()) throw neon_failure(code::no_memory, "Out of memory");
  if (code_ != NE_OK) return;
  if (auto rest = parser.take(); !rest->empty()) flush(std::move(rest));
}

int Propfind::send(PropfindParser &parser) {
  ne_session *const session = session_->c();
  const std::string body = inquiry_.body();
  ne_request *const request = ne_request_create(session, "PROPFIND", inquiry_.path.c_str());
  ne_add_depth_header(request, inquiry_.depth);
  ne_set_request_body_buffer(request, body.data(), body.size());
  ne_add_request_header(request, "Content-Type", NE_XML_MEDIA_TYPE);
  // As neon does it: newer ones look at the type and the character encoding of the response.
  using DispatchIf = int(ne_request *, ne_xml_parser *, ne_accept_response, void *);
  int result;
  if (const auto dispatch = reinterpret_cast<DispatchIf *>(find_symbol("ne_xml_dispatchif_request"))) {
    result = dispatch(request, parser.c(), ne_accept_207, nullptr);
  } else {
    ne_add_response_body_reader(request, ne_accept_207, ne_xml_parse_v, parser.c());
    result = ne_request_dispatch(request);
    if (ne_xml_failed(parser.c())) {
      ne_set_error(session, "%s", ne_xml_get_error(parser.c()));
      result = NE_ERROR;
    }
  }
  status_ = ne_get_status(request)->code;
  if (result == NE_OK && ne_get_status(request)->klass != 2) result = NE_ERROR;
  ne_request_destroy(request);
  return result;
}

bool Propfind::wanted() const {
  return posts_ && ahead_ == 0 && !behind_ && Clock::now() - flushed_ >= patience;
}

// On a lane, unless it was given up; else from inside the call.
void Propfind::flush(std::unique_ptr<Batch> batch) {
  if (cancelled()) return;
  flushed_ = Clock::now();
  const auto nothing = [](napi_env, napi_value) { return true; };
  if (!posts_) {
    ask(
        false,
        [&](napi_env env) {
          deliver_batch(env, *batch);
          return undefined(env);
        },
        nothing);
    return;
  }
  environment().post(
      std::make_shared<Delivery>(std::static_pointer_cast<Propfind>(shared_from_this()), std::move(batch)));
  if (++ahead_ <= max_ahead && !behind_) return;
  ask(
      false, [this](napi_env env) { return call(env, room_place, {}); }, nothing);
  behind_ = false;  // all batches came before that question
}

// Not as a callback of the user's is called: AsyncLocalStorage would make all promises of the process slower.
napi_value Propfind::call(napi_env env, std::uint32_t place, const std::vector<napi_value> &arguments) {
  napi_value answer;
  check(env, napi_call_function(env, undefined(env), held(env, place), arguments.size(), arguments.data(),
                                &answer));
  return answer;
}

void Propfind::deliver_batch(napi_env env, const Batch &batch) {
  const napi_value answer = call(env, batch_place, batch.arguments(env));
  bool behind = false;
  behind_ = napi_get_value_bool(env, answer, &behind) == napi_ok && behind;
}

Napi::Value Propfind::result(Napi::Env env) {
  if (code_ == NE_OK) return null(env);
  const napi_value fields[] = {from(env, code_), from(env, std::string_view(text_)), from(env, status_)};
  return list_of(env, fields);
}

namespace {

/// propfind(session, path, depth, names, onBatch, room) → null, or [NE_* code, error text, status]. `names`
/// is a flat array of namespaces and names, an empty one for all properties, or null for the names alone.
/// onBatch is called with (text, numbers, names, statuses, origins), as Batch says, and returns true when
/// JavaScript lags behind; room() is called then, and may give a promise. In C: what ne_simple_propfind and
/// ne_propnames do.
std::shared_ptr<Operation> propfind(const Arguments &arguments, Mode mode) {
  const napi_env env = arguments.env();
  auto session = arguments.handle<Session>(0, "session");
  Inquiry inquiry;
  inquiry.path = arguments.line(1, "path");
  inquiry.depth = static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
  inquiry.only_names = arguments.is_nullish(3);
  if (!inquiry.only_names) {
    const std::vector<Napi::Value> names = arguments.list(3, "props");
    for (std::size_t i = 0; i + 1 < names.size(); i += 2) {
      const auto &[nspace, name] = inquiry.names.emplace_back(text_of(env, names[i], "A namespace"),
                                                              text_of(env, names[i + 1], "A name"));
      require_element(name, nspace.c_str(), nullptr, "What stands in \"props\"");
    }
  }
  napi_value on_batch = arguments.function(4, "onBatch"), room = arguments.function(5, "room");
  auto made = std::make_shared<Propfind>(std::move(session), std::move(inquiry), mode == Mode::Async);
  made->hold(on_batch);
  made->hold(room);
  return made;
}

}  // namespace

void register_listing(Topic &topic) { topic.blocking("propfind", propfind); }

}  // namespace neon
