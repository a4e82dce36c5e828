/** Tests status and progress events of the classes, and a session's addresses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Session, SessionPool, type ProgressEvent, type StatusEvent } from 'libneon';
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, wrongType, wrongValue } from '../../support/expect.js';
import { runScenario } from '../../support/child.js';
import { answering, testServers } from '../../support/servers.js';

const serve = testServers();
const body = 'x'.repeat(1_000_000);

/** The types of events. A type that occurs several times in a row is listed once. */
const types = (events: readonly StatusEvent[]): string[] =>
  events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);

test('calls release their progress listeners', async () => {
  const document = '<D:multistatus xmlns:D="DAV:"><D:response><D:href>/</D:href></D:response></D:multistatus>';
  const headers = { 'Content-Type': 'text/xml' };
  const server = await serve(answering(response(document, { status: '207 Multi-Status', headers })));
  expect(await runScenario('progressListeners', server.port)).toEqual([]);
});

describe("the event 'status'", () => {
  test('reports the connection and the bodies', async () => {
    const { port } = await serve(answering(response(body)));
    const session = new Session('http', 'localhost', port, { addresses: ['127.0.0.1'] });
    const events: StatusEvent[] = [];
    session.on('status', (event) => events.push(event));
    await (await session.request('PUT', '/', { body })).bytes();
    session.destroy();
    await sleep(20);
    expect(types(events)).toEqual(['connecting', 'connected', 'sending', 'receiving', 'disconnected']);
    expect(events[0]).toEqual({ type: 'connecting', address: '127.0.0.1' });
    expect(events.findLast(({ type }) => type === 'sending')).toEqual({ type: 'sending', progress: 1e6, total: 1e6 });
    expect(events.findLast(({ type }) => type === 'receiving')).toMatchObject({ progress: 1e6, total: 1e6 });
  });

  test('is emitted for blocking requests in a later turn of the event loop', async () => {
    const { port } = await serve(answering());
    using session = new Session('http', '127.0.0.1', port);
    const events: StatusEvent[] = [];
    session.on('status', (event) => events.push(event));
    session.requestSync('GET', '/');
    expect(events).toEqual([]);
    await sleep(20);
    // neon 0.34 and later do not look up a numeric address
    expect(types(events).filter((type) => type !== 'lookup')).toEqual(['connecting', 'connected', 'receiving']);
  });

  test('is emitted to listeners that are added and removed at any time', async () => {
    const { port } = await serve(answering());
    using session = new Session('http', '127.0.0.1', port);
    const events: StatusEvent[] = [];
    const listener = (event: StatusEvent): void => void events.push(event);
    const pending = session.request('GET', '/');
    session.on('status', listener); // while the session is busy
    await pending;
    session.off('status', listener);
    await sleep(20);
    events.length = 0;
    await session.request('GET', '/');
    await sleep(20);
    expect(events).toEqual([]);
    session.once('status', listener);
    await session.request('GET', '/');
    expect(events.length).toBe(1);
  });

  test('yields to a notifier of libneon/ne', async () => {
    const { port } = await serve(answering());
    using session = new Session('http', '127.0.0.1', port);
    const events: StatusEvent[] = [];
    const notified: number[] = [];
    session.on('status', (event) => events.push(event));
    ne.ne_set_notifier(session.handle, (status) => void notified.push(status));
    await session.request('GET', '/');
    await sleep(20);
    expect(events).toEqual([]);
    expect(notified).toContain(ne.ne_status_connected);
  });
});

describe('onProgress', () => {
  test('reports its own request only', async () => {
    const { port } = await serve(answering(response(body)));
    using session = new Session('http', '127.0.0.1', port);
    const progress: ProgressEvent[][] = [[], []];
    const calls = progress.map((events, i) =>
      session
        .request('PUT', '/', { body: body.slice(i), onProgress: (event) => events.push(event) })
        .then((res) => res.bytes()),
    );
    const third = session.request('GET', '/').then((res) => res.bytes());
    await Promise.all([...calls, third]);
    progress.forEach((events, i) => {
      expect(types(events)).toEqual(['sending', 'receiving']);
      expect(events.findLast(({ type }) => type === 'sending')).toMatchObject({ progress: 1e6 - i, total: 1e6 - i });
      expect(events.at(-1)).toMatchObject({ type: 'receiving', progress: 1e6, total: 1e6 });
      const received = events.filter(({ type }) => type === 'receiving').map((event) => event.progress);
      expect(received).toEqual([...received].sort((a, b) => a - b));
    });
  });

  test('reports no total for chunked bodies', async () => {
    const { port } = await serve(
      answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    );
    await using pool = new SessionPool(`http://127.0.0.1:${port}`);
    const events: ProgressEvent[] = [];
    await pool.request('GET', '/', { onProgress: (event) => events.push(event) });
    // neon 0.37 reports the total at the end
    expect([undefined, 5]).toContain(events.at(-1)?.total);
    expect(events.at(-1)).toMatchObject({ type: 'receiving', progress: 5 });
  });

  test('must be a function', async () => {
    using session = new Session('http', '127.0.0.1', 1);
    expect(await failureOf(() => session.request('GET', '/', { onProgress: 1 as never }))).toEqual(wrongType);
  });
});

describe('addresses', () => {
  test('are tried in turn, from the local address', async () => {
    const { port } = await serve(answering());
    using session = new Session('http', 'nosuchhost.invalid', port, {
      addresses: ['127.0.0.3', '127.0.0.1'],
      localAddress: '127.0.0.1',
    });
    const events: StatusEvent[] = [];
    session.on('status', (event) => events.push(event));
    expect((await session.request('GET', '/')).status).toBe(200);
    const tried = events.filter(({ type }) => type === 'connecting').map(({ address }) => address);
    expect(tried).toEqual(['127.0.0.3', '127.0.0.1']);
  });

  test.each([
    [{ addresses: ['localhost'] }, wrongValue],
    [{ addresses: [] }, wrongValue],
    [{ addresses: 'x' }, wrongType],
    [{ addresses: [1] }, wrongType],
    [{ localAddress: '1.2.3' }, wrongValue],
    [{ localAddress: 1 }, wrongType],
  ])('are rejected: %j', async (options, error) => {
    expect(await failureOf(() => new Session('http', 'x', 80, options as object))).toEqual(error);
  });
});
