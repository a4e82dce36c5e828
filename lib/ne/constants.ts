/** The constants of all headers, by their C names. */
import { constant } from '../core/native.js';

// --- Result codes (ne_request.h) ----------------------------------------------------------------------------------

/** Success. */
export const NE_OK = constant('NE_OK');
/** A generic error; `ne_get_error` returns the message. */
export const NE_ERROR = constant('NE_ERROR');
/** The name of the server or proxy could not be looked up. */
export const NE_LOOKUP = constant('NE_LOOKUP');
/** User authentication failed on the server. */
export const NE_AUTH = constant('NE_AUTH');
/** User authentication failed on the proxy. */
export const NE_PROXYAUTH = constant('NE_PROXYAUTH');
/** Connecting to the server failed. */
export const NE_CONNECT = constant('NE_CONNECT');
/** The connection timed out. */
export const NE_TIMEOUT = constant('NE_TIMEOUT');
/** The precondition failed. */
export const NE_FAILED = constant('NE_FAILED');
/** The request must be retried (`ne_end_request` only). */
export const NE_RETRY = constant('NE_RETRY');
/** The response is a redirect; see `ne_redirect_register`. */
export const NE_REDIRECT = constant('NE_REDIRECT');

// --- Request flags (ne_request.h) ---------------------------------------------------------------------------------

/** Sends `Expect: 100-continue`. Off by default. */
export const NE_REQFLAG_EXPECT100 = constant('NE_REQFLAG_EXPECT100');
/** The method is idempotent. On by default. */
export const NE_REQFLAG_IDEMPOTENT = constant('NE_REQFLAG_IDEMPOTENT');
/** Limits the time for interim responses (neon 0.33). */
export const NE_REQFLAG_1XXTIMEOUT = constant('NE_REQFLAG_1XXTIMEOUT');

// --- Session flags (ne_session.h) ---------------------------------------------------------------------------------

/** Uses persistent connections. On by default. */
export const NE_SESSFLAG_PERSIST = constant('NE_SESSFLAG_PERSIST');
/** Accepts "ICY" responses, as ShoutCast sends them. */
export const NE_SESSFLAG_ICYPROTO = constant('NE_SESSFLAG_ICYPROTO');
/** Allows SSLv2, if the TLS library has it. */
export const NE_SESSFLAG_SSLv2 = constant('NE_SESSFLAG_SSLv2');
/** Uses features of RFC 4918. Older servers, which implement RFC 2518, do not support these features. */
export const NE_SESSFLAG_RFC4918 = constant('NE_SESSFLAG_RFC4918');
/** An authentication scheme that authenticates connections is in use. */
export const NE_SESSFLAG_CONNAUTH = constant('NE_SESSFLAG_CONNAUTH');
/** Sends the name of the host in the TLS handshake (SNI). */
export const NE_SESSFLAG_TLS_SNI = constant('NE_SESSFLAG_TLS_SNI');
/** Sets `NE_REQFLAG_EXPECT100` on new requests. */
export const NE_SESSFLAG_EXPECT100 = constant('NE_SESSFLAG_EXPECT100');
/** Uses workarounds for SharePoint. */
export const NE_SESSFLAG_SHAREPOINT = constant('NE_SESSFLAG_SHAREPOINT');
/** Parses HTTP/1.1 strictly (neon 0.34). */
export const NE_SESSFLAG_STRICT = constant('NE_SESSFLAG_STRICT');

// --- Events of a session (ne_session.h) ---------------------------------------------------------------------------

/** Looking up a host name. */
export const ne_status_lookup = constant('ne_status_lookup');
/** Connecting to an address. */
export const ne_status_connecting = constant('ne_status_connecting');
/** Connected. */
export const ne_status_connected = constant('ne_status_connected');
/** Sending a request body. */
export const ne_status_sending = constant('ne_status_sending');
/** Receiving a response body. */
export const ne_status_recving = constant('ne_status_recving');
/** Disconnected. */
export const ne_status_disconnected = constant('ne_status_disconnected');
/** The TLS handshake is complete (neon 0.33). */
export const ne_status_handshake = constant('ne_status_handshake');

