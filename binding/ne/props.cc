// ne_props.h: PROPFIND and PROPPATCH, propfind handlers, result sets.
#include "ne/props.h"

#include <ne_basic.h>

#include <array>
#include <cctype>

#include "core/error.h"
#include "core/markup.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/session/callback.h"
#include "ne/uri.h"

namespace neon {

namespace {

/// The text with a capital letter first.
std::string sentence(std::string text) {
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

// The index of the handler's JavaScript object among the values that every operation on the handler holds.
// That object keeps the handler's functions.
constexpr std::uint32_t handler_place = 0;

}  // namespace

// --- Names and changes ------------------------------------------------------------------------------------

PropertyName::PropertyName(Napi::Value value, const std::string &what) {
  const Napi::Object object = require_object(value, sentence(what));
  const Napi::Value nspace = get_property(object, "nspace");
  if (!is_nullish(nspace)) nspace_ = text_of(nspace, "The \"nspace\" of " + what);
  name_ = text_of(get_property(object, "name"), "The \"name\" of " + what);
}

void PropertyName::require_element(const char *content, const std::string &what) const {
  neon::require_element(name_, c().nspace, content, sentence(what));
}

PropertyChanges::Change::Change(Napi::Object object)
    : name(get_property(object, "name"), "the \"name\" of an entry of \"ops\"") {
  const Napi::Value given = get_property(object, "type");
  if (!given.IsUndefined())
    type = static_cast<ne_proppatch_optype>(
        integer_of(given, "The \"type\" of an entry of \"ops\"", ne_propset, ne_propremove));
  if (type == ne_propset)
    value = text_of(get_property(object, "value"), "The \"value\" of an entry of \"ops\"");
  name.require_element(value.c_str(), "an entry of \"ops\"");
}

PropertyChanges::PropertyChanges(const Arguments &arguments, std::size_t index) {
  for (const Napi::Value &value : arguments.list(index, "ops"))
    changes_.emplace_back(require_object(value, "An entry of \"ops\""));
}

int PropertyChanges::send(ne_session *session, const char *path) const {
  std::vector<ne_propname> names;
  for (const Change &change : changes_) names.push_back(change.name.c());
  std::vector<ne_proppatch_operation> operations;
  for (std::size_t i = 0; i < changes_.size(); ++i)
    operations.push_back({&names[i], changes_[i].type, changes_[i].value.c_str()});
  operations.push_back({nullptr, ne_propset, nullptr});
  return ne_proppatch(session, path, operations.data());
}

// --- PropfindHandler --------------------------------------------------------------------------------------

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

// C destroys the handler, the request and the parser together, so their handles are detached together.
void PropfindHandler::detach() {
  HandleWrap::destroy(*parser_);
  HandleWrap::destroy(*request_);
  HandleWrap::destroy(*this);
}

Napi::Object PropfindHandler::open_handle() {
  session_->live.insert(request_.get());
  const Napi::Object own = HandleWrap::wrap(shared_from_this(), kind, external_size, session_->object());
  const auto tie = [&](Handle &part, Napi::Object object) {
    part.keep(own);
    keep(object);
  };
  tie(*request_, to_object(request_));  // a hook may have made this object already
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
  marked_destroyed_ = true;
}

int PropfindHandler::send(const std::function<int()> &send) {
  if (closing_) throw neon_failure(code::destroyed, "This ne_propfind_handler is destroyed");
  if (sent_)
    throw neon_failure(code::invalid_state, "A propfind handler sends its request once, and it did already");
  return request_->run_delegated([&] {
    sent_ = true;
    parser_->begin();
    return send();
  });
}

void PropfindHandler::set_private(Napi::Function creator, Napi::Function destructor) {
  keep_instead(creator_, creator);
  keep_instead(destructor_, destructor);
  ne_propfind_set_private(c_, creator.IsEmpty() ? nullptr : on_create,
                          destructor.IsEmpty() ? nullptr : on_destroy, this);
}

namespace {

// Calls a function with one argument. The handler's JavaScript object keeps the function, under the number
// `function`.
Napi::Value call_kept(Napi::Env env, Operation &operation, std::uint32_t function, Napi::Value argument) {
  const Napi::Value kept = Handle::kept(env, operation.held(env, handler_place), function);
  return operation.call_function(kept.As<Napi::Function>(), {argument});
}

}  // namespace

void *PropfindHandler::on_create(void *userdata, const ne_uri *uri) noexcept {
  PropfindHandler &self = *static_cast<PropfindHandler *>(userdata);
  Operation *operation = self.session_->operation();
  if (!operation) return nullptr;
  return operation->ask(
      static_cast<void *>(nullptr),
      [&](Napi::Env env) { return call_kept(env, *operation, *self.creator_, uri_object(env, *uri)); },
      [&self](Napi::Env, Napi::Value value) { return self.keep_for_c(self.private_, value); });
}

void PropfindHandler::on_destroy(void *userdata, void *complex) noexcept {
  PropfindHandler &self = *static_cast<PropfindHandler *>(userdata);
  Operation *operation = self.session_->operation();
  if (!operation) return;
  operation->ask(
      false,
      [&](Napi::Env env) { return call_kept(env, *operation, *self.destructor_, self.value_of(complex)); },
      [&self](Napi::Env, Napi::Value) {
        self.keep_instead(self.private_, nullptr);
        return true;
      });
}

// --- PropertyResults --------------------------------------------------------------------------------------

PropertyResults::Reading::Reading(const PropertyResults &results) : c_(results.c_) {
  if (results.closed()) throw neon_failure(code::destroyed, "This ne_prop_result_set is destroyed");
}

Napi::Value PropertyResults::private_value() const {
  void *const pointer = ne_propset_private(Reading(*this).c());
  return handler_ ? handler_->value_of(pointer) : environment->env().Null();
}

namespace {

/// The userdata of on_results(). `place` is the index of the results callback among the values that the
/// operation holds.
struct ResultsCallback {
  Session &session;
  const PropfindHandler *handler;  // or null
  std::uint32_t place;
};

// A `ne_props_result`.
void on_results(void *userdata, const ne_uri *uri, const ne_prop_result_set *c) noexcept {
  const auto &callback = *static_cast<const ResultsCallback *>(userdata);
  Operation *operation = callback.session.operation();
  if (!operation) return;
  const auto results = std::make_shared<PropertyResults>(*callback.session.environment, c, callback.handler);
  operation->ask(
      false,
      [&](Napi::Env env) {
        const auto function = operation->held(env, callback.place).As<Napi::Function>();
        return operation->call_function(function, {uri_object(env, *uri), to_object(results)});
      },
      [results](Napi::Env, Napi::Value) {
        HandleWrap::destroy(*results);
        return true;
      });
  results->end();
}

// --- Arguments --------------------------------------------------------------------------------------------

std::shared_ptr<PropfindHandler> handler_of(const Arguments &arguments) {
  return arguments.handle<PropfindHandler>(0, "handler");
}

int depth_of(const Arguments &arguments) {
  return static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
}

using Names = std::vector<PropertyName>;

Names names_of(const Arguments &arguments, std::size_t index, const char *argument) {
  const std::string what = "an entry of \"" + std::string(argument) + "\"";
  Names names;
  for (const Napi::Value &value : arguments.list(index, argument))
    names.emplace_back(value, what).require_element(nullptr, what);
  return names;
}

std::vector<ne_propname> to_c(const Names &names) {
  std::vector<ne_propname> list;
  for (const PropertyName &name : names) list.push_back(name.c());
  list.push_back({nullptr, nullptr});
  return list;
}

// --- Calls on a session -----------------------------------------------------------------------------------

std::shared_ptr<Operation> proppatch(const Arguments &arguments, Mode) {
  PropertyChanges changes(arguments, 2);  // read first: a getter may destroy the session
  auto session = arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(1, "path");
  return code_operation(session, [session, path = std::move(path), changes = std::move(changes)] {
    return Request::run_delegated(*session, [&] { return changes.send(session->c(), path.c_str()); });
  });
}

// Performs a PROPFIND, and passes its results to the function in argument `index`. The caller has already
// read the arguments that `send` needs.
template <class Send>
std::shared_ptr<Operation> propfind(const Arguments &arguments, std::size_t index, Send send) {
  auto session = arguments.handle<Session>(0, "sess");
  auto made = code_operation(
      session,
      [session, path = arguments.line(1, "path"), depth = depth_of(arguments), send] {
        ResultsCallback callback{*session, nullptr, 0};
        return Request::run_delegated(*session,
                                      [&] { return send(session->c(), path.c_str(), depth, &callback); });
      },
      true);
  made->hold(arguments.function(index, "results"));
  return made;
}

std::shared_ptr<Operation> simple_propfind(const Arguments &arguments, Mode) {
  auto names = arguments.is_nullish(3) ? std::nullopt : std::optional(names_of(arguments, 3, "props"));
  return propfind(arguments, 4,
                  [names = std::move(names)](ne_session *session, const char *path, int depth,
                                             ResultsCallback *callback) {
                    return ne_simple_propfind(session, path, depth, names ? to_c(*names).data() : nullptr,
                                              on_results, callback);
                  });
}

std::shared_ptr<Operation> propnames(const Arguments &arguments, Mode) {
  return propfind(arguments, 3,
                  [](ne_session *session, const char *path, int depth, ResultsCallback *callback) {
                    return ne_propnames(session, path, depth, on_results, callback);
                  });
}

// --- Calls on a handler -----------------------------------------------------------------------------------

std::shared_ptr<Operation> create_queued(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(1, "path");
  const int depth = depth_of(arguments);
  const auto creation = session->announce("PROPFIND " + path);
  auto made = operation(
      session,
      [session, path = std::move(path), depth] { return PropfindHandler::create(session, path, depth); },
      [](Operation &, Napi::Env, const std::shared_ptr<PropfindHandler> &handler) {
        return handler->open_handle();
      });
  made->use(creation);
  made->hold(arguments[0]);
  return made;
}

Napi::Value create(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  if (session->has_callbacks()) return create_queued(arguments, Mode::Sync)->call();
  const std::string path = arguments.line(1, "path");
  const int depth = depth_of(arguments);
  session->require_idle();
  return PropfindHandler::create(session, path, depth)->open_handle();
}

// The handle behaves as destroyed from now on, except inside the callbacks of earlier calls on the handler.
std::shared_ptr<Operation> destroy_queued(const Arguments &arguments, Mode) {
  auto handler = handler_of(arguments);
  handler->session().require_queueable();
  handler->mark_destroyed();
  auto made = operation(
      handler->shared_session(),
      [handler] {
        handler->close();
        return true;
      },
      [handler](Operation &, Napi::Env env, bool) {
        handler->detach();
        return env.Undefined();
      },
      handler->has_destructor());
  made->use(handler);
  made->use(handler->request());
  made->hold(arguments[0]);
  return made;
}

Napi::Value destroy(const Arguments &arguments) {
  const auto handler = handler_of(arguments);
  const Session &session = handler->session();
  if (handler->in_question())
    throw neon_failure(code::reentrant,
                       "A propfind handler must not be destroyed from a callback of its own running call");
  if (session.has_callbacks() || handler->has_destructor()) {
    session.require_idle();
    return destroy_queued(arguments, Mode::Sync)->call();
  }
  session.require_usable();
  handler->mark_destroyed();
  handler->detach();
  return arguments.env().Undefined();
}

Napi::Value get_parser(const Arguments &arguments) { return handler_of(arguments)->parser()->object(); }

Napi::Value get_request(const Arguments &arguments) { return handler_of(arguments)->request()->object(); }

Napi::Value set_private(const Arguments &arguments) {
  const auto handler = usable<PropfindHandler>(arguments);
  const Napi::Function creator = arguments.optional_function(1, "creator");
  const Napi::Function destructor = arguments.optional_function(2, "destructor");
  handler->set_private(creator, destructor);
  return arguments.env().Undefined();
}

Napi::Value current_private(const Arguments &arguments) {
  const auto handler = usable<PropfindHandler>(arguments);
  return handler->value_of(ne_propfind_current_private(handler->c()));
}

// Sends the request of a handler. The results are passed to the function in argument `index`.
template <class Send>
std::shared_ptr<Operation> sending(const Arguments &arguments, std::size_t index, Send send) {
  auto handler = handler_of(arguments);
  const Napi::Function results = arguments.function(index, "result");
  auto made = code_operation(
      handler->shared_session(),
      [handler, send = std::move(send)] {
        ResultsCallback callback{handler->session(), handler.get(), 1};
        return handler->send([&] { return send(handler->c(), &callback); });
      },
      true);
  made->use(handler);
  made->use(handler->parser());
  handler->request()->use_for(*made);
  made->hold(arguments[0]);
  made->hold(results);
  return made;
}

std::shared_ptr<Operation> allprop(const Arguments &arguments, Mode) {
  return sending(arguments, 1, [](ne_propfind_handler *handler, ResultsCallback *callback) {
    return ne_propfind_allprop(handler, on_results, callback);
  });
}

std::shared_ptr<Operation> named(const Arguments &arguments, Mode) {
  return sending(
      arguments, 2,
      [names = names_of(arguments, 1, "names")](ne_propfind_handler *handler, ResultsCallback *callback) {
        return ne_propfind_named(handler, to_c(names).data(), on_results, callback);
      });
}

// --- Calls on a result set --------------------------------------------------------------------------------

std::shared_ptr<PropertyResults> results_of(const Arguments &arguments) {
  return arguments.handle<PropertyResults>(0, "set");
}

// Returns `get(env, set, propname)` for the result set and the name in the arguments.
template <class Get>
Napi::Value look_up(const Arguments &arguments, Get get) {
  const PropertyName name(arguments[1], "the \"propname\" argument");
  const auto results = results_of(arguments);
  const ne_propname c = name.c();
  return get(arguments.env(), PropertyResults::Reading(*results).c(), &c);
}

Napi::Value value(const Arguments &arguments) {
  return look_up(arguments, [](Napi::Env env, const ne_prop_result_set *set, const ne_propname *name) {
    return string_or_null(env, ne_propset_value(set, name));
  });
}

Napi::Value lang(const Arguments &arguments) {
  return look_up(arguments, [](Napi::Env env, const ne_prop_result_set *set, const ne_propname *name) {
    return string_or_null(env, ne_propset_lang(set, name));
  });
}

Napi::Value status(const Arguments &arguments) {
  return look_up(arguments, [](Napi::Env env, const ne_prop_result_set *set, const ne_propname *name) {
    const ne_status *status = ne_propset_status(set, name);
    return status ? status_object(env, *status) : env.Null();
  });
}

Napi::Value private_value(const Arguments &arguments) { return results_of(arguments)->private_value(); }

/// The arguments for one call of an iterator.
using Property = std::array<napi_value, 3>;

Napi::Object name_object(Napi::Env env, const ne_propname &name) {
  const Napi::Object object = Napi::Object::New(env);
  set_property(object, "nspace", string_or_null(env, name.nspace));
  set_property(object, "name", string_or_null(env, name.name));
  return object;
}

std::vector<Property> properties_of(Napi::Env env, const PropertyResults &results) {
  struct Collected {
    Napi::Env env;
    std::vector<Property> properties;
  };
  const auto collect = [](void *userdata, const ne_propname *name, const char *value,
                          const ne_status *status) noexcept {
    auto &[env, properties] = *static_cast<Collected *>(userdata);
    const Napi::Value collected = at_border(env, [env = env, &properties = properties, name, value, status] {
      properties.push_back(
          {name_object(env, *name), string_or_null(env, value), status_object(env, *status)});
      return properties.back().front();
    });
    return collected.IsEmpty() ? 1 : 0;
  };
  Collected collected{env, {}};
  if (ne_propset_iterate(PropertyResults::Reading(results).c(), collect, &collected) != 0) throw_pending(env);
  return std::move(collected.properties);
}

// Calls the function only after C's iteration, because the function may make the result set invalid.
Napi::Value iterate(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const auto results = results_of(arguments);
  const Napi::Function iterator = arguments.function(1, "iterator");
  for (const Property &property : properties_of(env, *results)) {
    const Napi::Value answer = call_javascript(iterator, property);
    Operation::refuse_promise(answer);
    if (const int result = to_int(env, answer)) return Napi::Number::New(env, result);
  }
  return Napi::Number::New(env, 0);
}

}  // namespace

void register_props(Topic &topic) {
  topic.blocking("ne_simple_propfind", simple_propfind);
  topic.blocking("ne_propnames", propnames);
  topic.blocking("ne_proppatch", proppatch);
  topic.plain("ne_propfind_create", create);
  topic.queued("ne_propfind_create", create_queued);
  topic.plain("ne_propfind_get_parser", get_parser);
  topic.plain("ne_propfind_get_request", get_request);
  topic.plain("ne_propfind_set_private", set_private);
  topic.plain("ne_propfind_current_private", current_private);
  topic.blocking("ne_propfind_allprop", allprop);
  topic.blocking("ne_propfind_named", named);
  topic.plain("ne_propfind_destroy", destroy);
  topic.queued("ne_propfind_destroy", destroy_queued);
  topic.plain("ne_propset_value", value);
  topic.plain("ne_propset_lang", lang);
  topic.plain("ne_propset_status", status);
  topic.plain("ne_propset_private", private_value);
  topic.plain("ne_propset_iterate", iterate);
}

}  // namespace neon
