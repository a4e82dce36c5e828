/** Tests what the client does at a terminal only: progress, prompts, interrupts, and the shell. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startApache, apacheUser, type Apache } from '../servers/apache.js';
import { startNephele, type Nephele } from '../servers/nephele.js';
import { describeWith } from '../servers/packages.js';
import { Client, type Terminal } from './client.js';

let client: Client;
beforeAll(() => {
  client = new Client();
});
afterAll(() => client.remove());

const prompt = /dav:[^\r\n]+> $/;

describe('with nephele', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
    client.env = { LIBNEON_URL: `${server.origin}/` };
  });
  afterAll(() => server.stop());

  test.each([
    ['put', ['put', 'big.bin', '.'], 'big.bin'],
    ['get', ['get', 'big.bin', 'copy.bin'], 'big.bin'],
    ['sync up', ['sync', 'up', 'folder', 'tree'], '1/1 items'],
    ['sync down', ['sync', 'down', 'tree', 'down'], '1/1 items'],
  ])('%s shows its progress, with rate and time left', async (_name, args, what) => {
    const bytes = randomBytes(8 * 1024 * 1024);
    mkdirSync(path.join(client.work, 'folder'), { recursive: true });
    if (args[0] === 'put') writeFileSync(path.join(client.work, 'big.bin'), bytes);
    if (args[1] === 'up') writeFileSync(path.join(client.work, 'folder', 'big.bin'), bytes);
    const terminal = client.terminal(args);
    const { text, exit } = await terminal.end();
    expect({ text, exit }).toEqual({ text, exit: 0 });
    expect(text).toMatch(/100% \[#{30}\] {2}8\.00 MiB\/8\.00 MiB {2}[\d.]+ [KM]iB\/s {2}0:00 left/);
    expect(text).toContain(what);
    // No line is wider than the terminal, and the last line of the display stays.
    for (const line of terminal.frames) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).toMatch(/left[^\n]*\n(uploaded|downloaded|1 created)/);
  });

  test('--no-progress and --json show no progress', async () => {
    writeFileSync(path.join(client.work, 'small'), 'x');
    for (const option of ['--no-progress', '--json'])
      expect((await client.terminal(['put', 'small', '.', option]).end()).text).not.toContain('left');
    const { stderr } = await client.run(['put', 'small', '.']);
    expect(stderr).toBe('');
  });

  describe('the shell', () => {
    let shell: Terminal;
    beforeEach(async () => {
      mkdirSync(path.join(server.root, 'sub folder'), { recursive: true });
      writeFileSync(path.join(server.root, 'sub folder', 'notes.txt'), 'These are notes\n');
      shell = client.terminal(['shell']);
      await shell.until(prompt);
    });
    afterEach(async () => {
      shell.type('\x04');
      await shell.end();
    });

    /** Runs a line, and returns what it prints. */
    const line = async (text: string): Promise<string> => {
      shell.type(`${text}\r`);
      const printed = await shell.until(/\n[^]*dav:[^\r\n]+> $/);
      return printed
        .replaceAll('\r\n', '\n')
        .replace(/^[^]*?\n/, '')
        .replace(/dav:[^\r\n]+> $/, '')
        .replaceAll('\r', '');
    };

    test('runs commands relative to a current collection, and keeps going after a failure', async () => {
      expect(await line('cd "sub folder"')).toBe('');
      expect(await line('pwd')).toBe(`${server.origin}/sub%20folder/\n`);
      expect(await line('cat notes.txt')).toBe('These are notes\n');
      expect(await line('cat nothing')).toContain('404 Not Found (ERR_NEON_STATUS)');
      expect(await line('lcd ~')).toBe('');
      expect(await line('lpwd')).toBe(`${client.home}\n`);
      expect(await line('ls notes.txt --bad')).toContain("unknown option '--bad'");
      expect(await line('no-such')).toContain("unknown command 'no-such'");
      expect(await line('help cd')).toContain('Usage: cd [options] [remote]');
      expect(await line('help')).toContain('lpwd');
      expect(await line('exit | x').catch(() => '')).toContain('too many arguments');
    });

    test('completes commands, options and names on both sides', async () => {
      /** Types text, and then a tab. A tab in the middle of a piece of text counts as pasted. */
      const complete = async (text: string, seen: RegExp): Promise<void> => {
        shell.type(text);
        const last = text
          .replaceAll(/[^\w-]/g, ' ')
          .trim()
          .split(' ')
          .at(-1);
        await shell.until(new RegExp(`${last}$`), true);
        shell.type('\t');
        await shell.until(seen);
      };
      await complete('mkc', /mkcol /);
      await complete('\x15ca', /cat /);
      await complete('sub\\ fo', /lder\//);
      await complete('no', /no[^]*tes\.txt /);
      shell.type('\r');
      expect(await shell.until(prompt)).toContain('These are notes');
      writeFileSync(path.join(client.work, 'unmistakable.txt'), 'x');
      await complete('put unmis', /put unmistakable\.txt /);
      await complete('\x15ls --rec', /--recursive /);
      shell.type('\x15');
    });

    test('remembers lines in a file that only its user can read', async () => {
      await line('pwd');
      await line(' ls # not remembered');
      const file = path.join(client.home, '.local', 'state', 'libneon', 'history');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8')).toMatch(/(^|\n)pwd\n$/);
      shell.type('\x1b[A');
      await shell.until(/pwd/);
      shell.type('\r');
      expect(await shell.until(prompt)).toContain(server.origin);
    });

    test('takes lines that were pasted at once', async () => {
      shell.type('pwd\rlpwd\r');
      await shell.until(new RegExp(`${client.work}[^]*dav:[^\\r\\n]+> $`));
    });

    test('Ctrl-C at the prompt discards the line only', async () => {
      shell.type('rm important\x03');
      await shell.until(/\^C[^]*> $/);
      expect(await line('pwd')).toContain(server.origin);
    });
  });

  test('the shell reads commands from a pipe, up to the first failure', async () => {
    const script = 'mkcol piped\ncd piped\n# a comment\n\npwd\ncat missing\nmkcol deeper\n';
    const { stdout, stderr, exit } = await client.run(['shell'], { input: script });
    expect(stdout).toBe(`created /piped/\n${server.origin}/piped/\n`);
    expect(stderr).toMatch(/^cat: .*404 Not Found \(ERR_NEON_STATUS\)\n/);
    expect(exit).toBe(5);
    expect(existsSync(path.join(server.root, 'piped', 'deeper'))).toBe(false);
    expect(await client.run(['shell'], { input: 'pwd\nquit\nmkcol never\n' })).toMatchObject({ exit: 0, stderr: '' });
    expect(existsSync(path.join(server.root, 'never'))).toBe(false);
    expect(await client.run(['shell', 'missing'])).toMatchObject({ exit: 5 });
  });
});

