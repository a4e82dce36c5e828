/** Tests that HTTPS works next to another addon that loads the system's OpenSSL into the process. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describeWith, requireProgram } from '../servers/packages.js';
import { testPki } from '../servers/pki.js';
import { projectRoot, scratchDirectory } from '../servers/start.js';
import type { Order } from './children/other-addon.js';
import { expectEnd, nodes, repeat, reported, run } from './fork.js';
import { pathsServer, removeAtTheEnd } from './servers.js';

jest.setTimeout(240_000);

const orders: readonly Order[] = ['before', 'after', 'between', 'worker'];
const ways = {
  'linked with it': ['-l:libssl.so.3', '-l:libcrypto.so.3'],
  'that opens it by dlopen': ['-DOPEN=RTLD_NOW', '-ldl'],
  'that opens it by dlopen for all': ['-DOPEN=RTLD_NOW|RTLD_GLOBAL', '-ldl'],
  'that opens it by dlopen for itself': ['-DOPEN=RTLD_NOW|RTLD_DEEPBIND', '-ldl'],
};

describeWith('cc', 'another addon with the OpenSSL of the system', () => {
  const addons = Object.keys(ways).map((_, index) => `other-${index}.node`);
  let folder: string;
  let tlsPort: number;

  beforeAll(async () => {
    ({ tlsPort } = await pathsServer());
    folder = removeAtTheEnd(scratchDirectory('other-addon'));
    const source = path.join(projectRoot, 'test', 'lifecycle', 'other-addon.c');
    Object.values(ways).forEach((options, index) => {
      const output = path.join(folder, addons[index]!);
      const warnings = ['-Wall', '-Wextra', '-Werror'];
      execFileSync(requireProgram('cc'), ['-shared', '-fPIC', '-o', output, source, ...warnings, ...options], {
        stdio: 'inherit',
      });
    });
  });

  describe.each(nodes)('Node %s', (_, node) => {
    test.each(Object.keys(ways).map((way, index) => [way, index] as const))(
      'does not disturb HTTPS when %s, in any order of loading',
      async (_way, index) => {
        await repeat(orders.length, async (turn) => {
          const args = [tlsPort, testPki().ca.cert, path.join(folder, addons[index]!), orders[turn]!];
          const ended = await run('other-addon', args, { node });

          expectEnd(ended);
          expect(reported<{ tls: string }>(ended).tls).toMatch(/^(OpenSSL|GnuTLS) \d/);
        });
      },
    );
  });
});
