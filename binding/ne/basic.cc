// ne_basic.h: whole requests in one call.
#include <ne_alloc.h>
#include <ne_basic.h>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/since.h"
#include "core/topic.h"
#include "core/usable.h"
#include "ne/request/receive.h"
#include "ne/request/request.h"

namespace neon {

namespace {

// --- Calls that make a request of their own on the session in argument 0 ----------------------------------

template <class Run>
std::shared_ptr<Operation> call(const Arguments &arguments, Run run) {
  auto session = arguments.handle<Session>(0, "sess");
  return code_operation(session, [session, run = std::move(run)] {
    return Request::run_delegated(*session, [&] { return run(session->c()); });
  });
}

/// An operation that calls `run(session, value)`. `run` sets the value and returns a result code.
/// `fill(object, value)` then copies the value into the object in argument `index`.
template <class Value, class Run, class Fill>
std::shared_ptr<Operation> call_for(const Arguments &arguments, std::size_t index, Run run, Fill fill) {
  struct ValueAndResult {
    Value value;
    int result = NE_ERROR;
    void stalled() {
      if (result != NE_OK) result = NE_TIMEOUT;
    }
  };
  auto session = arguments.handle<Session>(0, "sess");
  auto made = operation(
      session,
      [session, run = std::move(run)] {
        ValueAndResult given{};
        given.result = Request::run_delegated(*session, [&] { return run(session->c(), given.value); });
        return given;
      },
      [fill = std::move(fill)](Operation &operation, Napi::Env env, const ValueAndResult &given) {
        fill(operation.held(env, 0).template As<Napi::Object>(), given.value);
        return Napi::Number::New(env, given.result);
      });
  made->hold(arguments[index]);
  return made;
}

std::shared_ptr<Operation> get(const Arguments &arguments, Mode mode) {
  auto fd = std::make_shared<Descriptor>(arguments, 2, "fd", mode);
  return call(arguments, [path = arguments.line(1, "path"), fd = std::move(fd)](ne_session *session) {
    return ne_get(session, path.c_str(), fd->number());
  });
}

std::shared_ptr<Operation> getbuf(const Arguments &arguments, Mode) {
  using GetBuffer = int(ne_session *, const char *, char *, std::size_t *);
  const std::size_t room = room_in(arguments, 2);
  auto session = arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(1, "path");
  const auto get_buffer = Since<GetBuffer>::required("ne_getbuf");
  return receiving(arguments, 2, room, session,
                   [session, path = std::move(path), get_buffer](char *buffer, std::size_t *size) {
                     return Request::run_delegated(
                         *session, [&] { return get_buffer(session->c(), path.c_str(), buffer, size); });
                   });
}

std::shared_ptr<Operation> put(const Arguments &arguments, Mode mode) {
  auto fd = std::make_shared<Descriptor>(arguments, 2, "fd", mode);
  return call(arguments, [path = arguments.line(1, "path"), fd = std::move(fd)](ne_session *session) {
    return ne_put(session, path.c_str(), fd->number());
  });
}

std::shared_ptr<Operation> putbuf(const Arguments &arguments, Mode) {
  using PutBuffer = int(ne_session *, const char *, const char *, std::size_t);
  arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(1, "path"), bytes = arguments.bytes(2, "buf");
  const auto put_buffer = Since<PutBuffer>::required("ne_putbuf");
  return call(arguments, [path = std::move(path), bytes = std::move(bytes), put_buffer](ne_session *session) {
    return put_buffer(session, path.c_str(), bytes.data(), bytes.size());
  });
}

std::shared_ptr<Operation> post(const Arguments &arguments, Mode mode) {
  auto fd = std::make_shared<Descriptor>(arguments, 2, "fd", mode);
  return call(arguments, [path = arguments.line(1, "path"), fd = std::move(fd),
                          text = arguments.text(3, "buffer")](ne_session *session) {
    return ne_post(session, path.c_str(), fd->number(), text.c_str());
  });
}

// A missing field is read as 0, as in a C struct initializer that omits the field.
std::int64_t position(Napi::Object range, const char *name, std::int64_t min) {
  const Napi::Value value = get_property(range, name);
  if (is_nullish(value)) return 0;
  return integer_of(value, std::string("The field \"") + name + "\" of the argument \"range\"", min,
                    max_safe_integer);
}

std::shared_ptr<Operation> get_range(const Arguments &arguments, Mode mode) {
  // Read first: a getter may destroy the session.
  const Napi::Object object = arguments.object(2, "range");
  ne_content_range range{};
  range.start = position(object, "start", 0);
  range.end = position(object, "end", -1);
  auto fd = std::make_shared<Descriptor>(arguments, 3, "fd", mode);
  return call(arguments, [path = arguments.line(1, "path"), range, fd = std::move(fd)](ne_session *session) {
    ne_content_range own = range;
    return ne_get_range(session, path.c_str(), &own, fd->number());
  });
}

std::shared_ptr<Operation> getmodtime(const Arguments &arguments, Mode) {
  arguments.out(2, "modtime");
  return call_for<std::time_t>(
      arguments, 2,
      [path = arguments.line(1, "path")](ne_session *session, std::time_t &time) {
        time = -1;
        return ne_getmodtime(session, path.c_str(), &time);
      },
      [](Napi::Object object, std::time_t time) { set_field(object, "value", static_cast<double>(time)); });
}

std::shared_ptr<Operation> options(const Arguments &arguments, Mode) {
  arguments.out(2, "caps", {"dav_class1", "dav_class2", "dav_executable"});
  return call_for<ne_server_capabilities>(
      arguments, 2,
      [path = arguments.line(1, "path")](ne_session *session, ne_server_capabilities &capabilities) {
        return ne_options(session, path.c_str(), &capabilities);
      },
      [](Napi::Object object, const ne_server_capabilities &capabilities) {
        set_field(object, "dav_class1", static_cast<int>(capabilities.dav_class1));
        set_field(object, "dav_class2", static_cast<int>(capabilities.dav_class2));
        set_field(object, "dav_executable", static_cast<int>(capabilities.dav_executable));
      });
}

std::shared_ptr<Operation> options2(const Arguments &arguments, Mode) {
  constexpr unsigned untouched = ~0U;  // C sets nothing if the response has no DAV header
  arguments.out(2, "caps");
  return call_for<unsigned>(
      arguments, 2,
      [path = arguments.line(1, "path")](ne_session *session, unsigned &capabilities) {
        capabilities = untouched;
        return ne_options2(session, path.c_str(), &capabilities);
      },
      [](Napi::Object object, unsigned capabilities) {
        if (capabilities != untouched) set_field(object, "value", static_cast<double>(capabilities));
      });
}

// C prints the scheme, the host and the path into a buffer, and cuts off the part that does not fit.
std::string destination(const Arguments &arguments, std::size_t index) {
  const auto session = arguments.handle<Session>(0, "sess");
  std::string path = arguments.line(index, "dest");
  const std::string before =
      std::string(ne_get_scheme(session->c())) + "://" + ne_get_server_hostport(session->c());
  if (before.size() + path.size() >= NE_BUFSIZ)
    throw range_failure("The value of \"dest\", behind " + before + ", must be shorter than " +
                        std::to_string(NE_BUFSIZ) + " bytes");
  return path;
}

std::shared_ptr<Operation> copy(const Arguments &arguments, Mode) {
  arguments.handle<Session>(0, "sess");
  const int overwrite = arguments.flag(1, "overwrite");
  const int depth = static_cast<int>(arguments.integer(2, "depth", INT32_MIN, INT32_MAX));
  std::string source = arguments.line(3, "src"), target = destination(arguments, 4);
  return call(arguments, [=, source = std::move(source), target = std::move(target)](ne_session *session) {
    return ne_copy(session, overwrite, depth, source.c_str(), target.c_str());
  });
}

std::shared_ptr<Operation> move(const Arguments &arguments, Mode) {
  arguments.handle<Session>(0, "sess");
  const int overwrite = arguments.flag(1, "overwrite");
  std::string source = arguments.line(2, "src"), target = destination(arguments, 3);
  return call(arguments, [=, source = std::move(source), target = std::move(target)](ne_session *session) {
    return ne_move(session, overwrite, source.c_str(), target.c_str());
  });
}

std::shared_ptr<Operation> remove(const Arguments &arguments, Mode) {
  return call(arguments, [path = arguments.line(1, "path")](ne_session *session) {
    return ne_delete(session, path.c_str());
  });
}

std::shared_ptr<Operation> mkcol(const Arguments &arguments, Mode) {
  return call(arguments, [path = arguments.line(1, "path")](ne_session *session) {
    return ne_mkcol(session, path.c_str());
  });
}

// --- Requests ---------------------------------------------------------------------------------------------

Napi::Value add_depth_header(const Arguments &arguments) {
  const auto request = usable<Request>(arguments);
  const int depth = static_cast<int>(arguments.integer(1, "depth", INT32_MIN, INT32_MAX));
  ne_add_depth_header(request->c(), depth);
  return arguments.env().Undefined();
}

Napi::Value get_content_type(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const auto request = usable<Request>(arguments);
  const Napi::Object object = arguments.out(1, "ctype", {"type", "subtype", "charset", "value"});
  ne_content_type given{};
  const int result = ne_get_content_type(request->c(), &given);
  if (result == 0) {
    const std::unique_ptr<char, void (*)(void *)> memory(given.value, ne_free);
    set_field(object, "type", string_or_null(env, given.type));
    set_field(object, "subtype", string_or_null(env, given.subtype));
    set_field(object, "charset", string_or_null(env, given.charset));
    set_field(object, "value", string_or_null(env, given.value));
  }
  return Napi::Number::New(env, result);
}

}  // namespace

void register_basic(Topic &topic) {
  topic.blocking("ne_get", get);
  topic.blocking("ne_getbuf", getbuf);
  topic.blocking("ne_put", put);
  topic.blocking("ne_putbuf", putbuf);
  topic.blocking("ne_post", post);
  topic.blocking("ne_get_range", get_range);
  topic.blocking("ne_getmodtime", getmodtime);
  topic.blocking("ne_options", options);
  topic.blocking("ne_options2", options2);
  topic.blocking("ne_copy", copy);
  topic.blocking("ne_move", move);
  topic.blocking("ne_delete", remove);
  topic.blocking("ne_mkcol", mkcol);
  topic.plain("ne_add_depth_header", add_depth_header);
  topic.plain("ne_get_content_type", get_content_type);
}

}  // namespace neon
