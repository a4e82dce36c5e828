/** Tests responses that arrive together. The addon passes small ones to JavaScript many at a time. */
import { NeonError, type Response, Session } from 'libneon';
import { response } from '../../servers/raw.js';
import { answering, endless, keepAlive, openSession, testServers } from '../../support/servers.js';

const serve = testServers();

/** Lengths of bodies and heads, below and above the limits of a packed response, and more than its memory in total. */
const bodies = [0, 1, 12, 2047, 2048, 2049, 5000, 65_536, 65_537, 200_000];
const heads = [0, 10, 2000, 8100, 8192, 9000];
const cases = bodies.flatMap((body) => heads.map((head) => ({ body, head })));

const textOf = (length: number): string => Array.from({ length }, (_, i) => 'abcdefghij'[i % 10]).join('');

/** A response that describes itself: its headers say how long its body and its padding are. */
function described({ body, head }: { body: number; head: number }): string {
  const lines = Array.from({ length: Math.ceil(head / 1000) }, (_, i) => textOf(Math.min(1000, head - 1000 * i)));
  const padding = Object.fromEntries(lines.map((line, i) => [`X-Padding-${i}`, line]));
  return response(textOf(body), { headers: { 'X-Body': String(body), 'X-Head': String(head), ...padding } });
}

async function check(res: Response): Promise<void> {
  const { headers } = res;
  const [body, head] = [Number(headers['x-body']), Number(headers['x-head'])];
  const lines = Object.keys(headers).filter((name) => name.startsWith('x-padding-'));
  expect(lines.reduce((sum, name) => sum + headers[name]!.length, 0)).toBe(head);
  expect(await res.text()).toBe(textOf(body));
}

test('responses of all sizes that arrive together are complete, and stay so', async () => {
  const server = await serve({ connections: cases.map((one) => keepAlive(described(one))), rest: 'repeat-last' });
  const sessions = cases.map(() => openSession(server));
  const kept: Response[] = [];
  for (let round = 0; round < 3; round++) {
    const small = (res: Response): boolean => Number(res.headers['content-length']) <= 5000;
    const all = await Promise.all(sessions.map((session) => session.get('/')));
    kept.push(...all.filter(small));
    await Promise.all(all.filter((res) => !small(res)).map(check));
  }
  for (const res of kept) await check(res); // later responses have not overwritten them
  expect(kept.length).toBeGreaterThan(cases.length);
  for (const session of sessions) session.destroy();
});

test('a body has memory of its own', async () => {
  const server = await serve(answering(response('hello')));
  using session = openSession(server);
  const [one, two] = await Promise.all(['/1', '/2'].map(async (path) => (await session.get(path)).bytes()));
  expect(one!.buffer.byteLength).toBe(5);
  one!.fill('x');
  expect([one!.toString(), two!.toString()]).toEqual(['xxxxx', 'hello']);
});

test('bytes that are not ASCII arrive in heads and bodies', async () => {
  const server = await serve(
    answering(Buffer.from('HTTP/1.1 200 Schön\r\nX-A: ü€\r\nContent-Length: 4\r\n\r\n\xff\0\x80a', 'latin1')),
  );
  using session = openSession(server);
  const sync = session.requestSync('GET', '/');
  const res = await session.request('GET', '/');
  expect([res.reasonPhrase, res.headers]).toEqual([sync.reasonPhrase, sync.headers]);
  expect(await res.bytes()).toEqual(sync.bytesSync());
});

test('calls settle in the order of their requests', async () => {
  const server = await serve(answering(response('hello')));
  using session = openSession(server);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 600 }, async (_, i) => {
      await session.request(i % 3 ? 'GET' : 'PUT', '/', i % 3 ? {} : { body: 'x' });
      order.push(i);
    }),
  );
  expect(order).toEqual(Array.from({ length: 600 }, (_, i) => i));
});

test('a failure and an abort do not reach other calls of the same turn', async () => {
  const server = await serve({
    connections: [keepAlive(response('hello')), endless(), [{ read: 'request' }, { close: 'fin' }]],
    rest: 'repeat-last',
  });
  const good = openSession(server);
  await good.get('/');
  const endlessly = openSession(server);
  await endlessly.get('/');
  const sessions = Array.from({ length: 20 }, () => new Session('http', '127.0.0.1', server.port));
  const controller = new AbortController();
  const aborted = endlessly.get('/', { signal: controller.signal });
  const results = Promise.allSettled([
    ...sessions.map((session) => session.get('/')),
    ...Array.from({ length: 20 }, () => good.get('/')),
  ]);
  controller.abort();
  await expect(aborted).rejects.toBe(controller.signal.reason);
  const settled = await results;
  expect(settled.slice(0, 20).every(({ status }) => status === 'rejected')).toBe(true);
  for (const result of settled.slice(0, 20)) expect((result as PromiseRejectedResult).reason).toBeInstanceOf(NeonError);
  expect(settled.slice(20).every(({ status }) => status === 'fulfilled')).toBe(true);
  good.destroy();
  endlessly.destroy({ force: true });
  for (const session of sessions) session.destroy();
});
