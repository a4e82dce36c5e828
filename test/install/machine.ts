/**
 * Runs programs as on a machine that lacks some Debian packages. The programs see this machine's /usr without the files
 * of these packages: a mount namespace has a layer over /usr, in which the files are deleted. Nothing else changes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The Debian packages that a machine can lack, and the files that are then missing. */
const files = {
  libneon27: ['/usr/lib/*/libneon.so.27*'],
  'libneon27-dev': [
    '/usr/include/neon',
    '/usr/lib/*/libneon.so',
    '/usr/lib/*/pkgconfig/neon.pc',
    '/usr/bin/neon-config',
  ],
  'g++': ['/usr/bin/*g++*', '/usr/bin/c++', '/usr/bin/clang++*', '/usr/lib/ccache'],
  make: ['/usr/bin/make', '/usr/bin/gmake'],
  python3: ['/usr/bin/python*'],
  cmake: ['/usr/bin/cmake', '/usr/bin/ninja'],
} as const;

export type Package = keyof typeof files;

export interface Machine {
  readonly lacks: ReadonlySet<Package>;
  /** Whether the neon of the machine says that it is version 0.31. */
  readonly oldNeon: boolean;
}

/** The machine after a command of its package manager, such as `apt-get install -y make`. */
export function after(machine: Machine, command: string): Machine {
  const installed = new Set(command.split(' '));
  // The headers depend on the library.
  if (installed.has('libneon27-dev')) installed.add('libneon27');
  const lacks = new Set([...machine.lacks].filter((name) => !installed.has(name)));
  return { lacks, oldNeon: machine.oldNeon && !installed.has('libneon27') };
}

export interface Outcome {
  readonly code: number | null;
  /** Both streams, in order. */
  readonly text: string;
  readonly seconds: number;
}

// The layer is in memory, and goes with the namespace. The older neon is the same library with another version number:
// the linker binds functions when they are first called, so that a real older one is found by its number, too.
const script = `
set -e
layer=$1 old=$2 gone=$3
shift 3
mount -t tmpfs tmpfs "$layer"
mkdir "$layer/upper" "$layer/work"
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$layer/upper,workdir=$layer/work" /usr
if [ "$old" = yes ]; then
  for file in /usr/lib/*/libneon.so.27.*; do sed -i 's/neon 0\\.3[2-9]/neon 0.31/' "$file"; done
fi
rm -rf $gone
exec "$@"
`;

/**
 * Runs a command of the shell on a machine, in a folder. `layer` is an empty folder. A command that hangs is ended.
 */
export async function runOn(
  machine: Machine,
  command: string,
  { layer, cwd, env }: { readonly layer: string; readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Outcome> {
  const gone = [...machine.lacks].flatMap((name) => files[name]).join(' ');
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const args = [...user, '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
  const start = performance.now();
  const child = spawn(
    'unshare',
    [...args, layer, machine.oldNeon ? 'yes' : 'no', gone, 'sh', '-c', `${command} 2>&1`],
    {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 1_200_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, text, seconds: (performance.now() - start) / 1000 };
}
