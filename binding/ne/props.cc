#include "ne/props.h"

#include <cctype>

#include "core/error.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"
#include "ne/uri.h"

namespace neon {

std::string sentence(std::string text) {
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

PropertyName::PropertyName(napi_env env, napi_value object, const std::string &what) {
  require_object(env, object, sentence(what));
  napi_value nspace = field(env, object, "nspace");
  napi_valuetype type;
  check(env, napi_typeof(env, nspace, &type));
  if (type != napi_null && type != napi_undefined)
    nspace_ = text_of(env, nspace, "The \"nspace\" of " + what);
  name_ = text_of(env, field(env, object, "name"), "The \"name\" of " + what);
}

// --- The handler ------------------------------------------------------------------------------------------

PropfindHandler::PropfindHandler(std::shared_ptr<Session> session)
    : Handle(*session->environment), session_(std::move(session)) {}

std::shared_ptr<PropfindHandler> PropfindHandler::create(std::shared_ptr<Session> session,
                                                         const std::string &path, int depth) {
  std::shared_ptr<PropfindHandler> made(new PropfindHandler(std::move(session)),
                                        [](PropfindHandler *handler) {
                                          const std::shared_ptr<Session> owner = handler->session_;
                                          owner->run_when_free([owner, handler] { delete handler; });
                                        });
  made->request_ = Request::create_inside(made->session_, "PROPFIND", path, [&] {
    made->c_ = ne_propfind_create(made->session_->c(), path.c_str(), depth);
    return ne_propfind_get_request(made->c_);
  });
  made->parser_ = std::make_shared<XmlParser>(made, ne_propfind_get_parser(made->c_));
  return made;
}

PropfindHandler::~PropfindHandler() {
  if (closing_ || !c_) return;
  request_->drop();
  close();
}

void PropfindHandler::close() {
  if (closing_.exchange(true)) return;  // destroyed twice on the promise surface
  ne_propfind_destroy(c_);
  request_->release();
}

napi_value PropfindHandler::open_handle() {
  session_->live.insert(request_.get());
  napi_value own = HandleWrap::wrap(shared_from_this(), kind, external_size, session_->object());
  const auto tie = [&](Handle &part, napi_value object) {
    part.keep(own);
    keep(object);
  };
  tie(*request_, to_object(request_));  // a hook may have met it
  tie(*parser_, to_object(parser_));
  return own;
}

void PropfindHandler::require_usable() const {
  if (use_count && !in_question())
    throw neon_failure(code::busy, "A promise of this propfind handler is pending");
}

void PropfindHandler::on_detached() { session_->live.erase(request_.get()); }

void PropfindHandler::mark_destroyed() {
  request_->mark_destroyed();
  doomed_ = true;
}

int PropfindHandler::send(const std::function<int()> &send) {
  if (closing_) throw neon_failure(code::destroyed, "This ne_propfind_handler is destroyed");
  if (used_)
    throw neon_failure(code::invalid_state, "A propfind handler sends its request once, and it did already");
  return request_->run_delegated([&] {
    used_ = true;
    parser_->begin();
    return send();
  });
}

void PropfindHandler::set_private(napi_value creator, napi_value destructor) {
  keep_instead(creator_, creator);
  keep_instead(destructor_, destructor);
  ne_propfind_set_private(c_, creator ? on_create : nullptr, destructor ? on_destroy : nullptr, this);
}

namespace {

// What every operation on a handler holds: its object, which keeps the functions.
constexpr std::uint32_t handler_place = 0;

}  // namespace

void *PropfindHandler::on_create(void *userdata, const ne_uri *uri) noexcept {
  PropfindHandler &self = *static_cast<PropfindHandler *>(userdata);
  Operation *operation = self.session_->operation();
  if (!operation) return nullptr;
  return operation->ask(
      static_cast<void *>(nullptr),
      [&](napi_env env) {
        napi_value function = kept(env, operation->held(env, handler_place), *self.creator_);
        napi_value argument = uri_object(env, *uri);
        return operation->call_function(env, function, 1, &argument);
      },
      [&self](napi_env, napi_value value) { return self.keep_for_c(self.private_, value); });
}

void PropfindHandler::on_destroy(void *userdata, void *complex) noexcept {
  PropfindHandler &self = *static_cast<PropfindHandler *>(userdata);
  Operation *operation = self.session_->operation();
  if (!operation) return;
  operation->ask(
      false,
      [&](napi_env env) {
        napi_value function = kept(env, operation->held(env, handler_place), *self.destructor_);
        napi_value argument = self.value_of(complex);
        return operation->call_function(env, function, 1, &argument);
      },
      [&self](napi_env, napi_value) {
        self.keep_instead(self.private_, nullptr);
        return true;
      });
}

// --- Results ----------------------------------------------------------------------------------------------

PropertyResults::Reading::Reading(const PropertyResults &results) : c_(results.c_) {
  if (results.closed()) throw neon_failure(code::destroyed, "This ne_prop_result_set is destroyed");
}

napi_value PropertyResults::private_value() const {
  void *const pointer = ne_propset_private(Reading(*this).c());
  return handler_ ? handler_->value_of(pointer) : null(environment->env());
}

void tell_results(void *userdata, const ne_uri *uri, const ne_prop_result_set *c) noexcept {
  const auto &callback = *static_cast<const ResultsCallback *>(userdata);
  Operation *operation = callback.session.operation();
  if (!operation) return;
  const auto results = std::make_shared<PropertyResults>(*callback.session.environment, c, callback.handler);
  operation->ask(
      false,
      [&](napi_env env) {
        const napi_value arguments[] = {uri_object(env, *uri), to_object(results)};
        return operation->call_function(env, operation->held(env, callback.place), std::size(arguments),
                                        arguments);
      },
      [results](napi_env, napi_value) {
        HandleWrap::destroy(*results);
        return true;
      });
  results->end();
}

}  // namespace neon
