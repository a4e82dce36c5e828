#include "listing.h"

#include <utility>

#include "error.h"
#include "markup.h"
#include "request.h"
#include "topic.h"

namespace neon {

namespace {

std::string_view view(const char *text) { return text ? text : ""; }

}  // namespace

// --- Batch ------------------------------------------------------------------------------------------------

void Batch::append_optional(const char *text) { numbers_.push_back(text ? append(text) + 1 : 0); }

void Batch::add(const ne_uri &uri, const ne_prop_result_set *results) {
  ++resources_;
  numbers_.push_back(
      origins_.index_of({view(uri.scheme), view(uri.host), view(uri.userinfo), std::to_string(uri.port)}));
  numbers_.push_back(append(view(uri.path)));
  append_optional(uri.query);
  append_optional(uri.fragment);
  const std::size_t count = numbers_.size();
  numbers_.push_back(0);
  properties_ = 0;
  ne_propset_iterate(results, on_property, this);
  numbers_[count] = static_cast<std::uint32_t>(properties_);
}

int Batch::on_property(void *batch, const ne_propname *name, const char *value, const ne_status *status) {
  Batch &self = *static_cast<Batch *>(batch);
  ++self.properties_;
  const std::uint32_t index = self.names_.index_of({view(name->nspace), view(name->name)});
  self.numbers_.push_back(index);
  if (index == self.last_values_.size()) self.last_values_.emplace_back(std::string::npos, 0);
  if (value) {
    const std::string_view text = value;
    auto &[start, size] = self.last_values_[index];
    if (start != std::string::npos && text == std::string_view(self.text_).substr(start, size)) {
      self.numbers_.push_back(1);
    } else {
      start = self.text_.size();
      size = text.size();
      self.numbers_.push_back(self.append(text) + 2);
    }
  } else {
    self.numbers_.push_back(0);
    const std::string code = std::to_string(status ? status->code : 0);
    self.numbers_.push_back(self.statuses_.index_of({code, status ? view(status->reason_phrase) : ""}));
  }
  return 0;
}

std::vector<napi_value> Batch::arguments(napi_env env) const {
  return {text_value(env), numbers_value(env), names_.array(env), statuses_.array(env), origins_.array(env)};
}

// --- Listing ----------------------------------------------------------------------------------------------

namespace {

// The places of the functions that a listing holds.
constexpr std::uint32_t batch_place = 0, room_place = 1;

}  // namespace

class Listing::Delivery final : public Event {
 public:
  Delivery(std::shared_ptr<Listing> listing, std::unique_ptr<Batch> batch)
      : listing_(std::move(listing)), batch_(std::move(batch)) {}

  void deliver(napi_env env) override {
    --listing_->ahead_;
    if (!listing_->cancelled()) listing_->deliver_batch(env, *batch_);
  }

