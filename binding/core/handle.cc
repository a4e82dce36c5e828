#include "core/handle.h"

#include <utility>

#include "core/convert.h"
#include "core/describe.h"

namespace neon {

struct HandleWrap::Box {
  std::shared_ptr<Handle> handle;
  Kind kind;
  std::int64_t size;
  napi_ref reference = nullptr;  // weak; the handle's self_ as long as that is this object

  void detach(napi_env env) {
    std::int64_t now;
    napi_adjust_external_memory(env, -size, &now);
    napi_delete_reference(env, reference);
    handle->environment->boxes.erase(this);
    if (handle->self_ == reference) handle->self_ = nullptr;
    handle->on_detached();
  }
};

namespace {

// Of this class, though destroyed.
bool is_handle(Environment &environment, napi_value value, Kind kind) {
  const napi_env env = environment.env();
  const napi_value arguments[] = {value, environment.handle_class(kind)};
  napi_value answer;
  bool result = false;
  check(env, napi_call_function(env, undefined(env), environment.hook(Environment::Hook::IsHandle), 2,
                                arguments, &answer));
  check(env, napi_get_value_bool(env, answer, &result));
  return result;
}

}  // namespace

napi_value Handle::object() const {
  napi_value value = nullptr;
  if (self_) check(environment->env(), napi_get_reference_value(environment->env(), self_, &value));
  return value;
}

std::uint32_t Handle::keep(napi_value value) {
  const napi_env env = environment->env();
  const napi_value arguments[] = {object(), value};
  napi_value number;
  check(env, napi_call_function(env, undefined(env), environment->hook(Environment::Hook::Keep), 2, arguments,
                                &number));
  std::uint32_t index = 0;
  check(env, napi_get_value_uint32(env, number, &index));
  return index;
}

napi_value Handle::kept(napi_env env, napi_value object, std::uint32_t index) {
  const napi_value arguments[] = {object, from(env, static_cast<double>(index))};
  napi_value value;
  check(env, napi_call_function(env, undefined(env), Environment::of(env).hook(Environment::Hook::Kept), 2,
                                arguments, &value));
  return value;
}

void Handle::forget(std::uint32_t index) {
  const napi_env env = environment->env();
  const napi_value object = this->object();
  if (!object) return;
  const napi_value arguments[] = {object, from(env, static_cast<double>(index))};
  napi_value nothing;
  check(env, napi_call_function(env, undefined(env), environment->hook(Environment::Hook::Forget), 2,
                                arguments, &nothing));
}

void Handle::keep_instead(std::optional<std::uint32_t> &number, napi_value value) {
  if (number) forget(*number);
  number = value ? std::optional(keep(value)) : std::nullopt;
}

void *Handle::keep_for_c(std::optional<std::uint32_t> &number, napi_value value) {
  napi_valuetype type;
  check(environment->env(), napi_typeof(environment->env(), value, &type));
  keep_instead(number, type == napi_null ? nullptr : value);
  // A number, at which nobody looks: C gives it back.
  return number ? reinterpret_cast<void *>(std::uintptr_t{*number} + 1)  // NOLINT(performance-no-int-to-ptr)
                : nullptr;
}

napi_value Handle::value_of(void *pointer) const {
  const napi_env env = environment->env();
  if (!pointer) return null(env);
  return kept(env, object(), static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer) - 1));
}

napi_value HandleWrap::wrap(std::shared_ptr<Handle> handle, Kind kind, std::int64_t size, napi_value owner) {
  Environment &environment = *handle->environment;
  const napi_env env = environment.env();
  napi_value object;
  const napi_value arguments[] = {environment.hook(Environment::Hook::Token), owner ? owner : undefined(env)};
  check(env, napi_new_instance(env, environment.handle_class(kind), 2, arguments, &object));

  const auto finalize = [](napi_env env, void *data, void *) {
    const std::unique_ptr<Box> box(static_cast<Box *>(data));
    box->detach(env);
  };
  auto box = std::make_unique<Box>(Box{std::move(handle), kind, size});
  check(env, napi_wrap(env, object, box.get(), finalize, nullptr, &box->reference));
  environment.boxes.insert(box.get());
  box->handle->self_ = box->reference;
  static_cast<void>(box.release());  // the finalizer's, or destroy()'s
  std::int64_t now;
  napi_adjust_external_memory(env, size, &now);
  return object;
}

std::shared_ptr<Handle> *HandleWrap::unwrap(napi_env env, napi_value value, Kind kind, const char *argument) {
  Environment &environment = Environment::of(env);
  void *data = nullptr;
  if (napi_unwrap(env, value, &data) == napi_ok) {
    // Others wrap objects too, and so does another copy of this addon: only what is known is a box.
    Box *box = static_cast<Box *>(data);
    if (environment.boxes.contains(box) && box->kind == kind)
      return box->handle->closed() ? nullptr : &box->handle;
  } else if (is_handle(environment, value, kind)) {
    return nullptr;
  }
  std::string what = received(env, value);
  if (what.ends_with(class_name(kind))) what += " of another load of libneon";
  throw type_failure(code::argument_type, std::string("The \"") + argument +
                                              "\" argument must be an instance of " + class_name(kind) +
                                              ". " + what);
}

void HandleWrap::destroy(Handle &handle) {
  const napi_env env = handle.environment->env();
  napi_value object = handle.object();
  if (!object) return;
  void *data = nullptr;
  check(env, napi_remove_wrap(env, object, &data));
  const std::unique_ptr<Box> box(static_cast<Box *>(data));
  box->detach(env);
}

}  // namespace neon
