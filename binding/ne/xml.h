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
/// A parser has one user at a time: a call of ne_xml_parse, or an operation.
///
/// ne_xml_parse runs on the JavaScript thread, and calls its callbacks directly on the same stack
/// (`direct_`). When a callback throws, the exception stays pending. C then calls no further callback before
/// it returns.
///
/// An operation uses the parser when it reads a response into the parser, or when it runs a request that has
/// the parser as a body reader. The callbacks then go through Operation::ask(), on the thread that runs the
/// operation. Operations of one session may use the parser in turn. Meanwhile, ne_xml_parse and operations of
/// other sessions throw ERR_NEON_BUSY.
///
/// Callbacks of the parser may read its state, set its error and push handlers. A callback that parses with
/// the parser or destroys it receives ERR_NEON_REENTRANT. Attributes are valid only during their start
/// callback (`start_`).
///
/// A parser is owned by its JavaScript object, by requests whose response body it reads, and by operations.
/// Only the JavaScript object keeps the functions of the parser's handlers.
///
/// A `ne_207_parser` pushes its own handlers on the parser's stack, and C calls these handlers as long as the
/// parser parses. The parser therefore owns the handle of the `ne_207_parser`. This handle refers back to the
/// parser weakly. The JavaScript objects of the `ne_207_parser` and of the parser keep each other alive: the
/// garbage collector can collect this cycle.
class XmlParser final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::XmlParser;
  static constexpr std::int64_t external_size = 16384;
  static constexpr const char *argument_name = "p";

  /// The functions of one call of ne_xml_push_handler, by the numbers under which the JavaScript object keeps
  /// these functions.
  struct Handler {
    XmlParser &parser;
    std::uint32_t start;
    std::optional<std::uint32_t> cdata;
    std::optional<std::uint32_t> end;
  };

  /// While a Start exists, a start callback is running.
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
  /// Wraps the parser inside the C object of `lender`. C frees the parser together with that C object.
  XmlParser(const std::shared_ptr<Handle> &lender, ne_xml_parser *c)
      : Handle(*lender->environment), c_(c), lent_(true), lender_(lender) {}
  ~XmlParser() override {
    if (!lent_) ne_xml_destroy(c_);
  }

  ne_xml_parser *c() const { return c_; }

  bool closed() const override;
  /// Throws ERR_NEON_BORROWED when the parser is inside another C object.
  void require_own(const char *use) const;
  /// Must be called before the JavaScript thread uses the parser. Throws ERR_NEON_BUSY while an operation
  /// uses the parser, except in a callback of that operation.
  void require_usable() const;
  /// Like require_usable(), but also throws ERR_NEON_REENTRANT in a callback of the parser.
  void require_idle() const;
  void admit(const Executor &target) const override;
  /// Whether the parser has been given a part of a document.
  bool began() const { return began_; }
  /// Records that a document has begun. parse() does this itself. Before any other C function parses, begin()
  /// must be called.
  void begin() { began_ = true; }
  bool in_start_callback() const { return start_; }

  void push_handler(std::uint32_t start, std::optional<std::uint32_t> cdata,
                    std::optional<std::uint32_t> end);
  /// Makes the parser own a handle that has pushed handlers on the parser's stack. `object` is the JavaScript
  /// object of that handle.
  void attach(std::shared_ptr<Handle> pusher, Napi::Object object);

  /// Calls ne_xml_parse, for an operation that uses the parser.
  int parse(const char *block, std::size_t size);
  /// Calls ne_xml_parse for JavaScript; throws the exception of a callback.
  int parse_directly(std::string_view block);
  /// Calls ne_xml_failed. If C reports no failure but a callback has failed, returns NE_XML_ABORT.
  int failed() const;

  /// Calls, from inside neon, a function that the handle `keeper` keeps. Returns no value if this function or
  /// an earlier one threw, or if JavaScript cannot be called. The parser then counts as failed.
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
