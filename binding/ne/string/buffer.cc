// Growing buffers: ne_buffer_* of ne_string.h.
#include "ne/string/buffer.h"

#include <algorithm>

#include "core/error.h"
#include "core/topic.h"

namespace neon {

Buffer::Buffer(Environment &environment, std::size_t size)
    : Handle(environment), own_(true), c_(ne_buffer_ncreate(size)) {}

Buffer::~Buffer() {
  if (own_) ne_buffer_destroy(c_);
}

namespace {

constexpr std::int64_t max_bytes = std::int64_t{1} << 30;  // C doubles the size until the text fits

std::shared_ptr<Buffer> buffer_argument(const Arguments &arguments) {
  return arguments.handle<Buffer>(0, Buffer::argument_name);
}

// Checks that this number of bytes can be appended.
void require_room(const Buffer &buffer, std::size_t more) {
  const std::size_t size = buffer.c()->used + more;
  if (size > static_cast<std::size_t>(max_bytes))
    throw range_failure("The ne_buffer would have " + std::to_string(size) + " bytes; it must have at most " +
                        std::to_string(max_bytes));
}

Napi::Value create(const Arguments &arguments) {
  return to_object(std::make_shared<Buffer>(arguments.environment(), 512));
}

Napi::Value create_sized(const Arguments &arguments) {
  const auto size = static_cast<std::size_t>(arguments.integer(0, "size", 1, max_bytes));
  return to_object(std::make_shared<Buffer>(arguments.environment(), size));
}

// C copies strings, so it would ignore the bytes after a NUL.
Napi::Value append(const Arguments &arguments) {
  const auto buffer = buffer_argument(arguments);
  const std::string bytes = arguments.bytes(1, "data");
  if (bytes.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, "The \"data\" argument must not hold null bytes");
  require_room(*buffer, bytes.size());
  ne_buffer_append(buffer->c(), bytes.data(), bytes.size());
  return arguments.env().Undefined();
}

Napi::Value append_string(const Arguments &arguments) {
  const auto buffer = buffer_argument(arguments);
  const std::string text = arguments.text(1, "str");
  require_room(*buffer, text.size());
  ne_buffer_zappend(buffer->c(), text.c_str());
  return arguments.env().Undefined();
}

// bufferPrint(buf, text, max). JavaScript has already formatted the text, so C must not interpret it as a
// format. Like C, this function cuts the text off after `max` bytes.
Napi::Value append_formatted(const Arguments &arguments) {
  const auto buffer = buffer_argument(arguments);
  const std::string text = arguments.text(1, "format");
  const auto size = static_cast<std::size_t>(arguments.integer(2, "max", 0, max_bytes));
  const std::size_t count = std::min(text.size(), size);
  require_room(*buffer, count);
  ne_buffer_append(buffer->c(), text.data(), count);
  return arguments.env().Undefined();
}

Napi::Value append_quoted(const Arguments &arguments) {
  const auto buffer = buffer_argument(arguments);
  const std::string bytes = arguments.bytes(1, "data");
  require_room(*buffer, bytes.size() * 4);  // "\xNN"
  ne_buffer_qappend(buffer->c(), reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size());
  return arguments.env().Undefined();
}

Napi::Value clear(const Arguments &arguments) {
  ne_buffer_clear(buffer_argument(arguments)->c());
  return arguments.env().Undefined();
}

Napi::Value grow(const Arguments &arguments) {
  const auto buffer = buffer_argument(arguments);
  ne_buffer_grow(buffer->c(), static_cast<std::size_t>(arguments.integer(1, "size", 1, max_bytes)));
  return arguments.env().Undefined();
}

Napi::Value altered(const Arguments &arguments) {
  ne_buffer_altered(buffer_argument(arguments)->c());
  return arguments.env().Undefined();
}

Napi::Value size(const Arguments &arguments) {
  return Napi::Number::New(arguments.env(),
                           static_cast<double>(ne_buffer_size(buffer_argument(arguments)->c())));
}

/// bufferFields(buf) → [data, used, length]
Napi::Value fields(const Arguments &arguments) {
  const ne_buffer *c = buffer_argument(arguments)->c();
  const Napi::Array values = Napi::Array::New(arguments.env(), 3);
  values.Set(0u, c->data);
  values.Set(1u, static_cast<double>(c->used));
  values.Set(2u, static_cast<double>(c->length));
  return values;
}

std::shared_ptr<Buffer> own(const Arguments &arguments) {
  auto buffer = buffer_argument(arguments);
  if (buffer->lent()) throw neon_failure(code::borrowed, "This ne_buffer belongs to neon");
  return buffer;
}

Napi::Value finish(const Arguments &arguments) {
  const auto buffer = own(arguments);
  const Napi::Value text = string_or_null(arguments.env(), buffer->c()->data);
  HandleWrap::destroy(*buffer);
  return text;
}

Napi::Value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*own(arguments));
  return arguments.env().Undefined();
}

}  // namespace

void register_buffer(Topic &topic) {
  topic.plain("ne_buffer_create", create);
  topic.plain("ne_buffer_ncreate", create_sized);
  topic.plain("ne_buffer_append", append);
  topic.plain("ne_buffer_zappend", append_string);
  topic.plain("bufferPrint", append_formatted);
  topic.plain("ne_buffer_qappend", append_quoted);
  topic.plain("ne_buffer_clear", clear);
  topic.plain("ne_buffer_grow", grow);
  topic.plain("ne_buffer_altered", altered);
  topic.plain("ne_buffer_size", size);
  topic.plain("bufferFields", fields);
  topic.plain("ne_buffer_finish", finish);
  topic.plain("ne_buffer_destroy", destroy);
}

}  // namespace neon
