/** Tests the details in errors: the response, the system's error, the certificate, and the caller's line. */
import { type ResponseHeaders, Session, SessionPool } from 'libneon';
import { response } from '../../servers/raw.js';
import { freePorts } from '../../servers/start.js';
import { coded, failureOf, neonError } from '../../support/expect.js';
import { clients, requestForms } from '../../support/methods.js';
import { answering, openSession as open, testServers } from '../../support/servers.js';

const serve = testServers();

const busy = (body: string): string =>
  response(body, {
    status: '503 Service Unavailable',
    headers: { 'Retry-After': '7', 'Content-Type': 'text/plain' },
  });

describe.each(clients)('a failure of the server, by %s', (_, connect, of) => {
  test.each([
    ['a short body', 'try again', 9],
    ['a body that streams', 'x'.repeat(300_000), 65_536],
    ['a body that is longer than what is read ahead', 'x'.repeat(3_000_000), 65_536],
    ['no body', '', 0],
  ])('is reported with its response: %s', async (_name, body, length) => {
    const server = await serve(answering(busy(body)));
    const client = connect(`http://127.0.0.1:${server.port}/`);
    const error = await failureOf(() => of(client).get('/a?b'));
    expect(error).toEqual(neonError('ERR_NEON_STATUS', 1));
    expect(error.message).toBe(`GET http://127.0.0.1:${server.port}/a?b: 503 Service Unavailable`);
    expect(error.status).toBe(503);
    expect(error.response).toMatchObject({
      status: 503,
      reasonPhrase: 'Service Unavailable',
      headers: { 'retry-after': '7', 'content-type': 'text/plain' },
    });
    expect(error.response!.body.toString()).toBe(body.slice(0, length));
    await client.close();
  });

  test('is reported by listings and locks, too', async () => {
    const server = await serve(answering(busy('try again')));
    const client = connect(`http://127.0.0.1:${server.port}/`);
    for (const call of [() => of(client).propfind('/a'), () => of(client).discoverLocks('/a')]) {
      const error = await failureOf(call);
      expect(error).toEqual(neonError('ERR_NEON_STATUS', 1));
      expect(error.message).toBe(`PROPFIND http://127.0.0.1:${server.port}/a: 503 Service Unavailable`);
      expect(error.response!.headers['retry-after']).toBe('7');
      expect(error.response!.body.toString()).toBe('try again');
    }
    await client.close();
  });
});

test.each([
  ['session', (url: string) => Session.open(url)],
  ['pool', (url: string) => new SessionPool(url)],
] as const)('the beginning of a body that does not end is reported by a %s', async (_, connect) => {
  const head = 'HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const steps = [{ read: 'request' }, { send: head + chunk + chunk }, { hang: true }] as const;
  const server = await serve({ connections: [steps], rest: 'repeat-last' });
  await using client = connect(`http://127.0.0.1:${server.port}/`);
  const { response: failed } = await failureOf(() => client.get('/'));
  expect(failed!.body.toString()).toBe('x'.repeat(65_536));
});

test.each(['lock', 'lockSync'] as const)('%s reports the response that refuses a lock', async (name) => {
  const server = await serve(answering(busy('try again')));
  using session = open(server);
  const error = await failureOf(() => session[name]('/a'));
  expect(error.response!.headers['retry-after']).toBe('7');
  expect(error.response!.body.toString()).toBe('try again');
});

describe.each(requestForms)('%s', (_, send) => {
  test('names the error of the system as its cause', async () => {
    const [port] = (await freePorts(1)) as [number];
    using session = open({ port });
    const { cause } = await failureOf(() => send(session, 'GET', '/'));
    expect(cause).toMatchObject({ code: 'ECONNREFUSED', errno: -111, message: 'Connection refused' });
    using nowhere = new Session('http', 'nosuchhost.invalid', 80);
    const lookup = await failureOf(() => send(nowhere, 'GET', '/'));
    expect(lookup.cause).toEqual(
      expect.objectContaining({ code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) as string }),
    );
  });

  test('names a reset as its cause', async () => {
    const server = await serve({ connections: [[{ read: 'request' }, { close: 'rst' }]], rest: 'repeat-last' });
    using session = open(server);
    const { cause } = await failureOf(() => send(session, 'POST', '/', { body: 'x' }));
    expect(cause).toMatchObject({ code: 'ECONNRESET' });
  });

  test('has no cause without an error of the system', async () => {
    const server = await serve(answering('nonsense\r\n\r\n'));
    using session = open(server);
    expect('cause' in (await failureOf(() => send(session, 'GET', '/')))).toBe(false);
  });

  test('shows the line of the caller', async () => {
    const [port] = (await freePorts(1)) as [number];
    using session = open({ port });
    const { stack } = await failureOf(async function caller() {
      await send(session, 'GET', '/a');
    });
    expect(stack).toMatch(/^NeonError: GET http:\/\/127\.0\.0\.1:\d+\/a: Could not connect/);
    expect(stack).toContain('caller');
  });
});

test('shows the line of the caller for listings', async () => {
  const [port] = (await freePorts(1)) as [number];
  await using session = open({ port });
  const listing = async function caller(): Promise<unknown> {
    return await session.propfind('/a');
  };
  expect((await failureOf(listing)).stack).toContain('caller');
  const iterated = async function caller(): Promise<void> {
    for await (const _ of session.propfind('/a'));
  };
  expect((await failureOf(iterated)).stack).toContain('caller');
});

test('gives each waiting call an error of its own when the session is destroyed', async () => {
  const server = await serve({ connections: [[{ read: 'request' }, { hang: true }]], rest: 'repeat-last' });
  for (const client of [open(server), new SessionPool(`http://127.0.0.1:${server.port}/`, { connections: 1 })]) {
    const failures = ['/a', '/b'].map((target) => failureOf(() => client.request('GET', target)));
    await new Promise(setImmediate);
    client.destroy({ force: true });
    const [one, two] = await Promise.all(failures);
    expect(one!.message).toContain('/a: The ');
    expect(two!.message).toContain('/b: The ');
    expect([one, two]).toEqual([coded('ERR_NEON_DESTROYED'), coded('ERR_NEON_DESTROYED')]);
  }
});

test('gives each Set-Cookie field by itself', async () => {
  const cookies = ['a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT; Path=/', 'b=2', 'c=x=y; Secure'];
  const head = `HTTP/1.1 200 OK\r\n${cookies.map((one) => `Set-Cookie: ${one}\r\n`).join('')}X-A: 1\r\nX-A: 2\r\n`;
  const server = await serve(answering(`${head}Content-Length: 0\r\n\r\n`));
  using session = open(server);
  const headers: ResponseHeaders = session.requestSync('GET', '/').headers;
  expect(headers['set-cookie']).toEqual(cookies);
  expect(headers['x-a']).toBe('1, 2');
  expect([...headers].filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual(cookies);
  expect(new Headers([...headers].map(([name, value]) => [name, value])).getSetCookie()).toEqual(cookies);
});
