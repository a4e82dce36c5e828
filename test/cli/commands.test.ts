/** Tests each command in a pipe and at a pseudo-terminal, with nephele and Apache. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startApache, type Apache } from '../servers/apache.js';
import { startNephele, type Nephele } from '../servers/nephele.js';
import { describeWith } from '../servers/packages.js';
import { Client } from './client.js';

/** The end of a command; at a terminal, both outputs are one. */
interface Outcome {
  readonly text: string;
  readonly exit: number | string | null;
}

let client: Client;
beforeAll(() => {
  client = new Client();
  writeFileSync(path.join(client.work, 'a file.txt'), 'The text of the file\n');
});
afterAll(() => client.remove());

const inPipe = async (...args: string[]): Promise<Outcome> => {
  const { stdout, stderr, exit } = await client.run(args);
  return { text: stdout + stderr, exit };
};
const atTerminal = (...args: string[]): Promise<Outcome> => client.terminal(args).end();

/** Expects a success, and returns the output. */
async function success(outcome: Promise<Outcome>): Promise<string> {
  const { text, exit } = await outcome;
  expect({ text, exit }).toEqual({ text, exit: 0 });
  return text;
}

describe.each([
  ['in a pipe', inPipe],
  ['at a terminal', atTerminal],
])('%s, with nephele', (_where, run) => {
  let server: Nephele;
  beforeEach(async () => {
    server = await startNephele();
    client.env = { LIBNEON_URL: `${server.origin}/` };
  });
  afterEach(() => server.stop());
  const there = (...names: string[]): string => path.join(server.root, ...names);

  test('put, ls and get transfer files', async () => {
    expect(await success(run('put', 'a file.txt', `${server.origin}/first%20copy.txt`))).toContain(
      'uploaded /first copy.txt (21 B)\n',
    );
    expect(readFileSync(there('first copy.txt'), 'utf8')).toBe('The text of the file\n');
    expect(await success(run('ls'))).toBe('first copy.txt\n');
    expect(await success(run('ls', '-l'))).toMatch(/^21 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}first copy\.txt\n$/);
    const local = path.join(client.work, 'got.txt');
    expect(await success(run('get', 'first copy.txt', local))).toContain(`downloaded ${local} (21 B)\n`);
    expect(readFileSync(local, 'utf8')).toBe('The text of the file\n');
    expect(await success(run('get', 'first copy.txt', '-'))).toBe('The text of the file\n');
    expect(readdirSync(client.work).filter((name) => name.startsWith('.libneon'))).toEqual([]);
  });

  test('mkcol, cp, mv and rm change what is on the server', async () => {
    writeFileSync(there('one.txt'), '1');
    expect(await success(run('mkcol', '--parents', 'new/deep'))).toBe('created /new/deep/\n');
    expect(await success(run('cp', 'one.txt', 'new/'))).toBe('copied /one.txt to /new/one.txt\n');
    // A collection as the destination is not replaced.
    expect(await success(run('mv', 'one.txt', 'new/deep'))).toBe('moved /one.txt to /new/deep/one.txt\n');
    expect(await success(run('mv', 'new/deep/one.txt', 'two.txt'))).toBe('moved /new/deep/one.txt to /two.txt\n');
    expect(readdirSync(there()).sort()).toEqual(['new', 'two.txt']);
    expect(await run('rm', 'new')).toMatchObject({ exit: 2, text: expect.stringContaining('use --recursive') });
    expect(await success(run('rm', '-r', 'new', 'two.txt'))).toBe('deleted /new/\ndeleted /two.txt\n');
    expect(readdirSync(there())).toEqual([]);
    expect(await run('rm', 'new')).toMatchObject({ exit: 5, text: expect.stringContaining('404') });
    expect(await success(run('rm', '--force', 'new'))).toBe('');
  });

  test('props sets, prints and removes properties', async () => {
    writeFileSync(there('file'), '1');
    await success(run('props', '--set', '{urn:x=y}colour=red & <green>', 'file'));
    expect(await success(run('props', '-p', '{urn:x=y}colour', '-p', 'getcontentlength', 'file'))).toBe(
      '{urn:x=y}colour: red & <green>\ngetcontentlength: 1\n',
    );
    expect(await success(run('props', '--names', 'file'))).toContain('{urn:x=y}colour\n');
    expect(await success(run('props', '--remove', '{urn:x=y}colour', 'file'))).toContain('changed');
    expect(await success(run('props', '-p', '{urn:x=y}colour', 'file'))).toMatch(/^\{urn:x=y\}colour: 404 /);
    expect(await run('props', '--set', 'no-value', 'file')).toMatchObject({ exit: 2 });
  });

  test('options and info print what is supported', async () => {
    expect(await success(run('options', server.origin))).toMatch(/^allow: .*PROPFIND.*\ndav: 1/);
    expect(await success(run('info'))).toMatch(/^libneon: .*\nneon: 0\.\d+\.\d+\nTLS library: (OpenSSL|GnuTLS) .*\n/);
  });

  test('get and put transfer folders and patterns', async () => {
    mkdirSync(path.join(client.work, 'folder', 'sub'), { recursive: true });
    for (const name of ['x.txt', 'y.md', 'sub/z.txt']) writeFileSync(path.join(client.work, 'folder', name), name);
    expect(await run('put', 'folder', '.')).toMatchObject({ exit: 2, text: expect.stringContaining('--recursive') });
    expect(await success(run('put', '-r', 'folder', '.'))).toContain('uploaded /folder (4 created');
    expect(await success(run('ls', 'folder/**/*.txt'))).toBe('/folder/sub/z.txt\n/folder/x.txt\n');
    expect((await success(run('ls', '-R', 'folder'))).split('\n').sort()).toEqual(
      ['', 'sub/', 'sub/z.txt', 'x.txt', 'y.md'].sort(),
    );
    const into = path.join(client.work, 'into');
    rmSync(into, { recursive: true, force: true }); // of the other surface
    expect(await success(run('get', 'folder/*.{txt,md}', `${into}/`))).toMatch(/downloaded .*x\.txt.*\n.*y\.md/s);
    expect(readdirSync(into).sort()).toEqual(['x.txt', 'y.md']);
    expect(await success(run('get', '-r', 'folder', into))).toContain('(4 created');
    expect(readFileSync(path.join(into, 'folder', 'sub', 'z.txt'), 'utf8')).toBe('sub/z.txt');
    expect(await run('get', 'folder/*.none')).toMatchObject({ exit: 5, text: expect.stringContaining('NO_MATCH') });
  });

  test('sync makes both sides equal, and deletes only when told to', async () => {
    const folder = mkdtempSync(path.join(client.work, 'tree-'));
    mkdirSync(path.join(folder, 'b'));
    for (const name of ['a', 'b/c', 'b/left.tmp']) writeFileSync(path.join(folder, name), name);
    const url = `${server.origin}/tree/`;
    expect(await success(run('sync', 'up', '--dry-run', folder, url))).toContain('4 created, 0 updated');
    expect(existsSync(there('tree'))).toBe(false);
    expect(await success(run('sync', 'up', '--exclude', '*.tmp', folder, url))).toContain('3 created, 0 updated');
    expect(await success(run('sync', 'up', '--exclude', '*.tmp', folder, url))).toContain(
      '0 created, 0 updated, 2 unchanged',
    );
    const copy = `${folder}-copy`;
    expect(await success(run('sync', 'down', url, copy))).toContain('3 created');
    expect(readFileSync(path.join(copy, 'b', 'c'), 'utf8')).toBe('b/c');
    writeFileSync(path.join(copy, 'more'), '');
    expect(await success(run('sync', 'down', url, copy))).toContain('0 deleted');
    expect(await success(run('sync', 'down', '--delete', url, copy))).toContain('1 deleted');
    expect(existsSync(path.join(copy, 'more'))).toBe(false);
    expect(await run('sync', 'sideways', url, copy)).toMatchObject({ exit: 2 });
  });

  test('--json prints one document, and failures as lines of JSON', async () => {
    writeFileSync(there('one file.txt'), '1');
    const json = async (...args: string[]): Promise<unknown> => JSON.parse(await success(run(...args, '--json')));
    expect(await json('ls')).toMatchObject([
      { name: 'one file.txt', type: 'file', size: 1, path: '/one%20file.txt', url: `${server.origin}/one%20file.txt` },
    ]);
    expect(await json('mkcol', 'sub')).toEqual([{ created: `${server.origin}/sub/` }]);
    expect(await json('props', 'one file.txt', '-p', 'getcontentlength')).toMatchObject([
      { props: { getcontentlength: 1 } },
    ]);
    expect(await json('options', '.')).toMatchObject({ allow: expect.arrayContaining(['PROPFIND']) });
    expect(await json('info')).toMatchObject({ features: { ssl: expect.any(Boolean) } });
    expect(await json('sync', 'down', '.', path.join(client.work, 'json'))).toMatchObject({
      created: expect.any(Array),
      failed: [],
    });
    const { text, exit } = await run('get', 'missing', '--json');
    const line = text.split('\n').find((line) => line.startsWith('{'));
    expect([JSON.parse(line!), exit]).toMatchObject([
      { error: { kind: 'status', status: 404, code: 'ERR_NEON_STATUS' } },
      5,
    ]);
  });
});

