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

// Fails to compile when the installed header gives the constant another value.
consteval Constant checked(Constant constant, int installed) {
  return constant.value == installed ? constant : throw "the installed header has another value";
}

// A constant that the oldest supported header has too.
#define INSTALLED(name, value) checked({#name, value}, name)

// All constants of the newest headers. The addon exports every one of them, whichever neon it was built with.
constexpr Constant constants[] = {
    // ne_request.h: result codes, in the order of their values, for result_name()
    INSTALLED(NE_OK, 0),
    INSTALLED(NE_ERROR, 1),
    INSTALLED(NE_LOOKUP, 2),
    INSTALLED(NE_AUTH, 3),
    INSTALLED(NE_PROXYAUTH, 4),
    INSTALLED(NE_CONNECT, 5),
    INSTALLED(NE_TIMEOUT, 6),
    INSTALLED(NE_FAILED, 7),
    INSTALLED(NE_RETRY, 8),
    INSTALLED(NE_REDIRECT, 9),
    // ne_request.h: ne_request_flag
    INSTALLED(NE_REQFLAG_EXPECT100, 0),
    INSTALLED(NE_REQFLAG_IDEMPOTENT, 1),
    {"NE_REQFLAG_1XXTIMEOUT", 2},  // since 0.33
    // ne_session.h: ne_session_flag
    INSTALLED(NE_SESSFLAG_PERSIST, 0),
    INSTALLED(NE_SESSFLAG_ICYPROTO, 1),
    INSTALLED(NE_SESSFLAG_SSLv2, 2),
    INSTALLED(NE_SESSFLAG_RFC4918, 3),
    INSTALLED(NE_SESSFLAG_CONNAUTH, 4),
    INSTALLED(NE_SESSFLAG_TLS_SNI, 5),
    INSTALLED(NE_SESSFLAG_EXPECT100, 6),
    INSTALLED(NE_SESSFLAG_SHAREPOINT, 7),
    {"NE_SESSFLAG_STRICT", 8},  // since 0.34
    // ne_session.h: ne_session_status
    INSTALLED(ne_status_lookup, 0),
    INSTALLED(ne_status_connecting, 1),
    INSTALLED(ne_status_connected, 2),
    INSTALLED(ne_status_sending, 3),
    INSTALLED(ne_status_recving, 4),
    INSTALLED(ne_status_disconnected, 5),
    {"ne_status_handshake", 6},  // since 0.33
    // ne_socket.h: ne_iaddr_type
    INSTALLED(ne_iaddr_ipv4, 0),
    INSTALLED(ne_iaddr_ipv6, 1),
    // ne_uri.h: ne_path_escapef
    INSTALLED(NE_PATH_NONRES, 1),
    INSTALLED(NE_PATH_NONURI, 2),
    {"NE_PATH_NONPC", 4},  // since 0.35
    // ne_utils.h: ne_debug_init
    INSTALLED(NE_DBG_SOCKET, 1 << 0),
    INSTALLED(NE_DBG_HTTP, 1 << 1),
    INSTALLED(NE_DBG_XML, 1 << 2),
    INSTALLED(NE_DBG_HTTPAUTH, 1 << 3),
    INSTALLED(NE_DBG_HTTPPLAIN, 1 << 4),
    INSTALLED(NE_DBG_LOCKS, 1 << 5),
    INSTALLED(NE_DBG_XMLPARSE, 1 << 6),
    INSTALLED(NE_DBG_HTTPBODY, 1 << 7),
    INSTALLED(NE_DBG_SSL, 1 << 8),
    INSTALLED(NE_DBG_FLUSH, 1 << 30),
    // ne_auth.h
    INSTALLED(NE_ABUFSIZ, 256),
    INSTALLED(NE_AUTH_BASIC, 0x0001),
    INSTALLED(NE_AUTH_LEGACY_DIGEST, 0x0002),
    INSTALLED(NE_AUTH_NEGOTIATE, 0x0004),
    INSTALLED(NE_AUTH_GSSAPI, 0x0008),
    INSTALLED(NE_AUTH_NTLM, 0x0010),
    INSTALLED(NE_AUTH_SSPI, 0x0020),
    INSTALLED(NE_AUTH_GSSAPI_ONLY, 0x0040),
    INSTALLED(NE_AUTH_DIGEST, 0x0080),
    INSTALLED(NE_AUTH_DEFAULT, 0x1000),
    INSTALLED(NE_AUTH_ALL, 0x2000),
    INSTALLED(NE_AUTH_PROXY, 0x4000),
    // ne_string.h: ne_strhash
    INSTALLED(NE_HASH_MD5, 0x0001),
    INSTALLED(NE_HASH_SHA256, 0x0002),
    INSTALLED(NE_HASH_SHA512, 0x0003),
    INSTALLED(NE_HASH_SHA512_256, 0x0004),
    {"NE_HASH_SHA1", 0x0005},  // since 0.37
    INSTALLED(NE_HASH_COLON, 0x1000),
    INSTALLED(NE_HASH_SPACE, 0x2000),
    // ne_socket.h: results, flags of ne_addr_resolve and ne_sock_shutdown, ne_sock_sversion
    INSTALLED(NE_SOCK_ERROR, -1),
    INSTALLED(NE_SOCK_TIMEOUT, -2),
    INSTALLED(NE_SOCK_CLOSED, -3),
    INSTALLED(NE_SOCK_RESET, -4),
    INSTALLED(NE_SOCK_TRUNC, -5),
    INSTALLED(NE_SOCK_RETRY, -6),
    INSTALLED(NE_ADDR_CANON, 1),
    INSTALLED(NE_SOCK_RECV, 1),
    INSTALLED(NE_SOCK_SEND, 2),
    INSTALLED(NE_SOCK_BOTH, 3),
    INSTALLED(NE_SOCK_SOCKSV4, 0),
    INSTALLED(NE_SOCK_SOCKSV4A, 1),
    INSTALLED(NE_SOCK_SOCKSV5, 2),
    // ne_ssl.h: modes and flags of contexts
    INSTALLED(NE_SSL_CTX_CLIENT, 0),
    INSTALLED(NE_SSL_CTX_SERVER, 1),
    INSTALLED(NE_SSL_CTX_SERVERv2, 2),
    INSTALLED(NE_SSL_CTX_SSLv2, 0),
    // ne_ssl.h and ne_session.h: failures of verification, sizes
    INSTALLED(NE_SSL_NOTYETVALID, 0x01),
    INSTALLED(NE_SSL_EXPIRED, 0x02),
    INSTALLED(NE_SSL_IDMISMATCH, 0x04),
    INSTALLED(NE_SSL_UNTRUSTED, 0x08),
    INSTALLED(NE_SSL_BADCHAIN, 0x10),
    INSTALLED(NE_SSL_REVOKED, 0x40),
    INSTALLED(NE_SSL_FAILMASK, 0x5f),
    INSTALLED(NE_SSL_DIGESTLEN, 60),
    INSTALLED(NE_SSL_VDATELEN, 30),
    // ne_ssl.h: ne_ssl_protocol, since 0.34
    {"NE_SSL_PROTO_UNSPEC", 0},
    {"NE_SSL_PROTO_SSL_3", 1},
    {"NE_SSL_PROTO_TLS_1_0", 2},
    {"NE_SSL_PROTO_TLS_1_1", 3},
    {"NE_SSL_PROTO_TLS_1_2", 4},
    {"NE_SSL_PROTO_TLS_1_3", 5},
    // ne_xml.h: results of a start callback, and the state of the root
    INSTALLED(NE_XML_DECLINE, 0),
    INSTALLED(NE_XML_ABORT, -1),
    INSTALLED(NE_XML_STATEROOT, 0),
    // ne_207.h: states, flags
    INSTALLED(NE_207_STATE_PROP, 50),
    INSTALLED(NE_207_STATE_TOP, 100),
    INSTALLED(NE_207_MSSP_ESCAPING, 1),
    // ne_pkcs11.h
    INSTALLED(NE_PK11_OK, 0),
    INSTALLED(NE_PK11_NOTIMPL, -1),
    INSTALLED(NE_PK11_FAILED, -2),
    INSTALLED(NE_SSL_P11PIN_COUNT_LOW, 0x01),
    INSTALLED(NE_SSL_P11PIN_FINAL_TRY, 0x02),
    INSTALLED(NE_SSL_P11PINLEN, 256),
    // ne_basic.h: depths, capabilities
    INSTALLED(NE_DEPTH_ZERO, 0),
    INSTALLED(NE_DEPTH_ONE, 1),
    INSTALLED(NE_DEPTH_INFINITE, 2),
    INSTALLED(NE_CAP_DAV_CLASS1, 0x00001),
    INSTALLED(NE_CAP_DAV_CLASS2, 0x00002),
    INSTALLED(NE_CAP_DAV_CLASS3, 0x00004),
    INSTALLED(NE_CAP_MODDAV_EXEC, 0x00008),
    INSTALLED(NE_CAP_DAV_ACL, 0x00010),
    INSTALLED(NE_CAP_VER_CONTROL, 0x00020),
    INSTALLED(NE_CAP_CO_IN_PLACE, 0x00040),
    INSTALLED(NE_CAP_VER_HISTORY, 0x00080),
    INSTALLED(NE_CAP_WORKSPACE, 0x00100),
    INSTALLED(NE_CAP_UPDATE, 0x00200),
    INSTALLED(NE_CAP_LABEL, 0x00400),
    INSTALLED(NE_CAP_WORK_RESOURCE, 0x00800),
    INSTALLED(NE_CAP_MERGE, 0x01000),
    INSTALLED(NE_CAP_BASELINE, 0x02000),
    INSTALLED(NE_CAP_ACTIVITY, 0x04000),
    INSTALLED(NE_CAP_VC_COLLECTION, 0x08000),
    INSTALLED(NE_CAP_EXT_MKCOL, 0x10000),
    // ne_props.h: kinds of operations, states
    INSTALLED(ne_propset, 0),
    INSTALLED(ne_propremove, 1),
    INSTALLED(NE_PROPS_STATE_TOP, 200),
    // ne_locks.h: timeouts, ne_lock_scope, ne_lock_type
    INSTALLED(NE_TIMEOUT_INFINITE, -1),
    INSTALLED(NE_TIMEOUT_INVALID, -2),
    INSTALLED(ne_lockscope_exclusive, 0),
    INSTALLED(ne_lockscope_shared, 1),
    INSTALLED(ne_locktype_write, 0),
    // ne_acl3744.h: privileges, ne_acl_target, ne_acl_optype
    INSTALLED(NE_ACL_READ, 0x0001),
    INSTALLED(NE_ACL_WRITE, 0x0002),
    INSTALLED(NE_ACL_WRITE_PROPERTIES, 0x0004),
    INSTALLED(NE_ACL_WRITE_CONTENT, 0x0008),
    INSTALLED(NE_ACL_UNLOCK, 0x0010),
    INSTALLED(NE_ACL_READ_ACL, 0x0020),
    INSTALLED(NE_ACL_READ_CUPRIVSET, 0x0040),
    INSTALLED(NE_ACL_WRITE_ACL, 0x0080),
    INSTALLED(NE_ACL_BIND, 0x0100),
    INSTALLED(NE_ACL_UNBIND, 0x0200),
    INSTALLED(NE_ACL_ALL, 0x0400),
    INSTALLED(ne_acl_href, 0),
    INSTALLED(ne_acl_property, 1),
    INSTALLED(ne_acl_all, 2),
    INSTALLED(ne_acl_authenticated, 3),
    INSTALLED(ne_acl_unauthenticated, 4),
    INSTALLED(ne_acl_self, 5),
    INSTALLED(ne_acl_grant, 0),
    INSTALLED(ne_acl_deny, 1),
    // ne_utils.h: ne_has_support
    INSTALLED(NE_FEATURE_SSL, 1),
    INSTALLED(NE_FEATURE_ZLIB, 2),
    INSTALLED(NE_FEATURE_IPV6, 3),
    INSTALLED(NE_FEATURE_LFS, 4),
    INSTALLED(NE_FEATURE_SOCKS, 5),
    INSTALLED(NE_FEATURE_TS_SSL, 6),
    INSTALLED(NE_FEATURE_I18N, 7),
    INSTALLED(NE_FEATURE_SSPI, 8),
    {"NE_FEATURE_GSSAPI", 9},   // since 0.34
    {"NE_FEATURE_LIBPXY", 10},  // since 0.34
    {"NE_FEATURE_NTLM", 11},    // since 0.37
};

#undef INSTALLED

// resultNames(), for NeonError: the names of the result codes. The index of each name is its code.
Napi::Value result_names(const Arguments &arguments) {
  const Napi::Array names = Napi::Array::New(arguments.env());
  for (std::uint32_t code = NE_OK; code <= NE_REDIRECT; code++) names.Set(code, constants[code].name);
  return names;
}

}  // namespace

static_assert(std::string_view(constants[NE_REDIRECT].name) == "NE_REDIRECT");

const char *result_name(int code) {
  return constants[code >= NE_OK && code <= NE_REDIRECT ? code : NE_ERROR].name;
}

void register_constants(Topic &topic) {
  for (const Constant &constant : constants) topic.constant(constant.name, constant.value);
  topic.plain("resultNames", result_names);
}

}  // namespace neon
