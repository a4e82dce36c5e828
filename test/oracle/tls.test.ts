/** Tests certificates and TLS: C and JavaScript see the same failures, results, error texts and certificates. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { startApache, type Apache } from '../servers/apache.js';
import { describeWith } from '../servers/packages.js';
import { testPki } from '../servers/pki.js';
import { startTlsServer } from '../servers/s-server.js';
import { situations, type Situation } from '../support/tls-situations.js';
import { cTwin, withoutTlsWording, jsTwin, runTwinAt, surfaces, type Twin } from './oracle.js';

const programs = ['cc', 'openssl'] as const;

/** Removes an error message that depends on whether the server's alert or its reset arrives first. */
function comparable(lines: readonly string[], { error }: Situation): string[] {
  return lines.map((line) => (error?.source === '.' && line.startsWith('error=') ? 'error=' : withoutTlsWording(line)));
}

describeWith(programs, 'JavaScript compared with C over TLS', () => {
  test.each(situations())('matches C with $about', async (situation) => {
    const { server, host, client, trusts, failures } = situation;
    const running = await startTlsServer(server);
    try {
      const option = !client ? '-' : 'set' in client ? `set=${client.set}` : `provide=${client.provided ?? ''}`;
      const run = async (twin: Twin): Promise<object> => {
        const { lines, exit, stderr } = await runTwinAt(twin, running.port, [host, option, ...trusts]);
        expect(stderr).toBe('');
        return { lines: comparable(lines, situation), exit };
      };
      const expected = await run(cTwin('tls'));
      expect(expected).toMatchObject({ exit: 0 });
      const asked = (expected as { lines: string[] }).lines.filter((line) => line.startsWith('failures='));
      expect(asked).toEqual(failures === 0 ? [] : [`failures=${failures}`, `failures=${failures}`]);
      for (const surface of surfaces) expect(await run(jsTwin('tls', surface))).toEqual(expected);
    } finally {
      await running.stop();
    }
  });
});

/**
 * Apache requests the certificate only after it has read the path. With TLS 1.2, Apache renegotiates the connection.
 * With TLS 1.3, Apache sends a CertificateRequest after the handshake.
 */
describeWith([...programs, 'apache2'], 'a client certificate requested after the handshake', () => {
  const pki = testPki();
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
    apache.write('dav', 'for-clients', 'for clients');
  });
  afterAll(() => apache.stop());

  test.each([
    ['when it is valid', `set=${pki.p12}`],
    ['when a callback provides it', `provide=${pki.p12}`],
    ['when it is missing', '-'],
    ['when a callback provides no certificate', 'provide='],
    ['when it is of another authority', `set=${pki.p12WrongClient}`],
    ['when it is revoked', `set=${pki.p12RevokedClient}`],
  ])('is handled as in C %s', async (_, option) => {
    const run = async (twin: Twin): Promise<object> => {
      const { lines, exit, stderr } = await runTwinAt(twin, apache.tlsPort, [
        'localhost/mtls/for-clients',
        option,
        pki.ca.cert,
      ]);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
      return lines.map(withoutTlsWording);
    };
    const expected = await run(cTwin('tls'));
    if (option.includes(pki.p12)) expect(expected).toContain('dispatch=0');
    for (const surface of surfaces) expect(await run(jsTwin('tls', surface))).toEqual(expected);
  });
});

describeWith(programs, 'certificates read by JavaScript', () => {
  const { directory } = testPki();
  const files = readdirSync(directory)
    .filter((name) => /\.(crt|key|csr|p12|pem|cnf)$/.test(name))
    .map((name) => path.join(directory, name));

  test.each(surfaces)('match those read by C on the surface %s', async (surface) => {
    const args = [...files, directory, '/nonexistent', '/dev/null'];
    const expected = await runTwinAt(cTwin('certificate'), 0, args);
    expect(expected).toMatchObject({ exit: 0, stderr: '' });
    expect(expected.lines.filter((line) => line === 'certificate=1').length).toBeGreaterThan(10);
    expect(expected.lines.filter((line) => line === 'client certificate=1').length).toBeGreaterThan(2);
    expect(await runTwinAt(jsTwin('certificate', surface), 0, args)).toEqual(expected);
  });
});
