// The function of ne_i18n.h.
#include <ne_i18n.h>

#include "core/error.h"
#include "core/topic.h"

namespace neon {

namespace {

// For each translation, the C library copies the name of the encoding onto the stack. No encoding has a name
// longer than this limit.
constexpr std::size_t max_name = 100;

Napi::Value init(const Arguments &arguments) {
  const bool given = !arguments.is_nullish(0);
  const std::string encoding = given ? arguments.text(0, "encoding") : std::string();
  if (encoding.size() > max_name)
    throw type_failure(code::argument_value, "The \"encoding\" argument must be the name of an encoding");
  ne_i18n_init(given ? encoding.c_str() : nullptr);
  return arguments.env().Undefined();
}

}  // namespace

void register_i18n(Topic &topic) { topic.plain("ne_i18n_init", init); }

}  // namespace neon
