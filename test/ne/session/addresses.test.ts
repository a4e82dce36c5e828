/** Tests the addresses of sessions (ne_session.h): the addresses to connect to, and the local address. */
import * as ne from 'libneon/ne';
import { neonError, wrongType } from '../../support/expect.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { loopback } from '../../support/sockets.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();

describe.each(surfaces)('$surface', ({ io }) => {
  async function send(session: ne.ne_session): Promise<number> {
    const request = await io.ne_request_create(session, 'GET', '/');
    const result = await io.ne_request_dispatch(request);
    await io.ne_request_destroy(request);
    return result;
  }

  test('connects to the addresses of a session without a lookup', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', server.port);
    const address = loopback();
    ne.ne_set_addrlist(session, [address]);
    ne.ne_iaddr_free(address); // the session has a copy
    expect(await send(session)).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toContain(`\r\nHost: nosuchhost.invalid:${server.port}\r\n`);
  });

  test('connects to the port of ne_set_addrlist2', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
    ne.ne_set_addrlist2(session, server.port, [loopback()]);
    expect(await send(session)).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toContain('\r\nHost: nosuchhost.invalid\r\n');
  });

  test('tries one address after the other until one answers', async () => {
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

  test('uses the last list', async () => {
    const server = await serve(answering());
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', 1);
    ne.ne_set_addrlist2(session, 1, [ne.ne_iaddr_parse('127.1.2.3', ne.ne_iaddr_ipv4)!]);
    ne.ne_set_addrlist2(session, server.port, [loopback()]);
    expect(await send(session)).toBe(ne.NE_OK);
  });

  test('returns to the server with an empty list', async () => {
    const server = await serve(answering());
    for (const set of [ne.ne_set_addrlist, (one: ne.ne_session) => ne.ne_set_addrlist2(one, 80, [])]) {
      const session = sessionWith(server);
      ne.ne_set_addrlist2(session, 1, [ne.ne_iaddr_parse('127.1.2.3', ne.ne_iaddr_ipv4)!]);
      set(session, []);
      expect(await send(session)).toBe(ne.NE_OK);
    }
    expect(await receivedBy(server)).toHaveLength(2);
  });

  test('connects from a local address', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const address = ne.ne_iaddr_parse('127.0.0.9', ne.ne_iaddr_ipv4)!;
    ne.ne_set_localaddr(session, address);
    ne.ne_iaddr_free(address);
    expect(await send(session)).toBe(ne.NE_OK);
  });

  test('fails from an address of another machine, until null resets it', async () => {
    const session = sessionWith(await serve(answering()));
    ne.ne_set_localaddr(session, ne.ne_iaddr_parse('192.0.2.1', ne.ne_iaddr_ipv4));
    expect(await send(session)).toBe(ne.NE_CONNECT);
    ne.ne_set_localaddr(session, null);
    expect(await send(session)).toBe(ne.NE_OK);
  });
});

test('refuses addresses after the first request', () => {
  const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
  ne.ne_request_destroy(ne.ne_request_create(session, 'GET', '/'));
  expect(() => ne.ne_set_addrlist(session, [loopback()])).toThrow(neonError('ERR_NEON_INVALID_STATE'));
  expect(() => ne.ne_set_addrlist2(session, 80, [loopback()])).toThrow(neonError('ERR_NEON_INVALID_STATE'));
  expect(() => ne.ne_set_addrlist(session, [1 as unknown as ne.ne_inet_addr])).toThrow(wrongType);
});

test('fills nothing in ne_fill_proxy_uri without a proxy', () => {
  const uri = { host: 'kept', port: 1, path: '/kept' };
  ne.ne_fill_proxy_uri(ne.ne_session_create('http', 'example.com', 80), uri);
  expect(uri).toEqual({ host: 'kept', port: 1, path: '/kept' });
});
