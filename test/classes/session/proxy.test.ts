/** Tests the option `proxy` of the classes: accepted and rejected values, and proxies from the environment. */
import { inspect } from 'node:util';
import { type ProxyOptions, Session, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, outOfRange, wrongChar, wrongType, wrongValue } from '../../support/expect.js';
import { answering, exchange, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

/** `host:port` of the HTTP proxy that a session uses, or undefined. */
function proxyOf(url: string, proxy: ProxyOptions): string | undefined {
  using session = Session.open(url, { proxy });
  const uri: Partial<ne.ne_uri> = {};
  ne.ne_fill_proxy_uri(session.handle, uri);
  return uri.host === undefined ? undefined : `${uri.host}:${uri.port}`;
}

test.each<[ProxyOptions, string]>([
  ['http://proxy', 'proxy:80'],
  ['http://proxy:3128/', 'proxy:3128'],
  [new URL('http://proxy:3128'), 'proxy:3128'],
  [{ host: 'proxy' }, 'proxy:80'],
  [{ type: 'http', host: 'proxy', port: 0 }, 'proxy:0'],
  ['http://[::1]:3128', '[::1]:3128'],
])('reads the proxy %p', (proxy, expected) => {
  expect(proxyOf('http://server.invalid/', proxy)).toBe(expected);
  expect(proxyOf('https://server.invalid/', proxy)).toBe(expected);
});

test('sends credentials of the URL to the proxy, but prefers proxyAuth', async () => {
  const challenge = { 'Proxy-Authenticate': 'Basic realm="proxy"' };
  const asking = response('who?', { status: '407 Proxy Authentication Required', headers: challenge });
  for (const [more, expected] of [
    [{}, 'al:ice é:s@cret'],
    [{ proxyAuth: { username: 'bob', password: 'other' } }, 'bob:other'],
  ] as const) {
    const proxy = await serve({ connections: [[...exchange(asking), ...exchange()]] });
    const username = more.proxyAuth ? 'al%3Aice' : 'alice%20%C3%A9';
    await using session = Session.open('http://server.invalid/', {
      proxy: `http://${username}:s%40cret@127.0.0.1:${proxy.port}`,
      ...more,
    });
    expect((await session.request('GET', '/')).status).toBe(200);
    const [, sent = ''] = /Proxy-Authorization: Basic (\S*)/.exec((await receivedBy(proxy))[0]!) ?? [];
    expect(Buffer.from(sent, 'base64').toString()).toBe(expected.replace('al:ice', 'alice'));
  }
});

test.each<[about: string, proxy: unknown, error: Error]>([
  ['a number', 3128, wrongType],
  ['null', null, wrongType],
  ['a value that is not a URL', 'alice:secret@proxy:3128', wrongValue],
  ['an empty URL', '', wrongValue],
  ['a URL without a host', 'socks5:secret', wrongValue],
  ['TLS to the proxy', 'https://alice:secret@proxy', wrongValue],
  ['an unknown scheme', 'ftp://alice:secret@proxy', wrongValue],
  ['a scheme of the prototype', 'constructor://proxy', wrongValue],
  ['escapes that are not UTF-8', 'http://alice:secret%FF@proxy', wrongValue],
  ['a null byte', 'socks5://alice:secret%00@proxy', wrongValue],
  ['a missing host', { port: 1 }, wrongType],
  ['a host with a line break', { host: 'proxy\r\n' }, wrongChar],
  ['an unknown type', { type: 'https', host: 'proxy' }, wrongValue],
  ['a port that is a string', { host: 'proxy', port: '3128' }, wrongType],
  ['a port that is too large', { host: 'proxy', port: 65536 }, outOfRange],
  ['a password that is a number', { host: 'proxy', username: 'alice', password: 123456 }, wrongType],
  ['a long password', { host: 'proxy', username: 'alice', password: 'secret'.repeat(43) }, outOfRange],
  [
    'a long password for SOCKS',
    { type: 'socks5', host: 'p', username: 'a', password: 'secret'.repeat(43) },
    outOfRange,
  ],
])('rejects %s without revealing a secret', async (_, proxy, error) => {
  for (const make of [
    () => new Session('http', '127.0.0.1', 1, { proxy: proxy as ProxyOptions }),
    () => new SessionPool('http://127.0.0.1:1', { proxy: proxy as ProxyOptions }),
  ]) {
    const failure = await failureOf(make);
    expect(failure).toEqual(error);
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toMatch(/secret|123456/);
  }
});

test('rejects a proxy together with addresses', () => {
  const options = { proxy: 'http://proxy', addresses: ['127.0.0.1'] };
  expect(() => new Session('http', 'server.invalid', 80, options)).toThrow(wrongValue);
});

test('reads the system configuration with the first request', async () => {
  const server = await serve(answering());
  await using session = new Session('http', '127.0.0.1', server.port, { proxy: 'system' });
  if (ne.ne_has_support(ne.NE_FEATURE_LIBPXY)) return; // the machine may have a proxy that the test does not know
  expect((await session.request('GET', '/')).status).toBe(200);
  expect(session.requestSync('GET', '/').status).toBe(200);
});

describe('the proxy of the environment', () => {
  const before = { ...process.env };
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  beforeEach(() => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
  });
  afterAll(() => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  });

  test.each<[about: string, env: Record<string, string>, url: string, proxy: string | undefined]>([
    ['no variable', {}, 'http://a.example/', undefined],
    ['http_proxy', { http_proxy: 'http://p:1' }, 'http://a.example/', 'p:1'],
    ['http_proxy for https', { http_proxy: 'http://p:1' }, 'https://a.example/', undefined],
    ['https_proxy', { https_proxy: 'http://p:2', http_proxy: 'http://p:1' }, 'https://a.example/', 'p:2'],
    ['a value without scheme', { http_proxy: ' p:1 ' }, 'http://a.example/', 'p:1'],
    ['all_proxy', { all_proxy: 'http://p:3' }, 'https://a.example/', 'p:3'],
    ['all_proxy after others', { all_proxy: 'http://p:3', http_proxy: 'http://p:1' }, 'http://a.example/', 'p:1'],
    ['upper case', { HTTPS_PROXY: 'http://p:2' }, 'https://a.example/', 'p:2'],
    ['upper case of all_proxy', { ALL_PROXY: 'http://p:3' }, 'http://a.example/', 'p:3'],
    [
      'lower case before upper case',
      { HTTPS_PROXY: 'http://p:2', https_proxy: 'http://p:4' },
      'https://a.example/',
      'p:4',
    ],
    [
      'empty lower case before upper case',
      { HTTPS_PROXY: 'http://p:2', https_proxy: '' },
      'https://a.example/',
      undefined,
    ],
    ['HTTP_PROXY, which a request may have set', { HTTP_PROXY: 'http://p:1' }, 'http://a.example/', undefined],
  ])('is read from %s', (_, env, url, expected) => {
    Object.assign(process.env, env);
    expect(proxyOf(url, 'env')).toBe(expected);
  });

  test.each<[exceptions: string, url: string, excepted: boolean]>([
    ['*', 'http://a.example/', true],
    ['a.example', 'http://a.example/', true],
    ['A.Example', 'http://a.EXAMPLE/', true],
    ['a.example', 'http://b.a.example/', true],
    ['.a.example', 'http://a.example/', true],
    ['*.a.example', 'http://b.a.example/', true],
    ['a.example', 'http://aa.example/', false],
    ['example', 'http://a.example.org/', false],
    ['x, b.example a.example', 'http://a.example/', true],
    [', ,', 'http://a.example/', false],
    ['.', 'http://a.example/', false],
    ['a.example:80', 'http://a.example/', true],
    ['a.example:81', 'http://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['127.0.0.1', 'http://127.0.0.1:81/', true],
    ['127.0.0.1:81', 'http://127.0.0.1:81/', true],
    ['127.0.0.1:82', 'http://127.0.0.1:81/', false],
    ['127.0.0.0/8', 'http://127.1.2.3/', true],
    ['127.0.0.0/33', 'http://127.1.2.3/', false],
    ['127.0.0.0/x', 'http://127.0.0.0/', false],
    ['0.0.1', 'http://127.0.0.1/', false],
    ['::1', 'http://[::1]/', true],
    ['[::1]', 'http://[::1]/', true],
    ['[::1]:81', 'http://[::1]:81/', true],
    ['[::1]:81', 'http://[::1]:82/', false],
    ['fe80::/10', 'http://[fe80::1]/', true],
    ['127.0.0.0/8', 'http://[::1]/', false],
  ])('applies no_proxy=%s to %s', (exceptions, url, excepted) => {
    for (const name of ['no_proxy', 'NO_PROXY']) {
      Object.assign(process.env, { http_proxy: 'http://p:1', https_proxy: 'http://p:1', [name]: exceptions });
      expect(proxyOf(url, 'env')).toBe(excepted ? undefined : 'p:1');
      Reflect.deleteProperty(process.env, name);
    }
  });

  test('can be a SOCKS proxy', async () => {
    const proxy = await serve({ connections: [[{ readBytes: 4 }]] });
    process.env['all_proxy'] = `socks5h://127.0.0.1:${proxy.port}`;
    await using session = Session.open('http://a.example/', { proxy: 'env' });
    await failureOf(() => session.request('GET', '/'));
    expect([...(await proxy.connections())[0]!.received]).toEqual([5, 2, 0, 2]);
  });

  test('is rejected with the name of the variable, without its value', async () => {
    process.env['https_proxy'] = 'https://alice:secret@proxy';
    const failure = await failureOf(() => proxyOf('https://a.example/', 'env'));
    expect(failure).toEqual(wrongValue);
    expect(failure.message).toContain('The environment variable https_proxy');
    expect(inspect(failure)).not.toContain('secret');
  });
});
