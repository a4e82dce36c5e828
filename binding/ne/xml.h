#pragma once

#include <ne_xml.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/handle.h"
#include "core/operation.h"

namespace neon {

/// A `ne_xml_parser`.
///
/// Who uses it, one at a time:
///  - ne_xml_parse: on the JavaScript thread, below us on the stack (`direct_`). Callbacks are plain calls;
///  an
///    exception stays pending, and no further callback is called until C has returned;
///  - an operation that uses it: one that reads a response into it, or any on a request whose body it
///    reads. Callbacks go through Operation::ask(), on whichever thread that runs. The operations of one
///    session take their turns; those of another, and ne_xml_parse, are ERR_NEON_BUSY meanwhile.
/// Inside its callbacks the user may look at it, set its error and push handlers; to parse with it or to
/// destroy it there is ERR_NEON_REENTRANT. Attributes live as long as their start callback (`start_`).
///
/// Owned by its JavaScript object, by requests whose body it reads, and by operations. The functions of its
/// handlers are kept by the object, never from here. What other handles pushed on its stack (a 207 parser) is
/// owned by it, as C calls it as long as it parses: that refers back weakly, and its object and this one's
/// keep each other in JavaScript, where cycles are collected.
class XmlParser final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::XmlParser;
  static constexpr std::int64_t external_size = 16384;

  /// The functions of one ne_xml_push_handler, by the numbers under which the object keeps them.
  struct Handler {
    XmlParser &parser;
    std::uint32_t start;
    std::optional<std::uint32_t> cdata;
    std::optional<std::uint32_t> end;
  };

  /// A start callback runs.
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
  /// Resource of what `lender` stands for, and gone with that.
  XmlParser(const std::shared_ptr<Handle> &lender, ne_xml_parser *c)
      : Handle(*lender->environment), c_(c), lent_(true), lender_(lender) {}
  ~XmlParser() override {
    if (!lent_) ne_xml_destroy(c_);
  }

  ne_xml_parser *c() const { return c_; }

  bool closed() const override;
  /// ERR_NEON_BORROWED when it is part of another object.
  void require_own(const char *use) const;
  /// About to look at it on the JavaScript thread: ERR_NEON_BUSY.
  void require_usable() const;
  /// The same for what is forbidden inside its callbacks too: ERR_NEON_REENTRANT.
  void require_idle() const;
  void admit(const Executor &target) const override;
  /// Whether something was parsed already.
  bool began() const { return began_; }
  /// C parses with it without our help.
  void begin() { began_ = true; }
  bool in_start_callback() const { return start_; }

  void push_handler(std::uint32_t start, std::optional<std::uint32_t> cdata,
                    std::optional<std::uint32_t> end);
  /// Owns what another handle has pushed on its stack; `object` is that handle's.
  void attach(std::shared_ptr<Handle> user, napi_value object);

  /// ne_xml_parse: for whoever uses it already.
  int parse(const char *block, std::size_t size);
  /// The same, called by JavaScript: throws what a callback threw.
  int parse_directly(std::string_view block);
  /// As ne_xml_failed; also when a callback that cannot tell C so threw.
  int failed() const;

  /// Calls a function that `keeper` keeps, from inside neon. Nothing when it threw, an earlier one did, or
  /// nobody is there to answer: from then on the parser has failed.
  template <class MakeArguments, class Take>
  auto ask(const Handle &keeper, std::uint32_t function, MakeArguments make_arguments, Take take)
      -> std::optional<std::invoke_result_t<Take, napi_env, napi_value>>;

 private:
  void require_whole() const;

  ne_xml_parser *const c_;
  const bool lent_ = false;
  const std::weak_ptr<const Handle> lender_;
  bool began_ = false;
  bool direct_ = false;
  bool start_ = false;
  bool failed_ = false;  // a callback threw, or was not asked
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::vector<std::shared_ptr<Handle>> users_;
};

template <class MakeArguments, class Take>
auto XmlParser::ask(const Handle &keeper, std::uint32_t function, MakeArguments make_arguments, Take take)
    -> std::optional<std::invoke_result_t<Take, napi_env, napi_value>> {
  std::optional<std::invoke_result_t<Take, napi_env, napi_value>> answer;
  if (failed_) return answer;
  const auto call = [&](napi_env env, auto call_function) {
    const std::vector<napi_value> values = make_arguments(env);
    napi_value callback = Handle::kept(env, keeper.object(), function);
    return call_function(callback, values.size(), values.data());
  };
  if (direct_) {
    const napi_env env = environment->env();
    const Scope scope(env);
    at_border(env, [&]() -> napi_value {
      napi_value value = call(env, [&](napi_value callback, std::size_t count, const napi_value *values) {
        napi_value result;
        check(env, napi_call_function(env, undefined(env), callback, count, values, &result));
        return result;
      });
      Operation::refuse_promise(env, value);
      answer = take(env, value);
      return nullptr;
    });
  } else if (Operation *operation = Operation::current()) {
    answer = operation->ask(
        std::move(answer),
        [&](napi_env env) {
          return call(env, [&](napi_value callback, std::size_t count, const napi_value *values) {
            return operation->call_function(env, callback, count, values);
          });
        },
        [take](napi_env env, napi_value value) { return std::optional(take(env, value)); });
  }
  failed_ = !answer;
  return answer;
}

}  // namespace neon