// --- Types of network addresses (ne_socket.h) ---------------------------------------------------------------------

/** IPv4: 4 bytes. */
export const ne_iaddr_ipv4 = constant('ne_iaddr_ipv4');
/** IPv6: 16 bytes. */
export const ne_iaddr_ipv6 = constant('ne_iaddr_ipv6');

// --- Sets of characters for ne_path_escapef (ne_uri.h) ------------------------------------------------------------

/** Escapes everything except unreserved characters (RFC 3986) and `/`. */
export const NE_PATH_NONRES = constant('NE_PATH_NONRES');
/** Escapes the characters that must not be in a URI. */
export const NE_PATH_NONURI = constant('NE_PATH_NONURI');
/** Escapes `%` and the characters that must not be in a path. Before neon 0.35 this flag has no effect. */
export const NE_PATH_NONPC = constant('NE_PATH_NONPC');

// --- Channels of the debugging output (ne_utils.h) ----------------------------------------------------------------

/** Sockets. */
export const NE_DBG_SOCKET = constant('NE_DBG_SOCKET');
/** Requests and responses. */
export const NE_DBG_HTTP = constant('NE_DBG_HTTP');
/** The XML parser. */
export const NE_DBG_XML = constant('NE_DBG_XML');
/** Authentication, without credentials. */
export const NE_DBG_HTTPAUTH = constant('NE_DBG_HTTPAUTH');
/** Authentication, with credentials in plain text. */
export const NE_DBG_HTTPPLAIN = constant('NE_DBG_HTTPPLAIN');
/** WebDAV locks. */
export const NE_DBG_LOCKS = constant('NE_DBG_LOCKS');
/** The XML parser, in detail. */
export const NE_DBG_XMLPARSE = constant('NE_DBG_XMLPARSE');
/** Bodies of responses. */
export const NE_DBG_HTTPBODY = constant('NE_DBG_HTTPBODY');
/** TLS. */
export const NE_DBG_SSL = constant('NE_DBG_SSL');
/** Flushes the output after each line. */
export const NE_DBG_FLUSH = constant('NE_DBG_FLUSH');

// --- Authentication protocols, to be combined (ne_auth.h) ---------------------------------------------------------

/** The size in bytes of neon's buffers for credentials. A user name or password must be shorter. */
export const NE_ABUFSIZ = constant('NE_ABUFSIZ');
/** Basic. Without TLS, anyone who can observe the connection can read the password. */
export const NE_AUTH_BASIC = constant('NE_AUTH_BASIC');
/** Also allows the weaker Digest of RFC 2069. Combine this flag with `NE_AUTH_DIGEST`. */
export const NE_AUTH_LEGACY_DIGEST = constant('NE_AUTH_LEGACY_DIGEST');
/** `NE_AUTH_GSSAPI` and `NE_AUTH_NTLM`. Do not use it without TLS. */
export const NE_AUTH_NEGOTIATE = constant('NE_AUTH_NEGOTIATE');
/** `NE_AUTH_GSSAPI_ONLY` and `NE_AUTH_SSPI`. Do not use it without TLS. */
export const NE_AUTH_GSSAPI = constant('NE_AUTH_GSSAPI');
/** NTLM, if neon was built with NTLM support. Do not use it without TLS. */
export const NE_AUTH_NTLM = constant('NE_AUTH_NTLM');
/** Negotiate by SSPI (Windows). */
export const NE_AUTH_SSPI = constant('NE_AUTH_SSPI');
/** Negotiate by GSSAPI (Kerberos). Do not use it without TLS. */
export const NE_AUTH_GSSAPI_ONLY = constant('NE_AUTH_GSSAPI_ONLY');
/** Digest of RFC 2617 and RFC 7616. */
export const NE_AUTH_DIGEST = constant('NE_AUTH_DIGEST');
/** neon's default: Basic and Digest, plus Negotiate over TLS or with a proxy. */
export const NE_AUTH_DEFAULT = constant('NE_AUTH_DEFAULT');
/** All protocols that the loaded neon supports. */
export const NE_AUTH_ALL = constant('NE_AUTH_ALL');
/** Set in the `protocol` of an `ne_auth_provide` callback when a proxy sent the challenge. */
export const NE_AUTH_PROXY = constant('NE_AUTH_PROXY');

