/** Tests the tour and the examples by running them as users do. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { rawServer, response, type RawServer } from '../servers/raw.js';
import { freePorts, projectRoot } from '../servers/start.js';
import { type Ended, runNode } from '../support/child.js';

const run = (name: string, ...args: string[]): Promise<Ended> => runNode([`dist/examples/${name}.js`, ...args]);

/** The request lines that a server received. */
async function requestLines(server: RawServer): Promise<string[]> {
  const connections = await server.connections();
  return connections.flatMap(({ received }) => received.toString('latin1').match(/^[A-Z]+ .* HTTP\/1\.1$/gm) ?? []);
}

/** Starts a server that gives the same response to every request and records the requests. */
function answering(text: string): Promise<RawServer> {
  return rawServer({
    connections: [[{ repeat: 'forever', steps: [{ read: 'request' }, { send: text }] }]],
    rest: 'repeat-last',
  });
}

const plain = [
  'libneon: classes',
  "libneon/ne: the same requests by neon's C API, blocking",
  'libneon/ne/promises: the C API again, on a thread of the session',
  'One session, one connection',
  'A server that is down',
] as const;
const special = [
  'A tree is listed while the event loop keeps ticking',
  'A second session respects a lock',
  'An upload from a file reports its progress',
  'A blocking call is for scripts: the event loop stands still',
  'The server sees an abort',
] as const;

describe('the tour', () => {
  let shown: Ended;
  let sections: Map<string, string>;

  beforeAll(async () => {
    shown = await run('tour');
    const texts = shown.stdout.split('\n\n').map((section) => section.split('\n'));
    sections = new Map(texts.map(([title = '', ...lines]) => [title, lines.join('\n')]));
  });

  test('shows everything against its own server, within a minute', () => {
    const { exit, stderr } = shown;
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const [first, ...titles] = sections.keys();
    expect(first).toMatch(/^libneon \d+\.\d+\.\d+ on neon 0\.3\d+\.\d+, (OpenSSL|GnuTLS) .*, Node \d+/);
    const last = titles.splice(-2);
    expect(titles).toEqual([...plain, ...special]);
    const [, seconds] = /^Everything worked, in (\d+\.\d) s\.$/.exec(last[0]!)!;
    expect(Number(seconds)).toBeLessThan(60);
    expect(last[1]).toBe('Read next');
  });

  test.each(plain.slice(0, 3))('sends the plain requests: %s', (title) => {
    const section = sections.get(title);
    expect(section).toMatch(/ms {2}OPTIONS \/ +200 OK, 0 bytes, new connection$/m);
    expect(section).toMatch(/ms {2}PUT \/tour\.txt +201 Created, 0 bytes, same connection$/m);
    expect(section).toMatch(/ms {2}GET \/tour\.txt +200 OK, 13 bytes, same connection$/m);
    expect(section).toMatch(/ms {2}PROPFIND \/ +207 Multi-Status, \d{3,} bytes, same connection$/m);
    expect(section).toMatch(/ms {2}DELETE \/tour\.txt +204 No Content, 0 bytes, same connection$/m);
    expect(section).toMatch(/destroy +ERR_NEON_LIVE_REQUESTS: 1 request of this session is live: GET \/$/m);
  });

  test('reuses the connection, and reports a server that is down', () => {
    expect(sections.get(plain[3])!.match(/(new|same) connection$/gm)).toEqual([
      'new connection',
      ...Array<string>(3).fill('same connection'),
      'new connection',
    ]);
    const down = sections.get(plain[4])!;
    expect(down.match(/NE_CONNECT: .*Could not connect to server: Connection refused$/gm)).toHaveLength(2);
  });

  test('lists a tree while the event loop ticks, and says how long it stood still', () => {
    const [tree, , upload, blocking] = special.map((title) => sections.get(title)!);
    const loop = /a timer of 1 ms fired (\d+) times, longest stall (\d+\.\d) ms$/m;
    const [, walked] = loop.exec(tree!)!;
    expect(tree).toMatch(/pool\.walk +150 files; /);
    expect(Number(walked)).toBeGreaterThan(10);
    expect(upload).toMatch(/session\.put +32 MiB, \d{2,} reports of progress; /);
    expect(upload).toMatch(loop);
    const [, ticks] = loop.exec(blocking!)!;
    expect(ticks).toBe('0');
    expect(blocking).toMatch(/session\.getSync +32 MiB; /);
  });

  test('shows a lock and an abort', () => {
    const [, lock, , , abort] = special.map((title) => sections.get(title)!);
    expect(lock).toMatch(/ours\.lock +urn:uuid:.* for (59|60) s$/m);
    expect(lock).toMatch(/theirs\.put +ERR_NEON_STATUS: PUT .*\/locked\.txt: 423 Locked$/m);
    expect(lock!.match(/(ours|theirs)\.\w+ +status 204$/gm)).toHaveLength(3);
    expect(abort).toMatch(/controller\.abort +the promise rejects with AbortError$/m);
    expect(abort).toMatch(/server +the server sees the end of the connection$/m);
  });

  test('ends with ten lines about what to read, which exist', () => {
    const lines = shown.stdout.trimEnd().split('\n').slice(-10);
    expect(lines[0]).toBe('Read next');
    const files = lines.slice(1).map((line) => line.trim().split(' ')[0]!);
    expect(files.filter((file) => !existsSync(path.join(projectRoot, file)))).toEqual([]);
  });

  test('aligns its lines, and has no colours without a terminal', async () => {
    const server = await answering(response(''));
    const { stdout } = await run('tour', `http://127.0.0.1:${server.port}/`);
    const steps = stdout.split('\n').filter((line) => line.includes(' ms  '));
    expect(steps.length).toBeGreaterThanOrEqual(20);
    for (const line of steps) expect(line).toMatch(/^ *\d+\.\d ms {2}\S.{19} {2}\S/);
    expect(stdout).not.toContain('\u001b');
    await server.stop();
  });

  test('sends only OPTIONS, HEAD and GET to a given server', async () => {
    const server = await answering(response(''));
    const { stdout, stderr, exit } = await run('tour', `http://127.0.0.1:${server.port}/a/b?c=d`);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^Everything worked, in /m);

    const lines = await requestLines(server);
    const sent = [...new Set(lines)].sort();
    expect(sent).toEqual(['GET', 'HEAD', 'OPTIONS'].map((method) => `${method} /a/b?c=d HTTP/1.1`));
    await server.stop();
  });

  test('continues when a server does not support OPTIONS, and fails when the page is missing', async () => {
    const script = (status: string) => [{ read: 'request' }, { send: response('', { status }) }] as const;
    const without = await rawServer({
      connections: [[...script('405 Method Not Allowed'), { repeat: 'forever', steps: script('200 OK') }]],
      rest: 'repeat-last',
    });
    expect(await run('tour', `http://127.0.0.1:${without.port}/`)).toMatchObject({ exit: 0 });
    const missing = await answering(response('', { status: '404 Not Found' }));
    const { stderr, exit } = await run('tour', `http://127.0.0.1:${missing.port}/`);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: '\nFailed: the server responded 404 Not Found\n' });
    await Promise.all([without.stop(), missing.stop()]);
  });

  test('fails when the server is down', async () => {
    const [port] = await freePorts(1);
    const { stdout, stderr, exit } = await run('tour', `http://127.0.0.1:${port}/`);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^\nFailed: NE_CONNECT: OPTIONS .*: Could not connect to server: Connection refused\n$/);
    expect(stdout).not.toContain('Everything worked');
  });

  test.each([
    ['an argument that is not a URL', ['nonsense']],
    ['another protocol', ['ftp://127.0.0.1/']],
    ['two URLs', ['http://127.0.0.1/', 'http://127.0.0.1/']],
    ['an unknown option', ['--unknown']],
  ])('fails on %s', async (_, args) => {
    const { stdout, stderr, exit } = await run('tour', ...args);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
    expect(stderr).toMatch(/^\nFailed: .+\n$/);
  });

  // The options of `script` are those of Linux.
  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('has colours on a terminal, unless NO_COLOR is set (only on Linux)', () => {
    const onTerminal = (env: NodeJS.ProcessEnv): string =>
      spawnSync('script', ['-qec', `${process.execPath} dist/examples/tour.js nonsense`, '/dev/null'], {
        cwd: projectRoot,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
      }).stdout;
    expect(onTerminal({})).toContain('\u001b[31mFailed: nonsense is not a URL');
    expect(onTerminal({ NO_COLOR: '1' })).toMatch(/^\s*Failed: nonsense is not a URL/);
  });

  test('prints its usage', async () => {
    expect(await run('tour', '--help')).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^usage: npm start/) });
  });
});

