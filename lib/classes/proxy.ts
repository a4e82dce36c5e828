/** The session option `proxy`: a URL, an object, or a proxy that the system or the environment specifies. */
import { net } from '../core/builtin.js';
import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { native } from '../core/native.js';
import { isInstance, isObject } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import { NE_SOCK_SOCKSV4, NE_SOCK_SOCKSV4A, NE_SOCK_SOCKSV5 } from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';
import { ne_fill_server_uri, ne_session_proxy, ne_session_socks_proxy } from '../ne/session.js';
import type { ne_uri } from '../ne/uri.js';
import type { Credentials } from './auth.js';

/** A proxy: `ne_session_proxy`, `ne_session_socks_proxy`. */
export interface ProxyServer {
  /** The protocol of the proxy. Default `'http'`. */
  readonly type?: 'http' | 'socks4' | 'socks4a' | 'socks5' | undefined;
  /** A host name or network address; an IPv6 address is written in brackets. */
  readonly host: string;
  /** The port: 0 to 65535. Default: 80, or 1080 for SOCKS. */
  readonly port?: number | undefined;
  /** The user name for the proxy; {@link SessionOptions.proxyAuth} takes precedence. */
  readonly username?: string | undefined;
  /** The password for the proxy; SOCKS 4 does not send it. */
  readonly password?: string | undefined;
}

/**
 * A proxy, or its URL: `http://`, `socks4://`, `socks4a://` or `socks5://`, with a user name and password if the proxy
 * needs them. `'system'` uses the proxy that libproxy finds. `'env'` uses the proxy from the environment variables
 * `http_proxy`, `https_proxy` and `all_proxy`, except for servers in `no_proxy`.
 */
export type ProxyOptions = 'system' | 'env' | (string & {}) | URL | ProxyServer;

const socksVersions = {
  socks4: NE_SOCK_SOCKSV4,
  socks4a: NE_SOCK_SOCKSV4A,
  socks5: NE_SOCK_SOCKSV5,
} as const;

const types: Readonly<Record<string, NonNullable<ProxyServer['type']>>> = {
  http: 'http',
  socks4: 'socks4',
  socks4a: 'socks4a',
  socks5: 'socks5',
  // In other programs, these names mean that the proxy looks up the server's name. With neon, a SOCKS 5 proxy always
  // does so.
  socks5h: 'socks5',
  socks: 'socks5',
};

const known: Known<ProxyServer> = { type: true, host: true, port: true, username: true, password: true };

const systemProxyLater: (session: ne_session) => void = native('systemProxyLater');

/**
 * Makes a session use a proxy. For an HTTP proxy, returns the credentials that the option contains. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option
 */
export function setProxy(session: ne_session, options: ProxyOptions): Credentials | undefined {
  if (options === 'system') {
    systemProxyLater(session);
    return undefined;
  }
  const proxy = options === 'env' ? proxyOfEnvironment(session) : proxyOf(options);
  if (!proxy) return undefined;
  const { type = 'http', host, port, username, password } = proxy;
  if (type === 'http') {
    ne_session_proxy(session, host, port ?? 80);
    if (username === undefined && password === undefined) return undefined;
    return { username: username ?? '', password: password ?? '' };
  }
  // SOCKS 4 has a user name but no password. neon nevertheless requires both; only for SOCKS 5 are they optional.
  const user = username ?? (type === 'socks5' ? null : '');
  ne_session_socks_proxy(
    session,
    socksVersions[type],
    host,
    port ?? 1080,
    user,
    user === null ? null : (password ?? ''),
  );
  return undefined;
}

