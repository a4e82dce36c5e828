#include "core/since.h"

#include <dlfcn.h>
#include <ne_utils.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace neon {

namespace {

constexpr GatedName names[] = {
    {"ne_add_interim_handler", "0.33.0"},
    {"ne_get_request_target", "0.34.0"},
    {"ne_get_response_location", "0.34.0"},
    {"ne_get_response_retry_after", "0.35.0"},
    {"ne_get_response_trailer", "0.37.0"},
    {"ne_getbuf", "0.36.0"},
    {"ne_iaddr_get_scope", "0.34.0"},
    {"ne_iaddr_put", "0.37.0"},
    {"ne_iaddr_set_scope", "0.34.0"},
    {"ne_mknonce", "0.37.0"},
    {"ne_putbuf", "0.33.0"},
    {"ne_read_response_to_buffer", "0.36.0"},
    {"ne_response_trailer_iterate", "0.37.0"},
    {"ne_sock_getcert", "0.37.0"},
    {"ne_sock_getproto", "0.34.0"},
    {"ne_sock_handshake", "0.37.0"},
    {"ne_ssl_check_certificate", "0.37.0"},
    {"ne_ssl_clicert_copy", "0.37.0"},
    {"ne_ssl_clicert_fromuri", "0.35.0"},
    {"ne_ssl_context_set_ccprovide", "0.37.0"},
    {"ne_ssl_context_set_clicert", "0.37.0"},
    {"ne_ssl_context_set_versions", "0.34.0"},
    {"ne_ssl_context_trustdefca", "0.37.0"},
    {"ne_ssl_proto_name", "0.34.0"},
    {"ne_ssl_set_protovers", "0.34.0"},
    {"ne_strhextoul", "0.35.0"},
    {"ne_strlower", "0.37.0"},
    {"ne_strupper", "0.37.0"},
    {"ne_version_library", "0.37.0"},
    {"ne_xml_dispatchif_request", "0.36.0"},
    {"ne_xml_set_encoding", "0.36.0"},
};

std::string loaded_version() {
  const std::string text = ne_version_string();  // "neon 0.32.5: Library build, …"
  return text.substr(0, text.find(':'));
}

}  // namespace

const std::span<const GatedName> gated_names = names;

void *find_symbol(const char *name) { return dlsym(RTLD_DEFAULT, name); }

void throw_unsupported(const char *name) {
  const auto *found = std::find_if(std::begin(names), std::end(names), [&](const GatedName &gated) {
    return std::strcmp(gated.name, name) == 0;
  });
  const std::string since = found == std::end(names) ? "a newer neon" : std::string("neon ") + found->since;
  throw neon_failure(code::unsupported,
                     std::string(name) + " needs " + since + "; the loaded library is " + loaded_version());
}

}  // namespace neon
