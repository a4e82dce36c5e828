#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/environment.h"
#include "core/error.h"

namespace neon {

/// The control block behind a JavaScript handle object.
///
/// Ownership: the JavaScript object holds one shared_ptr (dropped by its finalizer, or at once when the
/// handle is destroyed), dependants hold others. The C object dies with the last of them, wherever that is.
/// The block refers to its object weakly, so that one C object stays one JavaScript object.
class Handle : public std::enable_shared_from_this<Handle> {
 public:
  // Uses lock() because shared_from_this() may throw, and no exception may cross neon's frames. An
  // environment always has an owner, so lock() never returns null.
  explicit Handle(Environment &environment) : environment(environment.weak_from_this().lock()) {}
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  virtual ~Handle() = default;

  /// The JavaScript object, empty once it was collected or destroyed. JavaScript thread.
  Napi::Object object() const;

  /// Keeps a value (callbacks) alive as long as the JavaScript object: in JavaScript, by a weak key, and not
  /// by a native reference, so that a callback which closes over its own handle is collected with it.
  std::uint32_t keep(napi_value value);
  /// The value to which keep() gave this number; from the object, since the handle may be destroyed while a
  /// call goes on.
  static Napi::Value kept(Napi::Env env, napi_value object, std::uint32_t index);

  /// Drops the value that has this number; keep() gives the number again.
  void forget(std::uint32_t index);

  /// Keeps `value` in place of the one that has this number; null keeps no value. The number becomes that of
  /// `value`.
  void keep_instead(std::optional<std::uint32_t> &number, napi_value value);

  /// keep_instead() for a value for which C gets a pointer: NULL for null.
  void *keep_for_c(std::optional<std::uint32_t> &number, napi_value value);
  /// The value for which C has this pointer.
  Napi::Value value_of(void *pointer) const;

  /// The C object is gone though the handle was not destroyed: a lent one, or one in its last hook.
  virtual bool closed() const { return false; }

  /// The JavaScript object is gone: destroyed or collected. JavaScript thread; must not call JavaScript.
  virtual void on_detached() {}

  const std::shared_ptr<Environment> environment;

 private:
  friend class HandleWrap;

  napi_ref self_ = nullptr;
};

/// Joins control blocks and JavaScript objects, and takes them apart.
class HandleWrap {
 public:
  /// A new JavaScript object of this kind. `size` is the C memory that it stands for, in bytes; `owner` an
  /// object that it keeps alive.
  static Napi::Object wrap(std::shared_ptr<Handle> handle, Kind kind, std::int64_t size,
                           napi_value owner = nullptr);

  /// The control block, or null after the handle was destroyed; throws ERR_INVALID_ARG_TYPE when the value is
  /// not a handle of this kind.
  static std::shared_ptr<Handle> *unwrap(Napi::Env env, napi_value value, Kind kind, const char *argument);

  /// Detaches the JavaScript object from its control block: from now on every use is ERR_NEON_DESTROYED.
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
