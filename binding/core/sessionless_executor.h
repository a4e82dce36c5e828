#pragma once

#include "core/operation.h"

namespace neon {

/// The executor of a call that belongs to no session. Each such call has its own executor and its own lane.
class SessionlessExecutor final : public Executor {
 public:
  explicit SessionlessExecutor(Environment &environment) : environment_(environment.shared_from_this()) {}

  void recover() override {}
  void note_stall() override {}
  std::string error_text() const override { return ""; }
  Napi::Object handle_object() const override { return {}; }
  Environment &executor_environment() const override { return *environment_; }

 private:
  const std::shared_ptr<Environment> environment_;
};

}  // namespace neon
