/** Network addresses (ne_socket.h), and those of a session. */
import * as ne from 'libneon/ne';
import { outOfRange, wrongType, neonError } from '../../support/expect.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';

const serve = testServers();
const loopback = (): ne.ne_inet_addr => ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;

describe('addresses', () => {
  test.each([
    ['127.0.0.1', [127, 0, 0, 1]],
    ['0.0.0.0', [0, 0, 0, 0]],
    ['255.254.253.252', [255, 254, 253, 252]],
  ])('%s', (text, raw) => {
    const parsed = ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv4)!;
    const made = ne.ne_iaddr_make(ne.ne_iaddr_ipv4, Uint8Array.from(raw))!;
    for (const address of [parsed, made]) {
      expect(ne.ne_iaddr_print(address)).toBe(text);
      expect(ne.ne_iaddr_raw(address)).toEqual(Buffer.from(raw));
      expect(ne.ne_iaddr_typeof(address)).toBe(ne.ne_iaddr_ipv4);
    }
    expect(ne.ne_iaddr_cmp(parsed, made)).toBe(0);
    expect(parsed).not.toBe(made);
  });

  test.each([
    ['::1', [...Array<number>(15).fill(0), 1]],
    ['fe80::1:2', [0xfe, 0x80, ...Array<number>(11).fill(0), 1, 0, 2]],
    ['2001:db8:1:2:3:4:5:6', [0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]],
  ])('%s', (text, raw) => {
    const parsed = ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv6)!;
    const made = ne.ne_iaddr_make(ne.ne_iaddr_ipv6, Uint8Array.from(raw))!;
    for (const address of [parsed, made]) {
      expect(ne.ne_iaddr_print(address)).toBe(text);
      expect(ne.ne_iaddr_raw(address)).toEqual(Buffer.from(raw));
      expect(ne.ne_iaddr_typeof(address)).toBe(ne.ne_iaddr_ipv6);
    }
    expect(ne.ne_iaddr_cmp(parsed, made)).toBe(0);
  });

  test.each(['', 'localhost', '127.0.0', '127.0.0.256', '::1', '[::1]', ' 127.0.0.1', '127.0.0.1 ', '1e1.0.0.1'])(
    '%j is no IPv4 address',
    (text) => {
      expect(ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv4)).toBeNull();
    },
  );

  test.each(['', '127.0.0.1', ':::1', '[::1]', 'x'.repeat(10_000)])('%j is no IPv6 address', (text) => {
    expect(ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv6)).toBeNull();
  });

  test('others differ', () => {
    const other = ne.ne_iaddr_parse('127.0.0.2', ne.ne_iaddr_ipv4)!;
    const six = ne.ne_iaddr_parse('::1', ne.ne_iaddr_ipv6)!;
    expect(ne.ne_iaddr_cmp(loopback(), other)).not.toBe(0);
    expect(ne.ne_iaddr_cmp(loopback(), six)).not.toBe(0);
    const here = loopback();
    expect(ne.ne_iaddr_cmp(here, here)).toBe(0);
  });

  test('raw bytes are copies', () => {
    const bytes = Uint8Array.of(10, 0, 0, 1);
    const address = ne.ne_iaddr_make(ne.ne_iaddr_ipv4, bytes)!;
    bytes.fill(0);
    ne.ne_iaddr_raw(address).fill(0);
    expect(ne.ne_iaddr_print(address)).toBe('10.0.0.1');
  });

  test.each([0, 1, 3, 5, 15, 16, 17])('%d bytes are no IPv4 address', (size) => {
    expect(() => ne.ne_iaddr_make(ne.ne_iaddr_ipv4, new Uint8Array(size))).toThrow(outOfRange);
    if (size !== 16) expect(() => ne.ne_iaddr_make(ne.ne_iaddr_ipv6, new Uint8Array(size))).toThrow(outOfRange);
  });

  test('end when they are freed', () => {
    const address = loopback();
    ne.ne_iaddr_free(address);
    for (const use of [ne.ne_iaddr_print, ne.ne_iaddr_raw, ne.ne_iaddr_typeof, ne.ne_iaddr_free])
      expect(() => use(address)).toThrow(neonError('ERR_NEON_DESTROYED'));
    expect(() => ne.ne_iaddr_cmp(loopback(), address)).toThrow(neonError('ERR_NEON_DESTROYED'));
  });
});

