#include <ne_i18n.h>

#include "core/arguments.h"
#include "core/error.h"
#include "core/topic.h"

namespace neon {

namespace {

// The C library copies the name onto the stack when it translates; no encoding has a name as long as this.
constexpr std::size_t max_name = 100;

napi_value init(const Arguments &arguments) {
  const bool given = !arguments.is_nullish(0);
  const std::string encoding = given ? arguments.text(0, "encoding") : std::string();
  if (encoding.size() > max_name)
    throw type_failure(code::argument_value, "The \"encoding\" argument must be the name of an encoding");
  ne_i18n_init(given ? encoding.c_str() : nullptr);
  return undefined(arguments.env());
}

}  // namespace

void register_i18n(Topic &topic) { topic.plain("ne_i18n_init", init); }

}  // namespace neon