describe.each([
  ['in a pipe', inPipe],
  ['at a terminal', atTerminal],
])('%s', (_where, run) => {
  describeWith('apache2', 'with Apache', () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache();
    });
    afterAll(() => apache.stop());

    test('lock and unlock hold others off, and a token lets its holder through', async () => {
      client.env = { LIBNEON_URL: `${apache.origin}/dav/` };
      apache.write('dav', 'locked', 'old');
      const [token = ''] = (await success(run('lock', '--owner', 'me', '--duration', '600', 'locked'))).split('\n');
      expect(token).toMatch(/^opaquelocktoken:\S+$/);
      expect(await success(run('lock', '--list', 'locked'))).toMatch(
        /^\/dav\/locked: opaquelocktoken:.*owner me, 9:\d\d left\)\n$|10:00 left/,
      );
      expect(await run('put', 'a file.txt', 'locked')).toMatchObject({
        exit: 5,
        text: expect.stringContaining('423 Locked'),
      });
      await success(run('put', '--lock-token', token, 'a file.txt', 'locked'));
      expect(await run('unlock', 'locked')).toMatchObject({ exit: 2, text: expect.stringContaining('lock --list') });
      expect(await success(run('unlock', 'locked', token))).toBe('unlocked /dav/locked\n');
      expect(await success(run('rm', 'locked'))).toBe('deleted /dav/locked\n');
    });
  });
});

