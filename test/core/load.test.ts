/** Tests how the package loads: the entry points, the error messages, and two copies of the package in one process. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { setImmediate as turn } from 'node:timers/promises';
import * as libneon from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { explain, packageRoot, packageVersion } from '../../lib/core/load.js';
import { failureOf, neonError } from '../support/expect.js';
import { keepAlive, stalling, testServers } from '../support/servers.js';
import { projectRoot } from '../servers/start.js';
import { runNode } from '../support/child.js';
import { response } from '../servers/raw.js';

const serve = testServers();
const entries = { libneon, 'libneon/ne': ne, 'libneon/ne/promises': promises };

/** Runs a program, which must succeed without output to stderr, and returns the JSON that it printed. */
async function output(
  type: 'module' | 'commonjs',
  program: string,
  cwd: string = projectRoot,
  ...args: string[]
): Promise<unknown> {
  const ended = await runNode([`--input-type=${type}`, '-e', program, ...args], cwd);
  expect({ ...ended, stdout: '' }).toEqual({ stdout: '', stderr: '', exit: 0 });
  return JSON.parse(ended.stdout);
}

describe.each(Object.entries(entries))('the entry point %s', (name, exports) => {
  const names = Object.keys(exports).sort();

  test('exports all names to require', async () => {
    const program = `console.log(JSON.stringify(Object.keys(require('${name}')).sort()))`;
    expect(await output('commonjs', program)).toEqual(names);
  });

  test('exports all names to import', async () => {
    const program = `import * as all from '${name}'; console.log(JSON.stringify(Object.keys(all).sort()))`;
    const imported = (await output('module', program)) as string[];
    expect(imported.filter((key) => !['default', 'module.exports', '__esModule'].includes(key))).toEqual(names);
  });

  test('exports each name to a named import', async () => {
    const program = `import { ${names.join(', ')} } from '${name}'; console.log(JSON.stringify([${names.join(', ')}].map((one) => typeof one)))`;
    expect(await output('module', program)).toEqual(
      names.map((key) => typeof (exports as Record<string, unknown>)[key]),
    );
  });

  test('gives the same module to require and import', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import * as all from '${name}';
      const required = createRequire(process.cwd() + '/x.js')('${name}');
      console.log(JSON.stringify(Object.keys(required).every((key) => required[key] === all[key])));`;
    expect(await output('module', program)).toBe(true);
  });
});

test('exports the manifest of the package and no other file', async () => {
  const program = `
    const code = (name) => { try { require(name); return 'found'; } catch (error) { return error.code; } };
    console.log(JSON.stringify(['libneon/package.json', 'libneon/dist/lib/load.js', 'libneon/lib', 'libneon/ne/index.js'].map(code)));`;
  const hidden = 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  expect(await output('commonjs', program)).toEqual(['found', hidden, hidden, hidden]);
});

test('shares handles and errors between the entry points', async () => {
  const program = `
    const { Session, NeonError } = require('libneon');
    const ne = require('libneon/ne');
    const promises = require('libneon/ne/promises');
    const session = new Session('http', 'example.com', 80);
    const errors = [
      () => ne.ne_get_scheme({}),
      () => ne.ne_session_create('http', 'h', -1),
      () => new Session('http', 'h', -1),
      () => ne.ne_set_error(session.handle, '%d'),
      () => ne.ne_end_request(ne.ne_request_create(session.handle, 'GET', '/')),
    ].map((call) => { try { call(); } catch (error) { return error; } });
    promises.ne_session_destroy(session.handle).catch((error) => {
      errors.push(error);
      const classes = [TypeError, RangeError, RangeError, TypeError, NeonError, NeonError];
      console.log(JSON.stringify([ne.ne_get_scheme(session.handle), ...errors.map((one, i) => one instanceof classes[i] && one.code)]));
    });`;
  expect(await output('commonjs', program)).toEqual([
    'http',
    'ERR_INVALID_ARG_TYPE',
    'ERR_OUT_OF_RANGE',
    'ERR_OUT_OF_RANGE',
    'ERR_INVALID_ARG_VALUE',
    'ERR_NEON_INVALID_STATE',
    'ERR_NEON_LIVE_REQUESTS',
  ]);
});

test('finds the package by the location of its files', () => {
  expect(packageRoot).toBe(projectRoot);
  expect(packageVersion).toBe(libneon.versions.libneon);
});

test('does not slow promises down after a callback', async () => {
  const body = '<D:multistatus xmlns:D="DAV:"><D:response><D:href>/</D:href><D:propstat/></D:response></D:multistatus>';
  const answer = response(body, { status: '207 Multi-Status', headers: { 'Content-Type': 'text/xml' } });
  const server = await serve({ connections: [keepAlive(answer)] });
  // Older versions of Node give an ID to each promise while an async hook is enabled. This slows promises down.
  const program = `
    const { ne_session_create, ne_simple_propfind } = require('libneon/ne');
    const promises = require('libneon/ne/promises');
    const { setImmediate } = require('node:timers/promises');
    const followed = () => Object.getOwnPropertySymbols(new Promise(() => {})).length > 0;
    const session = ne_session_create('http', '127.0.0.1', Number(process.argv[1]));
    const results = [];
    const found = () => { results.push('found'); };
    const later = async () => { await null; results.push('later'); };
    (async () => {
      results.push(followed(), ne_simple_propfind(session, '/', 0, null, found));
      await setImmediate();
      results.push(followed(), await promises.ne_simple_propfind(session, '/', 0, null, later));
      await setImmediate();
      await setImmediate();
      results.push(followed());
      console.log(JSON.stringify(results));
    })();`;
  const expected = ['found', false, 0, 'later', false, 0, false];
  expect(await output('commonjs', program, projectRoot, String(server.port))).toEqual(expected);
});

test('refuses a nested call although a promise settled twice', async () => {
  class Twice<T> extends Promise<T> {
    static override get [Symbol.species](): PromiseConstructor {
      return Promise;
    }
    override then<R = T, E = never>(...handlers: Parameters<Promise<T>['then']>): Promise<R | E> {
      void super.then(...handlers);
      return super.then(...handlers) as Promise<R | E>;
    }
  }
  const body = '<D:multistatus xmlns:D="DAV:"><D:response><D:href>/</D:href><D:propstat/></D:response></D:multistatus>';
  const answer = response(body, { status: '207 Multi-Status', headers: { 'Content-Type': 'text/xml' } });
  const server = await serve({ connections: [keepAlive(answer)], rest: 'repeat-last' });
  const list = (callback: () => void | Promise<void>): [ne.ne_session, Promise<number>] => {
    const session = ne.ne_session_create('http', '127.0.0.1', server.port);
    return [session, promises.ne_simple_propfind(session, '/', 0, null, callback)];
  };
  await list(() => new Twice<void>((resolve) => resolve()))[1];
  const failures: unknown[] = [];
  const [session, listed] = list(async () => {
    await list(() => undefined)[1];
    for (let turns = 0; turns < 3; turns++) await turn();
    failures.push(await failureOf(() => ne.ne_simple_propfind(session, '/', 0, null, () => undefined)));
  });
  expect(await listed).toBe(0);
  expect(failures).toEqual([neonError('ERR_NEON_REENTRANT')]);
});

test('recognizes a promise of another realm', async () => {
  const server = await serve({ connections: [keepAlive(response('hello'))], rest: 'repeat-last' });
  const session = ne.ne_session_create('http', '127.0.0.1', server.port);
  const failures: unknown[] = [];
  const again = async (): Promise<void> => {
    failures.push(await failureOf(() => ne.ne_simple_propfind(session, '/', 0, null, () => undefined)));
  };
  const other = runInNewContext('async () => { await turn(); await again(); }', { turn, again }) as () => Promise<void>;
  const request = ne.ne_request_create(session, 'GET', '/');
  ne.ne_add_response_body_reader(request, ne.ne_accept_always, other);
  expect(await promises.ne_request_dispatch(request)).toBe(0);
  expect(failures).not.toEqual([]);
  for (const failure of failures) expect(failure).toEqual(neonError('ERR_NEON_REENTRANT'));
});

describe('messages of a failed load', () => {
  test.each([
    [
      'Error: libneon.so.27: cannot open shared object file: No such file or directory',
      /neon library is missing: install it with/,
    ],
    [
      'Error: Error loading shared library libneon.so.27: No such file or directory (needed by /x/libneon.node)',
      /neon library is missing: install it with/,
    ],
    [
      'Error: libneon-gnutls.so.27: cannot open shared object file: No such file or directory',
      /neon library is missing/,
    ],
    [
      'Error: dlopen(/x/libneon.node, 0x0001): Library not loaded: /opt/homebrew/lib/libneon.27.dylib',
      /neon library is missing: install it with/,
    ],
    [
      "Error: /lib/libneon.so.27: version `NEON_0_32' not found (required by /x/libneon.node)",
      /older than the 0\.32 .*NEON_0_32.*: update it/,
    ],
    ['Error: /x/libneon.node: undefined symbol: ne_sock_fd', /older than the 0\.32 .*undefined symbol: ne_sock_fd/],
    ['Error: Error relocating /x/libneon.node: ne_sock_fd: symbol not found', /older than the 0\.32/],
    [
      'Error: dlopen(/x/libneon.node, 0x0001): symbol not found in flat namespace (_ne_sock_fd)',
      /older than the 0\.32/,
    ],
    [
      'Error: /x/libneon.node: wrong ELF class: ELFCLASS32',
      /another platform or architecture: run "npm rebuild libneon"/,
    ],
    ['Error: /x/libneon.node: invalid ELF header', /another platform or architecture/],
    [
      "Error: dlopen(/x/libneon.node): mach-o file, but is an incompatible architecture (have 'arm64', need 'x86_64')",
      /another platform or architecture/,
    ],
    [
      'Error: something else',
      /^The addon of libneon does not load: run "npm rebuild libneon" \(Error: something else\)$/,
    ],
    [
      'Error: libfoo.so.1: cannot open shared object file',
      /^The addon of libneon does not load: run "npm rebuild libneon" \(Error: libfoo/,
    ],
  ])('explains %s', (message, expected) => {
    expect(explain(message)).toMatch(expected);
  });
});