describe('the examples', () => {
  const outputs: Record<string, RegExp[]> = {
    'first-ne': [/^http:\/\/127\.0\.0\.1:\d+\/: 200 OK$/m, /^methods: .*PROPFIND/m],
    'first-promises': [/: 200 OK and 200 OK$/m, /^a timer of 1 ms fired [1-9]\d* times meanwhile$/m],
    'first-classes': [
      /^GET: 2\d\d .*, \d+ bytes$/m,
      /^OPTIONS, blocking: 200 OK, DAV: 1/m,
      /^after close: ERR_NEON_DESTROYED/m,
    ],
    abort: [
      /^signal: +AbortError after \d+ ms/m,
      /^the session: +continues, 200$/m,
      /^timeout: +NeonError after \d+ ms: .*Timed out after 100 ms$/m,
      /^read timeout: NeonError after \d+ ms: .*timed out$/m,
    ],
    download: [/^33554432 bytes in /m],
  };

  test('are all tested here', () => {
    const helpers = ['caldav', 'dav', 'server', 'socket-server', 'special', 'steps', 'tour'];
    const names = readdirSync(path.join(projectRoot, 'examples'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => name.replace('.ts', ''));
    expect(names.filter((name) => !helpers.includes(name)).sort()).toEqual(Object.keys(outputs).sort());
  });

  test('run a server and clients in socket-server', async () => {
    const { stdout, stderr, exit } = await run('socket-server');
    expect({ stdout, stderr, exit }).toEqual({
      stdout: 'hello, Ann, hello, Bob, hello, Cid\ngoodbye\n',
      stderr: '',
      exit: 0,
    });
  });

  test.each(Object.entries(outputs))('run %s against its own server', async (name, lines) => {
    const { stdout, stderr, exit } = await run(name);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    for (const line of lines) expect(stdout).toMatch(line);
  });

  test.each(Object.keys(outputs))('run %s against a URL without changing anything there', async (name) => {
    const server = await answering(response('hello', { headers: { Allow: 'PROPFIND', DAV: '1' } }));
    const { stderr, exit } = await run(name, `http://127.0.0.1:${server.port}/`);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const lines = await requestLines(server);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^(GET|HEAD|OPTIONS) \/ HTTP\/1\.1$/);
    await server.stop();
  });

  test.each(Object.keys(outputs))('fail in %s when the server is down', async (name) => {
    const [port] = await freePorts(1);
    const { exit } = await run(name, `http://127.0.0.1:${port}/`);
    expect(exit).toBe(1);
  });
});