// --- Hash algorithms and formats of hashes (ne_string.h) ----------------------------------------------------------

/** MD5. */
export const NE_HASH_MD5 = constant('NE_HASH_MD5');
/** SHA-256. */
export const NE_HASH_SHA256 = constant('NE_HASH_SHA256');
/** SHA-512. */
export const NE_HASH_SHA512 = constant('NE_HASH_SHA512');
/** SHA-512/256. */
export const NE_HASH_SHA512_256 = constant('NE_HASH_SHA512_256');
/** SHA-1 (neon 0.37). */
export const NE_HASH_SHA1 = constant('NE_HASH_SHA1');
/** Separates pairs of digits by colons. */
export const NE_HASH_COLON = constant('NE_HASH_COLON');
/** Separates pairs of digits by spaces. */
export const NE_HASH_SPACE = constant('NE_HASH_SPACE');

// --- Results of calls on sockets (ne_socket.h) --------------------------------------------------------------------

/** The call failed; `ne_sock_error` returns the message. */
export const NE_SOCK_ERROR = constant('NE_SOCK_ERROR');
/** The call timed out. */
export const NE_SOCK_TIMEOUT = constant('NE_SOCK_TIMEOUT');
/** The peer closed the connection. */
export const NE_SOCK_CLOSED = constant('NE_SOCK_CLOSED');
/** The connection was reset. */
export const NE_SOCK_RESET = constant('NE_SOCK_RESET');
/** The peer closed a TLS connection without a closure alert. */
export const NE_SOCK_TRUNC = constant('NE_SOCK_TRUNC');
/** Try again later. With TLS, `ne_sock_shutdown` returns this code when the peer has not closed its side. */
export const NE_SOCK_RETRY = constant('NE_SOCK_RETRY');

// --- Flags of ne_addr_resolve and ne_sock_shutdown, and versions of SOCKS (ne_socket.h) ---------------------------

/** Makes `ne_addr_resolve` also look up the canonical name. */
export const NE_ADDR_CANON = constant('NE_ADDR_CANON');
/** Ends receiving. */
export const NE_SOCK_RECV = constant('NE_SOCK_RECV');
/** Ends sending. */
export const NE_SOCK_SEND = constant('NE_SOCK_SEND');
/** Ends receiving and sending. */
export const NE_SOCK_BOTH = constant('NE_SOCK_BOTH');
/** SOCKS 4: connects to an IPv4 address. */
export const NE_SOCK_SOCKSV4 = constant('NE_SOCK_SOCKSV4');
/** SOCKS 4A: connects to a host name. */
export const NE_SOCK_SOCKSV4A = constant('NE_SOCK_SOCKSV4A');
/** SOCKS 5: connects to an address or a host name. */
export const NE_SOCK_SOCKSV5 = constant('NE_SOCK_SOCKSV5');

// --- Modes of TLS contexts, and their flag (ne_ssl.h) -------------------------------------------------------------

/** The context of a client. */
export const NE_SSL_CTX_CLIENT = constant('NE_SSL_CTX_CLIENT');
/** The context of a server. */
export const NE_SSL_CTX_SERVER = constant('NE_SSL_CTX_SERVER');
/** Obsolete: `ne_ssl_context_create` returns null or, since neon 0.37, a server's context. */
export const NE_SSL_CTX_SERVERv2 = constant('NE_SSL_CTX_SERVERv2');
/** Allows SSLv2, if the TLS library has it. */
export const NE_SSL_CTX_SSLv2 = constant('NE_SSL_CTX_SSLv2');

// --- Versions of TLS (ne_ssl.h; neon 0.34 and later use them) -----------------------------------------------------

