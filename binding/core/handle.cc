#include "core/handle.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/describe.h"
#include "core/operation.h"
#include "core/value.h"

namespace neon {

struct HandleWrap::Box {
  std::shared_ptr<Handle> handle;
  Kind kind;
  std::int64_t size;
  napi_ref reference = nullptr;  // weak; equals the handle's self_ while the handle has this object

  void detach(Napi::Env env) {
    Napi::MemoryManagement::AdjustExternalMemory(env, -size);
    napi_delete_reference(env, reference);
    handle->environment->boxes.erase(this);
    if (handle->self_ == reference) handle->self_ = nullptr;
    handle->on_detached();
  }
};

namespace {

// Whether the value is a handle of this class, even a destroyed one.
bool is_handle(Environment &environment, napi_value value, Kind kind) {
  return call_javascript(environment.hook(Environment::Hook::IsHandle),
                         {value, environment.handle_class(kind)})
      .As<Napi::Boolean>();
}

Napi::Number to_number(Napi::Env env, std::uint32_t index) { return Napi::Number::New(env, index); }

}  // namespace

Napi::Object Handle::object() const {
  napi_value value = nullptr;
  if (self_) check(environment->env(), napi_get_reference_value(environment->env(), self_, &value));
  return {environment->env(), value};
}

std::uint32_t Handle::keep(napi_value value) {
  return call_javascript(environment->hook(Environment::Hook::Keep), {object(), value}).As<Napi::Number>();
}

Napi::Value Handle::kept(Napi::Env env, napi_value object, std::uint32_t index) {
  return call_javascript(Environment::of(env).hook(Environment::Hook::Kept), {object, to_number(env, index)});
}

void Handle::forget(std::uint32_t index) {
  const Napi::Object object = this->object();
  if (object.IsEmpty()) return;
  call_javascript(environment->hook(Environment::Hook::Forget),
                  {object, to_number(environment->env(), index)});
}

void Handle::keep_instead(std::optional<std::uint32_t> &number, napi_value value) {
  if (number) forget(*number);
  number = value ? std::optional(keep(value)) : std::nullopt;
}

void *Handle::keep_for_c(std::optional<std::uint32_t> &number, napi_value value) {
  keep_instead(number, Napi::Value(environment->env(), value).IsNull() ? nullptr : value);
  // The pointer only carries the number through C. Nothing dereferences it.
  return number ? reinterpret_cast<void *>(std::uintptr_t{*number} + 1)  // NOLINT(performance-no-int-to-ptr)
                : nullptr;
}

Napi::Value Handle::value_of(void *pointer) const {
  const Napi::Env env = environment->env();
  if (!pointer) return env.Null();
  return kept(env, object(), static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer) - 1));
}

Napi::Object HandleWrap::wrap(std::shared_ptr<Handle> handle, Kind kind, std::int64_t size,
                              napi_value owner) {
  Environment &environment = *handle->environment;
  const Napi::Env env = environment.env();
  // Does not sweep while C is running: C may be using an object that the sweep would free.
  if (environment.boxes.size() >= environment.next_sweep && !Operation::current()) sweep(environment);
  const Napi::Object object =
      construct(environment.handle_class(kind),
                {environment.hook(Environment::Hook::Token), owner ? owner : env.Undefined()});

  const auto finalize = [](napi_env env, void *data, void *) {
    const std::unique_ptr<Box> box(static_cast<Box *>(data));
    box->detach(env);
  };
  auto box = std::make_unique<Box>(Box{std::move(handle), kind, size});
  // Uses Node-API directly: Napi::ObjectWrap is for classes that C++ defines, but JavaScript defines the
  // handle classes.
  check(env, napi_wrap(env, object, box.get(), finalize, nullptr, &box->reference));
  environment.boxes.insert(box.get());
  box->handle->self_ = box->reference;
  static_cast<void>(box.release());  // the finalizer, destroy() or sweep() deletes it
  Napi::MemoryManagement::AdjustExternalMemory(env, size);
  return object;
}

std::shared_ptr<Handle> *HandleWrap::unwrap(Napi::Env env, napi_value value, Kind kind,
                                            const char *argument) {
  Environment &environment = Environment::of(env);
  void *data = nullptr;
  if (napi_unwrap(env, value, &data) == napi_ok) {
    // Other addons wrap objects too, and so does another copy of this addon. Only a known pointer is a box.
    Box *box = static_cast<Box *>(data);
    if (environment.boxes.contains(box) && box->kind == kind)
      return box->handle->closed() ? nullptr : &box->handle;
  } else if (is_handle(environment, value, kind)) {
    return nullptr;
  }
  std::string what = received({env, value});
  if (what.ends_with(class_name(kind))) what += " of another load of libneon";
  throw type_failure(code::argument_type, std::string("The \"") + argument +
                                              "\" argument must be an instance of " + class_name(kind) +
                                              ". " + what);
}

void HandleWrap::destroy(Handle &handle) {
  const Napi::Env env = handle.environment->env();
  const Napi::Object object = handle.object();
  if (object.IsEmpty()) return;
  void *data = nullptr;
  check(env, napi_remove_wrap(env, object, &data));
  const std::unique_ptr<Box> box(static_cast<Box *>(data));
  box->detach(env);
}

// Detaches the boxes of collected objects whose finalizers have not run yet. The reference of such an object
// is already empty. Deleting the reference removes the finalizer from Node's list. The next sweep waits until
// the number of boxes has doubled. So the cost for each object is constant on average.
void HandleWrap::sweep(Environment &environment) {
  const Napi::Env env = environment.env();
  std::vector<Box *> collected;
  for (const void *known : environment.boxes) {
    const Napi::HandleScope scope(env);
    auto *box =
        static_cast<Box *>(const_cast<void *>(known));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    napi_value object = nullptr;
    check(env, napi_get_reference_value(env, box->reference, &object));
    if (!object) collected.push_back(box);
  }
  for (Box *box : collected) {
    const std::unique_ptr<Box> owned(box);
    box->detach(env);
  }
  environment.next_sweep = std::max(environment.boxes.size() * 2, Environment::min_boxes_to_sweep);
}

}  // namespace neon
