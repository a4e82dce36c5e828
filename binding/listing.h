#pragma once

#include <ne_basic.h>
#include <ne_props.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operation.h"
#include "packed.h"
#include "session.h"

namespace neon {

/// Some resources of a listing, packed. For each (lib/listing.ts reads it):
///
///     origin, length of the path, length of the query + 1 or 0, length of the fragment + 1 or 0, count,
///     then count times: name, and the length of the value + 2; or 1, when it is the last one of this name
///     again; or 0 and the status, when there is none
///
/// Origin (scheme, host, user information, port), name (namespace, name) and
/// status (code, reason) are indices.
class Batch final : public Packed {
 public:
  void add(const ne_uri &uri, const ne_prop_result_set *results);
  bool full() const { return resources_ >= most_resources || text_.size() >= most_text; }
  /// text, numbers, names, statuses, origins
  std::vector<napi_value> arguments(napi_env env) const;

 private:
  // So few that making objects of them keeps nobody waiting.
  static constexpr std::size_t most_resources = 128;

  static int on_property(void *batch, const ne_propname *name, const char *value, const ne_status *status);
  void append_optional(const char *text);

  std::size_t resources_ = 0, properties_ = 0;
  /// Where the last value of each name stands in text_, by its index.
  std::vector<std::pair<std::size_t, std::size_t>> last_values_;
  Table names_, statuses_, origins_;
};

/// What is asked of which resources.
struct Inquiry {
  std::string path;
  int depth = 0;
  /// Namespaces and names; none are all properties.
  std::vector<std::pair<std::string, std::string>> names;
  /// Only the names of properties.
  bool only_names = false;
};

/// A PROPFIND whose resources reach JavaScript in batches.
///
/// On a lane, batches are posted while the response is still being parsed. `ahead_` counts those that
/// JavaScript has not seen, and `behind_` is what it said last: that those which it has seen wait for
/// somebody to take them. Past `most_ahead`, or when it is behind, the lane asks for room, and so waits until
/// JavaScript has seen them all and, when it answers with a promise, until that is settled. After an abort
/// none is delivered. A batch holds the operation; its functions are held by the operation. A blocking call
/// gives each batch to JavaScript as soon as it is full, from inside neon.
class Listing final : public Operation {
 public:
  Listing(std::shared_ptr<Session> session, Inquiry inquiry, bool posts);

 protected:
  void run() override;
  void stalled() override {
    if (code_ != NE_OK) code_ = NE_TIMEOUT;
  }
  napi_value result(napi_env env) override;
  bool has_callbacks() const override { return true; }

 private:
  class Delivery;

  static void on_resource(void *listing, const ne_uri *uri, const ne_prop_result_set *results) noexcept;
  static void on_head(ne_request *request, void *listing, const ne_status *status) noexcept;
  int send();
  void flush();
  void deliver_batch(napi_env env, const Batch &batch);

  static constexpr int most_ahead = 32;

  const std::shared_ptr<Session> session_;
  const Inquiry inquiry_;
  const bool posts_;
  std::unique_ptr<Batch> batch_;
  std::atomic<int> ahead_{0};
  std::atomic<bool> behind_{false};
  bool out_of_memory_ = false;

  // Written inside run(), read after it.
  int code_ = NE_ERROR;
  int status_ = 0;
  std::string text_;
};

}  // namespace neon
