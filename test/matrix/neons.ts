/**
 * Unpacks several versions of neon from Debian packages, so that one build of the addon can run with each version. Each
 * folder also has the C library and all other dependencies. Nothing is installed.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { run } from './run.js';

/** The TLS library that neon is built with. */
export type Tls = 'openssl' | 'gnutls';

/** A version of neon in Debian: the version, the Debian suite that contains it, and the names of its packages. */
export interface Release {
  readonly neon: string;
  readonly suite: string;
  readonly packages: Readonly<Record<Tls, string>>;
}

const since64BitTime = { openssl: 'libneon27t64', gnutls: 'libneon27t64-gnutls' } as const;

/** The releases, oldest first. */
export const releases: readonly Release[] = [
  { neon: '0.32.5', suite: 'bookworm', packages: { openssl: 'libneon27', gnutls: 'libneon27-gnutls' } },
  { neon: '0.34.2', suite: 'trixie', packages: since64BitTime },
  { neon: '0.37.1', suite: 'sid', packages: since64BitTime },
];

const library = 'usr/lib/x86_64-linux-gnu';

/** The folder with the libraries of one neon, created if necessary. */
export function neonLibraries(cache: string, release: Release, tls: Tls): string {
  const folder = path.join(cache, `neon-${release.neon}-${tls}`);
  const root = makeOnce(folder, (making) => {
    for (const file of download(cache, release.suite, [release.packages[tls], 'libstdc++6'])) unpack(file, making);
    if (tls === 'gnutls') linkCommonName(making);
  });
  return path.join(root, library);
}

/** The folder with the headers of one neon, created if necessary. */
export function neonHeaders(cache: string, release: Release): string {
  const folder = makeOnce(path.join(cache, `neon-${release.neon}-headers`), (making) => {
    const [file] = download(cache, release.suite, ['libneon27-dev'], { alone: true });
    unpack(file!, making);
  });
  return path.join(folder, 'usr/include/neon');
}

/**
 * Returns a folder with packages for another architecture and all their dependencies. Creates the folder if it is
 * missing.
 */
export function foreignRoot(cache: string, suite: string, architecture: string, packages: readonly string[]): string {
  return makeOnce(path.join(cache, `root-${suite}-${architecture}`), (making) => {
    for (const file of download(cache, suite, packages, { architecture })) unpack(file, making);
  });
}

/** The path of the dynamic loader that belongs to a folder of libraries. */
export function loaderOf(libraries: string): string {
  const names = ['ld-linux-x86-64.so.2'];
  const folders = [libraries, path.join(libraries, '../../../lib/x86_64-linux-gnu')];
  const found = folders
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error(`no dynamic loader below ${libraries}`);
  return found;
}

/** Returns the folders in which to search for libraries: only /usr/lib if /lib is a link to it, otherwise both. */
export function searchPath(libraries: string): string[] {
  return [libraries, path.join(libraries, '../../../lib/x86_64-linux-gnu')].filter((folder) => existsSync(folder));
}

// A program linked with neon's OpenSSL build looks for this name. The link makes it load the GnuTLS build, which has
// the same interface.
function linkCommonName(root: string): void {
  symlinkSync('libneon-gnutls.so.27', path.join(root, library, 'libneon.so.27'));
}

// Creates a folder completely, or not at all.
function makeOnce(folder: string, make: (making: string) => void): string {
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  make(making);
  renameSync(making, folder);
  return folder;
}

function unpack(file: string, folder: string): void {
  run('dpkg', ['-x', file, folder]);
}

/** Downloads packages of a suite and, unless `alone`, all their dependencies. Returns the paths of the packages. */
function download(
  cache: string,
  suite: string,
  packages: readonly string[],
  { alone = false, architecture }: { alone?: boolean; architecture?: string } = {},
): string[] {
  const apt = aptOf(cache, suite, architecture);
  const archives = path.join(apt.folder, `${packages.join('+')}${alone ? '-alone' : ''}`);
  mkdirSync(path.join(archives, 'partial'), { recursive: true });
  if (alone) {
    run('apt-get', [...apt.options, 'download', ...packages], archives);
  } else {
    const install = ['install', '--download-only', '--no-install-recommends', '-y', ...packages];
    run('apt-get', [...apt.options, '-o', `Dir::Cache::Archives=${archives}`, ...install]);
  }
  const files = readdirSync(archives).filter((name) => name.endsWith('.deb'));
  return files.map((name) => path.join(archives, name));
}

/**
 * Creates a private apt configuration for one suite and one architecture (by default the architecture of this machine).
 * Updates its package lists from the first mirror that the machine uses.
 */
function aptOf(cache: string, suite: string, architecture?: string): { folder: string; options: string[] } {
  const folder = path.join(cache, ['apt', suite, ...(architecture ? [architecture] : [])].join('-'));
  const sources = path.join(folder, 'debian.sources');
  const options = [
    ['Dir::Etc::SourceList', sources],
    ['Dir::Etc::SourceParts', '-'],
    ['Dir::State', path.join(folder, 'state')],
    ['Dir::State::Status', '/dev/null'],
    ['Dir::Cache', path.join(folder, 'cache')],
    ['APT::Sandbox::User', process.getuid?.() === 0 ? 'root' : ''],
    ...(architecture ? ['APT::Architecture', 'APT::Architectures'].map((name) => [name, architecture]) : []),
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  if (existsSync(sources)) return { folder, options };
  for (const place of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(folder, place), { recursive: true });
  const wanted = `Types: deb\nURIs: ${mirror()}\nSuites: ${suite}\nComponents: main\n`;
  const unchecked = path.join(folder, 'unchecked.sources');
  writeFileSync(unchecked, `${wanted}Signed-By: ${keyring}\n`);
  renameSync(unchecked, sources);
  try {
    run('apt-get', [...options, 'update']);
  } catch (error) {
    rmSync(sources);
    throw error;
  }
  return { folder, options };
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The first of the machine's mirrors. apt's configuration has two forms: one-line `.list` and deb822 `.sources`. */
function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  for (const file of ['/etc/apt/sources.list', ...parts].filter((file) => /\.(list|sources)$/.test(file))) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8').replace(/^#.*$/gm, '');
    const found =
      /^URIs:\s*(\S+\/debian\/?)(?=\s|$)/m.exec(text) ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian\/?)\s/m.exec(text);
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error('no mirror of Debian in the configuration of apt: this needs a Debian machine');
}
