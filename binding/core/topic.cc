#include "core/topic.h"

#include "core/error.h"

namespace neon {

namespace {

Napi::Value call_plain(const Napi::CallbackInfo &info) {
  return at_border(info.Env(), [&] { return reinterpret_cast<Topic::Plain>(info.Data())(Arguments(info)); });
}

Napi::Value call_blocking(const Napi::CallbackInfo &info) {
  return at_border(info.Env(), [&] {
    return reinterpret_cast<Topic::Prepare>(info.Data())(Arguments(info), Mode::Sync)->call();
  });
}

// Rejects the promise even when an error is thrown before the operation is queued.
Napi::Value call_async(const Napi::CallbackInfo &info) {
  return at_border(info.Env(), [&] {
    const Napi::Promise::Deferred deferred(info.Env());
    try {
      reinterpret_cast<Topic::Prepare>(info.Data())(Arguments(info), Mode::Async)->enqueue(deferred);
    } catch (const std::exception &) {
      deferred.Reject(thrown_value(info.Env()));
    }
    return deferred.Promise();
  });
}

Napi::Value call_with_receiver(const Napi::CallbackInfo &info) {
  return at_border(info.Env(), [&]() -> napi_value {
    reinterpret_cast<Topic::Prepare>(info.Data())(Arguments(info), Mode::Async)->enqueue();
    return nullptr;
  });
}

template <Napi::Function::Callback callback, class Function>
void define(const Napi::Object &table, const char *name, Function function) {
  void *const data = reinterpret_cast<void *>(function);
  table.Set(name, Napi::Function::New<callback>(table.Env(), name, data));
}

}  // namespace

void Topic::plain(const char *name, Plain function) { define<call_plain>(sync_, name, function); }

void Topic::blocking(const char *name, Prepare prepare) {
  define<call_blocking>(sync_, name, prepare);
  queued(name, prepare);
}

void Topic::call(const char *name, Prepare prepare) {
  define<call_blocking>(sync_, name, prepare);
  define<call_with_receiver>(async_, name, prepare);
}

void Topic::queued(const char *name, Prepare prepare) { define<call_async>(async_, name, prepare); }

void Topic::constant(const char *name, double value) { sync_.Set(name, value); }

}  // namespace neon