describe.each(surfaces)('$surface', ({ io }) => {
  async function send(sess: ne.ne_session): Promise<number> {
    return dispatch(io, sess);
  }

  test('a session connects to its addresses instead of looking the name up', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', server.port);
    const address = loopback();
    ne.ne_set_addrlist(session, [address]);
    ne.ne_iaddr_free(address); // the session goes on with it
    expect(await send(session)).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toContain(`\r\nHost: nosuchhost.invalid:${server.port}\r\n`);
  });

  test('to another port', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
    ne.ne_set_addrlist2(session, server.port, [loopback()]);
    expect(await send(session)).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toContain('\r\nHost: nosuchhost.invalid\r\n');
  });

  test('one after the other, until one answers', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', server.port);
    const tried: string[] = [];
    ne.ne_set_notifier(session, (_, { ci }) => {
      if (ci?.address) tried.push(ne.ne_iaddr_print(ci.address));
    });
    const list = ['127.1.2.3', '127.0.0.1', '127.4.5.6'].map((text) => ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv4)!);
    ne.ne_set_addrlist(session, list);
    list.length = 0;
    expect(await send(session)).toBe(ne.NE_OK);
    expect(tried).toEqual(['127.1.2.3', '127.0.0.1']);
  });

  test('the last list counts', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', 1);
    ne.ne_set_addrlist2(session, 1, [ne.ne_iaddr_parse('127.1.2.3', ne.ne_iaddr_ipv4)!]);
    ne.ne_set_addrlist2(session, server.port, [loopback()]);
    expect(await send(session)).toBe(ne.NE_OK);
  });

  test('from a local address', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const address = ne.ne_iaddr_parse('127.0.0.9', ne.ne_iaddr_ipv4)!;
    ne.ne_set_localaddr(session, address);
    ne.ne_iaddr_free(address);
    expect(await send(session)).toBe(ne.NE_OK);
  });

  test('from one that is not of this machine it fails, and null takes it back', async () => {
    const session = sessionWith(await serve(answering()));
    ne.ne_set_localaddr(session, ne.ne_iaddr_parse('192.0.2.1', ne.ne_iaddr_ipv4));
    expect(await send(session)).toBe(ne.NE_CONNECT);
    ne.ne_set_localaddr(session, null);
    expect(await send(session)).toBe(ne.NE_OK);
  });
});

async function dispatch(io: Io, session: ne.ne_session): Promise<number> {
  const request = await io.ne_request_create(session, 'GET', '/');
  const result = await io.ne_request_dispatch(request);
  await io.ne_request_destroy(request);
  return result;
}

test('addresses come before the first request', () => {
  const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
  ne.ne_request_destroy(ne.ne_request_create(session, 'GET', '/'));
  expect(() => ne.ne_set_addrlist(session, [loopback()])).toThrow(neonError('ERR_NEON_INVALID_STATE'));
  expect(() => ne.ne_set_addrlist2(session, 80, [loopback()])).toThrow(neonError('ERR_NEON_INVALID_STATE'));
  expect(() => ne.ne_set_addrlist(session, [1 as unknown as ne.ne_inet_addr])).toThrow(wrongType);
});

test('without a proxy ne_fill_proxy_uri fills nothing', () => {
  const uri = { host: 'kept', port: 1, path: '/kept' };
  ne.ne_fill_proxy_uri(ne.ne_session_create('http', 'example.com', 80), uri);
  expect(uri).toEqual({ host: 'kept', port: 1, path: '/kept' });
});
