// The functions of ne_props.h, bound.
#include <ne_basic.h>

#include <array>

#include "classes/exchange/composed.h"
#include "core/error.h"
#include "core/markup.h"
#include "core/topic.h"
#include "ne/props.h"
#include "ne/request/request.h"
#include "ne/session/callback.h"

namespace neon {

namespace {

std::shared_ptr<PropfindHandler> handler_of(const Arguments &arguments) {
  return arguments.handle<PropfindHandler>(0, "handler");
}

std::shared_ptr<PropfindHandler> usable(const Arguments &arguments) {
  auto handler = handler_of(arguments);
  handler->require_usable();
  return handler;
}

int depth_of(const Arguments &arguments) {
  return static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
}

// --- Names and operations that go in ----------------------------------------------------------------------

using Names = std::vector<PropertyName>;

Names names_of(const Arguments &arguments, std::size_t index, const char *argument) {
  const std::string what = "an entry of \"" + std::string(argument) + "\"";
  Names names;
  for (const Napi::Value &value : arguments.list(index, argument)) {
    const PropertyName &name = names.emplace_back(arguments.env(), value, what);
    require_element(name.c().name, name.c().nspace, nullptr, sentence(what));
  }
  return names;
}

std::vector<ne_propname> to_c(const Names &names) {
  std::vector<ne_propname> list;
  for (const PropertyName &name : names) list.push_back(name.c());
  list.push_back({nullptr, nullptr});
  return list;
}

/// A `ne_proppatch_operation` made of a plain object with its fields.
struct Change {
  Change(napi_env env, napi_value object)
      : name(env, field(env, object, "name"), "the \"name\" of an entry of \"ops\"") {
    napi_value given = field(env, object, "type");
    napi_valuetype kind;
    check(env, napi_typeof(env, given, &kind));
    if (kind != napi_undefined)
      type = static_cast<ne_proppatch_optype>(
          integer_of(env, given, "The \"type\" of an entry of \"ops\"", ne_propset, ne_propremove));
    if (type == ne_propset)
      value = text_of(env, field(env, object, "value"), "The \"value\" of an entry of \"ops\"");
    require_element(name.c().name, name.c().nspace, value.c_str(), "An entry of \"ops\"");
  }

  PropertyName name;
  ne_proppatch_optype type = ne_propset;
  std::string value;
};

using Changes = std::vector<Change>;

Changes changes_of(const Arguments &arguments, std::size_t index) {
  Changes changes;
  for (const Napi::Value &value : arguments.list(index, "ops")) {
    require_object(arguments.env(), value, "An entry of \"ops\"");
    changes.emplace_back(arguments.env(), value);
  }
  return changes;
}

int proppatch(ne_session *session, const std::string &path, const Changes &changes) {
  std::vector<ne_propname> names;
  for (const Change &change : changes) names.push_back(change.name.c());
  std::vector<ne_proppatch_operation> operations;
  for (std::size_t i = 0; i < changes.size(); ++i)
    operations.push_back({&names[i], changes[i].type, changes[i].value.c_str()});
  operations.push_back({nullptr, ne_propset, nullptr});
  return ne_proppatch(session, path.c_str(), operations.data());
}

// --- Calls on a session -----------------------------------------------------------------------------------

std::shared_ptr<Operation> proppatch(const Arguments &arguments, Mode) {
  Changes changes = changes_of(arguments, 2);  // first: a getter may destroy the session
  auto session = arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(1, "path");
  return code_operation(session, [session, path = std::move(path), changes = std::move(changes)] {
    return Request::run_delegated(*session, [&] { return proppatch(session->c(), path, changes); });
  });
}

/// proppatch(session, target, headers, flags, operations)
std::shared_ptr<Operation> proppatch_answered(const Arguments &arguments, Mode) {
  Changes changes = changes_of(arguments, 4);  // first: a getter may destroy the session
  return answered(arguments, [changes = std::move(changes)](ne_session *session, const char *target) {
    return proppatch(session, target, changes);
  });
}

// A PROPFIND whose results argument `index` is told of. What `send` holds of the arguments is read before.
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
                                              tell_results, callback);
                  });
}

std::shared_ptr<Operation> propnames(const Arguments &arguments, Mode) {
  return propfind(arguments, 3,
                  [](ne_session *session, const char *path, int depth, ResultsCallback *callback) {
                    return ne_propnames(session, path, depth, tell_results, callback);
                  });
}

// --- The handler ------------------------------------------------------------------------------------------

std::shared_ptr<Operation> create_queued(const Arguments &arguments, Mode) {
  auto session = arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(1, "path");
  const int depth = depth_of(arguments);
  const auto creation = session->announce("PROPFIND " + path);
  auto made = operation(
      session,
      [session, path = std::move(path), depth] { return PropfindHandler::create(session, path, depth); },
      [](Operation &, napi_env, const std::shared_ptr<PropfindHandler> &handler) {
        return handler->open_handle();
      });
  made->use(creation);
  made->hold(arguments[0]);
  return made;
}

napi_value create(const Arguments &arguments) {
  const auto session = arguments.handle<Session>(0, "sess");
  if (session->has_callbacks()) return create_queued(arguments, Mode::Sync)->call();
  const std::string path = arguments.line(1, "path");
  const int depth = depth_of(arguments);
  session->require_idle();
  return PropfindHandler::create(session, path, depth)->open_handle();
}

