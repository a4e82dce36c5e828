// The PROPFIND, REPORT and SEARCH of the classes, as one operation.
#pragma once

#include <napi.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "classes/exchange/record.h"
#include "classes/propfind/parser.h"
#include "core/operation.h"
#include "ne/session/session.h"

namespace neon {

/// A request whose response is a multi-status document. A PROPFIND asks for properties by name.
struct Inquiry {
  std::string method, path;
  int depth = no_depth;
  /// Namespaces and names; empty for all properties.
  std::vector<std::pair<std::string, std::string>> names;
  /// Only the names of properties.
  bool only_names = false;
  /// The document of the caller, instead of one about properties.
  std::optional<std::string> document;

  /// Sends no Depth header.
  static constexpr int no_depth = -1;

  /// The document that the request sends.
  std::string body() const;
};

/// A PROPFIND, REPORT or SEARCH whose resources reach JavaScript in batches.
///
/// The lane posts batches while it is still parsing the response. It posts a full batch at once. It posts a
/// batch that is not full when JavaScript has nothing to do and the last post is at least `patience` ago. So
/// the first resources of a slow server do not wait for the next ones.
///
/// `ahead_` counts the batches that JavaScript has not seen. `behind_` is JavaScript's last answer: whether
/// batches that it has seen still wait to be taken. The lane asks for room when `ahead_` exceeds `max_ahead`,
/// or when JavaScript is behind. It then waits until JavaScript has seen all batches. If JavaScript answers
/// with a promise, the lane also waits until the promise is settled.
///
/// After an abort, no batch is delivered. A batch that cannot be converted to JavaScript values ends the
/// operation. Each posted batch owns the operation, which holds the functions. A blocking call passes each
/// full batch to JavaScript at once, from inside neon.
class Propfind final : public Operation {
 public:
  /// `recipe` has the headers of the caller and the limit of inflating.
  Propfind(std::shared_ptr<Session> session, Inquiry inquiry, Recipe recipe, bool posts);

 protected:
  void run() override;
  void stalled() override { result_.note_stall(session_->c()); }
  Napi::Value result(Napi::Env env) override;

 private:
  class Delivery;

  int send(PropfindParser &parser, ResponseRecord &record);
  void flush(std::unique_ptr<PropfindBatch> batch);
  bool wants_batch() const;
  Napi::Value call(Napi::Env env, std::uint32_t place, std::span<const napi_value> arguments);
  void deliver_batch(Napi::Env env, const PropfindBatch &batch);

  using Clock = std::chrono::steady_clock;

  static constexpr int max_ahead = 32;
  static constexpr Clock::duration patience = std::chrono::milliseconds(20);

  const std::shared_ptr<Session> session_;
  const Inquiry inquiry_;
  const Recipe recipe_;
  const bool posts_;
  std::atomic<int> ahead_{0};
  std::atomic<bool> behind_{false};

  Clock::time_point flushed_;  // used by the thread that runs the operation
  // Written inside run(), read after it.
  CallResult result_;
  std::optional<ResponseRecord> record_;
  std::string sync_token_;
};

}  // namespace neon
