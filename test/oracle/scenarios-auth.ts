/** Lists scenarios with authentication challenges and their answers. */
import { response, type Step } from '../servers/raw.js';
import { answers, type NamedScenario } from './scenario.js';

const basic = 'Basic realm="basic \u00e9"';
const digest = 'Digest realm="digest", nonce="abc", qop="auth", opaque="o"';
const ok = response('hello');

const unauthorized = (...challenges: readonly string[]): string =>
  `HTTP/1.1 401 No\r\n${challenges.map((value) => `WWW-Authenticate: ${value}\r\n`).join('')}Content-Length: 4\r\n\r\nwho?`;
const informing = (info: string): string => response('hello', { headers: { 'Authentication-Info': info } });

function scenario(about: string, args: readonly string[], ...texts: readonly string[]): NamedScenario {
  const steps: Step[] = answers(...texts);
  return { twin: 'auth', about, args, server: { connections: [steps] } };
}

const params = ', nonce="abc", qop="auth"';
/** neon reads lines of up to 8 KiB. */
const realms: readonly [about: string, realm: string][] = [
  ...[255, 256, 4000, 8000, 20_000].map((length): [string, string] => [`${length} bytes`, 'r'.repeat(length)]),
  ['length 0', ''],
  ['quotes and backslashes', String.raw`a \"b\" \\ \c`],
  ['commas and signs', 'a="b", Basic realm=c; qop=auth,'],
  ['UTF-8', 'Gr\u00f6\u00dfe \u6f22'],
];

/** The protocols are masks: BASIC 1, LEGACY_DIGEST 2, DIGEST 128, ALL 8192. */
export const auth: readonly NamedScenario[] = [
  scenario('Basic with its scope', ['set', '0', '1', '/a/b', '/a/c', '/d'], unauthorized(basic), ok, ok, ok),
  scenario('Basic at the third attempt', ['set', '0', '3', '/'], ...Array<string>(3).fill(unauthorized(basic)), ok),
  scenario('Basic without success', ['set', '0', '2', '/', '/'], ...Array<string>(6).fill(unauthorized(basic))),
  scenario('Digest', ['set', '0', '1', '/a?b', '/c'], unauthorized(digest), ok, ok),
  ...['MD5-sess', 'SHA-256', 'SHA-256-sess', 'ROT13'].map((algorithm) =>
    scenario(algorithm, ['set', '0', '1', '/'], unauthorized(`${digest}, algorithm=${algorithm}`), ok),
  ),
  scenario(
    'a stale nonce',
    ['set', '0', '1', '/', '/'],
    unauthorized(digest),
    ok,
    unauthorized(`${digest}, stale=true`),
    ok,
  ),
  scenario('nextnonce', ['set', '0', '1', '/', '/'], unauthorized(digest), informing('nextnonce="x"'), ok),
  scenario('userhash', ['both', '128', '1', '/'], unauthorized(`${digest}, userhash=true`), ok),
  scenario('a domain', ['set', '0', '1', '/a', '/b'], unauthorized(`${digest}, domain="/a"`), ok, ok),
  scenario('legacy Digest', ['add', '130', '1', '/', '/'], unauthorized('Digest realm="r", nonce="n"'), ok, ok),
  scenario('legacy Digest that is not allowed', ['add', '128', '1', '/'], unauthorized('Digest realm="r", nonce="n"')),
  scenario('Digest before Basic', ['both', '8192', '1', '/'], unauthorized(basic, digest), ok),
  scenario('Basic alone of both', ['add', '1', '1', '/'], unauthorized(digest, basic), ok),
  scenario(
    'a wrong authentication of the server',
    ['set', '0', '1', '/'],
    unauthorized(digest),
    informing('qop=auth, nc=1'),
  ),
  scenario(
    'forgotten credentials',
    ['set', '0', '1', '/', 'forget', '/'],
    unauthorized(basic),
    ok,
    unauthorized(basic),
    ok,
  ),
  scenario('no challenge', ['set', '0', '1', '/'], unauthorized()),
  ...realms.flatMap(([about, realm]) => [
    scenario(`a realm of ${about}, Basic`, ['set', '0', '1', '/'], unauthorized(`Basic realm="${realm}"`), ok),
    scenario(
      `a realm of ${about}, Digest`,
      ['both', '128', '1', '/'],
      unauthorized(`Digest realm="${realm}"${params}`),
      ok,
    ),
  ]),
  ...[254, 255].flatMap((length) => [
    scenario(`credentials of ${length} bytes, Basic`, ['set', '0', `1:${length}`, '/'], unauthorized(basic), ok),
    scenario(`credentials of ${length} bytes, Digest`, ['set', '0', `1:${length}`, '/'], unauthorized(digest), ok),
    scenario(`provided credentials of ${length} bytes`, ['both', '8192', `1:${length}`, '/'], unauthorized(digest), ok),
  ]),
  scenario('an unknown scheme', ['both', '8192', '1', '/'], unauthorized('Foo a="b", Bar')),
];
