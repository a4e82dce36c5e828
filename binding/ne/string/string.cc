// Strings: tokens, copies, encodings and comparisons of ne_string.h.
#include <errno.h>
#include <ne_alloc.h>
#include <ne_string.h>

#include <array>

#include "core/error.h"
#include "core/since.h"
#include "core/tls_errors.h"
#include "core/topic.h"

namespace neon {

namespace {

// The maximum length of a V8 string, in characters. Arguments that would produce a longer result are
// rejected, because C ends the process when it cannot allocate memory.
constexpr std::size_t max_text = (std::size_t{1} << 29) - 24;
constexpr std::int64_t max_safe = (std::int64_t{1} << 53) - 1;  // Number.MAX_SAFE_INTEGER

void require_room(const char *argument, std::size_t size) {
  if (size > max_text)
    throw range_failure(std::string("The \"") + argument +
                        "\" argument is too long: the result must have at most " + std::to_string(max_text) +
                        " characters");
}

const unsigned char *unsigned_bytes(const std::string &bytes) {
  return reinterpret_cast<const unsigned char *>(bytes.data());
}

// --- Tokens -----------------------------------------------------------------------------------------------

// With NUL as the separator, C would read on after the end of the string.
char separator_argument(const Arguments &arguments) {
  const std::string separator = arguments.text(1, "separator");
  if (separator.size() != 1)
    throw type_failure(code::argument_value, "The \"separator\" argument must be one ASCII character");
  return separator.front();
}

// C splits a copy of `str.value`. Afterwards `str.value` is set to the rest of the text.
template <class Next>
Napi::Value next_token(const Arguments &arguments, Next next) {
  const Napi::Object str = arguments.out(0, "str");
  std::string text = text_of(get_property(str, "value"), "The value of \"str\"");
  char *rest = text.data();
  const char *token = next(&rest);
  if (!token) return arguments.env().Null();
  const Napi::Value result = Napi::String::New(arguments.env(), token);
  set_field(str, "value", string_or_null(arguments.env(), rest));
  return result;
}

Napi::Value token(const Arguments &arguments) {
  arguments.object(0, "str");
  const char separator = separator_argument(arguments);
  return next_token(arguments, [separator](char **rest) { return ne_token(rest, separator); });
}

Napi::Value quoted_token(const Arguments &arguments) {
  arguments.object(0, "str");
  const char separator = separator_argument(arguments);
  const std::string quotes = arguments.text(2, "quotes");
  return next_token(arguments,
                    [separator, &quotes](char **rest) { return ne_qtoken(rest, separator, quotes.c_str()); });
}

// --- Strings that C edits in place: copies of the arguments ----------------------------------------------

Napi::Value shave(const Arguments &arguments) {
  std::string text = arguments.text(0, "str");
  return string_or_null(arguments.env(), ne_shave(text.data(), arguments.text(1, "whitespace").c_str()));
}

Napi::Value edited(const Arguments &arguments, std::string text, char *(*edit)(char *)) {
  return string_or_null(arguments.env(), edit(text.data()));
}

Napi::Value clean(const Arguments &arguments) {
  return edited(arguments, arguments.text(0, "str"), [](char *text) { return ne_strclean(text); });
}

Napi::Value lower(const Arguments &arguments) {
  std::string text = arguments.text(0, "str");
  return edited(arguments, std::move(text), Since<char *(char *)>::required("ne_strlower"));
}

Napi::Value upper(const Arguments &arguments) {
  std::string text = arguments.text(0, "str");
  return edited(arguments, std::move(text), Since<char *(char *)>::required("ne_strupper"));
}

// --- Strings that C makes ---------------------------------------------------------------------------------

// concat(str): lib joins the strings before the call, because C itself would only join them.
Napi::Value concat(const Arguments &arguments) {
  const std::string text = arguments.text(0, "str");
  require_room("str", text.size());
  return take_string(arguments.env(), ne_concat(text.c_str(), static_cast<const char *>(nullptr)));
}

Napi::Value quoted_copy(const Arguments &arguments) {
  const std::string bytes = arguments.bytes(0, "data", max_text / 4);  // "\xNN"
  return take_string(arguments.env(), ne_strnqdup(unsigned_bytes(bytes), bytes.size()));
}

Napi::Value to_base64(const Arguments &arguments) {
  const std::string bytes = arguments.bytes(0, "text", max_text / 4 * 3);
  return take_string(arguments.env(), ne_base64(unsigned_bytes(bytes), bytes.size()));
}

Napi::Value from_base64(const Arguments &arguments) {
  const std::string text = arguments.text(0, "data");
  unsigned char *bytes = nullptr;
  const std::size_t size = ne_unbase64(text.c_str(), &bytes);
  if (size == 0) return arguments.env().Null();  // then C has freed `bytes`, or never allocated it
  const Memory owned(reinterpret_cast<char *>(bytes));
  return Napi::Buffer<char>::Copy(arguments.env(), owned.get(), size);
}

// strhash(flags, str): lib joins the strings before the call. The hash is the same as that of the separate
// strings.
Napi::Value hash(const Arguments &arguments) {
  const auto flags = static_cast<unsigned>(arguments.integer(0, "flags", 0, UINT32_MAX));
  const std::string text = arguments.text(1, "str");
  char *digest = ne_strhash(flags, text.c_str(), static_cast<const char *>(nullptr));
  if (!digest) forget_tls_errors();
  return take_string(arguments.env(), digest);
}

// strparam(charset, lang, value): `value` holds bytes in the character set `charset`.
Napi::Value parameter(const Arguments &arguments) {
  const std::string charset = arguments.text(0, "charset");
  const bool has_language = !arguments.is_nullish(1);
  const std::string language = has_language ? arguments.text(1, "lang") : "";
  const std::string value = arguments.bytes(2, "value");
  if (value.find('\0') != std::string::npos)
    throw type_failure(code::argument_value,
                       "The \"value\" argument must be a string without null characters");
  require_room("value", charset.size() + language.size() + value.size() * 3 + 2);  // "%NN"
  return take_string(arguments.env(), ne_strparam(charset.c_str(), has_language ? language.c_str() : nullptr,
                                                  unsigned_bytes(value)));
}

Napi::Value error_text(const Arguments &arguments) {
  std::array<char, 512> text;
  const int number = static_cast<int>(arguments.integer(0, "errnum", INT32_MIN, INT32_MAX));
  return string_or_null(arguments.env(), ne_strerror(number, text.data(), text.size()));
}

// --- Comparisons and numbers ------------------------------------------------------------------------------

Napi::Value compare(const Arguments &arguments) {
  const std::string first = arguments.text(0, "s1");
  return Napi::Number::New(arguments.env(), ne_strcasecmp(first.c_str(), arguments.text(1, "s2").c_str()));
}

Napi::Value compare_start(const Arguments &arguments) {
  const std::string first = arguments.text(0, "s1"), second = arguments.text(1, "s2");
  const auto count = static_cast<std::size_t>(arguments.integer(2, "n", 0, max_safe));
  return Napi::Number::New(arguments.env(), ne_strncasecmp(first.c_str(), second.c_str(), count));
}

// Accepts a character code, as C does, or a string of one character, like 'x' in C's source text.
Napi::Value lower_character(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  if (!arguments[0].IsString())
    return Napi::Number::New(env, static_cast<int>(ne_tolower(arguments.integer(0, "c", 0, 255))));
  const std::string text = arguments.text(0, "c");
  if (text.size() != 1)
    throw type_failure(code::argument_value, "The \"c\" argument must be one ASCII character");
  const char lowered = static_cast<char>(ne_tolower(text.front()));
  return Napi::String::New(env, &lowered, 1);
}

/// C's number has the width of a pointer. Throws if JavaScript cannot represent the number exactly.
Napi::Value hex_number(const Arguments &arguments) {
  const Napi::Env env = arguments.env();
  const std::string text = arguments.text(0, "str");
  const Napi::Object end =
      arguments.is_nullish(1) ? Napi::Object() : arguments.out(1, "endptr", {"value", "errno"});
  const auto parse = Since<unsigned long(const char *, const char **)>::required("ne_strhextoul");
  const char *rest = nullptr;
  errno = 0;
  const unsigned long number = parse(text.c_str(), &rest);
  const int error = errno;
  if (error == 0 && static_cast<std::uint64_t>(number) > static_cast<std::uint64_t>(max_safe))
    throw range_failure("The number in \"str\" is out of range: it is larger than Number.MAX_SAFE_INTEGER");
  if (!end.IsEmpty()) {
    set_field(end, "value", string_or_null(env, rest));
    set_field(end, "errno", error);
  }
  return Napi::Number::New(env, error == 0 ? static_cast<double>(number) : -1);
}

Napi::Value make_nonce(const Arguments &arguments) {
  const std::span<char> nonce = arguments.buffer(0, "nonce");
  const auto flags = static_cast<unsigned>(arguments.integer(1, "flags", 0, 0));
  constexpr std::size_t max = 256;
  if (nonce.size() > max)
    throw range_failure("The \"nonce\" argument must hold at most 256 bytes. Received " +
                        std::to_string(nonce.size()));
  const auto make = Since<int(unsigned char *, std::size_t, unsigned)>::required("ne_mknonce");
  return Napi::Number::New(arguments.env(),
                           make(reinterpret_cast<unsigned char *>(nonce.data()), nonce.size(), flags));
}

}  // namespace

void register_string(Topic &topic) {
  topic.plain("ne_token", token);
  topic.plain("ne_qtoken", quoted_token);
  topic.plain("ne_shave", shave);
  topic.plain("ne_strclean", clean);
  topic.plain("ne_strlower", lower);
  topic.plain("ne_strupper", upper);
  topic.plain("ne_concat", concat);
  topic.plain("ne_strnqdup", quoted_copy);
  topic.plain("ne_base64", to_base64);
  topic.plain("ne_unbase64", from_base64);
  topic.plain("ne_strhash", hash);
  topic.plain("ne_strparam", parameter);
  topic.plain("ne_strerror", error_text);
  topic.plain("ne_strcasecmp", compare);
  topic.plain("ne_strncasecmp", compare_start);
  topic.plain("ne_tolower", lower_character);
  topic.plain("ne_strhextoul", hex_number);
  topic.plain("ne_mknonce", make_nonce);
}

}  // namespace neon
