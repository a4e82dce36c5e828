#pragma once

#include "core/arguments.h"
#include "core/operation.h"

namespace neon {

/// Registers the functions of one topic with the module; module.cc lists the topics.
class Topic final {
 public:
  /// A function that does not block.
  using Plain = Napi::Value (*)(const Arguments &arguments);
  /// Makes the operation of one call to a function that blocks, for both surfaces.
  using Prepare = std::shared_ptr<Operation> (*)(const Arguments &arguments, Mode mode);

  /// `sync` and `async` are the two tables of the binding.
  Topic(const Napi::Object &sync, const Napi::Object &async) : sync_(sync), async_(async) {}

  void plain(const char *name, Plain function);
  void blocking(const char *name, Prepare prepare);
  /// Like blocking(), for a function of the classes. The async form returns undefined, and the outcome goes
  /// to JavaScript's receiver (lib/core/receivers.ts). It throws when an error occurs before the operation is
  /// queued.
  void call(const char *name, Prepare prepare);
  /// The promise form of a function that does not block, but must run after the calls before it.
  void queued(const char *name, Prepare prepare);
  void constant(const char *name, double value);

 private:
  const Napi::Object sync_;
  const Napi::Object async_;
};

}  // namespace neon