/** No TLS, or no limit. */
export const NE_SSL_PROTO_UNSPEC = constant('NE_SSL_PROTO_UNSPEC');
/** SSL 3. */
export const NE_SSL_PROTO_SSL_3 = constant('NE_SSL_PROTO_SSL_3');
/** TLS 1.0. */
export const NE_SSL_PROTO_TLS_1_0 = constant('NE_SSL_PROTO_TLS_1_0');
/** TLS 1.1. */
export const NE_SSL_PROTO_TLS_1_1 = constant('NE_SSL_PROTO_TLS_1_1');
/** TLS 1.2. */
export const NE_SSL_PROTO_TLS_1_2 = constant('NE_SSL_PROTO_TLS_1_2');
/** TLS 1.3. */
export const NE_SSL_PROTO_TLS_1_3 = constant('NE_SSL_PROTO_TLS_1_3');

// --- XML (ne_xml.h) -----------------------------------------------------------------------------------------------

/** The result of a start callback that declines the element and everything inside it. */
export const NE_XML_DECLINE = constant('NE_XML_DECLINE');
/** The result of a start callback that aborts the parse. */
export const NE_XML_ABORT = constant('NE_XML_ABORT');
/** The state of the parent of the root element. */
export const NE_XML_STATEROOT = constant('NE_XML_STATEROOT');
/** A media type for XML, for the header Content-Type. */
export const NE_XML_MEDIA_TYPE = 'application/xml';

// --- Multi-status documents (ne_207.h) ----------------------------------------------------------------------------

/** The state of a `prop` element, which is the parent of all property elements. */
export const NE_207_STATE_PROP = constant('NE_207_STATE_PROP');
/** The highest state that is reserved for the 207 parser. */
export const NE_207_STATE_TOP = constant('NE_207_STATE_TOP');
/** A flag of `ne_207_set_flags`. It escapes the characters that SharePoint leaves unescaped in `href` elements. */
export const NE_207_MSSP_ESCAPING = constant('NE_207_MSSP_ESCAPING');

// --- Depths of requests on collections (ne_basic.h) ---------------------------------------------------------------

/** The resource alone. */
export const NE_DEPTH_ZERO = constant('NE_DEPTH_ZERO');
/** The resource and its members. */
export const NE_DEPTH_ONE = constant('NE_DEPTH_ONE');
/** The resource and everything below it. */
export const NE_DEPTH_INFINITE = constant('NE_DEPTH_INFINITE');

// --- Features of a server, combined with | (ne_options2 of ne_basic.h) --------------------------------------------

/** Class 1 of WebDAV (RFC 2518). */
export const NE_CAP_DAV_CLASS1 = constant('NE_CAP_DAV_CLASS1');
/** Class 2 of WebDAV: locks (RFC 2518). */
export const NE_CAP_DAV_CLASS2 = constant('NE_CAP_DAV_CLASS2');
/** Class 3 of WebDAV (RFC 4918). */
export const NE_CAP_DAV_CLASS3 = constant('NE_CAP_DAV_CLASS3');
/** The property `executable` of mod_dav. */
export const NE_CAP_MODDAV_EXEC = constant('NE_CAP_MODDAV_EXEC');
/** Access control (RFC 3744). */
export const NE_CAP_DAV_ACL = constant('NE_CAP_DAV_ACL');
/** DeltaV (RFC 3253): version-control. */
export const NE_CAP_VER_CONTROL = constant('NE_CAP_VER_CONTROL');
/** DeltaV: checkout-in-place. */
export const NE_CAP_CO_IN_PLACE = constant('NE_CAP_CO_IN_PLACE');
/** DeltaV: version-history. */
export const NE_CAP_VER_HISTORY = constant('NE_CAP_VER_HISTORY');
/** DeltaV: workspace. */
export const NE_CAP_WORKSPACE = constant('NE_CAP_WORKSPACE');
/** DeltaV: update. */
export const NE_CAP_UPDATE = constant('NE_CAP_UPDATE');
/** DeltaV: label. */
export const NE_CAP_LABEL = constant('NE_CAP_LABEL');
/** DeltaV: working-resource. */
export const NE_CAP_WORK_RESOURCE = constant('NE_CAP_WORK_RESOURCE');
/** DeltaV: merge. */
export const NE_CAP_MERGE = constant('NE_CAP_MERGE');
/** DeltaV: baseline. */
export const NE_CAP_BASELINE = constant('NE_CAP_BASELINE');
/** DeltaV: activity. */
export const NE_CAP_ACTIVITY = constant('NE_CAP_ACTIVITY');
/** DeltaV: version-controlled-collection. */
export const NE_CAP_VC_COLLECTION = constant('NE_CAP_VC_COLLECTION');
/** Extended MKCOL (RFC 5689). */
export const NE_CAP_EXT_MKCOL = constant('NE_CAP_EXT_MKCOL');

