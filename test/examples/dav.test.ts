/** Tests examples/dav.ts with a single command, and with several commands on standard input. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { apacheUser, startApache, type Apache } from '../servers/apache.js';
import { startNephele, type Nephele } from '../servers/nephele.js';
import { describeWith } from '../servers/packages.js';
import { projectRoot } from '../servers/start.js';
import type { Ended } from '../support/child.js';

const script = path.join(projectRoot, 'dist', 'examples', 'dav.js');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'libneon-dav-'));
  writeFileSync(path.join(folder, 'a file.txt'), 'The text of the file\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the program in the folder, with the given standard input. */
async function dav(args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    timeout: 20_000,
  });
  child.stdin.end(input);
  const [stdout, stderr, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, exit };
}

describe('dav.ts with nephele', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
  });
  afterAll(() => server.stop());

  /** Runs one command, which must succeed, and returns its output. */
  async function command(...words: string[]): Promise<string> {
    const { stdout, stderr, exit } = await dav([server.origin, ...words]);
    expect([stderr, exit]).toEqual(['', 0]);
    return stdout;
  }

  test('handles collections and files, one command at a time', async () => {
    await command('mkcol', 'some files');
    await command('put', 'a file.txt', 'some files/first.txt');
    expect(readFileSync(path.join(server.root, 'some files', 'first.txt'), 'utf8')).toBe('The text of the file\n');
    await command('cp', 'some files/first.txt', 'some files/second.txt');
    await command('mv', 'some files/first.txt', 'third.txt');
    expect(await command('ls', 'some files')).toMatch(/^second\.txt +21 {2}\w{3}, .* GMT\n$/);
    expect(await command('ls')).toMatch(/^some files\/.*\nthird\.txt +21 .*\n$/);
    expect(await command('cat', 'third.txt')).toBe('The text of the file\n');
    await command('get', 'some files/second.txt');
    expect(readFileSync(path.join(folder, 'second.txt'), 'utf8')).toBe('The text of the file\n');
    expect(await dav([server.origin, 'get', 'some files/second.txt'])).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/EEXIST.*second\.txt/),
    });
    await command('rm', 'some files');
    await command('rm', 'third.txt');
    expect(await command('ls')).toBe('');
  });

  test('sets and prints properties', async () => {
    await command('put', 'a file.txt', 'file');
    await command('propset', 'file', '{urn:x}colour', 'red & <green>');
    expect(await command('propget', 'file', '{urn:x}colour')).toBe('{urn:x}colour: red & <green>\n');
    expect(await command('propget', 'file', 'getcontentlength')).toBe('{DAV:}getcontentlength: 21\n');
    expect(await command('propget', 'file', 'nosuch')).toMatch(/^\{DAV:\}nosuch: 404 /);
    expect(await command('propget', 'file')).toContain('{DAV:}getlastmodified: ');
    await command('rm', 'file');
  });

  test('reports failures and overwrites nothing', async () => {
    await command('put', 'a file.txt', 'one');
    await command('put', 'a file.txt', 'two');
    for (const [words, message] of [
      [['cat', 'missing'], /^GET of \/missing: 404 /],
      [['get', 'missing', 'missing.txt'], /^GET of \/missing: 404 /],
      [['cp', 'one', 'two'], /^COPY of \/one to \/two: .*\b412 /],
      [['mv', 'one', 'two'], /^MOVE of \/one to \/two: .*\b412 /],
      [['put', 'no-such-file'], /ENOENT.*no-such-file/],
      [['cp', 'one'], /^usage: cp FROM TO$/m],
      [['constructor'], /^commands:\n {2}ls \[PATH\] /],
    ] as const) {
      const { stdout, stderr, exit } = await dav([server.origin, ...words]);
      expect([stdout, exit]).toEqual(['', 1]);
      expect(stderr).toMatch(message);
    }
    expect(existsSync(path.join(folder, 'missing.txt'))).toBe(false);
  });

  test('prints its usage', async () => {
    expect(await dav([])).toMatchObject({ exit: 2, stdout: expect.stringMatching(/^usage: /) });
    expect(await dav(['--help'])).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^usage: /) });
    expect(await dav(['ftp://127.0.0.1/', 'ls'])).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/not a URL/),
    });
  });
});

describeWith('apache2', 'dav.ts with Apache', () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
  });
  afterAll(() => apache.stop());

  test('holds a lock from one command to the next, and against others', async () => {
    const url = `${apache.origin}/dav`;
    const script = [
      'put "a file.txt" locked',
      'lock locked',
      'put "a file.txt" locked',
      'unlock locked',
      'lock locked',
    ];
    const ours = await dav([url], `${script.join('\n')}\nquit\nls\n`);
    expect([ours.stderr, ours.exit]).toEqual(['', 0]);
    const [, token = ''] = ours.stdout.trimEnd().split('\n');
    expect(ours.stdout).toMatch(/^(opaquelocktoken:\S+\n){2}$/);

    expect(await dav([url, 'rm', 'locked'])).toMatchObject({ exit: 1, stderr: expect.stringContaining('423 Locked') });
    const without = await dav([url, 'unlock', 'locked']);
    expect(without).toMatchObject({ exit: 1, stderr: expect.stringContaining('by its token') });
    expect(await dav([url, 'unlock', 'locked', token])).toEqual({ stdout: '', stderr: '', exit: 0 });
    expect(await dav([url, 'rm', 'locked'])).toEqual({ stdout: '', stderr: '', exit: 0 });
  });

  test('ends the input at its first failure', async () => {
    const { stdout, stderr, exit } = await dav(
      [`${apache.origin}/dav/`],
      'mkcol sub\ncd sub\ncat missing\nmkcol deeper\n',
    );
    expect([stdout, exit]).toEqual(['', 1]);
    expect(stderr).toMatch(/^GET of \/dav\/sub\/missing: 404 /);
    expect((await dav([`${apache.origin}/dav/sub/`, 'ls'])).stdout).toBe('');
  });

  test('sends a user and a password', async () => {
    const args = [`--user=${apacheUser.name}`, `${apache.origin}/digest/`, 'ls'];
    expect(await dav(args, '', { DAV_PASSWORD: apacheUser.password })).toEqual({ stdout: '', stderr: '', exit: 0 });
    expect(await dav(args, '', { DAV_PASSWORD: 'wrong' })).toMatchObject({ exit: 1 });
  });
});
