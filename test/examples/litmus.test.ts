/** Compares examples/litmus with the original litmus. Both must report the same result for each test on each server. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { apacheUser, startApache, type Apache } from '../servers/apache.js';
import { lighttpdWebdav, startLighttpd } from '../servers/lighttpd.js';
import { startNephele } from '../servers/nephele.js';
import { nginxDavExt, startNginx } from '../servers/nginx.js';
import { describeWith, requireProgram, type Program } from '../servers/packages.js';
import { testPki } from '../servers/pki.js';
import { freePorts, projectRoot, scratchDirectory, type RunningServer } from '../servers/start.js';
import { startTinyproxy } from '../servers/tinyproxy.js';
import { runNode, type Ended } from '../support/child.js';

interface Situation {
  readonly name: string;
  readonly programs: readonly Program[];
  readonly start: () => Promise<RunningServer & { origin: string; tlsOrigin?: string }>;
  /** The path of the URL, and the arguments that follow the URL on the command line. */
  readonly path: string;
  readonly credentials?: readonly string[];
  readonly tls?: boolean;
}

const credentials = [apacheUser.name, apacheUser.password];
const situations: readonly Situation[] = [
  { name: 'Apache', programs: ['apache2'], start: () => startApache(), path: '/dav/' },
  { name: 'Apache with Basic', programs: ['apache2'], start: () => startApache(), path: '/basic', credentials },
  { name: 'Apache with Digest', programs: ['apache2'], start: () => startApache(), path: '/digest/', credentials },
  { name: 'Apache with TLS', programs: ['apache2'], start: () => startApache(), path: '/dav/', tls: true },
  { name: 'lighttpd', programs: ['lighttpd', lighttpdWebdav], start: startLighttpd, path: '/' },
  { name: 'nginx', programs: ['nginx', nginxDavExt], start: () => startNginx({ dav: true }), path: '/' },
  { name: 'nephele', programs: [], start: () => startNephele(), path: '/' },
];

/** The verdict of a program about a test. */
interface Verdict {
  readonly test: string;
  readonly result: string;
  readonly warnings: number;
}

const script = path.join(projectRoot, 'dist', 'examples', 'litmus', 'index.js');

describe.each(situations)('$name', ({ programs, start, path: place, credentials: words = [], tls }) => {
  describeWith([...programs, 'litmus'], 'libneon-litmus and litmus', () => {
    let server: Awaited<ReturnType<Situation['start']>>;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    test.each(['basic', 'copymove', 'props', 'locks', 'http'])('agree in the suite %s', async (suite) => {
      const url = (tls ? server.tlsOrigin! : server.origin) + place;
      const theirs = await litmus(suite, [url, ...words]);
      // litmus accepts any certificate.
      const ours = await libneonLitmus('--tap', `--suite=${suite}`, ...(tls ? ['--insecure'] : []), url, ...words);
      expect(ours.stderr).toBe('');
      expect(verdictsOfTap(ours.stdout, suite)).toEqual(theirs);
      expect(ours.exit).toBe(theirs.some(({ result }) => result === 'FAIL') ? 1 : 0);
    });
  });
});

describe('libneon-litmus --corrected', () => {
  /** Returns the names of the tests that do not pass and of the tests that print warnings. */
  async function problems(url: string, suite: string): Promise<string[]> {
    const { stdout, stderr } = await libneonLitmus('--tap', '--corrected', `--suite=${suite}`, url);
    expect(stderr).toBe('');
    return verdictsOfTap(stdout, suite)
      .filter(({ result, warnings }) => result !== 'pass' || warnings > 0)
      .map(({ test }) => test);
  }

  describeWith(['lighttpd', lighttpdWebdav], 'lighttpd', () => {
    test('accepts XML with a Content-Type, and an invalid PROPFIND', async () => {
      const server = await startLighttpd();
      expect(await problems(`${server.origin}/`, 'props')).toEqual(['propfind_invalid2']);
      await server.stop();
    });
  });

  describeWith(['nginx', nginxDavExt], 'nginx', () => {
    test('copies members with Depth: 0, and rejects a PUT without a parent with 500', async () => {
      const server = await startNginx({ dav: true });
      expect(await problems(`${server.origin}/`, 'copymove')).toContain('copy_shallow');
      expect(await problems(`${server.origin}/`, 'basic')).toContain('put_no_parent');
      await server.stop();
    });
  });

  describeWith('apache2', 'Apache', () => {
    test.each(['basic', 'copymove', 'props'])('passes %s', async (suite) => {
      const server = await startApache();
      expect(await problems(`${server.origin}/dav/`, suite)).toEqual([]);
      await server.stop();
    });
  });
});

describeWith(['apache2', 'tinyproxy', 'openssl'], 'libneon-litmus over proxies and TLS', () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
  });
  afterAll(() => apache.stop());

  test('runs through a proxy, and skips tests that bypass neon', async () => {
    const proxy = await startTinyproxy();
    const args = ['--tap', `--proxy=127.0.0.1:${proxy.port}`, `${apache.origin}/dav/`];
    const copymove = await libneonLitmus('--suite=copymove', ...args);
    const http = await libneonLitmus('--suite=http', ...args);
    await proxy.stop();
    expect(verdictsOfTap(copymove.stdout, 'copymove').filter(({ result }) => result !== 'pass')).toEqual([]);
    expect(verdictsOfTap(http.stdout, 'http').map(({ result }) => result)).toEqual(['pass', 'pass', 'SKIPPED', 'pass']);
    expect([copymove.exit, http.exit]).toEqual([0, 0]);
  });

  test('sends a client certificate with its password', async () => {
    const url = `https://127.0.0.1:${apache.clientCertificatePort}/dav/`;
    const args = ['--suite=basic', '--insecure', `--client-cert=${testPki().p12}`, url, 'anyone'];
    expect(await libneonLitmus(...args, 'secret')).toMatchObject({ exit: 0, stderr: '' });
    const wrong = await libneonLitmus(...args, 'wrong');
    expect(wrong.exit).toBe(1);
    expect(wrong.stdout).toMatch(/begin\.+ FAIL \(the password is not that of /);
  });

  test('verifies the certificate of the server', async () => {
    const { exit, stdout } = await libneonLitmus('--suite=basic', `${apache.tlsOrigin}/dav/`);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/begin\.+ FAIL \(.*[Cc]ertificate/);
  });
});