 private:
  const std::shared_ptr<Listing> listing_;
  const std::unique_ptr<Batch> batch_;
};

Listing::Listing(std::shared_ptr<Session> session, Inquiry inquiry, bool posts)
    : Operation(session), session_(std::move(session)), inquiry_(std::move(inquiry)), posts_(posts) {}

void Listing::run() {
  batch_ = std::make_unique<Batch>();
  code_ = Request::entrust(*session_, [this] {
    ne_hook_post_headers(session_->c(), on_head, this);
    const int result = send();
    ne_unhook_post_headers(session_->c(), on_head, this);
    return result;
  });
  text_ = ne_get_error(session_->c());
  if (out_of_memory_) throw neon_failure(code::no_memory, "Out of memory");
  if (code_ == NE_OK && !batch_->empty()) flush();
}

int Listing::send() {
  ne_session *const c = session_->c();
  const char *const path = inquiry_.path.c_str();
  if (inquiry_.only_names) return ne_propnames(c, path, inquiry_.depth, on_resource, this);
  std::vector<ne_propname> names;
  for (const auto &[nspace, name] : inquiry_.names) names.push_back({nspace.c_str(), name.c_str()});
  names.push_back({nullptr, nullptr});
  return ne_simple_propfind(c, path, inquiry_.depth, inquiry_.names.empty() ? nullptr : names.data(),
                            on_resource, this);
}

void Listing::on_head(ne_request *, void *listing, const ne_status *status) noexcept {
  static_cast<Listing *>(listing)->status_ = status->code;
}

void Listing::on_resource(void *listing, const ne_uri *uri, const ne_prop_result_set *results) noexcept {
  Listing &self = *static_cast<Listing *>(listing);
  if (self.out_of_memory_ || self.cancelled()) return;
  try {
    self.batch_->add(*uri, results);
    if (self.batch_->full()) self.flush();
  } catch (const std::bad_alloc &) {
    self.out_of_memory_ = true;
  }
}

void Listing::flush() {
  auto full = std::exchange(batch_, std::make_unique<Batch>());
  const auto nothing = [](napi_env, napi_value) { return true; };
  if (!posts_) {
    ask(
        false,
        [&](napi_env env) {
          deliver_batch(env, *full);
          return undefined(env);
        },
        nothing);
    return;
  }
  environment().post(
      std::make_shared<Delivery>(std::static_pointer_cast<Listing>(shared_from_this()), std::move(full)));
  if (++ahead_ <= most_ahead && !behind_) return;
  ask(
      false, [this](napi_env env) { return call_function(env, held(env, room_place), 0, nullptr); }, nothing);
  behind_ = false;  // all batches came before that question
}

void Listing::deliver_batch(napi_env env, const Batch &batch) {
  const std::vector<napi_value> arguments = batch.arguments(env);
  napi_value answer;
  check(env, napi_call_function(env, undefined(env), held(env, batch_place), arguments.size(),
                                arguments.data(), &answer));
  bool behind = false;
  behind_ = napi_get_value_bool(env, answer, &behind) == napi_ok && behind;
}

napi_value Listing::result(napi_env env) {
  if (code_ == NE_OK) return null(env);
  const napi_value fields[] = {from(env, code_), from(env, std::string_view(text_)), from(env, status_)};
  napi_value list;
  check(env, napi_create_array_with_length(env, std::size(fields), &list));
  for (std::uint32_t i = 0; i < std::size(fields); ++i) check(env, napi_set_element(env, list, i, fields[i]));
  return list;
}

namespace {

/// propfind(session, path, depth, names, onBatch, room) → null, or [NE_* code, error text, status]. `names`
/// is a flat array of namespaces and names, an empty one for all properties, or null for the names alone.
/// onBatch is called with (text, numbers, names, statuses, origins), as Batch says, and returns true when
/// JavaScript lags behind; room() is called then, and may give a promise. In C: ne_simple_propfind,
/// ne_propnames.
std::shared_ptr<Operation> propfind(const Arguments &arguments, Mode mode) {
  const napi_env env = arguments.env();
  auto session = arguments.handle<Session>(0, "session");
  Inquiry inquiry;
  inquiry.path = arguments.line(1, "path");
  inquiry.depth = static_cast<int>(arguments.integer(2, "depth", NE_DEPTH_ZERO, NE_DEPTH_INFINITE));
  inquiry.only_names = arguments.is_nullish(3);
  if (!inquiry.only_names) {
    const std::vector<napi_value> names = arguments.list(3, "props");
    for (std::size_t i = 0; i + 1 < names.size(); i += 2) {
      const auto &[nspace, name] = inquiry.names.emplace_back(text_of(env, names[i], "A namespace"),
                                                              text_of(env, names[i + 1], "A name"));
      require_element(name, nspace.c_str(), nullptr, "What stands in \"props\"");
    }
  }
  napi_value on_batch = arguments.function(4, "onBatch"), room = arguments.function(5, "room");
  auto made = std::make_shared<Listing>(std::move(session), std::move(inquiry), mode == Mode::Async);
  made->hold(on_batch);
  made->hold(room);
  return made;
}

}  // namespace

void register_listing(Topic &topic) { topic.blocking("propfind", propfind); }

}  // namespace neon
