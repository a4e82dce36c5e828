/** Tests hostile server certificates. C and JavaScript must survive them and report the same errors. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Certificate, Session } from 'libneon';
import { describeWith } from '../servers/packages.js';
import { testPki } from '../servers/pki.js';
import { rawServer } from '../servers/raw.js';
import { startTlsServer } from '../servers/s-server.js';
import type { RunningServer } from '../servers/start.js';
import { failureOf } from '../support/expect.js';
import { type Hostile, hostileAuthorities, hostileCertificates } from '../support/hostile-certificates.js';
import { certificateMessages, rawCertificateMessages } from '../support/tls-hello.js';
import { cTwin, withoutTlsWording, jsTwin, runTwinAt, surfaces, sameTlsRelease, type Twin } from './oracle.js';

const hostile = hostileCertificates();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileWith = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

async function compareAt(name: string, port: number, args: readonly string[]): Promise<string[]> {
  const linesOf = async (twin: Twin): Promise<string[]> => {
    const { lines, exit, stderr } = await runTwinAt(twin, port, args);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    return lines.map(withoutTlsWording);
  };
  const expected = (await linesOf(cTwin(name))).map(withReplacedBytes);
  for (const surface of surfaces) expect(await linesOf(jsTwin(name, surface))).toEqual(expected);
  return expected;
}

/**
 * Sends a request on a session that trusts no authority. The verify callback reads every property of the certificate.
 */
async function inspectWithClasses(port: number): Promise<void> {
  const inspect = ({ subject, issuer, identity }: Certificate): unknown => [subject, issuer, identity];
  const verify = (certificate: Certificate): boolean => {
    for (const one of certificate.chain) expect([inspect(one), one.digest(), one.toPEM()]).toHaveLength(3);
    return false;
  };
  await using session = new Session('https', 'localhost', port, { tls: { trustDefaultCA: false, verify } });
  expect(await failureOf(() => session.request('GET', '/'))).toMatchObject({
    name: 'NeonError',
    code: expect.stringMatching(/^(NE_ERROR|ERR_NEON_CERTIFICATE)$/) as string, // NE_ERROR: no readable certificate
  });
}

/** Converts a line of the C twin as JavaScript does: invalid UTF-8 becomes U+FFFD. */
function withReplacedBytes(line: string): string {
  const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return line.replaceAll(/(?:\\x[\da-f]{2})+/g, (bytes) => {
    const text = Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8');
    return Buffer.from(text).toString('latin1').replaceAll(/[^]/g, escape);
  });
}

/** Starts OpenSSL's server. If it cannot read the certificate, starts a scripted server instead. */
async function serve({ leaf, chain }: Hostile): Promise<RunningServer> {
  const options = {
    pair: { cert: fileWith('server.crt', leaf.cert), key: fileWith('server.key', leaf.key) },
    ...(chain.length > 0 && { chain: fileWith('chain.crt', chain.map((one) => one.cert).join('')) }),
    options: ['-cipher', 'ALL:@SECLEVEL=0'],
  };
  try {
    return await startTlsServer(options);
  } catch (error) {
    if (!/Could not read/.test(String(error))) throw error;
    return await sending(certificateMessages(...[leaf, ...chain].map(({ bytes }) => bytes)));
  }
}

const sending = (bytes: Uint8Array): Promise<RunningServer> =>
  rawServer({
    connections: [[{ read: 'client-hello' }, { send: bytes }, { close: 'fin' }]],
    rest: 'repeat-last',
  });

describeWith(['cc', 'openssl'], 'hostile certificates of servers', () => {
  test.each(hostile)('are handled as in C: $about', async (one) => {
    const server = await serve(one);
    try {
      await compareAt('tls', server.port, ['localhost', '-', fileWith('root.crt', one.root.cert)]);
      await inspectWithClasses(server.port);
    } finally {
      await server.stop();
    }
  });

  test.each(hostileAuthorities())('are handled as in C for authorities: %s', async (_, authorities) => {
    const pki = testPki();
    const ca = fileWith('authorities.crt', authorities.map((one) => one.cert).join(''));
    for (const version of ['-tls1_2', '-tls1_3']) {
      const server = await startTlsServer({ pair: pki.server, clients: { ca, require: false }, options: [version] });
      try {
        const lines = await compareAt('tls', server.port, ['localhost', 'provide=', pki.ca.cert]);
        expect(lines.filter((line) => line.startsWith('provide=')).length).toBeGreaterThan(0);
      } finally {
        await server.stop();
      }
    }
  });
});

describeWith('cc', 'hostile certificates in files', () => {
  // Compares the files one by one, because newer versions of OpenSSL reject some files that older versions read.
  test.each(surfaces)('are read as in C on the surface %s', async (surface) => {
    const files = hostile.map(({ leaf }, i) => fileWith(`${i}.crt`, leaf.cert));
    const readBy = async (twin: Twin): Promise<string[]> => {
      const { lines, exit, stderr } = await runTwinAt(twin, 0, files);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
      return lines.join('\n').split(/^file=/m);
    };
    const [expected, actual] = [await readBy(cTwin('certificate')), await readBy(jsTwin('certificate', surface))];
    const unread = /\ncertificate=0\n/;
    let read = 0;
    for (const [i, text] of expected.entries()) {
      if (!sameTlsRelease() && (unread.test(text) || unread.test(actual[i]!))) continue;
      expect(actual[i]).toEqual(text.split('\n').map(withReplacedBytes).join('\n'));
      if (!unread.test(text)) read++;
    }
    expect(read).toBeGreaterThan(50);
    expect(actual).toHaveLength(files.length + 1);
  });
});

describeWith('cc', 'hostile handshake messages', () => {
  const { leaf, root } = hostile[0]!;
  const { bytes } = leaf;
  const messages: (readonly [about: string, bytes: Buffer])[] = [
    ['no certificate', certificateMessages()],
    ['an empty certificate', certificateMessages(Buffer.alloc(0))],
    ['half a certificate', certificateMessages(bytes.subarray(0, bytes.length / 2))],
    ['a certificate followed by junk', certificateMessages(Buffer.concat([bytes, Buffer.from('junk')]))],
    ['a certificate, and another that is invalid', certificateMessages(bytes, Buffer.from('junk'))],
    ['1 MiB of junk', certificateMessages(Buffer.alloc(1 << 20, 0x30))],
    ['10,000 empty certificates', certificateMessages(...Array<Buffer>(10_000).fill(Buffer.alloc(0)))],
    ['sequences in sequences', certificateMessages(Buffer.from('3080'.repeat(20_000), 'hex'))],
    ['a list that is longer than its message', rawCertificateMessages(Buffer.from('ffffff000001', 'hex'))],
    ['a certificate that is longer than its list', rawCertificateMessages(Buffer.from('00000400ffff00', 'hex'))],
    ['an empty message', rawCertificateMessages(Buffer.alloc(0))],
  ];

  test.each(messages)('fail as in C: %s', async (_, send) => {
    const server = await sending(send);
    try {
      const lines = await compareAt('tls', server.port, ['localhost', '-', fileWith('root.crt', root.cert)]);
      expect(lines.filter((line) => line.startsWith('dispatch='))).toEqual(Array(4).fill('dispatch=1'));
    } finally {
      await server.stop();
    }
  });
});