describe('in a pipe', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
    client.env = { LIBNEON_URL: `${server.origin}/` };
  });
  afterAll(() => server.stop());

  test('put refuses a target that is a pattern', async () => {
    const put = await client.run(['put', '-', 'with #1 50% [x] é.txt'], { input: 'from a pipe' });
    expect(put).toMatchObject({ stderr: expect.stringContaining('is a pattern'), exit: 2 });
  });

  test('a backslash takes the meaning of a character in a pattern', async () => {
    const put = await client.run(['put', '-', String.raw`with #1 50% \[x\] é.txt`], { input: 'from a pipe' });
    expect(put).toMatchObject({ stderr: '', exit: 0 });
    expect(readdirSync(server.root)).toEqual(['with #1 50% [x] é.txt']);
    const url = `${server.origin}/with%20%231%2050%25%20%5Bx%5D%20%C3%A9.txt`;
    expect(await client.run(['get', url, '-'])).toEqual({ stdout: 'from a pipe', stderr: '', exit: 0 });
    expect(await client.run(['rm', 'with*\\[x\\]*'])).toMatchObject({ exit: 0 });
  });

  test('--no-overwrite fails if the destination exists', async () => {
    for (const name of ['one', 'two']) writeFileSync(path.join(server.root, name), name);
    for (const args of [
      ['cp', '-n', 'one', 'two'],
      ['mv', '-n', 'one', 'two'],
      ['put', '-n', 'a file.txt', 'two'],
    ])
      expect(await client.run(args)).toMatchObject({ exit: 5, stderr: expect.stringContaining('412') });
    writeFileSync(path.join(client.work, 'two'), 'local');
    expect(await client.run(['get', '-n', 'two'])).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('EEXIST'),
    });
    expect(readFileSync(path.join(client.work, 'two'), 'utf8')).toBe('local');
    expect(readFileSync(path.join(server.root, 'two'), 'utf8')).toBe('two');
  });

  test('control characters of names never reach the output', async () => {
    writeFileSync(path.join(server.root, 'bad\x1b[31m\nname'), '');
    const { stdout } = await client.run(['ls']);
    expect(stdout).toContain(String.raw`bad\u{1b}[31m\u{a}name`);
    expect(stdout).not.toContain('\x1b');
  });
});
