/** Tests errors of the classes: NeonError, its fields, and the errors for invalid arguments. */
import { NeonError, type NeonErrorCode, Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import type { Step } from '../../servers/raw.js';
import { freePorts } from '../../servers/start.js';
import { failureOf, neonError, wrongChar, wrongType } from '../../support/expect.js';
import { requestForms } from '../../support/methods.js';
import {
  answering,
  exchange,
  openSession as open,
  receivedBy,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';

const serve = testServers();

/** All fields of an error, including its name and message. */
function fieldsOf(error: Error): object {
  return Object.assign({}, error, { name: error.name, message: error.message });
}
describe.each(requestForms)('%s', (_, send) => {
  describe('failures', () => {
    test('carries code, number, message and request', async () => {
      const [port] = (await freePorts(1)) as [number];
      using session = open({ port });
      const error = await failureOf(() => send(session, 'PROPFIND', '/a?b'));
      expect(error).toBeInstanceOf(NeonError);
      expect(error).toBeInstanceOf(Error);
      expect(fieldsOf(error)).toEqual({
        name: 'NeonError',
        message: `PROPFIND http://127.0.0.1:${port}/a?b: Could not connect to server: Connection refused`,
        code: 'NE_CONNECT',
        result: ne.NE_CONNECT,
        method: 'PROPFIND',
        target: '/a?b',
        origin: `http://127.0.0.1:${port}`,
      });
      expect('status' in error).toBe(false);
      expect(String(error)).toBe(`NeonError: ${error.message}`);
      expect(session.liveRequests).toBe(0);
    });

    test('reports a host name that cannot be resolved', async () => {
      using session = new Session('http', 'nosuchhost.invalid', 80);
      const error = await failureOf(() => send(session, 'GET', '/'));
      expect(error).toEqual(neonError('NE_LOOKUP', ne.NE_LOOKUP));
      expect(error.message).toMatch(
        /^\w+ http:\/\/nosuchhost.invalid\/: Could not resolve hostname `nosuchhost\.invalid'/,
      );
    });

    test('reports a read timeout and reconnects', async () => {
      const server = await serve(thenAnswering(stalling()));
      using session = new Session('http', '127.0.0.1', server.port, { readTimeout: 1000 });
      await expect(send(session, 'GET', '/')).rejects.toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
      await server.waitForClosed(1);
      expect((await send(session, 'GET', '/')).status).toBe(200);
    });

    test.each([
      ['method', ['G\rET', '/']],
      ['method', ['GET\n', '/']],
      ['method', ['', '/']],
      ['method', ['GE T', '/']],
      ['target', ['GET', '/a b']],
      ['target', ['GET', '/ü']],
      ['target', ['GET', '/\0']],
      ['target', ['GET', '/ HTTP/1.1\r\nX: y']],
      ['header name', ['GET', '/', { headers: { 'a b': '1' } }]],
      ['header name', ['GET', '/', { headers: { '': '1' } }]],
      ['header name', ['GET', '/', { headers: { 'a\r\nb': '1' } }]],
      ['header value', ['GET', '/', { headers: { a: '1\r\nX: y' } }]],
      ['header value', ['GET', '/', { headers: { a: '\0' } }]],
      ['header value', ['GET', '/', { headers: { a: '1\x0bX: y' } }]],
      ['header value', ['GET', '/', { headers: { a: ['1', '\x0c'] } }]],
      ['header value', ['GET', '/', { headers: { a: '\x7f' } }]],
    ] as [string, Parameters<Session['request']>][])(
      'sends nothing when given an invalid %s: %j',
      async (_, values) => {
        const server = await serve(answering());
        using session = open(server);
        await expect(send(session, ...values)).rejects.toEqual(wrongChar);
        expect(session.liveRequests).toBe(0);
        expect((await send(session, 'GET', '/next')).status).toBe(200);
        expect((await receivedBy(server)).join()).toMatch(/^GET \/next HTTP/);
        expect((await server.connections()).map(({ requests }) => requests)).toEqual([1]);
      },
    );

    test.each([
      [[]],
      [[1, '/']],
      [['GET']],
      [['GET', null]],
      [['GET', '/', { body: 1 }]],
      [['GET', '/', { body: {} }]],
      [['GET', '/', { body: new Uint16Array(1) }]],
      [['GET', '/', { headers: { a: true } }]],
      [['GET', '/', { headers: 'a: 1' }]],
      [['GET', '/', { headers: [[1, 'a']] }]],
    ])('rejects arguments of the wrong type: %j', async (values) => {
      using session = new Session('http', 'nosuchhost.invalid', 80);
      await expect(send(session, ...(values as unknown as Parameters<Session['request']>))).rejects.toEqual(wrongType);
      expect(session.liveRequests).toBe(0);
    });

    test.each([
      ['destroyed', async (session) => session.destroy()],
      ['closed', async (session) => session.close()],
    ] as [string, (session: Session) => Promise<void>][])('rejects on a session that is %s', async (_, end) => {
      const session = new Session('http', 'example.com', 80);
      await end(session);
      const error = await failureOf(() => send(session, 'GET', '/'));
      expect(error).toEqual(neonError('ERR_NEON_DESTROYED'));
      expect(error).toMatchObject({ origin: 'http://example.com' });
    });

    test('rejects while a request of the C functions has begun', async () => {
      const server = await serve(answering());
      using session = open(server);
      const request = ne.ne_request_create(session.handle, 'GET', '/active');
      expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
      await expect(send(session, 'GET', '/')).rejects.toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
      await promises.ne_request_destroy(request);
      expect((await send(session, 'GET', '/')).status).toBe(200);
    });

    test('fails with equal errors on both surfaces', async () => {
      const scripts: (readonly Step[])[] = [
        [{ read: 'request' }],
        [{ read: 'request' }, { send: 'nonsense\r\n' }],
        exchange('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'),
        exchange('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
      ];
      for (const script of scripts) {
        const server = await serve({ connections: [script], rest: 'repeat-last' });
        using session = open(server);
        const [one, other] = [
          await failureOf(() => send(session, 'GET', '/x')),
          await failureOf(() => session.requestSync('GET', '/x')),
        ];
        expect(fieldsOf(one)).toEqual(fieldsOf(other));
        expect(one.code).toBe('NE_ERROR');
      }
    });
  });
});

describe('NeonError', () => {
  test.each([
    ['NE_OK', 0],
    ['NE_ERROR', 1],
    ['NE_LOOKUP', 2],
    ['NE_AUTH', 3],
    ['NE_PROXYAUTH', 4],
    ['NE_CONNECT', 5],
    ['NE_TIMEOUT', 6],
    ['NE_FAILED', 7],
    ['NE_RETRY', 8],
    ['NE_REDIRECT', 9],
    ['ERR_NEON_BUSY', undefined],
  ] as const)('gives %s the number %p', (code, result) => {
    const error = new NeonError('text', code as NeonErrorCode, { status: 404 });
    expect(error).toMatchObject({ name: 'NeonError', message: 'text', code, result, status: 404 });
    expect(error.stack).toContain('NeonError');
  });
});
