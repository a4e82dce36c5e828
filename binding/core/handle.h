#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/environment.h"
#include "core/error.h"

namespace neon {

/// The control block behind a JavaScript handle object.
///
/// Ownership: the JavaScript object holds one shared_ptr, until the handle is destroyed or the finalizer
/// runs. Dependants hold further shared_ptrs. When the last shared_ptr is dropped, the C object is freed on
/// the same thread. The control block refers to its JavaScript object weakly. This reference ensures that one
/// C object always has the same JavaScript object.
class Handle : public std::enable_shared_from_this<Handle> {
 public:
  // Uses lock(), because shared_from_this() may throw, and no exception may cross neon's frames. lock() never
  // returns null here: an environment always has an owner.
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

  /// Whether the C object is gone although the handle was not destroyed. This happens to a lent handle after
  /// its loan, and to a handle while its last hook runs.
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
  /// Makes a new JavaScript object of this kind. `size` is the size in bytes of the C memory behind the
  /// object. The new object keeps the object `owner` alive.
  static Napi::Object wrap(std::shared_ptr<Handle> handle, Kind kind, std::int64_t size,
                           napi_value owner = nullptr);

  /// The control block, or null after the handle was destroyed; throws ERR_INVALID_ARG_TYPE when the value is
  /// not a handle of this kind.
  static std::shared_ptr<Handle> *unwrap(Napi::Env env, napi_value value, Kind kind, const char *argument);

  /// Detaches the JavaScript object from its control block: from now on every use throws ERR_NEON_DESTROYED.
  static void destroy(Handle &handle);

  /// Does the work of the finalizers of collected objects now. Node itself runs finalizers in a later turn of
  /// the event loop. A program that makes blocking calls in a loop never reaches this turn.
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
