/** Tests uploads and downloads of whole trees, with sessions and pools. */
import { spawn } from 'node:child_process';
import {
  chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync,
  statSync, symlinkSync, utimesSync, writeFileSync,
} from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Session, SessionPool, TreeError, type TreeProgress, type TreeResult } from 'libneon';
import { startNephele, type Nephele } from '../../servers/nephele.js';
import { projectRoot } from '../../servers/start.js';
import { failureOf, outOfRange, wrongType } from '../../support/expect.js';
import { treeServers } from '../../support/tree-server.js';

const serve = treeServers();

type Client = Session | SessionPool;
const clients: [string, (url: string) => Client][] = [
  ['session', (url) => Session.open(url)],
  ['pool', (url) => new SessionPool(url)],
];

let server: Nephele;
let base: string;
let count = 0;
beforeAll(async () => {
  server = await startNephele();
  base = mkdtempSync(path.join(tmpdir(), 'libneon-trees-'));
});
afterAll(async () => {
  await server.stop();
  rmSync(base, { recursive: true });
});

const opened: Client[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close({ timeout: 1000 })));
});

type Tree = Record<string, string>;

/** Makes a folder with these files. A path with a final slash is an empty folder. */
function folderOf(tree: Tree = {}): string {
  const folder = path.join(base, `folder-${++count}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(folder, name);
    mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, content);
  }
  return folder;
}

/** The files in a folder, without those of the library. */
function treeOf(folder: string): Tree {
  const tree: Tree = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file);
    if (entry.name.startsWith('.libneon-state-')) continue;
    if (entry.isSymbolicLink()) tree[name] = `-> ${readlinkSync(file)}`;
    else if (entry.isDirectory()) tree[`${name}/`] = '';
    else tree[name] = readFileSync(file, 'utf8');
  }
  return tree;
}

const sorted = (result: Partial<TreeResult>): object =>
  Object.fromEntries(Object.entries(result).map(([key, list]) => [key, Array.isArray(list) ? [...list].sort() : list]));

const small: Tree = { 'a.txt': 'one', 'sub/b #1?.txt': 'two', 'sub/deep/ü.txt': 'three', 'empty/': '' };
const all = { ...small, 'sub/': '', 'sub/deep/': '' };
const none = { created: [], updated: [], skipped: [], deleted: [], ignored: [], failed: [], bytes: 0 };

/** The result of a call that failed in part. */
async function partOf(call: Promise<TreeResult>): Promise<TreeResult> {
  const failure: unknown = await failureOf(() => call);
  expect(failure).toBeInstanceOf(TreeError);
  expect(failure).toMatchObject({ code: 'ERR_NEON_TREE', name: 'TreeError' });
  return (failure as TreeError).result;
}

/** Changes the content of a file, but not its length and not its date. */
function changeSecretly(file: string): void {
  const { atime, mtime } = statSync(file);
  writeFileSync(file, readFileSync(file, 'utf8').toUpperCase());
  utimesSync(file, atime, mtime);
}

/** Sets the date of a file, in seconds from now. */
function age(file: string, seconds: number): void {
  const date = new Date(Date.now() + seconds * 1000);
  utimesSync(file, date, date);
}

describe.each(clients)('%s', (_, connect) => {
  const open = (url = server.origin): Client => {
    const client = connect(url);
    opened.push(client);
    return client;
  };
  const target = (): string => `/t${count}-${opened.length}-${Math.random().toString(36).slice(2)}/`;

  test('a tree goes up and down again', async () => {
    const client = open();
    const [from, to, at] = [folderOf(small), path.join(folderOf(), 'new', 'place'), `${target()}x/y`];
    const up = await client.putTree(from, at);
    expect(sorted(up)).toEqual({
      ...none,
      created: ['a.txt', 'empty/', 'sub/', 'sub/b #1?.txt', 'sub/deep/', 'sub/deep/ü.txt'].sort(),
      bytes: 11,
    });
    const down = await client.getTree(at, to);
    expect(sorted(down)).toEqual(sorted(up));
    expect(treeOf(to)).toEqual(all);
  });

  test('files that have not changed are skipped, up and down', async () => {
    const client = open();
    const [from, to, at] = [folderOf(small), folderOf(), target()];
    await client.putTree(from, at);
    await client.getTree(at, to);
    const files = ['a.txt', 'sub/b #1?.txt', 'sub/deep/ü.txt'];
    for (const call of [() => client.putTree(from, at), () => client.getTree(at, to)])
      for (let times = 0; times < 2; times++) expect(sorted(await call())).toEqual({ ...none, skipped: files });
    writeFileSync(path.join(from, 'a.txt'), 'changed');
    expect(await client.putTree(from, at)).toMatchObject({ updated: ['a.txt'], created: [], bytes: 7 });
    expect(await client.getTree(at, to)).toMatchObject({ updated: ['a.txt'], created: [], bytes: 7 });
    expect(treeOf(to)['a.txt']).toBe('changed');
  });

  test('the state tells a file that was changed within its date and length', async () => {
    const client = open();
    const [from, to, at] = [folderOf({ a: 'one', b: 'two' }), folderOf(), target()];
    age(path.join(from, 'a'), -100);
    await client.putTree(from, at);
    await client.getTree(at, to);
    // This server gives no entity tag for an upload, and dates have no fractions of a second.
    await sleep(2500);
    await client.put(`${at}a`, 'ONE');
    expect(await client.getTree(at, to)).toMatchObject({ updated: ['a'], skipped: ['b'] });
    expect(treeOf(to)).toEqual({ a: 'ONE', b: 'two' });
    expect(await client.putTree(from, at)).toMatchObject({ updated: ['a'], skipped: ['b'] });
    // The date of a local file goes back: without a state, the file would count as old.
    writeFileSync(path.join(from, 'b'), 'TWO');
    age(path.join(from, 'b'), -1000);
    expect(await client.putTree(from, at)).toMatchObject({ updated: ['b'], skipped: ['a'] });
  });

  test('without a state, dates and lengths decide', async () => {
    const client = open();
    const [from, to, at] = [folderOf({ a: 'one', b: 'two' }), folderOf(), target()];
    for (const name of ['a', 'b']) age(path.join(from, name), -100);
    const options = { state: false };
    await client.putTree(from, at, options);
    await client.getTree(at, to, options);
    expect([...readdirSync(from), ...readdirSync(to)].filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await client.putTree(from, at, options)).toMatchObject({ skipped: ['a', 'b'] });
    expect(await client.getTree(at, to, options)).toMatchObject({ skipped: ['a', 'b'] });
    const [remote] = await client.list(at);
    expect(statSync(path.join(to, remote!.name)).mtimeMs).toBe(remote!.modified!.getTime());
    changeSecretly(path.join(from, 'a'));
    expect(await client.putTree(from, at, options)).toMatchObject({ skipped: ['a', 'b'] });
    age(path.join(from, 'a'), 100);
    writeFileSync(path.join(to, 'b'), 'mine');
    expect(await client.putTree(from, at, options)).toMatchObject({ updated: ['a'], skipped: ['b'] });
    expect((await client.getTree(at, to, options)).updated).toContain('b');
  });

  test('surplus is deleted only where the option says so', async () => {
    const client = open();
    const [from, at] = [folderOf({ keep: '1', 'old/x/y': '2', 'old/z': '3', gone: '4' }), target()];
    await client.putTree(from, at);
    const to = folderOf();
    await client.getTree(at, to);
    rmSync(path.join(from, 'old'), { recursive: true });
    rmSync(path.join(from, 'gone'));
    writeFileSync(path.join(to, 'extra'), 'x');
    expect(await client.putTree(from, at)).toMatchObject({ deleted: [], skipped: ['keep'] });
    expect(await client.exists(`${at}old/x/y`)).toBe(true);
    const deleted = await client.putTree(from, at, { delete: true });
    expect(sorted(deleted)).toMatchObject({ deleted: ['gone', 'old/'], failed: [] });
    expect(await client.exists(`${at}old/`)).toBe(false);
    expect((await client.getTree(at, to)).deleted).toEqual([]);
    expect([...(await client.getTree(at, to, { delete: true })).deleted].sort()).toEqual(['extra', 'gone', 'old/']);
    expect(treeOf(to)).toEqual({ keep: '1' });
  });

  test('a dry run changes nothing, and reports the same', async () => {
    const client = open();
    const [from, at, to] = [folderOf(small), target(), folderOf({ surplus: 'x' })];
    const options = { dryRun: true, delete: true };
    const planned = await client.putTree(from, at, options);
    expect(await client.exists(at)).toBe(false);
    expect(existsSync(path.join(from, '.libneon'))).toBe(false);
    const done = await client.putTree(from, at, { delete: true });
    expect(sorted({ ...planned, bytes: 11 })).toEqual(sorted(done));
    const before = treeOf(to);
    const plannedDown = await client.getTree(at, to, options);
    expect(treeOf(to)).toEqual(before);
    expect(readdirSync(to)).toEqual(['surplus']);
    expect(sorted({ ...plannedDown, bytes: 11 })).toEqual(sorted(await client.getTree(at, to, { delete: true })));
  });

  test('new folders go into folders that exist', async () => {
    const client = open();
    const [from, at] = [folderOf({ 'a/b/x': '1' }), target()];
    await client.putTree(from, at);
    mkdirSync(path.join(from, 'a', 'b', 'c', 'd'), { recursive: true });
    writeFileSync(path.join(from, 'a', 'b', 'c', 'd', 'y'), '2');
    expect(await client.putTree(from, at)).toMatchObject({ created: ['a/b/c/', 'a/b/c/d/', 'a/b/c/d/y'] });
  });

  test('the filter excludes files and folders from transfers and deletions', async () => {
    const client = open();
    const [from, at] = [folderOf({ a: '1', 'skip/b': '2', c: '3' }), target()];
    const filter = (name: string): boolean => name !== 'skip' && name !== 'c';
    expect((await client.putTree(from, at, { filter })).created).toEqual(['a']);
    await client.mkcol(`${at}skip/`);
    await client.put(`${at}skip/there`, 'x');
    expect((await client.putTree(from, at, { filter, delete: true })).deleted).toEqual([]);
    const to = folderOf({ c: 'local' });
    expect(await client.getTree(at, to, { filter, delete: true })).toMatchObject({ created: ['a'], deleted: [] });
    expect(treeOf(to)).toEqual({ a: '1', c: 'local' });
  });

  test('one failure does not stop the rest, and is reported', async () => {
    const client = open();
    const [from, at] = [folderOf({ a: '1', b: '2', c: '3' }), target()];
    await client.mkcol(at);
    await client.mkcol(`${at}b/`);
    const result = await partOf(client.putTree(from, at));
    expect(sorted(result)).toMatchObject({
      created: ['a', 'c'],
      failed: [{ path: 'b', error: { code: 'ERR_INVALID_ARG_VALUE' } }],
    });
    await client.putTree(from, at, { delete: true });
    expect(await (await client.get(`${at}b`)).text()).toBe('2');
    const to = folderOf({ 'a/x': 'local', c: 'old' });
    const down = await partOf(client.getTree(at, to));
    expect(down).toMatchObject({ created: ['b'], updated: ['c'], failed: [{ path: 'a' }] });
    expect(treeOf(to)).toEqual({ 'a/': '', 'a/x': 'local', b: '2', c: '3' });
    await client.getTree(at, to, { delete: true });
    expect(treeOf(to)).toEqual({ a: '1', b: '2', c: '3' });
  });

  test('a folder replaces a file, both ways, with the option delete', async () => {
    const client = open();
    const [from, at, to] = [folderOf({ 'x/y': '1' }), target(), folderOf({ x: 'file' })];
    await client.mkcol(at);
    await client.put(`${at}x`, 'file');
    expect((await partOf(client.putTree(from, at))).failed.map(({ path: at }) => at)).toContain('x');
    expect((await client.stat(`${at}x`)).type).toBe('file');
    await client.putTree(from, at, { delete: true });
    expect((await partOf(client.getTree(at, to))).failed.map(({ path: at }) => at).sort()).toEqual(['x/', 'x/y']);
    expect(treeOf(to)).toEqual({ x: 'file' });
    await client.getTree(at, to, { delete: true });
    expect(treeOf(to)).toEqual({ 'x/': '', 'x/y': '1' });
  });

  test('symbolic links of the local folder are left alone, or followed inside it', async () => {
    const client = open();
    const [from, at, outside] = [folderOf({ 'a/x': '1' }), target(), folderOf({ secret: 's' })];
    symlinkSync('a', path.join(from, 'inside'));
    symlinkSync('a/x', path.join(from, 'file'));
    symlinkSync('..', path.join(from, 'a', 'loop'));
    symlinkSync(outside, path.join(from, 'out'));
    symlinkSync(path.join(outside, 'secret'), path.join(from, 'leak'));
    symlinkSync('nowhere', path.join(from, 'broken'));
    const plain = await client.putTree(from, at);
    expect(sorted(plain)).toMatchObject({
      created: ['a/', 'a/x'],
      ignored: ['a/loop', 'broken', 'file', 'inside', 'leak', 'out'],
    });
    const result = await partOf(client.putTree(from, at, { followSymlinks: true }));
    expect(result.failed.map(({ path: at }) => at).sort()).toEqual(['a/loop', 'broken', 'inside/loop', 'leak', 'out']);
    expect([...result.created].sort()).toEqual(['file', 'inside/', 'inside/x']);
    expect(await client.exists(`${at}out/`)).toBe(false);
  });

  test('nothing is written through links that point out of the folder', async () => {
    const client = open();
    const [from, at, outside] = [
      folderOf({ 'a/x': '1', 'b/y': '2', f: '3', g: '4' }),
      target(),
      folderOf({ secret: 's' }),
    ];
    await client.putTree(from, at);
    const to = folderOf({ 'real/': '' });
    symlinkSync(outside, path.join(to, 'a'));
    symlinkSync('real', path.join(to, 'b'));
    symlinkSync(path.join(outside, 'secret'), path.join(to, 'f'));
    const result = await partOf(client.getTree(at, to));
    expect(result.failed.map(({ path: at }) => at).sort()).toEqual(['a/', 'a/x', 'f']);
    expect(treeOf(outside)).toEqual({ secret: 's' });
    expect(treeOf(to)).toMatchObject({ b: '-> real', 'real/y': '2', g: '4' });
    await client.getTree(at, to, { delete: true }).catch(() => undefined);
    expect(treeOf(outside)).toEqual({ secret: 's' });
    expect(lstatSync(path.join(to, 'f')).isFile()).toBe(true);
  });

  test('progress tells each file and the totals', async () => {
    const client = open();
    const [from, at] = [folderOf({ a: 'x'.repeat(300_000), b: 'y' }), target()];
    const events: TreeProgress[] = [];
    await client.putTree(from, at, { onProgress: (event) => events.push(event) });
    const last = events.at(-1)!;
    expect(last).toMatchObject({ done: 2, total: 2, bytes: 300_001, totalBytes: 300_001 });
    expect(
      events
        .filter(({ type }) => type === 'created')
        .map(({ path: at }) => at)
        .sort(),
    ).toEqual(['a', 'b']);
    for (const { bytes, totalBytes, done, total } of events) {
      expect(bytes).toBeLessThanOrEqual(totalBytes);
      expect(done).toBeLessThanOrEqual(total);
    }
    const error = new Error('mine');
    const onProgress = (): never => {
      throw error;
    };
    writeFileSync(path.join(from, 'a'), 'z');
    expect(await failureOf(() => client.putTree(from, at, { onProgress }))).toBe(error);
  });

  test('a file that was begun and did not end is sent again', async () => {
    const client = open();
    const [from, at] = [folderOf({ a: 'one', b: 'two' }), target()];
    for (const name of ['a', 'b']) age(path.join(from, name), -100);
    await client.putTree(from, at);
    const file = path.join(
      from,
      readdirSync(from).find((name) => name.startsWith('.libneon-state-'))!,
    );
    writeFileSync(file, `${readFileSync(file, 'utf8')}["a"]\n["b",3,`); // as after SIGKILL
    await client.put(`${at}a`, 'ONE');
    expect(await client.putTree(from, at)).toMatchObject({ updated: ['a'], skipped: ['b'] });
    expect(await (await client.get(`${at}a`)).text()).toBe('one');
    writeFileSync(file, 'garbage\0');
    expect(await client.putTree(from, at)).toMatchObject({ skipped: ['a', 'b'] });
  });

  test('leftovers of interrupted downloads are removed', async () => {
    const client = open();
    const [from, at] = [folderOf({ 'd/a': 'one' }), target()];
    await client.putTree(from, at);
    const to = folderOf({ 'd/.libneon-part-0123456789ab': 'o' });
    await client.getTree(at, to);
    expect(treeOf(to)).toEqual({ 'd/': '', 'd/a': 'one' });
    writeFileSync(path.join(from, 'd', '.libneon-part-0123456789ab'), 'o');
    expect(await client.putTree(from, at, { delete: true })).toMatchObject({ created: [], deleted: [] });
  });

  test('names that cannot be local names are refused', async () => {
    const odd: [string, string][] = [
      ['a slash', 'a%2Fb'],
      ['a backward path', '..%2F..%2Fetc'],
      ['a NUL', 'a%00b'],
      ['the name of a state file', '.libneon-state-0123456789ab.jsonl'],
    ];
    for (const [, name] of odd) {
      const hostile = await serve((at) => (at === '/dav/' ? ['/dav/', `/dav/${name}`, `/dav/${name}x/`] : 404));
      const to = folderOf();
      const result = await partOf(open(hostile.url).getTree('/dav/', to));
      expect(result.failed).toMatchObject([{ error: { code: 'ERR_INVALID_ARG_VALUE' } }, {}]);
      expect(treeOf(to)).toEqual({});
      expect(readdirSync(base)).not.toContain('etc');
    }
    for (const name of ['..', '.', '%2e%2e', '%2E.']) {
      const hostile = await serve((at) => (at === '/dav/' ? ['/dav/', `/dav/${name}/`, '/dav/%2e%2e/x'] : 404));
      const to = folderOf();
      await open(hostile.url)
        .getTree('/dav/', to)
        .then(({ created }) => expect([name, created]).toEqual(['.', []])) // this is the collection itself
        .catch((error: unknown) => expect(String(error)).toMatch(/cannot be the name|not in the collection/));
      expect(treeOf(to)).toEqual({});
    }
    const same = await serve((at) =>
      at === '/dav/' ? ['/dav/', '/dav/%ff', '/dav/%25ff'] : at === '/dav/%ff' ? 200 : 404,
    );
    expect((await partOf(open(same.url).getTree('/dav/', folderOf()))).failed[0]?.error).toMatchObject({
      message: expect.stringContaining('would be one local file') as string,
    });
  });

  test('a file of another length than the listed one is refused', async () => {
    const short = await serve((at) => (at === '/dav/' ? ['/dav/', '/dav/a'] : 200));
    const to = folderOf({ a: 'old' });
    // The server lists no length, so an empty body is whole.
    expect(await open(short.url).getTree('/dav/', to)).toMatchObject({ updated: ['a'] });
    expect(treeOf(to)).toEqual({ a: '' });
  });

  test('the signal and the timeout end the call', async () => {
    const slow = await serve((at) => (at === '/dav/' ? ['/dav/', '/dav/a', '/dav/b'] : undefined));
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    const to = folderOf();
    expect(await failureOf(() => open(slow.url).getTree('/dav/', to, { signal: controller.signal }))).toBe(reason);
    expect(await failureOf(() => open(slow.url).getTree('/dav/', to, { timeout: 100 }))).toMatchObject({
      code: 'NE_TIMEOUT',
    });
    expect(treeOf(to)).toEqual({});
  });

  test('a server that is gone ends the call early', async () => {
    let requests = 0;
    const names = Array.from({ length: 300 }, (_, i) => `/dav/${i}`);
    const going = await serve((at) => {
      requests++;
      return at === '/dav/' ? ['/dav/', ...names] : 404;
    });
    const result = await partOf(open(going.url).getTree('/dav/', folderOf()));
    expect(result.failed).toHaveLength(300);
    expect(requests).toBe(301);
    expect(await failureOf(() => open('http://127.0.0.1:9/').getTree('/', folderOf()))).toMatchObject({
      code: 'NE_CONNECT',
    });
  });

  test('refuses invalid arguments', async () => {
    const client = open();
    const folder = folderOf();
    const calls = [
      (options: object) => client.putTree(folder, '/x/', options),
      (options: object) => client.getTree('/x/', folder, options),
    ];
    for (const call of calls) {
      expect(await failureOf(() => call({ concurrency: 0 }))).toEqual(outOfRange);
      for (const wrong of [
        { delete: 1 },
        { dryRun: 'x' },
        { state: null },
        { filter: 1 },
        { onProgress: 1 },
        { signal: 1 },
      ])
        expect(await failureOf(() => call(wrong))).toEqual(wrongType);
      expect((await failureOf(() => call({ dryrun: true }))).message).toContain('did you mean "dryRun"?');
    }
    expect(await failureOf(() => client.putTree(folder, '/x/', { followSymlinks: 1 as never }))).toEqual(wrongType);
    expect(await failureOf(() => client.putTree('', '/x/'))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await failureOf(() => client.getTree('/x/', 'a\0b'))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await failureOf(() => client.putTree(5 as never, '/x/'))).toEqual(wrongType);
    expect(await failureOf(() => client.putTree(path.join(folder, 'missing'), '/x/'))).toMatchObject({
      code: 'ENOENT',
    });
    expect(await failureOf(() => client.getTree('/missing/', folder))).toMatchObject({ status: 404 });
  });
});

const program = `
  const { SessionPool } = require('libneon');
  const [, direction, url, folder] = process.argv;
  const pool = new SessionPool(url);
  console.log('begun');
  const call = direction === 'up' ? pool.putTree(folder, '/kill/') : pool.getTree('/kill/', folder);
  call.then(() => pool.close()).then(() => console.log('done'));
`;

/** Runs a transfer in a process that is killed after some milliseconds. Resolves to whether it had ended before. */
async function killed(direction: 'up' | 'down', folder: string, ms: number): Promise<boolean> {
  const child = spawn(process.execPath, ['-e', program, direction, server.origin, folder], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  while (!output.includes('begun')) await sleep(2);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await Promise.race([ended, sleep(ms)]);
  child.kill('SIGKILL');
  await ended;
  return output.includes('done');
}

test('a transfer that is killed at any moment leaves no half file, and continues', async () => {
  const tree: Tree = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`d${i % 5}/${i}`, String(i % 10).repeat(i * 20_000)]),
  );
  const from = folderOf(tree);
  const to = folderOf();
  let kills = 0;
  for (let ms = 20; !(await killed('up', from, ms)); ms += 40) kills++;
  await using session = Session.open(server.origin);
  expect(kills).toBeGreaterThan(1);
  for (let ms = 20; !(await killed('down', to, ms)); ms += 40) {
    kills++;
    const present = Object.entries(treeOf(to)).filter(
      ([name]) => !name.endsWith('/') && !name.includes('.libneon-part-'),
    );
    for (const [name, content] of present) expect([name, content === tree[name]]).toEqual([name, true]);
  }
  const files = Object.entries(treeOf(to)).filter(([name]) => !name.endsWith('/'));
  expect(Object.fromEntries(files)).toEqual(tree);
  expect((await session.putTree(from, '/kill/')).skipped).toHaveLength(60);
}, 120_000);

const asUser = process.getuid?.() === 0 ? test.skip : test;
asUser('a folder that cannot be read protects what the server has of it (not as root, who reads all)', async () => {
  const [from, at] = [folderOf({ 'a/x': '1', b: '2' }), '/unread/'];
  await using session = Session.open(server.origin);
  await session.putTree(from, at);
  chmodSync(path.join(from, 'a'), 0);
  const result = await partOf(session.putTree(from, at, { delete: true }));
  chmodSync(path.join(from, 'a'), 0o700);
  expect(result).toMatchObject({ deleted: [], failed: [{ path: 'a/' }] });
});

test('a file that is replaced while it is sent fails', async () => {
  const folder = folderOf({ a: 'x'.repeat(20_000_000) });
  await using session = Session.open(server.origin);
  const onProgress = ({ type }: TreeProgress): void => {
    if (type !== 'transferring' || existsSync(path.join(folder, '..', 'moved'))) return;
    renameSync(path.join(folder, 'a'), path.join(folder, '..', 'moved'));
    writeFileSync(path.join(folder, 'a'), 'y');
  };
  const result = await partOf(session.putTree(folder, '/replaced/', { onProgress }));
  expect(result.failed).toMatchObject([{ path: 'a', error: { code: 'NE_ERROR' } }]);
});