describe('libneon-litmus', () => {
  test('is the program in package.json', () => {
    const { bin, files } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));
    expect(path.join(projectRoot, bin['libneon-litmus'])).toBe(script);
    expect(files).toContain(path.dirname(bin['libneon-litmus']));
    expect(existsSync(script)).toBe(true);
    expect(readFileSync(script, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('prints its usage and its version', async () => {
    expect(await libneonLitmus('--help')).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^usage: /) });
    expect(await libneonLitmus('--version')).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^libneon-litmus \d+\.\d+\.\d+, neon \d/),
    });
  });

  test.each([
    [[], 'expected a URL'],
    [['http://127.0.0.1/', 'alice'], 'expected a URL'],
    [['http://127.0.0.1/', 'alice', 'secret', 'more'], 'expected a URL'],
    [['--no-such-option', 'http://127.0.0.1/'], 'no-such-option'],
    [['--suite=largefile', 'http://127.0.0.1/'], 'there is no suite largefile'],
    [['ftp://127.0.0.1/'], 'ftp://127.0.0.1/ is not a URL of http or https'],
    [['somewhere'], 'somewhere is not a URL'],
    [['--proxy=socks5://127.0.0.1', 'http://127.0.0.1/'], 'not by socks5'],
  ])('rejects %j', async (args, reason) => {
    const { exit, stdout, stderr } = await libneonLitmus(...args);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`libneon-litmus: `);
    expect(stderr).toContain(reason);
    expect(stderr).toContain('usage: ');
  });

  test('ends at once when nothing listens on the port', async () => {
    const [port] = await freePorts(1);
    const { exit, stdout } = await libneonLitmus(`http://127.0.0.1:${port}/`);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^basic:\n {2}0\. init\.+ FAIL \(no connection to 127\.0\.0\.1, port \d+: .+\)\n/);
    expect(stdout).toMatch(/in all: 1 tests: 0 passed, 1 failed, 0 skipped; 0 warnings\n$/);
  });

  test('ends a suite that cannot create its workspace, and continues with the next on request', async () => {
    const server = await startNephele();
    const url = `${server.origin}/not/there/`;
    const one = await libneonLitmus(url);
    const all = await libneonLitmus('--keep-going', url);
    await server.stop();
    expect([one.exit, all.exit]).toEqual([1, 1]);
    const failures = (text: string): string[] => text.match(/^ +\d+\. .*FAIL.*$/gm) ?? [];
    expect(failures(one.stdout)).toHaveLength(1);
    expect(failures(one.stdout)[0]).toContain('begin');
    expect(failures(one.stdout)[0]).toContain('/not/there/litmus/');
    expect(failures(all.stdout)).toHaveLength(5);
  });
});

function libneonLitmus(...args: string[]): Promise<Ended> {
  return runNode([script, ...args]);
}

/** Runs one suite of Debian's litmus, which writes its log into the current directory. */
async function litmus(suite: string, args: readonly string[]): Promise<Verdict[]> {
  const cwd = scratchDirectory('litmus');
  try {
    const settings = { cwd, env: { ...process.env, TESTS: suite }, timeout: 20_000 };
    const { stdout } = await promisify(execFile)(requireProgram('litmus'), ['--keep-going', ...args], settings);
    return verdictsOfLitmus(stdout);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/**
 * Parses the output of litmus. A test without warnings prints one line: "12. name..... pass". Otherwise its first
 * warning takes the place of the result: "12. name..... WARNING: …". Each further warning has its own line. The result
 * is on the last line: "    ..... pass". A carriage return starts a line again, so the text before it is ignored.
 */
function verdictsOfLitmus(output: string): Verdict[] {
  const verdicts: Verdict[] = [];
  let test = '';
  let warnings = 0;
  for (const line of output.split('\n').map((text) => text.slice(text.lastIndexOf('\r') + 1))) {
    const [, name, result] =
      /^(?: ?\d+\. (\w+)\.* | {4}\.+ |)(pass|FAIL|SKIPPED|WARNING:|fatal error)/.exec(line) ?? [];
    if (result === undefined) continue;
    if (name !== undefined) {
      test = name;
      warnings = 0;
    }
    if (result === 'WARNING:') warnings++;
    else verdicts.push({ test, result: result === 'fatal error' ? 'FAIL' : result, warnings });
  }
  return verdicts;
}

function verdictsOfTap(output: string, suite: string): Verdict[] {
  const verdicts: Verdict[] = [];
  let warnings = 0;
  for (const line of output.split('\n')) {
    if (line.startsWith('# WARNING: ')) warnings++;
    const [, outcome, where, test, skipped] = /^(ok|not ok) \d+ - (\w+) (\w+)( # SKIP)?/.exec(line) ?? [];
    if (outcome === undefined) continue;
    expect(where).toBe(suite);
    verdicts.push({ test: test!, result: outcome === 'not ok' ? 'FAIL' : skipped ? 'SKIPPED' : 'pass', warnings });
    warnings = 0;
  }
  expect(output).toContain(`\n1..${verdicts.length}\n`);
  return verdicts;
}