describeWith('apache2', 'with Apache', () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
    client.env = {};
  });
  afterAll(() => apache.stop());

  test.each(['basic', 'digest'])('asks for user and password (%s), and does not show the password', async (folder) => {
    apache.write(folder as 'basic', 'file', 'secret content');
    const terminal = client.terminal(['get', `${apache.origin}/${folder}/file`, '-']);
    await terminal.until(/User for 127\.0\.0\.1:\d+: $/);
    terminal.type(`${apacheUser.name}\r`);
    await terminal.until(/Password of alice at .*: $/);
    terminal.type('wrong\r');
    await terminal.until(/refused[^]*User for .*: $/);
    terminal.type(`${apacheUser.name}\r`);
    await terminal.until(/Password of alice at .*: $/);
    terminal.type(`${apacheUser.password}\r`);
    const { text, exit } = await terminal.end();
    expect(exit).toBe(0);
    expect(text).toMatch(/secret content$/);
    expect(text.replaceAll('secret content', '')).not.toMatch(/secret|wrong/);
  });

  test('Ctrl-C at the prompt for the password ends the command', async () => {
    const terminal = client.terminal(['ls', '--user', 'alice', `${apache.origin}/basic/`]);
    await terminal.until(/Password of alice/);
    terminal.type('\x03');
    expect(await terminal.end()).toMatchObject({ exit: 130 });
  });

  test('Ctrl-C ends a transfer and leaves no half-written file', async () => {
    apache.write('dav', 'large.bin', Buffer.alloc(4 * 1024 * 1024));
    const folder = path.join(client.work, 'interrupted');
    mkdirSync(folder);
    const terminal = client.terminal(['get', `${apache.origin}/throttle/large.bin`], { cwd: folder });
    await terminal.until(/\d% \[/);
    terminal.type('\x03');
    expect(await terminal.end()).toMatchObject({ exit: 130, text: expect.stringContaining('interrupted') });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('Ctrl-C in the shell ends the command, and not the shell', async () => {
    apache.write('dav', 'large.bin', Buffer.alloc(4 * 1024 * 1024));
    const shell = client.terminal(['shell', `${apache.origin}/dav/`]);
    await shell.until(prompt);
    shell.type(`get ${apache.origin}/throttle/large.bin\r`);
    await shell.until(/\d% \[/);
    shell.type('\x03');
    await shell.until(/interrupted[^]*dav:[^\r\n]+> $/);
    shell.type('pwd\r');
    await shell.until(/dav\/\r\n[^]*> $/);
    shell.type('exit\r');
    expect(await shell.end()).toMatchObject({ exit: 0 });
  });

  test('the shell holds its locks, and asks for a password before its first prompt', async () => {
    apache.write('digest', 'file', 'old');
    const shell = client.terminal(['shell', '--user', 'alice', `${apache.origin}/digest/`]);
    await shell.until(/Password of alice at .*: $/);
    shell.type(`${apacheUser.password}\r`);
    await shell.until(prompt);
    shell.type('lock file\r');
    await shell.until(/opaquelocktoken[^]*dav:[^\r\n]+> $/);
    shell.type('props --set {urn:x}y=z file\r');
    expect(await shell.until(/\n[^]*dav:[^\r\n]+> $/)).toContain('changed the properties');
    expect(
      await client.run(['rm', '--user', 'alice', `${apache.origin}/digest/file`], {
        env: { LIBNEON_PASSWORD: 'secret' },
      }),
    ).toMatchObject({ exit: 5 });
    shell.type('unlock file\r');
    expect(await shell.until(/\n[^]*dav:[^\r\n]+> $/)).toContain('unlocked');
    shell.type('\x04');
    expect(await shell.end()).toMatchObject({ exit: 0 });
  });
});
