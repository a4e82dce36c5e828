/** Tests of name lookups (ne_socket.h), and of addresses that change. */
import { networkInterfaces } from 'node:os';
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { failureOf, neonError, outOfRange } from '../../support/expect.js';
import { answering, testServers } from '../../support/servers.js';
import { testListeners } from '../../support/listener.js';
import { loopback } from '../../support/sockets.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const listen = testListeners();
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const borrowed = neonError('ERR_NEON_BORROWED');
const destroyed = neonError('ERR_NEON_DESTROYED');
const unsupported = neonError('ERR_NEON_UNSUPPORTED');

/** All addresses of an answer. */
function addressesOf(answer: ne.ne_sock_addr): ne.ne_inet_addr[] {
  const found = [];
  for (let at: ne.ne_inet_addr | null = ne.ne_addr_first(answer); at; at = ne.ne_addr_next(answer)) found.push(at);
  return found;
}

describe.each(surfaces)('$surface', ({ io }) => {
  test.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['192.0.2.255', ['192.0.2.255']],
    ['::1', ['::1']],
    ['[::1]', ['::1']],
    ['[2001:db8::7]', ['2001:db8::7']],
  ])('resolves %s', async (name, texts) => {
    const answer = await io.ne_addr_resolve(name, 0);
    expect(ne.ne_addr_result(answer)).toBe(0);
    expect(addressesOf(answer).map((address) => ne.ne_iaddr_print(address))).toEqual(texts);
    expect(ne.ne_addr_canonical(answer)).toBeNull();
  });

  test('resolves localhost and its canonical name', async () => {
    const answer = await io.ne_addr_resolve('localhost', ne.NE_ADDR_CANON);
    expect(ne.ne_addr_result(answer)).toBe(0);
    const texts = addressesOf(answer).map((address) => ne.ne_iaddr_print(address));
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(['127.0.0.1', '::1']).toContain(text);
    expect(ne.ne_addr_canonical(answer)).toMatch(/localhost/);
  });

  test.each(['nosuchhost.invalid', '', '[127.0.0.1]', '[]', '[::1', 'x'.repeat(10_000), '127.0.0.1 '])(
    'reports that %j is not found',
    async (name) => {
      const answer = await io.ne_addr_resolve(name, ne.NE_ADDR_CANON);
      expect(ne.ne_addr_result(answer)).not.toBe(0);
      expect(ne.ne_addr_error(answer)).toMatch(/\w/);
      expect(() => ne.ne_addr_first(answer)).toThrow(invalidState);
      expect([ne.ne_addr_next(answer), ne.ne_addr_canonical(answer)]).toEqual([null, null]);
      ne.ne_addr_destroy(answer);
    },
  );

  test('returns one object for one address, which outlives its answer', async () => {
    const answer = await io.ne_addr_resolve('127.0.0.1', 0);
    const first = ne.ne_addr_first(answer);
    expect(ne.ne_addr_next(answer)).toBeNull();
    expect(ne.ne_addr_next(answer)).toBeNull();
    expect(ne.ne_addr_first(answer)).toBe(first);
    expect(() => ne.ne_iaddr_free(first)).toThrow(borrowed);
    expect(() => ne.ne_iaddr_put(first, ne.ne_iaddr_ipv4, Uint8Array.of(1, 2, 3, 4))).toThrow(borrowed);
    expect(() => ne.ne_iaddr_set_scope(first, 'lo')).toThrow(borrowed);
    ne.ne_addr_destroy(answer);
    for (const use of [ne.ne_addr_result, ne.ne_addr_first, ne.ne_addr_next, ne.ne_addr_error, ne.ne_addr_destroy])
      expect(() => use(answer)).toThrow(destroyed);
    expect(ne.ne_iaddr_print(first)).toBe('127.0.0.1');
    expect(ne.ne_iaddr_cmp(first, loopback())).toBe(0);
  });

  test('gives addresses to which a session and a socket connect', async () => {
    const address = ne.ne_addr_first(await io.ne_addr_resolve('127.0.0.1', 0));
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', server.port);
    ne.ne_set_addrlist(session, [address]);
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(await io.ne_sock_connect(ne.ne_sock_create(), address, server.port)).toBe(0);
  });

  test.each([
    ['127.0.0.1', ne.ne_iaddr_ipv4, /^localhost|^127\.0\.0\.1$/],
    ['::1', ne.ne_iaddr_ipv6, /^(ip6-)?localhost|^::1$/],
    ['192.0.2.1', ne.ne_iaddr_ipv4, /^192\.0\.2\.1$/], // an address that has no name
  ])('finds the name of %s', async (text, type, expected) => {
    const name = { value: 'as before' };
    expect(await io.ne_iaddr_reverse(ne.ne_iaddr_parse(text, type)!, name)).toBe(0);
    expect(name.value).toMatch(expected);
  });

  test('rejects invalid flags', async () => {
    for (const flags of [-1, 2 ** 31, 0.5])
      expect(await failureOf(() => io.ne_addr_resolve('127.0.0.1', flags))).toEqual(outOfRange);
  });
});

