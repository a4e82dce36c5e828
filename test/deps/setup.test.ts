/**
 * Tests the results and messages of the scripts in deps/. Also tests that a package made from this tree can be
 * installed elsewhere. Each script runs in a process of its own, because Jest cannot load its ES modules.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { npm, pack, unpack } from '../support/package.js';

const root = resolve(__dirname, '../../..');

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function node(args: string[], env: NodeJS.ProcessEnv = {}, cwd = root): Run {
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
}

/** Evaluates an expression in a new process. The expression can use the exports of a module of deps/lib as `it`. */
function evaluate(module: string, expression: string, ending = 'mjs'): unknown {
  const script = `import * as it from './deps/lib/${module}.${ending}'; process.stdout.write(JSON.stringify(${expression}) ?? 'null')`;
  const { stdout, stderr, status } = node(['--input-type=module', '-e', script]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function onPath(program: string): string | undefined {
  const files = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

describe('the probe', () => {
  const probe = () => {
    const { stdout, stderr } = node(['deps/probe.mjs']);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as {
      version: string;
      include: string;
      library: string;
      functions: Record<string, boolean>;
    };
  };

  it('finds the installed neon', () => {
    const { version, include, library } = probe();
    expect(version).toMatch(/^0\.3[2-9]\.\d+/);
    expect(existsSync(join(include, 'ne_session.h'))).toBe(true);
    expect(existsSync(library)).toBe(true);
  });

  it('reports the declared functions that the library exports', () => {
    const { functions, library } = probe();
    expect(functions.ne_session_create).toBe(true);
    expect(functions.ne_sock_connect).toBe(true);
    expect(functions).not.toHaveProperty('ne_auth_creds'); // a type
    expect(Object.keys(functions).length).toBeGreaterThan(250);
    if (onPath('nm') === undefined || process.platform !== 'linux') return;
    const symbols = execFileSync('nm', ['-D', '--defined-only', library], { encoding: 'utf8' });
    const exported = new Set(Array.from(symbols.matchAll(/ [TW] (\w+)/g), ([, name]) => name));
    for (const [name, there] of Object.entries(functions)) expect([name, there]).toEqual([name, exported.has(name)]);
  });

  it('reads only prototypes from a header', () => {
    const header = String.raw`
      /* int ne_comment(void); */ // int ne_line(void);
      #define ne_macro(x) \
         ne_continued(x)
      typedef int (*ne_callback)(void *userdata);
      typedef void ne_function_type(int a, int b);
      struct ne_thing_s { int (*ne_member)(void); };
      const char *ne_text(const ne_thing *t,
                          ne_callback (cb)(int))
          ne_attribute((format(printf, 1, 2)));
      NE_DEPRECATED void ne_with_callback(void (*ne_inner)(int));
      extern int ne_variable;
    `;
    expect(evaluate('symbols', `it.prototypes(${JSON.stringify(header)})`)).toEqual(['ne_text', 'ne_with_callback']);
  });

  it('compares versions as numbers', () => {
    expect(
      evaluate('neon', `['0.31.2', '0.32.0', '0.32.5', '0.4.0', '1.0'].map((v) => it.isOlder(v, '0.32'))`),
    ).toEqual([true, false, false, true, false]);
  });
});

describe('the message about missing packages', () => {
  const explain = (needs: string[], manager?: string) =>
    evaluate('packages', `it.explain(${JSON.stringify(needs)}, ${JSON.stringify(manager)}, false)`);
  const missing = 'libneon: missing to build the addon: neon 0.32 or newer with its headers, a C++20 compiler.';

  it.each([
    ['apt', 'sudo apt-get install -y libneon27-dev zlib1g-dev pkg-config g++'],
    ['dnf', 'sudo dnf install -y neon-devel zlib-devel pkgconf-pkg-config gcc-c++'],
    ['pacman', 'sudo pacman -S --needed --noconfirm neon zlib pkgconf gcc'],
    ['apk', 'sudo apk add neon-dev zlib-dev pkgconf g++'],
    ['brew', 'brew install neon zlib pkgconf gcc'],
  ])('has two lines with the exact command of %s', (manager, command) => {
    expect(explain(['neon', 'compiler'], manager)).toEqual([missing, `Install the missing packages with: ${command}`]);
  });

  it('omits sudo for root', () => {
    expect(evaluate('packages', `it.installCommand(['cmake'], 'apt', true)`)).toBe('apt-get install -y cmake');
  });

  it('names the packages when no command is known', () => {
    const [, how] = explain(['neon']) as string[];
    expect(how).toBe('Install by hand (no package manager is known here): neon 0.32 or newer with its headers');
    expect(explain(['neon-gnutls'], 'dnf')).toEqual(
      expect.arrayContaining([expect.stringContaining('dnf has no package for it')]),
    );
  });

  it("prefers the system's package manager to Homebrew", () => {
    const pick = (programs: string[]) =>
      evaluate('packages', `it.packageManager((name) => ${JSON.stringify(programs)}.includes(name)) ?? null`);
    expect(pick(['brew', 'dnf'])).toBe('dnf');
    expect(pick(['brew'])).toBe('brew');
    expect(pick(['zypper'])).toBeNull();
  });

  it('has two lines and exit code 1 when neon is not in NEON_ROOT', () => {
    const { status, stdout, stderr } = node(['deps/install.mjs', '--force'], { NEON_ROOT: '/nowhere' });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toContain('NEON_ROOT=/nowhere: no ne_session.h');
  });

  it('has two lines when there is no compiler', () => {
    const { status, stderr } = node(['deps/install.mjs', '--force'], {
      PATH: '/nowhere',
      CXX: '',
      LIBNEON_BUILD: 'cmake',
    });
    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/missing to build the addon: .*a C\+\+20 compiler, make, CMake/);
  });

  it('rejects an unknown value of a setting', () => {
    const { status, stderr } = node(['deps/install.mjs'], { NEON_TLS: 'wolfssl' });
    expect(status).toBe(1);
    expect(stderr).toBe('libneon: NEON_TLS=wolfssl is not one of default, gnutls.\n');
  });
});

describe('the command that runs the install script again', () => {
  const command = (package_: string, agent = '') =>
    evaluate(
      'advice',
      `it.default.rebuildCommand(${JSON.stringify(package_)}, it.default.installedBy(${JSON.stringify(package_)}, ` +
        `{ npm_config_user_agent: ${JSON.stringify(agent)} }))`,
      'cjs',
    );

  it.each([
    ['/p/node_modules/.pnpm/libneon@0.1.0/node_modules/libneon', '', 'pnpm rebuild libneon'],
    [
      '/p/.yarn/unplugged/libneon-npm-0.1.0/node_modules/libneon',
      '',
      'npm pkg set --json dependenciesMeta.libneon.built=true && yarn install',
    ],
    ['/p/node_modules/libneon', 'npm/10.9.0 node/v20.20.2 linux x64', 'npm rebuild libneon'],
    ['/p/node_modules/libneon', 'yarn/1.22.22 npm/? node/v20.20.2 linux x64', 'yarn install --force'],
    ['/p/node_modules/libneon', '', 'npm rebuild libneon'],
  ])('for %s, with the agent "%s", is "%s"', (folder, agent, expected) => {
    expect(command(folder, agent)).toBe(expected);
  });
});

describe('set-up', () => {
  it('does nothing, silently, when everything is installed', () => {
    expect(node(['deps/setup.mjs', '--test'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('keeps a built addon', () => {
    const { status, stdout } = node(['deps/install.mjs']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^libneon: \S+libneon\.node is in place\n$/);
  });
});

describe('the package', () => {
  const filesIn = (of: string, pattern: RegExp) =>
    readdirSync(of, { recursive: true, encoding: 'utf8' })
      .filter((name) => pattern.test(name))
      .sort();
  let folder: string;
  let tarball: string;
  /** A project that uses the package, unpacked, with the addon of this tree. */
  let user: string;
  let installed: string;

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'libneon-package-')));
    tarball = pack(folder);
    user = join(folder, 'user');
    installed = unpack(tarball, user);
  }, 600_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('contains the files that users need, and no tests', () => {
    const { stdout } = npm(['pack', '--dry-run', '--json', '--ignore-scripts'], root);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    const sources = readdirSync(join(root, 'binding'), { recursive: true, encoding: 'utf8' })
      .map((name) => `binding/${name}`)
      .filter((name) => /\.(cc|h)$/.test(name));
    expect(paths).toEqual(
      expect.arrayContaining([
        'package.json',
        'CMakeLists.txt',
        'binding.gyp',
        'deps/FindNeon.cmake',
        'deps/install.mjs',
        'deps/prebuilt.cjs',
        'deps/lib/advice.cjs',
        'deps/neon-flags.mjs',
        'deps/lib/neon.mjs',
        'dist/lib/index.js',
        'dist/lib/index.d.ts',
        'dist/lib/ne/index.js',
        'dist/lib/ne/promises.js',
        'dist/lib/webdav/index.js',
        'dist/lib/webdav/index.d.ts',
        ...sources,
      ]),
    );
    expect(paths).toContain('dist/examples/litmus/index.js'); // `bin` refers to it
    const others = paths.filter((path) => !path.startsWith('dist/examples/litmus/'));
    expect(others.filter((path) => /^(dist\/)?(test|bench|examples|build|node_modules|\.)/.test(path))).toEqual([]);
  });

  it('bundles the library into seven JavaScript files, and the client into one', () => {
    const shared = ['classes/shared.js', 'core/shared.js', 'ne/shared.js'];
    const scripts = [...shared, 'index.js', 'ne/index.js', 'ne/promises.js', 'webdav/index.js'].sort();
    const lib = join(installed, 'dist/lib');
    expect(filesIn(lib, /\.js$/)).toEqual([...scripts, 'cli/index.js'].sort());
    expect(filesIn(installed, /\.map$/)).toEqual([]);
    expect(filesIn(lib, /\.d\.ts$/)).toEqual(filesIn(join(root, 'dist/lib'), /^(?!cli\/).*\.d\.ts$/));
  });

  it('has a client that needs no other package, with the licences of the code in it', () => {
    const client = join(installed, 'dist/lib/cli/index.js');
    const { stdout } = node([client, 'info'], {}, user);
    expect(stdout).toMatch(/^libneon: \d.*\nneon: 0\./);
    const licences = readFileSync(join(installed, 'dist/lib/cli/THIRD-PARTY-LICENSES'), 'utf8');
    for (const name of ['cli-progress', 'commander', 'mute-stream', 'read', 'string-width'])
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC)\\)$`, 'm'));
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    expect(manifest.bin['libneon']).toBe('dist/lib/cli/index.js');
  });

  it('leaves the unbundled library in the tree', () => {
    const copy = join(folder, 'copy');
    expect(filesIn(join(copy, 'dist/lib'), /./)).toEqual(filesIn(join(root, 'dist/lib'), /./));
    expect(existsSync(join(copy, 'dist/.stamp'))).toBe(true);
    expect(readdirSync(join(copy, 'dist')).sort()).toEqual(readdirSync(join(root, 'dist')).sort());
  });

  it('is packed without building the addon', () => {
    expect(existsSync(join(folder, 'copy/build'))).toBe(false);
  });

  it('exports the same names, bundled or not', () => {
    const names = `JSON.stringify(['libneon', 'libneon/ne', 'libneon/ne/promises', 'libneon/webdav'].map((name) => Object.keys(require(name)).sort()))`;
    const [bundled, unbundled] = [user, root].map((cwd) => node(['-p', names], {}, cwd).stdout);
    expect(bundled).toContain('ne_session_create');
    expect(bundled === unbundled).toBe(true);
  });

  it('shares one class of errors and one addon between the entry points', () => {
    const program = `
      const { NeonError, Session } = require('libneon');
      const ne = require('libneon/ne');
      const promises = require('libneon/ne/promises');
      const session = new Session('http', 'localhost', 1);
      const request = ne.ne_request_create(session.handle, 'GET', '/');
      const outcomes = [];
      try { ne.ne_end_request(request); } catch (error) { outcomes.push(error); }
      promises.ne_session_destroy(session.handle).catch((error) => {
        outcomes.push(error);
        console.log(JSON.stringify(outcomes.map((error) => [error.constructor === NeonError, error.code])));
      });`;
    const { stdout, stderr } = node(['-e', program], {}, user);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      [true, 'ERR_NEON_INVALID_STATE'],
      [true, 'ERR_NEON_LIVE_REQUESTS'],
    ]);
  });

  it('sends requests from all entry points', () => {
    const program = `
      const { Worker } = require('node:worker_threads');
      const { Session } = require('libneon');
      const ne = require('libneon/ne');
      const { ne_request_dispatch } = require('libneon/ne/promises');
      const code = "require('node:http').createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1', " +
        "function () { require('node:worker_threads').parentPort.postMessage(this.address().port); })";
      const server = new Worker(code, { eval: true });
      server.once('message', async (port) => {
        const session = new Session('http', '127.0.0.1', port);
        const results = [await (await session.get('/promise')).text(), session.getSync('/blocking').status];
        results.push(ne.ne_request_dispatch(ne.ne_request_create(session.handle, 'GET', '/')));
        results.push(await ne_request_dispatch(ne.ne_request_create(session.handle, 'GET', '/')));
        console.log(JSON.stringify(results));
        await server.terminate();
      });`;
    const { stdout, stderr } = node(['-e', program], {}, user);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['/promise', 200, 0, 0]);
  });

  it('says what to do about a bundler', () => {
    cpSync(join(installed, 'dist/lib'), join(user, 'packed'), { recursive: true });
    const program = `try { require('./packed/index.js'); } catch (error) { console.log(error.code, error.message); }`;
    expect(node(['-e', program], {}, user).stdout).toMatch(/^ERR_NEON_LOAD .*mark "libneon" as external/);
  });

  it('installs in another project, where node-gyp builds it though there is CMake', () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    npm(['init', '--yes'], project);
    const env = { LIBNEON_BUILD: '', NEON_SANITIZE: '', NEON_WERROR: '' };
    const install = npm(['install', '--prefer-offline', '--foreground-scripts', tarball], project, env);
    expect(install).toMatchObject({ status: 0 });
    expect(install.stdout).toMatch(/libneon: built by gyp for neon/);
    const used = node(['-p', 'JSON.stringify(require("libneon").versions)'], {}, project);
    expect(used.stderr).toBe('');
    expect(JSON.parse(used.stdout)).toMatchObject({ neon: expect.stringMatching(/^0\.3\d/) });
  }, 600_000);
});
