/** Tests of ne_pkcs11.h: client certificates on PKCS#11 tokens. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { describeWith, requireProgram } from '../../servers/packages.js';
import { testPki } from '../../servers/pki.js';
import { startTlsServer } from '../../servers/s-server.js';
import { scratchDirectory } from '../../servers/start.js';
import { runNode } from '../../support/child.js';
import { surfaces } from '../../support/surfaces.js';

const implemented = ne.ne_ssl_pkcs11_provider_init({}, 'no such module') !== ne.NE_PK11_NOTIMPL;

test.each(surfaces)('fails on a missing module with $surface', async ({ io }) => {
  const expected = implemented ? ne.NE_PK11_FAILED : ne.NE_PK11_NOTIMPL;
  const out = {};
  expect(await io.ne_ssl_pkcs11_provider_init(out, '')).toBe(expected);
  expect(await io.ne_ssl_pkcs11_provider_init(out, '/nonexistent'.repeat(1000))).toBe(expected);
  expect(await io.ne_ssl_pkcs11_nss_provider_init(out, '/nonexistent', '/nonexistent', "'", '%s', '')).toBe(expected);
  expect(await io.ne_ssl_pkcs11_nss_provider_init(out, '/nonexistent', '/nonexistent', null, null, null)).toBe(
    expected,
  );
  expect(out).toEqual({});
});

/** Defines a suite that needs programs for PKCS#11 tokens; skips it if neon was built without PKCS#11. */
function describeToken(name: string, suite: () => void): void {
  if (implemented) describeWith(['openssl', 'softhsm2-util', 'pkcs11-tool'], name, suite);
  else describe.skip(`${name} (skipped: this neon is built without PKCS#11)`, suite);
}

describe('a token', () => {
  describeToken('of SoftHSM', () => {
    const busy = 'ERR_NEON_BUSY';

    test('gives client certificates, asks for PINs, and refuses other calls meanwhile', async () => {
      const pki = testPki();
      const env = { ...process.env, SOFTHSM2_CONF: tokenWith(pki.ca) };
      const server = await startTlsServer({ pair: pki.server, clients: { ca: pki.ca.cert, require: true } });
      try {
        const script = path.join(__dirname, '../../support/pkcs11-child.js');
        const { stdout, stderr, exit } = await runNode(
          ['--expose-gc', script, String(server.port), pki.ca.cert],
          undefined,
          env,
        );
        expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
        const report = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
        for (const { surface, asynchronous } of surfaces)
          expect({ surface, ...report[surface] }).toEqual({ surface, ...expected(asynchronous) });
      } finally {
        await server.stop();
      }
    });

    function expected(asynchronous: boolean): Record<string, unknown> {
      const asked = (attempt: number, flags = 0): unknown => [attempt, expect.any(String), 'libneon', flags];
      const once = (result: unknown): unknown => ({ result, asked: [asked(0)] });
      return {
        right: once(ne.NE_OK),
        second: { result: ne.NE_OK, asked: [asked(0), asked(1, ne.NE_SSL_P11PIN_COUNT_LOW)] },
        'gives up': once(ne.NE_ERROR),
        throws: once('the reason'),
        nothing: once('ERR_INVALID_ARG_TYPE'),
        zero: once('ERR_INVALID_ARG_TYPE'),
        'too long': once('ERR_OUT_OF_RANGE'),
        'with a null': once('ERR_INVALID_ARG_VALUE'),
        promise: once(asynchronous ? ne.NE_OK : 'ERR_INVALID_ARG_TYPE'),
        shared: { results: [ne.NE_OK, ne.NE_OK, ne.NE_OK], asked: 1 },
        busy: {
          ...(asynchronous && {
            'close in the callback': 'ERR_NEON_REENTRANT',
            'in the callback': [busy, 'ERR_NEON_REENTRANT', 'ERR_NEON_REENTRANT', 'Unknown error.'],
            'while it is pending': [busy, busy, busy, 'Unknown error.'],
          }),
          result: ne.NE_OK,
          afterwards: [null, null, null, 'Unknown error.'],
        },
        asynchronous,
      };
    }
  });
});

/** Creates a token with a key and a certificate signed by this authority; returns the configuration of SoftHSM. */
function tokenWith(ca: { cert: string; key: string }): string {
  const folder = scratchDirectory('token');
  const file = (name: string): string => path.join(folder, name);
  const configuration = file('softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${folder}\nobjectstore.backend = file\n`);
  const run = (program: Parameters<typeof requireProgram>[0], ...args: string[]): void =>
    void execFileSync(requireProgram(program), args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, SOFTHSM2_CONF: configuration },
    });
  const request = ['-newkey', 'rsa:2048', '-nodes', '-keyout', file('key'), '-subj', '/CN=Token', '-out', file('csr')];
  run('openssl', 'req', '-new', ...request);
  const signing = ['-CA', ca.cert, '-CAkey', ca.key, '-set_serial', '77', '-days', '2'];
  run('openssl', 'x509', '-req', '-in', file('csr'), ...signing, '-outform', 'DER', '-out', file('cert'));
  const pins = ['--pin', 'secret', '--so-pin', 'secret'];
  run('softhsm2-util', '--init-token', '--free', '--label', 'libneon', ...pins);
  const identity = ['--token', 'libneon', '--id', '01', '--label', 'one', '--pin', 'secret'];
  run('softhsm2-util', '--import', file('key'), ...identity);
  const module = [
    '--module',
    '/usr/lib/softhsm/libsofthsm2.so',
    '--token-label',
    'libneon',
    '--login',
    '--pin',
    'secret',
  ];
  run('pkcs11-tool', ...module, '--write-object', file('cert'), '--type', 'cert', '--id', '01');
  return configuration;
}