describe('lookups with promises', () => {
  test('runs many at a time, each on a thread of its own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => promises.ne_addr_resolve(`127.0.0.${index}`, 0)),
    );
    expect(answers.map((answer) => ne.ne_iaddr_print(ne.ne_addr_first(answer)))).toEqual(
      answers.map((_, index) => `127.0.0.${index}`),
    );
  });

  test('rejects at once on abort and fills nothing', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const name = { value: 'as before' };
    const calls = [
      failureOf(() => promises.ne_addr_resolve('nosuchhost.invalid', 0, { signal })),
      failureOf(() => promises.ne_iaddr_reverse(loopback(), name, { signal })),
    ];
    const start = performance.now();
    controller.abort();
    for (const call of calls) expect(await call).toMatchObject({ name: 'AbortError' });
    expect(performance.now() - start).toBeLessThan(500);
    expect(name.value).toBe('as before');
  });

  test('finds the name of an address that is freed meanwhile', async () => {
    const address = loopback();
    const name = { value: '' };
    const looking = promises.ne_iaddr_reverse(address, name);
    ne.ne_iaddr_free(address);
    expect(await looking).toBe(0);
    expect(name.value).not.toBe('');
  });
});

describe('addresses that change', () => {
  const has = features.functions['ne_iaddr_put'] === true;
  const change = (address: ne.ne_inet_addr): unknown =>
    ne.ne_iaddr_put(address, ne.ne_iaddr_ipv4, Uint8Array.of(127, 0, 0, 2));

  test(has ? 'returns the changed object' : 'needs neon 0.37', () => {
    const address = loopback();
    if (!has) return expect(() => change(address)).toThrow(unsupported);
    expect(change(address)).toBe(address);
    expect(ne.ne_iaddr_print(address)).toBe('127.0.0.2');
    expect(ne.ne_iaddr_put(address, ne.ne_iaddr_ipv6, new Uint8Array(16))).toBe(address);
    expect(ne.ne_iaddr_print(address)).toBe('::');
  });

  test('refuses to change an address in use', async () => {
    const used = loopback();
    const session = ne.ne_session_create('http', 'localhost', 80);
    ne.ne_set_addrlist(session, [used]);
    expect(() => change(used)).toThrow(invalidState);
    const local = loopback();
    ne.ne_set_localaddr(session, local);
    expect(() => change(local)).toThrow(invalidState);
    ne.ne_set_localaddr(session, null);
    if (has) expect(change(local)).toBe(local);
    else expect(() => change(local)).toThrow(unsupported);
    const bound = loopback();
    const socket = ne.ne_sock_create();
    ne.ne_sock_prebind(socket, bound, 0);
    expect(() => ne.ne_iaddr_set_scope(bound, 'lo')).toThrow(invalidState);
    ne.ne_sock_close(socket);
    const address = loopback();
    const { port } = await listen();
    const connecting = promises.ne_sock_connect(ne.ne_sock_create(), address, port);
    expect(() => change(address)).toThrow(neonError('ERR_NEON_BUSY'));
    expect(await connecting).toBe(0);
    const looking = promises.ne_iaddr_reverse(address, {});
    expect(() => change(address)).toThrow(neonError('ERR_NEON_BUSY'));
    await looking;
    if (has) expect(change(address)).toBe(address);
  });

  const scoped = features.functions['ne_iaddr_set_scope'] === true;
  test(scoped ? 'sets and returns scopes' : 'needs neon 0.34 for scopes', () => {
    const address = ne.ne_iaddr_parse('fe80::1', ne.ne_iaddr_ipv6)!;
    if (!scoped) {
      expect(() => ne.ne_iaddr_set_scope(address, 'lo')).toThrow(unsupported);
      return expect(() => ne.ne_iaddr_get_scope(address)).toThrow(unsupported);
    }
    expect(ne.ne_iaddr_get_scope(address)).toBeNull();
    const [name] = Object.keys(networkInterfaces());
    expect(ne.ne_iaddr_set_scope(address, name!)).toBe(0);
    expect(ne.ne_iaddr_get_scope(address)).toBe(name);
    expect(ne.ne_iaddr_set_scope(address, 'nosuchinterface')).not.toBe(0);
    expect(ne.ne_iaddr_get_scope(address)).toBe(name);
    expect(ne.ne_iaddr_set_scope(loopback(), name!)).not.toBe(0);
    expect(ne.ne_iaddr_get_scope(loopback())).toBeNull();
  });
});
