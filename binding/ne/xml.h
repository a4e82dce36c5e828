// ne_xml.h: the C++ object behind a ne_xml_parser, and how it calls its handlers.
#pragma once

#include <ne_xml.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/handle.h"
#include "core/operation.h"
#include "core/value.h"

namespace neon {

/// A `ne_xml_parser`.
///
/// It has one user at a time: ne_xml_parse, or an operation.
///
/// ne_xml_parse runs on the JavaScript thread, below us on the stack (`direct_`). Its callbacks are plain
/// calls; an exception stays pending, and no further callback is called until C has returned.
///
/// An operation uses the parser when it reads a response into the parser, or when it runs a request that has
/// the parser as a body reader. Callbacks go through Operation::ask(), on the thread that runs the operation.
/// Operations of one session may use the parser in turn; meanwhile ne_xml_parse and operations of other
/// sessions throw ERR_NEON_BUSY.
///
/// Its callbacks may read its state, set its error and push handlers; parsing with it or destroying it there
/// is ERR_NEON_REENTRANT. Attributes are valid during their start callback (`start_`).
///
/// Owned by its JavaScript object, by requests whose body it reads, and by operations. The object keeps the
/// functions of its handlers; nothing here does. The parser owns handles that pushed handlers of their own on
/// its stack (207 parsers), since C calls those handlers as long as the parser parses. Such a handle refers
/// back weakly, and the JavaScript objects of both keep each other, because JavaScript collects cycles.
class XmlParser final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::XmlParser;
  static constexpr std::int64_t external_size = 16384;
  static constexpr const char *argument_name = "p";

  /// The functions of one ne_xml_push_handler, by the numbers under which the object keeps them.
  struct Handler {
    XmlParser &parser;
    std::uint32_t start;
    std::optional<std::uint32_t> cdata;
    std::optional<std::uint32_t> end;
  };

  /// While this exists, a start callback is running.
  class Start final {
   public:
    explicit Start(XmlParser &parser) : parser_(parser) { parser_.start_ = true; }
    ~Start() { parser_.start_ = false; }
    Start(const Start &) = delete;
    Start &operator=(const Start &) = delete;

   private:
    XmlParser &parser_;
  };

  explicit XmlParser(Environment &environment) : Handle(environment), c_(ne_xml_create()) {}
  /// The parser inside the C object of `lender`, which C frees with that object.
  XmlParser(const std::shared_ptr<Handle> &lender, ne_xml_parser *c)
      : Handle(*lender->environment), c_(c), lent_(true), lender_(lender) {}
  ~XmlParser() override {
    if (!lent_) ne_xml_destroy(c_);
  }

  ne_xml_parser *c() const { return c_; }

  bool closed() const override;
  /// Throws ERR_NEON_BORROWED when the parser is inside another C object.
  void require_own(const char *use) const;
  /// To be called before the JavaScript thread uses the parser: throws ERR_NEON_BUSY.
  void require_usable() const;
  /// Like require_usable(), for calls that callbacks of the parser must not make: throws ERR_NEON_REENTRANT.
  void require_idle() const;
  void admit(const Executor &target) const override;
  /// Whether the parser has been given a part of a document.
  bool began() const { return began_; }
  /// To be called before C parses without a call of parse().
  void begin() { began_ = true; }
  bool in_start_callback() const { return start_; }

  void push_handler(std::uint32_t start, std::optional<std::uint32_t> cdata,
                    std::optional<std::uint32_t> end);
  /// Owns another handle that has pushed handlers on the stack; `object` is the JavaScript object of that
  /// handle.
  void attach(std::shared_ptr<Handle> pusher, Napi::Object object);

  /// ne_xml_parse, for an operation that uses it.
  int parse(const char *block, std::size_t size);
  /// ne_xml_parse, called by JavaScript: throws the exception of a callback.
  int parse_directly(std::string_view block);
  /// ne_xml_failed; also reports the exception of a callback that has no way to make C fail.
  int failed() const;

  /// Calls a function that `keeper` keeps, from inside neon. Returns nothing when it threw, when an earlier
  /// one did, or when JavaScript cannot be called: from then on the parser has failed.
  template <class MakeArguments, class Take>
  auto ask(const Handle &keeper, std::uint32_t function, MakeArguments make_arguments, Take take)
      -> std::optional<std::invoke_result_t<Take, Napi::Env, Napi::Value>>;

 private:
  void require_whole() const;

  ne_xml_parser *const c_;
  const bool lent_ = false;
  const std::weak_ptr<const Handle> lender_;
  bool began_ = false;
  bool direct_ = false;
  bool start_ = false;
  bool failed_ = false;  // a callback threw, or could not be called
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::vector<std::shared_ptr<Handle>> pushers_;
};

template <class MakeArguments, class Take>
auto XmlParser::ask(const Handle &keeper, std::uint32_t function, MakeArguments make_arguments, Take take)
    -> std::optional<std::invoke_result_t<Take, Napi::Env, Napi::Value>> {
  std::optional<std::invoke_result_t<Take, Napi::Env, Napi::Value>> answer;
  if (failed_) return answer;
  const auto call = [&](Napi::Env env, auto call_function) -> Napi::Value {
    const std::vector<napi_value> values = make_arguments(env);
    return call_function(Handle::kept(env, keeper.object(), function).template As<Napi::Function>(), values);
  };
  if (direct_) {
    const Napi::Env env = environment->env();
    const Napi::HandleScope scope(env);
    at_border(env, [&]() -> Napi::Value {
      const Napi::Value value = call(env, [](Napi::Function callback, std::span<const napi_value> values) {
        return call_javascript(callback, values);
      });
      Operation::refuse_promise(value);
      answer = take(env, value);
      return {};
    });
  } else if (Operation *operation = Operation::current()) {
    answer = operation->ask(
        std::move(answer),
        [&](Napi::Env env) {
          return call(env, [&](Napi::Function callback, std::span<const napi_value> values) {
            return operation->call_function(callback, values);
          });
        },
        [take](Napi::Env env, Napi::Value value) { return std::optional(take(env, value)); });
  }
  failed_ = !answer;
  return answer;
}

}  // namespace neon
