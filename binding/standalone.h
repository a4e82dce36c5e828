#pragma once

#include "operation.h"

namespace neon {

/// The target of a call that belongs to no session: each such call has one, and so a lane of its own.
class Standalone final : public Target {
 public:
  explicit Standalone(Environment &environment) : environment_(environment.shared_from_this()) {}

  void recover() override {}
  void note_stall() override {}
  std::string error_text() const override { return ""; }
  napi_value target_object() const override { return nullptr; }
  Environment &target_environment() const override { return *environment_; }

 private:
  const std::shared_ptr<Environment> environment_;
};

}  // namespace neon