function proxyOf(options: string | URL | ProxyServer): ProxyServer {
  if (typeof options === 'string') return proxyOfUrl(options, 'The "proxy" option');
  if (isInstance(options, URL)) return proxyOfUrl(options.href, 'The "proxy" option');
  requireObject(options);
  requireKnown(options, known, 'proxy');
  const { type = 'http', port, username, password } = options;
  if (typeof type !== 'string') throw invalidType('proxy.type', 'of type string', type);
  if (!Object.hasOwn(types, type)) throw invalidValue(`There is no type of proxy '${type as string}'`);
  if (typeof options.host !== 'string') throw invalidType('proxy.host', 'of type string', options.host);
  if (port !== undefined && typeof port !== 'number') throw invalidType('proxy.port', 'of type number', port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535))
    throw outOfRange('proxy.port', 'an integer >= 0 and <= 65535', port);
  for (const [name, value] of Object.entries({ username, password }))
    if (value !== undefined && typeof value !== 'string')
      throw invalidType(`proxy.${name}`, 'of type string', typeof value);
  return options;
}

function requireObject(options: unknown): void {
  if (!isObject(options)) throw invalidType('proxy', 'of type string or object', typeof options); // the value may be a secret
}

/** Errors do not contain the URL, which may contain a password. */
function proxyOfUrl(text: string, what: string): ProxyServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  if (!url?.hostname) throw invalidValue(`${what} is not the URL of a proxy`);
  if (!Object.hasOwn(types, scheme))
    throw invalidValue(`${what} has the scheme '${scheme}', which is not supported for proxies`);
  return {
    type: types[scheme],
    host: url.hostname,
    port: url.port === '' ? undefined : Number(url.port),
    username: url.username === '' ? undefined : unescaped(url.username, what),
    password: url.password === '' ? undefined : unescaped(url.password, what),
  };
}

function unescaped(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidValue(`${what} has a user name or password that is not escaped as UTF-8`);
  }
}

/**
 * The proxy that the environment names for the server of a session. As in other programs, a variable in lower case
 * takes precedence.
 */
function proxyOfEnvironment(session: ne_session): ProxyServer | undefined {
  const server: Partial<ne_uri> = {};
  ne_fill_server_uri(session, server);
  const { scheme, host, port } = server as { scheme: string; host: string; port: number };
  const exceptions = variable('no_proxy')?.value ?? '';
  if (isExcepted(exceptions, host, port)) return undefined;
  const found = variable(`${scheme}_proxy`) ?? variable('all_proxy');
  if (!found) return undefined;
  const { name, value } = found;
  return proxyOfUrl(value.includes('://') ? value : `http://${value}`, `The environment variable ${name}`);
}

/** HTTP_PROXY is ignored: in a CGI program, the `Proxy` header of a request sets that variable. */
function variable(lower: string): { name: string; value: string } | undefined {
  const names = lower === 'http_proxy' ? [lower] : [lower, lower.toUpperCase()];
  for (const name of names) {
    const value = process.env[name]?.trim();
    if (value !== undefined) return value === '' ? undefined : { name, value };
  }
  return undefined;
}

/**
 * Whether `no_proxy` names this server. An entry is the server's name, a domain above it (with or without a leading
 * dot), its network address, a network that contains the address (`192.0.2.0/24`), or `*`. An entry with a port applies
 * to that port only.
 */
function isExcepted(exceptions: string, host: string, port: number): boolean {
  const { isIP } = net();
  const name = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, bracketed, plain = '', only] = /^(?:\[(.*?)\]|([^:]*|.*:.*:.*))(?::(\d+))?$/.exec(entry) ?? [];
      if (only !== undefined && Number(only) !== port) return false;
      const excepted = (bracketed ?? plain).replace(/^\*?\./, '').replace(/\.$/, '');
      if (excepted === '') return false;
      return isIP(name) ? isInNetwork(name, excepted) : name === excepted || name.endsWith(`.${excepted}`);
    });
}

function isInNetwork(address: string, network: string): boolean {
  const { BlockList, isIP } = net();
  const [start = '', bits] = network.split('/');
  const family = isIP(start);
  if (family === 0 || family !== isIP(address)) return false;
  const maxPrefix = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? maxPrefix : Number(bits);
  if (!/^\d*$/.test(bits ?? '') || prefix > maxPrefix) return false;
  const list = new BlockList();
  list.addSubnet(start, prefix, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