describe('copies of the package', () => {
  const scratch = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-copies-'));
  const addon = path.join(projectRoot, 'build', 'Release', 'libneon.node');
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** A package directory as it is after an install. */
  function copy(name: string, parts: { binding?: boolean; addon?: string | null } = {}): string {
    const folder = path.join(scratch, name);
    cpSync(path.join(projectRoot, 'package.json'), path.join(folder, 'package.json'));
    cpSync(path.join(projectRoot, 'dist', 'lib'), path.join(folder, 'dist', 'lib'), { recursive: true });
    if (parts.binding ?? true) mkdirSync(path.join(folder, 'binding'));
    cpSync(path.join(projectRoot, 'deps'), path.join(folder, 'deps'), { recursive: true });
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
    if (parts.addon === null) return folder;
    mkdirSync(path.join(folder, 'build', 'Release'), { recursive: true });
    const binary = path.join(folder, 'build', 'Release', 'libneon.node');
    if (parts.addon === undefined) cpSync(addon, binary);
    else writeFileSync(binary, parts.addon);
    return folder;
  }

  const { prebuiltFile, thisSystem } = createRequire(__filename)(path.join(projectRoot, 'deps/prebuilt.cjs')) as {
    prebuiltFile: (system: string) => string;
    thisSystem: () => string;
  };
  const other: Readonly<Record<string, string>> = { glibc: 'musl', musl: 'glibc' };
  const place = (from: string, to: string): void => {
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(from, to);
  };

  const failure = `
    try { require('libneon'); } catch (error) {
      console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, cause: error.cause?.code }));
    }`;

  test('says how to build a missing binary', async () => {
    expect(await output('commonjs', failure, copy('unbuilt', { addon: null }))).toEqual({
      name: 'NeonError',
      code: 'ERR_NEON_LOAD',
      message:
        'The addon of libneon is not built, and the package has no prebuilt one for this system: ' +
        'run "npm rebuild libneon" (it says what is missing, if anything is)',
    });
  });

  test('says how to replace an invalid binary', async () => {
    expect(
      await output(
        'commonjs',
        failure,
        copy('broken', { addon: 'not a library, however long this text may be'.repeat(10) }),
      ),
    ).toEqual({
      name: 'NeonError',
      code: 'ERR_NEON_LOAD',
      message:
        'The addon of libneon was built for another platform or architecture: run "npm rebuild libneon" on this machine',
      cause: 'ERR_DLOPEN_FAILED',
    });
  });

  test('says what to do about a bundler', async () => {
    const folder = path.join(copy('bundled'), 'bundle');
    cpSync(path.join(projectRoot, 'dist', 'lib'), folder, { recursive: true });
    const bundled = failure.replace("'libneon'", JSON.stringify(path.join(folder, 'index.js')));
    expect(await output('commonjs', bundled, folder)).toEqual({
      name: 'NeonError',
      code: 'ERR_NEON_LOAD',
      message: expect.stringContaining('mark "libneon" as external') as string,
    });
  });

  test('says that files are incomplete', async () => {
    expect(await output('commonjs', failure, copy('incomplete', { binding: false, addon: null }))).toEqual({
      name: 'NeonError',
      code: 'ERR_NEON_LOAD',
      message: 'The files of libneon are incomplete: reinstall it',
    });
  });

  test('loads a prebuilt binary of the platform, but prefers a local build', async () => {
    const version = `console.log(JSON.stringify(require('libneon').versions.neon))`;
    const folder = copy('prebuilt', { addon: null });
    place(addon, path.join(folder, prebuiltFile(thisSystem())));
    expect(await output('commonjs', version, folder)).toBe(libneon.versions.neon);
    const built = copy('built', {});
    place(path.join(projectRoot, 'package.json'), path.join(built, prebuiltFile(thisSystem())));
    expect(await output('commonjs', version, built)).toBe(libneon.versions.neon);
  });

  test('does not load a binary for another C library', async () => {
    const folder = copy('other-libc', { addon: null });
    place(addon, path.join(folder, prebuiltFile(thisSystem().replace(/glibc|musl/, (libc) => other[libc]!))));
    expect(await output('commonjs', failure, folder)).toMatchObject({
      code: 'ERR_NEON_LOAD',
      message: expect.stringContaining('has no prebuilt one for this system') as string,
    });
  });

  test('works side by side in one process with handles of its own', async () => {
    const server = await serve({
      connections: [
        ...['a', 'b', 'a', 'b'].map((text) => [{ read: 'request' } as const, { send: response(text) }]),
        ...Array.from({ length: 4 }, () => stalling()),
      ],
    });
    const folders = [copy('a'), copy('b')];
    const program = `
      const copies = process.argv.slice(1, 3).map((folder) => ({
        ...require(folder + '/dist/lib/index.js'),
        ne: require(folder + '/dist/lib/ne/index.js'),
        promises: require(folder + '/dist/lib/ne/promises.js'),
      }));
      const [a, b] = copies;
      const port = Number(process.argv[3]);
      const outcome = async (call) => { try { return await call(); } catch (error) { return error.code ?? error.message; } };
      const abort = (call) => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error('aborted')), 300);
        return outcome(() => call({ signal: controller.signal }));
      };
      (async () => {
        const sessions = copies.map(({ ne }) => ne.ne_session_create('http', '127.0.0.1', port));
        const requests = copies.map(({ ne }, i) => ne.ne_request_create(sessions[i], 'GET', '/'));
        const results = { foreign: [], sync: [], async: [], classes: [], aborted: [], interrupt: copies.map(({ features }) => features.interrupt) };
        results.foreign = await Promise.all([
          () => b.ne.ne_get_scheme(sessions[0]),
          () => a.ne.ne_get_scheme(sessions[1]),
          () => b.ne.ne_request_create(sessions[0], 'GET', '/'),
          () => b.ne.ne_request_dispatch(requests[0]),
          () => a.promises.ne_request_dispatch(requests[1]),
          () => a.ne.ne_session_destroy(sessions[1]),
        ].map(outcome));
        for (const [i, { ne }] of copies.entries()) {
          results.sync.push(ne.ne_request_dispatch(requests[i]));
          ne.ne_close_connection(sessions[i]);
        }
        for (const [i, { promises, ne }] of copies.entries()) {
          results.async.push(await promises.ne_request_dispatch(requests[i]));
          ne.ne_close_connection(sessions[i]);
        }
        results.aborted = await Promise.all(copies.flatMap(({ promises, Session }, i) => [
          abort((options) => promises.ne_request_dispatch(requests[i], options)),
          abort((options) => new Session('http', '127.0.0.1', port).request('GET', '/', options)),
        ]));
        console.log(JSON.stringify(results));
      })();`;
    expect(await output('commonjs', program, projectRoot, ...folders, String(server.port))).toEqual({
      foreign: Array(6).fill('ERR_INVALID_ARG_TYPE'),
      sync: [0, 0],
      async: [0, 0],
      classes: [],
      aborted: Array(4).fill('aborted'),
      interrupt: [true, true],
    });
    const records = await server.waitForClosed(8);
    expect(records.map(({ requests }) => requests)).toEqual(Array(8).fill(1));
    expect(records.every(({ clientClose }) => clientClose !== null)).toBe(true);
  });
});
