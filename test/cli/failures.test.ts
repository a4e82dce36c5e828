/** Tests the failures of the client: exit codes, messages, signals and credentials. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { apacheUser, startApache, type Apache } from '../servers/apache.js';
import { startNephele, type Nephele } from '../servers/nephele.js';
import { describeWith } from '../servers/packages.js';
import { freePorts } from '../servers/start.js';
import { read } from '../docs/pages.js';
import { exitCodes } from '../../lib/cli/failure.js';
import { Client } from './client.js';

let client: Client;
beforeAll(() => {
  client = new Client();
});
afterAll(() => client.remove());

test('docs/guide/cli.md lists the exit codes', () => {
  const listed = Array.from(read('docs/guide/cli.md').matchAll(/^\| (\d+) +\|/gm), ([, code]) => Number(code));
  expect(listed).toEqual(Object.values(exitCodes));
});

describe('with nephele', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
    client.env = { LIBNEON_URL: `${server.origin}/` };
    writeFileSync(path.join(server.root, 'one'), '1');
  });
  afterAll(() => server.stop());

  test.each([
    ['no command', [], 2, 'there is no command'],
    ['an unknown command', ['lss'], 2, '(Did you mean ls?)'],
    ['an unknown option', ['ls', '--recursiv'], 2, '(Did you mean --recursive?)'],
    ['a missing argument', ['get'], 2, "missing required argument 'remote'"],
    ['a bad number', ['ls', '--timeout', 'soon'], 2, 'a number of seconds'],
    ['a bad header', ['ls', '--header', 'no value'], 2, 'Name: value'],
    ['another scheme', ['ls', 'ftp://127.0.0.1/'], 2, 'is no URL of http or https'],
    ['two servers', ['cp', 'http://127.0.0.1:1/x', 'http://127.0.0.1:2/'], 2, 'are two servers'],
    ['a fragment', ['get', 'http://127.0.0.1:1/x#y'], 2, '%23'],
    ['a missing resource', ['get', 'missing'], 5, '404 Not Found (ERR_NEON_STATUS)'],
    ['a missing local file', ['put', 'missing', '.'], 1, 'ENOENT'],
    ['a partial success', ['ls', 'one', 'missing'], 6, '404'],
  ])('%s has its exit code and a cure', async (_name, args, exit, message) => {
    const ended = await client.run(args, { input: '' });
    expect(ended).toMatchObject({ exit, stderr: expect.stringContaining(message) });
    expect(ended.stderr).toContain('\n  cure: ');
  });

  test('without a URL of a server, a path is a usage error', async () => {
    const ended = await client.run(['ls', 'one'], { env: { LIBNEON_URL: '' } });
    expect(ended).toMatchObject({ exit: 2, stderr: expect.stringContaining('LIBNEON_URL') });
  });

  test('a server that cannot be reached is a connection failure', async () => {
    const [port] = await freePorts(1);
    const ended = await client.run(['ls', `http://127.0.0.1:${port}/`]);
    expect(ended).toMatchObject({ exit: 3, stderr: expect.stringContaining('(NE_CONNECT)') });
    expect(ended.stderr).toMatch(/ECONNREFUSED|Connection refused/);
    const named = await client.run(['ls', 'http://no-such-host.invalid/']);
    expect(named).toMatchObject({ exit: 3, stderr: expect.stringContaining('(NE_LOOKUP)') });
  });

  test('a reader that goes away ends the command without a crash', async () => {
    for (let i = 0; i < 3000; i++)
      writeFileSync(path.join(server.root, `file-with-a-long-name-${i}`.padEnd(200, 'x')), '');
    const child = client.spawn(['ls', '-l']);
    child.stdin.end();
    let stderr = '';
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect([code, stderr]).toEqual([141, '']);
  });
});

describeWith('apache2', 'with Apache', () => {
  let apache: Apache;
  let url: string;
  beforeAll(async () => {
    apache = await startApache();
    apache.write('basic', 'file', 'content');
    url = `${apache.origin}/basic/file`;
    client.env = {};
  });
  afterAll(() => apache.stop());
  const { name, password } = apacheUser;
  const content = { stdout: 'content', stderr: '', exit: 0 };

  /** Writes a .netrc file, and returns its path. */
  const netrc = (text: string, file = path.join(client.home, '.netrc')): string => {
    writeFileSync(file, text);
    chmodSync(file, 0o600);
    return file;
  };
  afterEach(() => void netrc(''));

  test('no credentials are an authentication failure, without a question in a pipe', async () => {
    const ended = await client.run(['get', url, '-']);
    expect(ended).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('(NE_AUTH)') });
    expect(ended.stderr).toContain('~/.netrc');
  });

  test('credentials come from the environment', async () => {
    const env = { LIBNEON_USER: name, LIBNEON_PASSWORD: password };
    expect(await client.run(['get', url, '-'], { env })).toEqual(content);
    expect(await client.run(['get', '--user', name, url, '-'], { env: { LIBNEON_PASSWORD: password } })).toEqual(
      content,
    );
    const wrong = await client.run(['get', url, '-'], { env: { ...env, LIBNEON_PASSWORD: 'not-this-one' } });
    expect(wrong).toMatchObject({ exit: 4 });
    expect(wrong.stderr).not.toContain('not-this-one');
  });

  test('credentials come from .netrc, which no other user may read', async () => {
    const file = netrc(`machine other login x password y\nmachine 127.0.0.1\n  login ${name} password "${password}"\n`);
    expect(await client.run(['get', url, '-'])).toEqual(content);
    expect(await client.run(['get', '--no-netrc', url, '-'])).toMatchObject({ exit: 4 });
    expect(await client.run(['get', '--user', 'bob', url, '-'])).toMatchObject({ exit: 4 });
    const elsewhere = netrc(`default login ${name} password ${password}`, path.join(client.folder, 'netrc'));
    netrc('');
    expect(await client.run(['get', '--netrc-file', elsewhere, url, '-'])).toEqual(content);
    expect(await client.run(['get', url, '-'], { env: { NETRC: elsewhere } })).toEqual(content);
    netrc(`machine 127.0.0.1 login ${name} password ${password}`);
    chmodSync(file, 0o644);
    const readable = await client.run(['get', url, '-']);
    expect(readable).toMatchObject({ exit: 2, stderr: expect.stringContaining('chmod 600') });
    netrc(`machine 127.0.0.1 passwort ${password}`);
    const wrong = await client.run(['get', url, '-']);
    expect(wrong).toMatchObject({ exit: 2, stderr: expect.stringContaining('line 1') });
    expect(wrong.stderr).not.toContain(password);
  });

  test('credentials in a URL work with a warning, and are not printed', async () => {
    const { stdout, stderr, exit } = await client.run(['get', url.replace('//', `//${name}:${password}@`), '-']);
    expect([stdout, exit]).toEqual(['content', 0]);
    expect(stderr).toContain('warning');
    const missing = await client.run(['ls', `${url.replace('//', `//${name}:${password}@`)}/missing`]);
    expect(missing.stderr).not.toContain(password);
  });

  test('--cacert and --insecure decide about certificates', async () => {
    const tls = `${apache.tlsOrigin}/dav/`;
    const refused = await client.run(['options', tls]);
    expect(refused).toMatchObject({ exit: 3, stderr: expect.stringContaining('ERR_NEON_CERTIFICATE') });
    expect(refused.stderr).toContain('--cacert');
    expect(await client.run(['options', '--insecure', tls])).toMatchObject({ exit: 0, stderr: '' });
  });

  test('SIGINT and SIGTERM end a transfer cleanly', async () => {
    apache.write('dav', 'large.bin', Buffer.alloc(4 * 1024 * 1024));
    const folder = path.join(client.work, 'signals');
    mkdirSync(folder);
    for (const [signal, exit] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const child = client.spawn(['get', `${apache.origin}/throttle/large.bin`], { cwd: folder });
      let stderr = '';
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
      while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill(signal);
      const [code] = await once(child, 'close');
      expect([code, readdirSync(folder)]).toEqual([exit, []]);
      expect(stderr).toMatch(/interrupted|terminated/);
    }
  });
});
