/** Tests walks through trees, with sessions and pools. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Resource, Session, SessionPool, type WalkOptions } from 'libneon';
import { failureOf, outOfRange, wrongType } from '../../support/expect.js';
import { type Hrefs, treeServers } from '../../support/tree-server.js';

const serve = treeServers();

type Client = Session | SessionPool;
const clients: [string, (url: string) => Client][] = [
  ['session', (url) => Session.open(url)],
  ['pool', (url) => new SessionPool(url, { connections: 4 })],
];

const opened: Client[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close({ timeout: 1000 })));
});

/** A tree with 3 collections and 2 files in each collection, down to this depth. */
const regular =
  (depth: number): Hrefs =>
  (path) => {
    const level = path.split('/').length - 2;
    const folders = level < depth ? ['a/', 'b/', 'c/'] : [];
    return [path, ...folders, 'x', 'y'].map((name, i) => (i === 0 ? name : path + name));
  };

/** The paths of a regular tree in the order of a walk. */
function expected(depth: number, path = '/'): string[] {
  const level = path.split('/').length - 2;
  const folders = level < depth ? ['a/', 'b/', 'c/'] : [];
  return [...folders.flatMap((name) => [path + name, ...expected(depth, path + name)]), `${path}x`, `${path}y`];
}

describe.each(clients)('%s', (form, connect) => {
  const open = (url: string): Client => {
    const client = connect(url);
    opened.push(client);
    return client;
  };
  const pathsOf = async (client: Client, target = '', options?: WalkOptions): Promise<string[]> => {
    const paths: string[] = [];
    for await (const { path } of client.walk(target, options)) paths.push(path);
    return paths;
  };

  test('gives everything, depth first, each collection before its members', async () => {
    const server = await serve(regular(3));
    for (const concurrency of [undefined, 1, 3, 100])
      expect(await pathsOf(open(server.url), '', { concurrency })).toEqual(expected(3));
    expect(server.listed.length).toBe(4 * (1 + 3 + 9 + 27));
  });

  test('has the same order however long listings take', async () => {
    const delays = [30, 0, 15, 5, 40, 10];
    let count = 0;
    const server = await serve(async (path) => {
      await sleep(delays[count++ % delays.length]);
      return (await regular(2)(path)) as readonly string[];
    });
    expect(await pathsOf(open(server.url))).toEqual(expected(2));
    expect(server.peak).toBe(form === 'pool' ? 4 : 1);
  });

  test('ends at the depth', async () => {
    const server = await serve(regular(3));
    const client = open(server.url);
    expect(await pathsOf(client, '', { depth: 1 })).toEqual(['/a/', '/b/', '/c/', '/x', '/y']);
    expect(server.listed).toEqual(['/']);
    expect(await pathsOf(client, '/a/', { depth: 2 })).toEqual(
      expected(3).filter((path) => /^\/a\/(.|.\/|.\/.\/?)$/.test(path)),
    );
  });

  test('omits what the filter refuses, and everything below it', async () => {
    const server = await serve(regular(2));
    const asked: string[] = [];
    const filter = ({ path, name }: Resource): boolean => {
      asked.push(path);
      return name !== 'b' && name !== 'x';
    };
    expect(await pathsOf(open(server.url), '', { filter })).toEqual(
      expected(2).filter((path) => !/\/(b\/|x$)/.test(path)),
    );
    expect(server.listed).not.toContain('/b/');
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('does not loop where a server lists collections again', async () => {
    const answers: Record<string, string[]> = {
      '/dav/': ['/dav/', '/dav/sub/', '/dav', '/dav/sub', '/dav/sub/', '/dav/s%75b/deep', '/dav/f'],
      '/dav/sub/': ['/dav/sub/deep', '/dav/sub/', '/dav/sub/', '/dav/sub/deep'],
    };
    const server = await serve((path) => answers[path] ?? 500);
    expect(await pathsOf(open(server.url), '/dav/')).toEqual(['/dav/sub/', '/dav/sub/deep', '/dav/f']);
    expect(server.listed).toEqual(['/dav/', '/dav/sub/']);
  });

  test('rejects when a server lists another place', async () => {
    for (const other of ['/', '/etc/', '/davx', '/dav/sub/../../x', 'http://other.example/x']) {
      const server = await serve((path) => (path === '/dav/sub/' ? [path, other] : ['/dav/', '/dav/sub/']));
      const failure = await failureOf(() => pathsOf(open(server.url), '/dav/'));
      expect(failure).toMatchObject({ code: 'NE_ERROR', target: '/dav/sub/' });
      expect(failure.message).toContain('which is not in the collection /dav/sub/');
    }
  });

  test('rejects for a tree without end', async () => {
    const server = await serve((path) => [path, `${path}d/`]);
    const failure = await failureOf(() => pathsOf(open(server.url)));
    expect(failure).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(failure.message).toContain('more than 1000 levels');
    expect(await pathsOf(open(server.url), '', { depth: 20 })).toHaveLength(20);
  }, 30_000);

  test('rejects when a collection cannot be listed, unless onError takes the error', async () => {
    const server = await serve((path) => (path === '/b/' ? 403 : regular(1)(path)));
    const client = open(server.url);
    expect(await failureOf(() => pathsOf(client))).toMatchObject({ status: 403, target: '/b/' });
    const failed: unknown[] = [];
    const paths = await pathsOf(client, '', { onError: (error, { path }) => failed.push([path, error]) });
    expect(failed).toMatchObject([['/b/', { code: 'ERR_NEON_STATUS', status: 403 }]]);
    expect(paths).toEqual(expected(1).filter((path) => !/^\/b\/./.test(path)));
    const missing = await serve(() => 404);
    expect(await failureOf(() => pathsOf(open(missing.url), '', { onError: () => undefined }))).toMatchObject({
      status: 404,
    });
  });

  test('ends the requests under way when the loop is left', async () => {
    const server = await serve((path) => (path === '/' ? regular(1)(path) : undefined));
    const client = open(server.url);
    for await (const { path } of client.walk('')) {
      expect(path).toBe('/a/');
      while (server.listed.length < (form === 'pool' ? 4 : 2)) await sleep(5);
      break;
    }
    while (server.abandoned < (form === 'pool' ? 3 : 1)) await sleep(5);
    expect(client.liveRequests).toBe(0);
    expect(server.listed.length).toBe(form === 'pool' ? 4 : 2);
  });

  test('rejects with the reason of the signal, and after the timeout', async () => {
    const server = await serve((path) => (path === '/' ? regular(1)(path) : undefined));
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const aborted = pathsOf(open(server.url), '', { signal: controller.signal, onError: () => undefined });
    expect(await failureOf(() => aborted)).toBe(reason);
    const late = pathsOf(open(server.url), '', { timeout: 80 });
    expect(await failureOf(() => late)).toMatchObject({ code: 'NE_TIMEOUT' });
  });

  test('passes on the exception of the filter, and refuses another result', async () => {
    const server = await serve(regular(1));
    const error = new Error('mine');
    const filter = (): never => {
      throw error;
    };
    expect(await failureOf(() => pathsOf(open(server.url), '', { filter }))).toBe(error);
    expect(await failureOf(() => pathsOf(open(server.url), '', { filter: (() => 1) as never }))).toEqual(wrongType);
  });

  test('refuses invalid options at once', async () => {
    const client = open('http://127.0.0.1:9/');
    const walk = (options: object) => failureOf(() => client.walk('', options));
    expect(await walk({ depth: 0 })).toEqual(outOfRange);
    expect(await walk({ depth: 1.5 })).toEqual(outOfRange);
    expect(await walk({ concurrency: Infinity })).toEqual(outOfRange);
    expect(await walk({ concurrency: '2' })).toEqual(wrongType);
    expect(await walk({ filter: 'x' })).toEqual(wrongType);
    expect(await walk({ onError: true })).toEqual(wrongType);
    expect(await walk({ props: 'x' })).toEqual(wrongType);
    expect(await walk({ signal: 'x' })).toEqual(wrongType);
    expect((await walk({ fliter: 'x' })).message).toContain('did you mean "filter"?');
  });
});

test('a walk does not block the event loop', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `/${i}%20x`);
  const server = await serve((path) => [path, ...names]);
  await using pool = new SessionPool(server.url);
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  let count = 0;
  let begun = false;
  for await (const { path } of pool.walk('')) {
    if (!begun) [begun, longest] = [true, 0]; // the server runs in this process, too
    if (path !== '') count++;
  }
  clearInterval(timer);
  expect(count).toBe(20_000);
  expect(longest).toBeLessThan(100);
});