// --- Properties (ne_props.h) --------------------------------------------------------------------------------------

/** An operation of `ne_proppatch` that sets a property. */
export const ne_propset = constant('ne_propset');
/** An operation of `ne_proppatch` that removes a property. */
export const ne_propremove = constant('ne_propremove');
/** The highest state that is reserved for the parser of a propfind handler. */
export const NE_PROPS_STATE_TOP = constant('NE_PROPS_STATE_TOP');

// --- Locks (ne_locks.h) -------------------------------------------------------------------------------------------

/** The timeout of a lock that does not expire. */
export const NE_TIMEOUT_INFINITE = constant('NE_TIMEOUT_INFINITE');
/** An unknown timeout. In a LOCK request, this value lets the server choose the timeout. */
export const NE_TIMEOUT_INVALID = constant('NE_TIMEOUT_INVALID');
/** An exclusive lock: no other lock is possible. */
export const ne_lockscope_exclusive = constant('ne_lockscope_exclusive');
/** A shared lock: other shared locks are possible. */
export const ne_lockscope_shared = constant('ne_lockscope_shared');
/** A write lock, the only type of lock. */
export const ne_locktype_write = constant('ne_locktype_write');

// --- Privileges of an ACL entry, combined with | (ne_acl3744.h) ---------------------------------------------------

/** Reading the resource. */
export const NE_ACL_READ = constant('NE_ACL_READ');
/** Everything that changes the resource. */
export const NE_ACL_WRITE = constant('NE_ACL_WRITE');
/** Changing the properties of the resource. */
export const NE_ACL_WRITE_PROPERTIES = constant('NE_ACL_WRITE_PROPERTIES');
/** Changing the content of the resource. */
export const NE_ACL_WRITE_CONTENT = constant('NE_ACL_WRITE_CONTENT');
/** Removing locks of other users. */
export const NE_ACL_UNLOCK = constant('NE_ACL_UNLOCK');
/** Reading the access control list. */
export const NE_ACL_READ_ACL = constant('NE_ACL_READ_ACL');
/** Reading one's own privileges. In requests, neon sends an element that RFC 3744 does not define. */
export const NE_ACL_READ_CUPRIVSET = constant('NE_ACL_READ_CUPRIVSET');
/** Changing the access control list. */
export const NE_ACL_WRITE_ACL = constant('NE_ACL_WRITE_ACL');
/** Adding members to a collection. */
export const NE_ACL_BIND = constant('NE_ACL_BIND');
/** Removing members from a collection. */
export const NE_ACL_UNBIND = constant('NE_ACL_UNBIND');
/** All privileges. */
export const NE_ACL_ALL = constant('NE_ACL_ALL');

// --- Principals and types of an ACL entry (ne_acl3744.h; ne_acl.h has only the first three principals) ------------

/** The principal that a URL names. */
export const ne_acl_href = constant('ne_acl_href');
/** The principal that a property of the resource names. */
export const ne_acl_property = constant('ne_acl_property');
/** All users. */
export const ne_acl_all = constant('ne_acl_all');
/** All users that are authenticated. */
export const ne_acl_authenticated = constant('ne_acl_authenticated');
/** All users that are not authenticated. */
export const ne_acl_unauthenticated = constant('ne_acl_unauthenticated');
/** The principal that the resource itself represents. */
export const ne_acl_self = constant('ne_acl_self');
/** The entry grants its privileges. */
export const ne_acl_grant = constant('ne_acl_grant');
/** The entry denies its privileges. */
export const ne_acl_deny = constant('ne_acl_deny');