// The handle is destroyed at once for all but the callbacks of calls that were made before, and of its own.
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
      [handler](Operation &, napi_env env, bool) {
        HandleWrap::destroy(*handler);
        return undefined(env);
      },
      handler->has_destructor());
  made->use(handler);
  made->use(handler->request());
  made->hold(arguments[0]);
  return made;
}

napi_value destroy(const Arguments &arguments) {
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
  HandleWrap::destroy(*handler);
  return undefined(arguments.env());
}

napi_value get_parser(const Arguments &arguments) { return handler_of(arguments)->parser()->object(); }

napi_value get_request(const Arguments &arguments) { return handler_of(arguments)->request()->object(); }

napi_value set_private(const Arguments &arguments) {
  const auto handler = usable(arguments);
  napi_value creator = arguments.is_nullish(1) ? Napi::Function() : arguments.function(1, "creator");
  napi_value destructor = arguments.is_nullish(2) ? Napi::Function() : arguments.function(2, "destructor");
  handler->set_private(creator, destructor);
  return undefined(arguments.env());
}

napi_value current_private(const Arguments &arguments) {
  const auto handler = usable(arguments);
  return handler->value_of(ne_propfind_current_private(handler->c()));
}

// The request of a handler, whose results argument `index` is told of.
template <class Send>
std::shared_ptr<Operation> sending(const Arguments &arguments, std::size_t index, Send send) {
  auto handler = handler_of(arguments);
  napi_value results = arguments.function(index, "result");
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
    return ne_propfind_allprop(handler, tell_results, callback);
  });
}

std::shared_ptr<Operation> named(const Arguments &arguments, Mode) {
  return sending(
      arguments, 2,
      [names = names_of(arguments, 1, "names")](ne_propfind_handler *handler, ResultsCallback *callback) {
        return ne_propfind_named(handler, to_c(names).data(), tell_results, callback);
      });
}

// --- Result sets ------------------------------------------------------------------------------------------

std::shared_ptr<PropertyResults> results_of(const Arguments &arguments) {
  return arguments.handle<PropertyResults>(0, "set");
}

// What `get(env, set, propname)` makes of a result set and a name.
template <class Get>
napi_value look_up(const Arguments &arguments, Get get) {
  const PropertyName name(arguments.env(), arguments[1], "the \"propname\" argument");
  const auto results = results_of(arguments);
  const ne_propname c = name.c();
  return get(arguments.env(), PropertyResults::Reading(*results).c(), &c);
}

napi_value value(const Arguments &arguments) {
  return look_up(arguments, [](napi_env env, const ne_prop_result_set *set, const ne_propname *name) {
    return from(env, ne_propset_value(set, name));
  });
}

napi_value lang(const Arguments &arguments) {
  return look_up(arguments, [](napi_env env, const ne_prop_result_set *set, const ne_propname *name) {
    return from(env, ne_propset_lang(set, name));
  });
}

napi_value status(const Arguments &arguments) {
  return look_up(arguments, [](napi_env env, const ne_prop_result_set *set, const ne_propname *name) {
    const ne_status *status = ne_propset_status(set, name);
    return status ? status_object(env, *status) : null(env);
  });
}

napi_value private_value(const Arguments &arguments) { return results_of(arguments)->private_value(); }

/// What an iterator is called with.
using Property = std::array<napi_value, 3>;

napi_value name_object(napi_env env, const ne_propname &name) {
  napi_value object;
  check(env, napi_create_object(env, &object));
  set(env, object, "nspace", from(env, name.nspace));
  set(env, object, "name", from(env, name.name));
  return object;
}

std::vector<Property> properties_of(napi_env env, const PropertyResults &results) {
  struct Collected {
    napi_env env;
    std::vector<Property> properties;
  };
  const auto collect = [](void *userdata, const ne_propname *name, const char *value,
                          const ne_status *status) noexcept {
    auto &[env, properties] = *static_cast<Collected *>(userdata);
    const bool collected = at_border(env, [env = env, &properties = properties, name, value, status] {
      properties.push_back({name_object(env, *name), from(env, value), status_object(env, *status)});
      return properties.back().front();
    });
    return collected ? 0 : 1;
  };
  Collected collected{env, {}};
  if (ne_propset_iterate(PropertyResults::Reading(results).c(), collect, &collected) != 0) throw_pending(env);
  return std::move(collected.properties);
}

// C's iteration is over before the function is called, which may end the loan.
napi_value iterate(const Arguments &arguments) {
  const napi_env env = arguments.env();
  const auto results = results_of(arguments);
  napi_value iterator = arguments.function(1, "iterator");
  for (const Property &property : properties_of(env, *results)) {
    napi_value answer;
    check(env, napi_call_function(env, undefined(env), iterator, property.size(), property.data(), &answer));
    Operation::refuse_promise(env, answer);
    if (const int result = to_int(env, {env, answer})) return from(env, result);
  }
  return from(env, 0);
}

}  // namespace

void register_props(Topic &topic) {
  topic.blocking("ne_simple_propfind", simple_propfind);
  topic.blocking("ne_propnames", propnames);
  topic.blocking("ne_proppatch", proppatch);
  topic.blocking("proppatch", proppatch_answered);
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
