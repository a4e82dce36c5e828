/**
 * Tests the results and messages of the scripts in deps/. Also tests that a package made from this tree can be
 * installed elsewhere. Each script runs in a process of its own, because Jest cannot load its ES modules.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

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
function evaluate(module: string, expression: string): unknown {
  const script = `import * as it from './deps/lib/${module}.mjs'; process.stdout.write(JSON.stringify(${expression}) ?? 'null')`;
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
  const npm = (args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) => {
    const script = process.env.npm_execpath;
    const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
    // These variables exist when npm runs the tests. They would change the behaviour of the npm that this test starts.
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^npm_(package|lifecycle|command|config_local_prefix)/.test(name),
      ),
    );
    const options = { cwd, encoding: 'utf8', env: { ...inherited, ...env } } as const;
    return script?.endsWith('.js') === true
      ? spawnSync(process.execPath, [script, ...all], options)
      : spawnSync('npm', all, options);
  };
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'libneon-package-'));
  });
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
        'deps/neon-flags.mjs',
        'deps/lib/neon.mjs',
        'dist/lib/index.js',
        'dist/lib/index.d.ts',
        'dist/lib/ne/index.js',
        'dist/lib/ne/promises.js',
        ...sources,
      ]),
    );
    expect(paths).toContain('dist/examples/litmus/index.js'); // `bin` refers to it
    const others = paths.filter((path) => !path.startsWith('dist/examples/litmus/'));
    expect(others.filter((path) => /^(dist\/)?(test|bench|examples|build|node_modules|\.)/.test(path))).toEqual([]);
  });

  // Tests only the builder in LIBNEON_BUILD if it is set, because the suite runs on the binary of that builder.
  // Otherwise tests both builders.
  const builders = process.env.LIBNEON_BUILD ? [process.env.LIBNEON_BUILD] : ['cmake', 'gyp'];

  it.each(builders)(
    'installs and builds in another project (%s)',
    (builder) => {
      const packed = npm(['pack', '--ignore-scripts', '--pack-destination', folder], root);
      expect(packed.stderr).toBe('');
      const tarball = join(
        folder,
        readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
      );
      const project = join(folder, builder);
      mkdirSync(project);
      npm(['init', '--yes'], project);
      const env = {
        LIBNEON_BUILD: '',
        NEON_SANITIZE: '',
        NEON_WERROR: '',
        PATH: builder === 'cmake' ? process.env.PATH : pathWithoutCmake(join(folder, 'bin')),
      };
      const installed = npm(['install', '--prefer-offline', '--foreground-scripts', tarball], project, env);
      expect(installed).toMatchObject({ status: 0 });
      expect(installed.stdout).toMatch(new RegExp(`libneon: built by ${builder} for neon`));
      const used = node(['-p', 'JSON.stringify(require("libneon").versions)'], {}, project);
      expect(used.stderr).toBe('');
      expect(JSON.parse(used.stdout)).toMatchObject({ neon: expect.stringMatching(/^0\.3\d/) });
    },
    600_000,
  );

  /** Creates a folder that can replace PATH: it has links to all programs of PATH except CMake and Ninja. */
  function pathWithoutCmake(bin: string): string {
    mkdirSync(bin);
    const linked = new Set<string>();
    for (const from of [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)]) {
      if (!existsSync(from)) continue;
      for (const name of readdirSync(from)) {
        if (/^(cmake|ninja)/.test(name) || linked.has(name)) continue;
        linked.add(name);
        symlinkSync(join(from, name), join(bin, name));
      }
    }
    return bin;
  }
});
