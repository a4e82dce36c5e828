#include <ne_207.h>
#include <ne_request.h>
#include <ne_session.h>
#include <ne_socket.h>
#include <ne_utils.h>
#include <ne_xml.h>

#include <climits>

#include "topic.h"

namespace neon {

namespace {

struct Constant {
  const char *name;
  int value;
};

// From the newest headers, so that all of them exist with every neon. The compiler checks what the installed
// headers have.
constexpr Constant constants[] = {
    // ne_request.h: result codes
    {"NE_OK", 0},
    {"NE_ERROR", 1},
    {"NE_LOOKUP", 2},
    {"NE_AUTH", 3},
    {"NE_PROXYAUTH", 4},
    {"NE_CONNECT", 5},
    {"NE_TIMEOUT", 6},
    {"NE_FAILED", 7},
    {"NE_RETRY", 8},
    {"NE_REDIRECT", 9},
    // ne_request.h: ne_request_flag
    {"NE_REQFLAG_EXPECT100", 0},
    {"NE_REQFLAG_IDEMPOTENT", 1},
    {"NE_REQFLAG_1XXTIMEOUT", 2},  // since 0.33
    // ne_session.h: ne_session_flag
    {"NE_SESSFLAG_PERSIST", 0},
    {"NE_SESSFLAG_ICYPROTO", 1},
    {"NE_SESSFLAG_SSLv2", 2},
    {"NE_SESSFLAG_RFC4918", 3},
    {"NE_SESSFLAG_CONNAUTH", 4},
    {"NE_SESSFLAG_TLS_SNI", 5},
    {"NE_SESSFLAG_EXPECT100", 6},
    {"NE_SESSFLAG_SHAREPOINT", 7},
    {"NE_SESSFLAG_STRICT", 8},  // since 0.34
    // ne_session.h: ne_session_status
    {"ne_status_lookup", 0},
    {"ne_status_connecting", 1},
    {"ne_status_connected", 2},
    {"ne_status_sending", 3},
    {"ne_status_recving", 4},
    {"ne_status_disconnected", 5},
    {"ne_status_handshake", 6},  // since 0.33
    // ne_socket.h: ne_iaddr_type
    {"ne_iaddr_ipv4", 0},
    {"ne_iaddr_ipv6", 1},
    // ne_xml.h: what a start callback returns, and the state of the root
    {"NE_XML_DECLINE", 0},
    {"NE_XML_ABORT", -1},
    {"NE_XML_STATEROOT", 0},
    // ne_207.h: states, flags
    {"NE_207_STATE_PROP", 50},
    {"NE_207_STATE_TOP", 100},
    {"NE_207_MSSP_ESCAPING", 1},
    // ne_utils.h: ne_has_support
    {"NE_FEATURE_SSL", 1},
    {"NE_FEATURE_ZLIB", 2},
    {"NE_FEATURE_IPV6", 3},
    {"NE_FEATURE_LFS", 4},
    {"NE_FEATURE_SOCKS", 5},
    {"NE_FEATURE_TS_SSL", 6},
    {"NE_FEATURE_I18N", 7},
    {"NE_FEATURE_SSPI", 8},
    {"NE_FEATURE_GSSAPI", 9},   // since 0.34
    {"NE_FEATURE_LIBPXY", 10},  // since 0.34
    {"NE_FEATURE_NTLM", 11},    // since 0.37
};

constexpr int value_of(std::string_view name) {
  for (const Constant &constant : constants)
    if (name == constant.name) return constant.value;
  return INT_MIN;
}

#define SAME(name) static_assert(value_of(#name) == (name))
SAME(NE_OK);
SAME(NE_ERROR);
SAME(NE_LOOKUP);
SAME(NE_AUTH);
SAME(NE_PROXYAUTH);
SAME(NE_CONNECT);
SAME(NE_TIMEOUT);
SAME(NE_FAILED);
SAME(NE_RETRY);
SAME(NE_REDIRECT);
SAME(NE_REQFLAG_EXPECT100);
SAME(NE_REQFLAG_IDEMPOTENT);
SAME(NE_SESSFLAG_PERSIST);
SAME(NE_SESSFLAG_ICYPROTO);
SAME(NE_SESSFLAG_SSLv2);
SAME(NE_SESSFLAG_RFC4918);
SAME(NE_SESSFLAG_CONNAUTH);
SAME(NE_SESSFLAG_TLS_SNI);
SAME(NE_SESSFLAG_EXPECT100);
SAME(NE_SESSFLAG_SHAREPOINT);
SAME(ne_status_lookup);
SAME(ne_status_connecting);
SAME(ne_status_connected);
SAME(ne_status_sending);
SAME(ne_status_recving);
SAME(ne_status_disconnected);
SAME(ne_iaddr_ipv4);
SAME(ne_iaddr_ipv6);
SAME(NE_XML_DECLINE);
SAME(NE_XML_ABORT);
SAME(NE_XML_STATEROOT);
SAME(NE_207_STATE_PROP);
SAME(NE_207_STATE_TOP);
SAME(NE_207_MSSP_ESCAPING);
SAME(NE_FEATURE_SSL);
SAME(NE_FEATURE_ZLIB);
SAME(NE_FEATURE_IPV6);
SAME(NE_FEATURE_LFS);
SAME(NE_FEATURE_SOCKS);
SAME(NE_FEATURE_TS_SSL);
SAME(NE_FEATURE_I18N);
SAME(NE_FEATURE_SSPI);
#undef SAME

}  // namespace

void register_constants(Topic &topic) {
  for (const Constant &constant : constants) topic.constant(constant.name, constant.value);
}

}  // namespace neon
