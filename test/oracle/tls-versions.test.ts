/** Tests TLS version ranges of client and server. C, JavaScript and the options of the classes must agree. */
import { features, type ProtocolVersion, Session } from 'libneon';
import * as ne from 'libneon/ne';
import { describeWith } from '../servers/packages.js';
import { pem, testPki } from '../servers/pki.js';
import { startTlsServer } from '../servers/s-server.js';
import { cTwin, withoutTlsWording, jsTwin, runTwinAt, surfaces } from './oracle.js';

const { NE_SSL_PROTO_UNSPEC, NE_SSL_PROTO_SSL_3 } = ne;
const numbers = new Map<ProtocolVersion, number>([
  ['TLSv1', ne.NE_SSL_PROTO_TLS_1_0],
  ['TLSv1.1', ne.NE_SSL_PROTO_TLS_1_1],
  ['TLSv1.2', ne.NE_SSL_PROTO_TLS_1_2],
  ['TLSv1.3', ne.NE_SSL_PROTO_TLS_1_3],
]);
const names = [...numbers.keys()];
const limits = [undefined, ...names];
const numberOf = (name: ProtocolVersion | undefined): number =>
  name === undefined ? NE_SSL_PROTO_UNSPEC : numbers.get(name)!;

/** Every range of version names. Either end may be open, both ends may be equal, and some ranges are reversed. */
const ranges = limits.flatMap((min) => limits.map((max) => ({ min, max })));
const ofNames = ranges.map(({ min, max }) => `${numberOf(min)}:${numberOf(max)}`);
const newest = numberOf('TLSv1.3');
const unsupported = [
  `${NE_SSL_PROTO_SSL_3}:${NE_SSL_PROTO_SSL_3}`,
  `${NE_SSL_PROTO_SSL_3}:${newest}`,
  `${newest + 1}:${newest + 1}`,
  `0:${newest + 1}`,
  `99:0`,
  `0:${2 ** 31 - 1}`,
];

const servers = [
  ['TLS 1.0', ['-tls1'], ['TLSv1']],
  ['TLS 1.1', ['-tls1_1'], ['TLSv1.1']],
  ['TLS 1.2', ['-tls1_2'], ['TLSv1.2']],
  ['TLS 1.3', ['-tls1_3'], ['TLSv1.3']],
  ['all versions', [], names],
] as const;

const missing = features.functions['ne_ssl_set_protovers'] === false;
const programs = ['cc', 'openssl'] as const;

if (missing) test.skip('needs neon 0.34 for ranges of TLS versions', () => {});
else
  describeWith(programs, 'ranges of TLS versions', () => {
    const pki = testPki();

    test.each(servers)('agree with C at a server with %s', async (_, options, supported) => {
      // Allows all ciphers, because the defaults exclude those of the old versions.
      const running = await startTlsServer({
        pair: pki.server,
        options: [...options, '-cipher', 'ALL:@SECLEVEL=0'],
      });
      try {
        const args = [pki.ca.cert, ...ofNames, ...unsupported];
        const run = async (twin: ReturnType<typeof cTwin>): Promise<string[]> => {
          const { lines, exit, stderr } = await runTwinAt(twin, running.port, args);
          expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
          return lines.map(withoutTlsWording);
        };
        const expected = await run(cTwin('tls-versions'));
        for (const surface of surfaces) expect(await run(jsTwin('tls-versions', surface))).toEqual(expected);

        const outcomeIn = outcomes(expected);
        for (const { min, max } of ranges) {
          const inverted = min !== undefined && max !== undefined && min > max;
          // GnuTLS rejects a minimum without a maximum, so the classes add a maximum in that case.
          const { set, version } =
            outcomeIn(min, max).set === 0 ? outcomeIn(min, max) : outcomeIn(min, max ?? 'TLSv1.3');
          expect([min, max, inverted || set]).toEqual([min, max, inverted || 0]);
          const used = await versionWith(running.port, min, max);
          expect([min, max, used]).toEqual([min, max, inverted ? 'ERR_INVALID_ARG_VALUE' : version || 'NE_ERROR']);
          if (inverted || version === '') continue;
          expect([min ?? version, version, max ?? version].sort()[1]).toBe(version);
          expect(supported).toContain(version);
        }
        // TLS 1.2 and 1.3 are supported everywhere, so these versions must succeed.
        for (const name of supported.filter((one) => one === 'TLSv1.2' || one === 'TLSv1.3'))
          expect(outcomeIn(name, name)).toEqual({ set: 0, version: name });
      } finally {
        await running.stop();
      }
    });

    /** The version that the classes use within these limits, or the code of their error. */
    async function versionWith(
      port: number,
      minVersion: ProtocolVersion | undefined,
      maxVersion: ProtocolVersion | undefined,
    ): Promise<unknown> {
      const tls = { ca: pem(pki.ca.cert), trustDefaultCA: false, minVersion, maxVersion };
      try {
        await using session = new Session('https', 'localhost', port, { tls });
        return /Protocol  : (.*)/.exec(await (await session.request('GET', '/')).text())?.[1];
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    }
  });

/** Parses the C twin's output: whether each range could be set, and which version was negotiated. */
function outcomes(lines: readonly string[]) {
  const valuesOf = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const [known, set, version] = [valuesOf('range'), valuesOf('set'), valuesOf('version')];
  return (min: ProtocolVersion | undefined, max: ProtocolVersion | undefined) => {
    const index = known.indexOf(`${numberOf(min)}:${numberOf(max)}`);
    return { set: Number(set[index]), version: version[index] ?? '' };
  };
}