// --- Reasons why a certificate failed verification, combined with | (ne_ssl.h) ------------------------------------

/** The certificate is not valid yet. */
export const NE_SSL_NOTYETVALID = constant('NE_SSL_NOTYETVALID');
/** The certificate has expired. */
export const NE_SSL_EXPIRED = constant('NE_SSL_EXPIRED');
/** The certificate is for another host. */
export const NE_SSL_IDMISMATCH = constant('NE_SSL_IDMISMATCH');
/** The issuer of the certificate is not trusted. */
export const NE_SSL_UNTRUSTED = constant('NE_SSL_UNTRUSTED');
/** Another certificate in the chain is not valid. */
export const NE_SSL_BADCHAIN = constant('NE_SSL_BADCHAIN');
/** The certificate was revoked. */
export const NE_SSL_REVOKED = constant('NE_SSL_REVOKED');
/** The bits of all the failures above. Any bit outside this mask is a failure, too. */
export const NE_SSL_FAILMASK = constant('NE_SSL_FAILMASK');

// --- Sizes of strings in C, including the null byte at the end (ne_ssl.h) -----------------------------------------

/** The size of a SHA-1 fingerprint as text, including the null byte. */
export const NE_SSL_DIGESTLEN = constant('NE_SSL_DIGESTLEN');
/** The size of a formatted time, including the null byte. */
export const NE_SSL_VDATELEN = constant('NE_SSL_VDATELEN');

// --- PKCS#11 (ne_pkcs11.h) ----------------------------------------------------------------------------------------

/** The provider was initialised. */
export const NE_PK11_OK = constant('NE_PK11_OK');
/** The loaded neon was built without PKCS#11. */
export const NE_PK11_NOTIMPL = constant('NE_PK11_NOTIMPL');
/** The module does not exist, or its initialisation failed. */
export const NE_PK11_FAILED = constant('NE_PK11_FAILED');
/** A wrong PIN has been entered earlier. */
export const NE_SSL_P11PIN_COUNT_LOW = constant('NE_SSL_P11PIN_COUNT_LOW');
/** The token will be locked if this PIN is wrong. */
export const NE_SSL_P11PIN_FINAL_TRY = constant('NE_SSL_P11PIN_FINAL_TRY');
/** The size of neon's buffer for a PIN, including the null byte at the end. */
export const NE_SSL_P11PINLEN = constant('NE_SSL_P11PINLEN');

// --- Features (ne_utils.h) ----------------------------------------------------------------------------------------

/** TLS. */
export const NE_FEATURE_SSL = constant('NE_FEATURE_SSL');
/** zlib compression. */
export const NE_FEATURE_ZLIB = constant('NE_FEATURE_ZLIB');
/** IPv6 in the resolver. */
export const NE_FEATURE_IPV6 = constant('NE_FEATURE_IPV6');
/** Large files. */
export const NE_FEATURE_LFS = constant('NE_FEATURE_LFS');
/** SOCKS. */
export const NE_FEATURE_SOCKS = constant('NE_FEATURE_SOCKS');
/** Thread-safe TLS. */
export const NE_FEATURE_TS_SSL = constant('NE_FEATURE_TS_SSL');
/** Translated error messages. */
export const NE_FEATURE_I18N = constant('NE_FEATURE_I18N');
/** NTLM and Negotiate by SSPI. */
export const NE_FEATURE_SSPI = constant('NE_FEATURE_SSPI');
/** GSSAPI (neon 0.34). */
export const NE_FEATURE_GSSAPI = constant('NE_FEATURE_GSSAPI');
/** System proxies by libproxy (neon 0.34). */
export const NE_FEATURE_LIBPXY = constant('NE_FEATURE_LIBPXY');
/** NTLM by libntlm (neon 0.37). */
export const NE_FEATURE_NTLM = constant('NE_FEATURE_NTLM');
