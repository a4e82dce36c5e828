#include "ne/string/buffer.h"

#include <algorithm>

#include "core/arguments.h"
#include "core/error.h"
#include "core/topic.h"

namespace neon {

Buffer::Buffer(Environment &environment, std::size_t size)
    : Handle(environment), own_(true), c_(ne_buffer_ncreate(size)) {}

Buffer::~Buffer() {
  if (own_) ne_buffer_destroy(c_);
}

namespace {

constexpr std::int64_t max = std::int64_t{1} << 30;  // of bytes; C doubles until it has enough

std::shared_ptr<Buffer> buffer_of(const Arguments &arguments) { return arguments.handle<Buffer>(0, "buf"); }

// About to append so many bytes.
void require_room(const Buffer &buffer, std::size_t more) {
  const std::size_t size = buffer.c()->used + more;
  if (size > static_cast<std::size_t>(max))
    throw range_failure("The ne_buffer would have " + std::to_string(size) + " bytes; it must have at most " +
                        std::to_string(max));
}

napi_value create(const Arguments &arguments) {
  return to_object(std::make_shared<Buffer>(arguments.environment(), 512));
}

napi_value create_sized(const Arguments &arguments) {
  const auto size = static_cast<std::size_t>(arguments.integer(0, "size", 1, max));
  return to_object(std::make_shared<Buffer>(arguments.environment(), size));
}

// C copies strings, so what follows a NUL would never be seen.
napi_value append(const Arguments &arguments) {
  const auto buffer = buffer_of(arguments);
  const std::string bytes = arguments.bytes(1, "data");
  if (bytes.find('\0') != std::string::npos)
    throw type_failure(code::argument_value, "The \"data\" argument must not hold null bytes");
  require_room(*buffer, bytes.size());
  ne_buffer_append(buffer->c(), bytes.data(), bytes.size());
  return undefined(arguments.env());
}

napi_value append_string(const Arguments &arguments) {
  const auto buffer = buffer_of(arguments);
  const std::string text = arguments.text(1, "str");
  require_room(*buffer, text.size());
  ne_buffer_zappend(buffer->c(), text.c_str());
  return undefined(arguments.env());
}

// bufferPrint(buf, text, most): the format is applied in JavaScript; here it is data. Cut where C cuts.
napi_value append_formatted(const Arguments &arguments) {
  const auto buffer = buffer_of(arguments);
  const std::string text = arguments.text(1, "format");
  const auto size = static_cast<std::size_t>(arguments.integer(2, "most", 0, max));
  const std::size_t count = std::min(text.size(), size);
  require_room(*buffer, count);
  ne_buffer_append(buffer->c(), text.data(), count);
  return undefined(arguments.env());
}

napi_value append_quoted(const Arguments &arguments) {
  const auto buffer = buffer_of(arguments);
  const std::string bytes = arguments.bytes(1, "data");
  require_room(*buffer, bytes.size() * 4);  // "\xNN"
  ne_buffer_qappend(buffer->c(), reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size());
  return undefined(arguments.env());
}

napi_value clear(const Arguments &arguments) {
  ne_buffer_clear(buffer_of(arguments)->c());
  return undefined(arguments.env());
}

napi_value grow(const Arguments &arguments) {
  const auto buffer = buffer_of(arguments);
  ne_buffer_grow(buffer->c(), static_cast<std::size_t>(arguments.integer(1, "size", 1, max)));
  return undefined(arguments.env());
}

napi_value altered(const Arguments &arguments) {
  ne_buffer_altered(buffer_of(arguments)->c());
  return undefined(arguments.env());
}

napi_value size(const Arguments &arguments) {
  return from(arguments.env(), static_cast<double>(ne_buffer_size(buffer_of(arguments)->c())));
}

/// bufferFields(buf) → [data, used, length]
napi_value fields(const Arguments &arguments) {
  const napi_env env = arguments.env();
  const ne_buffer *c = buffer_of(arguments)->c();
  const napi_value values[] = {from(env, static_cast<const char *>(c->data)),
                               from(env, static_cast<double>(c->used)),
                               from(env, static_cast<double>(c->length))};
  return list_of(env, values);
}

std::shared_ptr<Buffer> own(const Arguments &arguments) {
  auto buffer = buffer_of(arguments);
  if (buffer->lent()) throw neon_failure(code::borrowed, "This ne_buffer belongs to neon");
  return buffer;
}

napi_value finish(const Arguments &arguments) {
  const auto buffer = own(arguments);
  napi_value text = from(arguments.env(), static_cast<const char *>(buffer->c()->data));
  HandleWrap::destroy(*buffer);
  return text;
}

napi_value destroy(const Arguments &arguments) {
  HandleWrap::destroy(*own(arguments));
  return undefined(arguments.env());
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
