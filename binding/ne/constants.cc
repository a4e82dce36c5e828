// The constants of neon, by the names in its headers.
#include <ne_207.h>
#include <ne_acl3744.h>
#include <ne_auth.h>
#include <ne_basic.h>
#include <ne_locks.h>
#include <ne_pkcs11.h>
#include <ne_props.h>
#include <ne_request.h>
#include <ne_session.h>
#include <ne_socket.h>
#include <ne_ssl.h>
#include <ne_string.h>
#include <ne_uri.h>
#include <ne_utils.h>
#include <ne_xml.h>

#include <climits>

#include "core/topic.h"
#include "ne/constants.h"

namespace neon {

namespace {

struct Constant {
  const char *name;
  int value;
};

// From the newest headers, so that each exists with every neon. The compiler checks those that the installed
// headers have.
constexpr Constant constants[] = {
    // ne_request.h: result codes, which result_name() finds by their values
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
    // ne_uri.h: ne_path_escapef
    {"NE_PATH_NONRES", 1},
    {"NE_PATH_NONURI", 2},
    {"NE_PATH_NONPC", 4},  // since 0.35
    // ne_utils.h: ne_debug_init
    {"NE_DBG_SOCKET", 1 << 0},
    {"NE_DBG_HTTP", 1 << 1},
    {"NE_DBG_XML", 1 << 2},
    {"NE_DBG_HTTPAUTH", 1 << 3},
    {"NE_DBG_HTTPPLAIN", 1 << 4},
    {"NE_DBG_LOCKS", 1 << 5},
    {"NE_DBG_XMLPARSE", 1 << 6},
    {"NE_DBG_HTTPBODY", 1 << 7},
    {"NE_DBG_SSL", 1 << 8},
    {"NE_DBG_FLUSH", 1 << 30},
    // ne_auth.h
    {"NE_ABUFSIZ", 256},
    {"NE_AUTH_BASIC", 0x0001},
    {"NE_AUTH_LEGACY_DIGEST", 0x0002},
    {"NE_AUTH_NEGOTIATE", 0x0004},
    {"NE_AUTH_GSSAPI", 0x0008},
    {"NE_AUTH_NTLM", 0x0010},
    {"NE_AUTH_SSPI", 0x0020},
    {"NE_AUTH_GSSAPI_ONLY", 0x0040},
    {"NE_AUTH_DIGEST", 0x0080},
    {"NE_AUTH_DEFAULT", 0x1000},
    {"NE_AUTH_ALL", 0x2000},
    {"NE_AUTH_PROXY", 0x4000},
    // ne_string.h: ne_strhash
    {"NE_HASH_MD5", 0x0001},
    {"NE_HASH_SHA256", 0x0002},
    {"NE_HASH_SHA512", 0x0003},
    {"NE_HASH_SHA512_256", 0x0004},
    {"NE_HASH_SHA1", 0x0005},  // since 0.37
    {"NE_HASH_COLON", 0x1000},
    {"NE_HASH_SPACE", 0x2000},
    // ne_socket.h: results, flags of ne_addr_resolve and ne_sock_shutdown, ne_sock_sversion
    {"NE_SOCK_ERROR", -1},
    {"NE_SOCK_TIMEOUT", -2},
    {"NE_SOCK_CLOSED", -3},
    {"NE_SOCK_RESET", -4},
    {"NE_SOCK_TRUNC", -5},
    {"NE_SOCK_RETRY", -6},
    {"NE_ADDR_CANON", 1},
    {"NE_SOCK_RECV", 1},
    {"NE_SOCK_SEND", 2},
    {"NE_SOCK_BOTH", 3},
    {"NE_SOCK_SOCKSV4", 0},
    {"NE_SOCK_SOCKSV4A", 1},
    {"NE_SOCK_SOCKSV5", 2},
    // ne_ssl.h: modes and flags of contexts
    {"NE_SSL_CTX_CLIENT", 0},
    {"NE_SSL_CTX_SERVER", 1},
    {"NE_SSL_CTX_SERVERv2", 2},
    {"NE_SSL_CTX_SSLv2", 0},
    // ne_ssl.h and ne_session.h: failures of verification, sizes
    {"NE_SSL_NOTYETVALID", 0x01},
    {"NE_SSL_EXPIRED", 0x02},
    {"NE_SSL_IDMISMATCH", 0x04},
    {"NE_SSL_UNTRUSTED", 0x08},
    {"NE_SSL_BADCHAIN", 0x10},
    {"NE_SSL_REVOKED", 0x40},
    {"NE_SSL_FAILMASK", 0x5f},
    {"NE_SSL_DIGESTLEN", 60},
    {"NE_SSL_VDATELEN", 30},
    // ne_ssl.h: ne_ssl_protocol, since 0.34
    {"NE_SSL_PROTO_UNSPEC", 0},
    {"NE_SSL_PROTO_SSL_3", 1},
    {"NE_SSL_PROTO_TLS_1_0", 2},
    {"NE_SSL_PROTO_TLS_1_1", 3},
    {"NE_SSL_PROTO_TLS_1_2", 4},
    {"NE_SSL_PROTO_TLS_1_3", 5},
    // ne_xml.h: what a start callback returns, and the state of the root
    {"NE_XML_DECLINE", 0},
    {"NE_XML_ABORT", -1},
    {"NE_XML_STATEROOT", 0},
    // ne_207.h: states, flags
    {"NE_207_STATE_PROP", 50},
    {"NE_207_STATE_TOP", 100},
    {"NE_207_MSSP_ESCAPING", 1},
    // ne_pkcs11.h
    {"NE_PK11_OK", 0},
    {"NE_PK11_NOTIMPL", -1},
    {"NE_PK11_FAILED", -2},
    {"NE_SSL_P11PIN_COUNT_LOW", 0x01},
    {"NE_SSL_P11PIN_FINAL_TRY", 0x02},
    {"NE_SSL_P11PINLEN", 256},
    // ne_basic.h: depths, capabilities
    {"NE_DEPTH_ZERO", 0},
    {"NE_DEPTH_ONE", 1},
    {"NE_DEPTH_INFINITE", 2},
    {"NE_CAP_DAV_CLASS1", 0x00001},
    {"NE_CAP_DAV_CLASS2", 0x00002},
    {"NE_CAP_DAV_CLASS3", 0x00004},
    {"NE_CAP_MODDAV_EXEC", 0x00008},
    {"NE_CAP_DAV_ACL", 0x00010},
    {"NE_CAP_VER_CONTROL", 0x00020},
    {"NE_CAP_CO_IN_PLACE", 0x00040},
    {"NE_CAP_VER_HISTORY", 0x00080},
    {"NE_CAP_WORKSPACE", 0x00100},
    {"NE_CAP_UPDATE", 0x00200},
    {"NE_CAP_LABEL", 0x00400},
    {"NE_CAP_WORK_RESOURCE", 0x00800},
    {"NE_CAP_MERGE", 0x01000},
    {"NE_CAP_BASELINE", 0x02000},
    {"NE_CAP_ACTIVITY", 0x04000},
    {"NE_CAP_VC_COLLECTION", 0x08000},
    {"NE_CAP_EXT_MKCOL", 0x10000},
    // ne_props.h: kinds of operations, states
    {"ne_propset", 0},
    {"ne_propremove", 1},
    {"NE_PROPS_STATE_TOP", 200},
    // ne_locks.h: timeouts, ne_lock_scope, ne_lock_type
    {"NE_TIMEOUT_INFINITE", -1},
    {"NE_TIMEOUT_INVALID", -2},
    {"ne_lockscope_exclusive", 0},
    {"ne_lockscope_shared", 1},
    {"ne_locktype_write", 0},
    // ne_acl3744.h: privileges, ne_acl_target, ne_acl_optype
    {"NE_ACL_READ", 0x0001},
    {"NE_ACL_WRITE", 0x0002},
    {"NE_ACL_WRITE_PROPERTIES", 0x0004},
    {"NE_ACL_WRITE_CONTENT", 0x0008},
    {"NE_ACL_UNLOCK", 0x0010},
    {"NE_ACL_READ_ACL", 0x0020},
    {"NE_ACL_READ_CUPRIVSET", 0x0040},
    {"NE_ACL_WRITE_ACL", 0x0080},
    {"NE_ACL_BIND", 0x0100},
    {"NE_ACL_UNBIND", 0x0200},
    {"NE_ACL_ALL", 0x0400},
    {"ne_acl_href", 0},
    {"ne_acl_property", 1},
    {"ne_acl_all", 2},
    {"ne_acl_authenticated", 3},
    {"ne_acl_unauthenticated", 4},
    {"ne_acl_self", 5},
    {"ne_acl_grant", 0},
    {"ne_acl_deny", 1},
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
SAME(NE_PATH_NONRES);
SAME(NE_PATH_NONURI);
SAME(NE_DBG_SOCKET);
SAME(NE_DBG_HTTP);
SAME(NE_DBG_XML);
SAME(NE_DBG_HTTPAUTH);
SAME(NE_DBG_HTTPPLAIN);
SAME(NE_DBG_LOCKS);
SAME(NE_DBG_XMLPARSE);
SAME(NE_DBG_HTTPBODY);
SAME(NE_DBG_SSL);
SAME(NE_DBG_FLUSH);
SAME(NE_ABUFSIZ);
SAME(NE_AUTH_BASIC);
SAME(NE_AUTH_LEGACY_DIGEST);
SAME(NE_AUTH_NEGOTIATE);
SAME(NE_AUTH_GSSAPI);
SAME(NE_AUTH_NTLM);
SAME(NE_AUTH_SSPI);
SAME(NE_AUTH_GSSAPI_ONLY);
SAME(NE_AUTH_DIGEST);
SAME(NE_AUTH_DEFAULT);
SAME(NE_AUTH_ALL);
SAME(NE_AUTH_PROXY);
SAME(NE_HASH_MD5);
SAME(NE_HASH_SHA256);
SAME(NE_HASH_SHA512);
SAME(NE_HASH_SHA512_256);
SAME(NE_HASH_COLON);
SAME(NE_HASH_SPACE);
SAME(NE_SOCK_ERROR);
SAME(NE_SOCK_TIMEOUT);
SAME(NE_SOCK_CLOSED);
SAME(NE_SOCK_RESET);
SAME(NE_SOCK_TRUNC);
SAME(NE_SOCK_RETRY);
SAME(NE_ADDR_CANON);
SAME(NE_SOCK_RECV);
SAME(NE_SOCK_SEND);
SAME(NE_SOCK_BOTH);
SAME(NE_SOCK_SOCKSV4);
SAME(NE_SOCK_SOCKSV4A);
SAME(NE_SOCK_SOCKSV5);
SAME(NE_SSL_CTX_CLIENT);
SAME(NE_SSL_CTX_SERVER);
SAME(NE_SSL_CTX_SERVERv2);
SAME(NE_SSL_CTX_SSLv2);
SAME(NE_SSL_NOTYETVALID);
SAME(NE_SSL_EXPIRED);
SAME(NE_SSL_IDMISMATCH);
SAME(NE_SSL_UNTRUSTED);
SAME(NE_SSL_BADCHAIN);
SAME(NE_SSL_REVOKED);
SAME(NE_SSL_FAILMASK);
SAME(NE_SSL_DIGESTLEN);
SAME(NE_SSL_VDATELEN);
SAME(NE_XML_DECLINE);
SAME(NE_XML_ABORT);
SAME(NE_XML_STATEROOT);
SAME(NE_207_STATE_PROP);
SAME(NE_207_STATE_TOP);
SAME(NE_207_MSSP_ESCAPING);
SAME(NE_PK11_OK);
SAME(NE_PK11_NOTIMPL);
SAME(NE_PK11_FAILED);
SAME(NE_SSL_P11PIN_COUNT_LOW);
SAME(NE_SSL_P11PIN_FINAL_TRY);
SAME(NE_SSL_P11PINLEN);
SAME(NE_DEPTH_ZERO);
SAME(NE_DEPTH_ONE);
SAME(NE_DEPTH_INFINITE);
SAME(NE_CAP_DAV_CLASS1);
SAME(NE_CAP_DAV_CLASS2);
SAME(NE_CAP_DAV_CLASS3);
SAME(NE_CAP_MODDAV_EXEC);
SAME(NE_CAP_DAV_ACL);
SAME(NE_CAP_VER_CONTROL);
SAME(NE_CAP_CO_IN_PLACE);
SAME(NE_CAP_VER_HISTORY);
SAME(NE_CAP_WORKSPACE);
SAME(NE_CAP_UPDATE);
SAME(NE_CAP_LABEL);
SAME(NE_CAP_WORK_RESOURCE);
SAME(NE_CAP_MERGE);
SAME(NE_CAP_BASELINE);
SAME(NE_CAP_ACTIVITY);
SAME(NE_CAP_VC_COLLECTION);
SAME(NE_CAP_EXT_MKCOL);
SAME(ne_propset);
SAME(ne_propremove);
SAME(NE_PROPS_STATE_TOP);
SAME(NE_TIMEOUT_INFINITE);
SAME(NE_TIMEOUT_INVALID);
SAME(ne_lockscope_exclusive);
SAME(ne_lockscope_shared);
SAME(ne_locktype_write);
SAME(NE_ACL_READ);
SAME(NE_ACL_WRITE);
SAME(NE_ACL_WRITE_PROPERTIES);
SAME(NE_ACL_WRITE_CONTENT);
SAME(NE_ACL_UNLOCK);
SAME(NE_ACL_READ_ACL);
SAME(NE_ACL_READ_CUPRIVSET);
SAME(NE_ACL_WRITE_ACL);
SAME(NE_ACL_BIND);
SAME(NE_ACL_UNBIND);
SAME(NE_ACL_ALL);
SAME(ne_acl_href);
SAME(ne_acl_property);
SAME(ne_acl_all);
SAME(ne_acl_authenticated);
SAME(ne_acl_unauthenticated);
SAME(ne_acl_self);
SAME(ne_acl_grant);
SAME(ne_acl_deny);
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

const char *result_name(int code) {
  static_assert(std::string_view(constants[NE_REDIRECT].name) == "NE_REDIRECT");
  return constants[code >= NE_OK && code <= NE_REDIRECT ? code : NE_ERROR].name;
}

void register_constants(Topic &topic) {
  for (const Constant &constant : constants) topic.constant(constant.name, constant.value);
}

}  // namespace neon
