#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/environment.h"
#include "core/error.h"

namespace neon {

/// The control block behind a JavaScript handle object.
///
/// Ownership: The JavaScript object holds one shared_ptr. It drops this shared_ptr at once when the handle is
/// destroyed, or else in its finalizer. Dependants hold further shared_ptrs. The C object is freed with the
/// last shared_ptr, on the thread that drops it. The control block refers to its JavaScript object weakly, so
/// that one C object always has the same JavaScript object.
class Handle : public std::enable_shared_from_this<Handle> {
 public:
  // Uses lock() because shared_from_this() may throw, and no exception may cross neon's frames. An
  // environment always has an owner, so lock() never returns null.
  explicit Handle(Environment &environment) : environment(environment.weak_from_this().lock()) {}
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  virtual ~Handle() = default;

  /// The JavaScript object; empty after the object was collected or destroyed. JavaScript thread.
  Napi::Object object() const;

  /// Keeps a value (a callback) alive as long as the JavaScript object, and returns a number for it. The
  /// value is in a private field of the JavaScript object, not behind a native reference. So a callback that
  /// closes over its own handle is collected together with the handle.
  std::uint32_t keep(napi_value value);
  /// The value to which keep() gave this number. Reads the value from the JavaScript object, since the handle
  /// may be destroyed while a call runs.
  static Napi::Value kept(Napi::Env env, napi_value object, std::uint32_t index);

  /// Drops the value that has this number; keep() may use the number again.
  void forget(std::uint32_t index);

  /// Drops the value that has `number`, if there is one, and keeps `value` instead; null keeps no value.
  /// `number` becomes the number of `value`.
  void keep_instead(std::optional<std::uint32_t> &number, napi_value value);

  /// Like keep_instead(), but returns the pointer that C receives for the value: NULL for null.
  void *keep_for_c(std::optional<std::uint32_t> &number, napi_value value);
  /// The value for which keep_for_c() returned this pointer.
  Napi::Value value_of(void *pointer) const;

  /// Whether the C object is gone although the handle was not destroyed. This happens to a lent handle, and
  /// to a handle while its last hook runs.
  virtual bool closed() const { return false; }

  /// Called when the JavaScript object was destroyed or collected. JavaScript thread; must not call
  /// JavaScript.
  virtual void on_detached() {}

  const std::shared_ptr<Environment> environment;

 private:
  friend class HandleWrap;

  napi_ref self_ = nullptr;
};

/// Joins control blocks with JavaScript objects, and separates them again.
class HandleWrap {
 public:
  /// A new JavaScript object of this kind. `size` is the size in bytes of the C memory that the object stands
  /// for; `owner` is an object that the new object keeps alive.
  static Napi::Object wrap(std::shared_ptr<Handle> handle, Kind kind, std::int64_t size,
                           napi_value owner = nullptr);

  /// The control block, or null after the handle was destroyed; throws ERR_INVALID_ARG_TYPE when the value is
  /// not a handle of this kind.
  static std::shared_ptr<Handle> *unwrap(Napi::Env env, napi_value value, Kind kind, const char *argument);

  /// Detaches the JavaScript object from its control block: from now on every use throws ERR_NEON_DESTROYED.
  static void destroy(Handle &handle);

  /// Does the work of the finalizers of collected objects now. Node runs finalizers in a turn of the event
  /// loop, which a program that makes blocking calls in a loop does not have.
  static void sweep(Environment &environment);

 private:
  struct Box;
};

/// The JavaScript object of a handle; makes it if the handle has no object yet.
template <class T>
Napi::Object to_object(const std::shared_ptr<T> &handle) {
  const Napi::Object object = handle->object();
  return !object.IsEmpty() ? object : HandleWrap::wrap(handle, T::kind, T::external_size);
}

}  // namespace neon
