/**
 * Tests ne_request_dispatch on a kept connection. The promise form runs small requests on the shared lane; its results
 * must equal those of the blocking form, which has no shared lane.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response, type RawServer, type Step } from '../../servers/raw.js';
import { bodyOf, headFor, kib, withBody } from '../../support/bodies.js';
import { failureOf } from '../../support/expect.js';
import { testFiles } from '../../support/files.js';
import { exchange, keepAlive, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const files = testFiles();

/** A session whose connection is open, with a server that follows `steps` after its first response. */
async function warm(
  steps: Step[],
  further: Step[][] = [keepAlive()],
): Promise<{ server: RawServer; session: ne.ne_session }> {
  const server = await serve({ connections: [[...exchange(), ...steps], ...further], rest: 'repeat-last' });
  const session = sessionWith(server);
  expect(ne.ne_request_dispatch(ne.ne_request_create(session, 'GET', '/first'))).toBe(ne.NE_OK);
  return { server, session };
}

describe.each(surfaces)('$surface', ({ io }) => {
  /** Dispatches a request; returns the result, and the status of the response. */
  async function send(session: ne.ne_session, target = '/', prepare?: (req: ne.ne_request) => void): Promise<number[]> {
    const request = ne.ne_request_create(session, 'PUT', target);
    prepare?.(request);
    const result = await io.ne_request_dispatch(request);
    const { code } = ne.ne_get_status(request);
    ne.ne_request_destroy(request);
    return [result, code];
  }

  test('discards bodies of all sizes and codings', async () => {
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const long = bodyOf(100 * kib).toString();
    const answers = [
      ...[0, 1, 2048, 16 * kib, 16 * kib + 1, 300 * kib].map(withBody),
      `${chunks}5\r\nhello\r\n0\r\n\r\n`,
      `${chunks}${(100 * kib).toString(16)}\r\n${long}\r\n0\r\nX-Sum: 7\r\n\r\n`,
      'HTTP/1.1 204 No Content\r\n\r\n',
    ];
    const { server, session } = await warm(answers.flatMap((answer) => exchange(answer)));
    for (const answer of answers) {
      const code = Number(answer.toString('latin1').slice(9, 12));
      expect(await send(session, `/${answer.length}`)).toEqual([ne.NE_OK, code]);
    }
    expect((await server.connections()).length).toBe(1);
  });

  test('sends bodies of all kinds', async () => {
    const descriptor = files.holding(bodyOf(3 * kib));
    const bodies: ((req: ne.ne_request) => void)[] = [
      (req) => ne.ne_set_request_body_buffer(req, bodyOf(2 * kib)),
      (req) => ne.ne_set_request_body_buffer(req, bodyOf(300 * kib)),
      (req) => ne.ne_set_request_body_fd(req, descriptor, 1, 2 * kib),
      (req) => ne.ne_add_request_header(req, 'X-Long', 'x'.repeat(7 * kib)),
      (req) => ne.ne_print_request_header(req, 'X-Format', '%d-%s', 7, 'y'.repeat(4 * kib)),
      (req) => {
        let left = 3;
        ne.ne_set_request_body_provider(req, 3 * kib, (room) =>
          room === 0 ? ((left = 3), 0) : left-- > 0 ? bodyOf(kib) : 0,
        );
      },
    ];
    const { server, session } = await warm(bodies.flatMap(() => exchange()));
    for (const prepare of bodies) expect(await send(session, '/', prepare)).toEqual([ne.NE_OK, 200]);
    const [received] = await receivedBy(server);
    expect(received!.split(bodyOf(2 * kib).toString()).length).toBeGreaterThan(2);
    for (const part of [
      `${bodyOf(300 * kib).toString()}PUT`,
      `\r\n\r\n${bodyOf(3 * kib)
        .subarray(1, 1 + 2 * kib)
        .toString()}PUT`,
      `X-Long: ${'x'.repeat(7 * kib)}\r\n`,
      `X-Format: 7-${'y'.repeat(4 * kib)}\r\n`,
      `\r\n\r\n${bodyOf(kib).toString().repeat(3)}`,
    ])
      expect(received!.includes(part)).toBe(true);
  });

  test.each(['fin', 'rst'] as const)('sends the request again when the connection ends by %s', async (close) => {
    const { server, session } = await warm([{ read: 'request' }, { close }], [exchange(response('again'))]);
    expect(await send(session, '/second')).toEqual([ne.NE_OK, 200]);
    const [first, second] = await receivedBy(server);
    expect(second).toBe(first!.slice(first!.indexOf('PUT /second')));
  });

  test.each([
    ['the head', ne.NE_TIMEOUT, []],
    ['a status line', ne.NE_TIMEOUT, [{ send: 'HTTP/1.1 2' }]],
    ['the body', ne.NE_ERROR, [{ send: `${headFor(10)}12345` }]],
  ] as [string, number, Step[]][])('gives up a server that stalls in %s', async (_, expected, start) => {
    const session = sessionWith(
      await serve({ connections: [[...exchange(), { read: 'request' }, ...start, { hang: 'reading' }], keepAlive()] }),
    );
    ne.ne_set_read_timeout(session, 1);
    expect((await send(session))[0]).toBe(ne.NE_OK);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(expected);
    expect(ne.ne_get_error(session)).toMatch(/timed out/);
    ne.ne_request_destroy(request);
    expect(await send(session)).toEqual([ne.NE_OK, 200]); // on a new connection
  });

  test('reports a body that breaks off', async () => {
    const { session } = await warm([{ read: 'request' }, { send: `${headFor(10)}12345` }, { close: 'fin' }]);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
    expect(await send(session)).toEqual([ne.NE_OK, 200]);
  });

  test('dispatches one request twice', async () => {
    const { session } = await warm(exchange(response('', { status: '404 Not Found' })));
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(ne.ne_get_status(request).code).toBe(404);
    ne.ne_close_connection(session);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(ne.ne_get_status(request).code).toBe(200);
  });
});

describe('promises', () => {
  test('are rejected by the signal while the server stalls, and the session goes on', async () => {
    const { session } = await warm([{ read: 'request' }, { hang: 'reading' }]);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    expect(await failureOf(() => promises.ne_request_dispatch(request, controller))).toBe(reason);
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
  });

  test('are rejected by the signal while a long body arrives', async () => {
    const endless: Step = { repeat: 'forever', steps: [{ send: bodyOf(kib) }, { delay: 1 }] };
    const { session } = await warm([{ read: 'request' }, { send: headFor(2 ** 40) }, endless]);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    const outcome = failureOf(() => promises.ne_request_dispatch(request, controller));
    await sleep(200);
    controller.abort();
    expect(await outcome).toMatchObject({ name: 'AbortError' });
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
  });

  test('settle in the order of the calls', async () => {
    const sizes = [3, 200 * kib, 0];
    const { session } = await warm([{ repeat: 'forever', steps: sizes.flatMap((size) => exchange(withBody(size))) }]);
    const order: number[] = [];
    const requests = Array.from({ length: 30 }, (_, i) => ne.ne_request_create(session, 'GET', `/${i}`));
    const all = requests.map(async (request, i) => {
      expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
      order.push(i);
    });
    await Promise.all(all);
    requests.forEach((request) => ne.ne_request_destroy(request));
    expect(order).toEqual(all.map((_, i) => i));
  });
});
