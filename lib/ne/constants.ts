import { constant } from '../native.js';

// Result codes (ne_request.h).
/** Success. */
export const NE_OK = constant('NE_OK');
/** Generic error; ne_get_error(session) has the message. */
export const NE_ERROR = constant('NE_ERROR');
/** Server or proxy hostname lookup failed. */
export const NE_LOOKUP = constant('NE_LOOKUP');
/** User authentication failed on server. */
export const NE_AUTH = constant('NE_AUTH');
/** User authentication failed on proxy. */
export const NE_PROXYAUTH = constant('NE_PROXYAUTH');
/** Could not connect to server. */
export const NE_CONNECT = constant('NE_CONNECT');
/** Connection timed out. */
export const NE_TIMEOUT = constant('NE_TIMEOUT');
/** The precondition failed. */
export const NE_FAILED = constant('NE_FAILED');
/** Retry request (ne_end_request only). */
export const NE_RETRY = constant('NE_RETRY');
/** See ne_redirect.h. */
export const NE_REDIRECT = constant('NE_REDIRECT');

// Request flags (ne_request.h).
/** Use `Expect: 100-continue`. Off by default. */
export const NE_REQFLAG_EXPECT100 = constant('NE_REQFLAG_EXPECT100');
/** The method is idempotent. On by default. */
export const NE_REQFLAG_IDEMPOTENT = constant('NE_REQFLAG_IDEMPOTENT');
/** Limit the time spent on interim responses (neon 0.33). */
export const NE_REQFLAG_1XXTIMEOUT = constant('NE_REQFLAG_1XXTIMEOUT');

// Session flags (ne_session.h).
/** Persistent connections. On by default. */
export const NE_SESSFLAG_PERSIST = constant('NE_SESSFLAG_PERSIST');
/** ShoutCast-style "ICY" responses. */
export const NE_SESSFLAG_ICYPROTO = constant('NE_SESSFLAG_ICYPROTO');
/** SSLv2, if the TLS library has it. */
export const NE_SESSFLAG_SSLv2 = constant('NE_SESSFLAG_SSLv2');
/** RFC 4918-only features, which old RFC 2518 servers do not know. */
export const NE_SESSFLAG_RFC4918 = constant('NE_SESSFLAG_RFC4918');
/** A connection-based authentication scheme is in use. */
export const NE_SESSFLAG_CONNAUTH = constant('NE_SESSFLAG_CONNAUTH');
/** TLS Server Name Indication. */
export const NE_SESSFLAG_TLS_SNI = constant('NE_SESSFLAG_TLS_SNI');
/** Set NE_REQFLAG_EXPECT100 on new requests. */
export const NE_SESSFLAG_EXPECT100 = constant('NE_SESSFLAG_EXPECT100');
/** Workarounds for SharePoint. */
export const NE_SESSFLAG_SHAREPOINT = constant('NE_SESSFLAG_SHAREPOINT');
/** Parse HTTP/1.1 strictly (neon 0.34). */
export const NE_SESSFLAG_STRICT = constant('NE_SESSFLAG_STRICT');

// What the notifier is told (ne_session.h).
/** Looking a host name up. */
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

// Types of network addresses (ne_socket.h).
export const ne_iaddr_ipv4 = constant('ne_iaddr_ipv4');
export const ne_iaddr_ipv6 = constant('ne_iaddr_ipv6');

// XML (ne_xml.h).
/** A start callback declines the element, and so all that is in it. */
export const NE_XML_DECLINE = constant('NE_XML_DECLINE');
/** A start callback aborts the parse. */
export const NE_XML_ABORT = constant('NE_XML_ABORT');
/** The state that the parent of the root element has. */
export const NE_XML_STATEROOT = constant('NE_XML_STATEROOT');
/** A media type for XML, to be used in a Content-Type header. */
export const NE_XML_MEDIA_TYPE = 'application/xml';

// Multi-status documents (ne_207.h).
/** The state of `prop` elements: the parent state of the elements of properties. */
export const NE_207_STATE_PROP = constant('NE_207_STATE_PROP');
/** The states between 0 and this are the 207 parser's own. */
export const NE_207_STATE_TOP = constant('NE_207_STATE_TOP');
/** A flag of ne_207_set_flags: escapes in `href` elements what SharePoint leaves as it is. */
export const NE_207_MSSP_ESCAPING = constant('NE_207_MSSP_ESCAPING');

// Features (ne_utils.h).
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
/** NTLM and Negotiate via SSPI. */
export const NE_FEATURE_SSPI = constant('NE_FEATURE_SSPI');
/** GSSAPI (neon 0.34). */
export const NE_FEATURE_GSSAPI = constant('NE_FEATURE_GSSAPI');
/** System proxies via libproxy (neon 0.34). */
export const NE_FEATURE_LIBPXY = constant('NE_FEATURE_LIBPXY');
/** NTLM via libntlm (neon 0.37). */
export const NE_FEATURE_NTLM = constant('NE_FEATURE_NTLM');
