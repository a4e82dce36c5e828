/** Servers with certificates that nobody should present: C and JavaScript live through them, and say the same. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeWith } from '../servers/packages.js';
import { rawServer } from '../servers/raw.js';
import { startTlsServer } from '../servers/s-server.js';
import type { RunningServer } from '../servers/start.js';
import { type Hostile, hostileCertificates } from '../support/hostile-certificates.js';
import { certificateMessages, rawCertificateMessages } from '../support/tls-hello.js';
import { cTwin, inTheSameWords, jsTwin, runTwinAt, surfaces, type Twin } from './oracle.js';

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

async function compareAt(port: number, root: string): Promise<string[]> {
  const linesOf = async (twin: Twin): Promise<string[]> => {
    const { lines, exit, stderr } = await runTwinAt(twin, port, ['localhost', '-', root]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    return lines.map(inTheSameWords);
  };
  const expected = (await linesOf(cTwin('tls'))).map(inUnicode);
  for (const surface of surfaces) expect(await linesOf(jsTwin('tls', surface))).toEqual(expected);
  return expected;
}

/** Bytes of C's that are no UTF-8 are U+FFFD in JavaScript. */
function inUnicode(line: string): string {
  const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return line.replaceAll(/(?:\\x[\da-f]{2})+/g, (bytes) => {
    const text = Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8');
    return Buffer.from(text).toString('latin1').replaceAll(/[^]/g, escape);
  });
}

/** What OpenSSL's server does not even read is sent by a script. */
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

describeWith(['cc', 'openssl'], 'a server with', () => {
  test.each(hostile)('$about', async (one) => {
    const server = await serve(one);
    try {
      await compareAt(server.port, fileWith('root.crt', one.root.cert));
    } finally {
      await server.stop();
    }
  });
});

describeWith('cc', 'a server that sends', () => {
  const { leaf, root } = hostile[0]!;
  const { bytes } = leaf;
  const messages: (readonly [about: string, bytes: Buffer])[] = [
    ['no certificate', certificateMessages()],
    ['an empty certificate', certificateMessages(Buffer.alloc(0))],
    ['half a certificate', certificateMessages(bytes.subarray(0, bytes.length / 2))],
    ['a certificate and junk', certificateMessages(Buffer.concat([bytes, Buffer.from('junk')]))],
    ['a certificate, and another that is none', certificateMessages(bytes, Buffer.from('junk'))],
    ['1 MiB of junk', certificateMessages(Buffer.alloc(1 << 20, 0x30))],
    ['10,000 certificates that are empty', certificateMessages(...Array<Buffer>(10_000).fill(Buffer.alloc(0)))],
    ['sequences in sequences', certificateMessages(Buffer.from('3080'.repeat(20_000), 'hex'))],
    ['a list that is longer than its message', rawCertificateMessages(Buffer.from('ffffff000001', 'hex'))],
    ['a certificate that is longer than its list', rawCertificateMessages(Buffer.from('00000400ffff00', 'hex'))],
    ['nothing at all', rawCertificateMessages(Buffer.alloc(0))],
  ];

  test.each(messages)('%s', async (_, send) => {
    const server = await sending(send);
    try {
      const lines = await compareAt(server.port, fileWith('root.crt', root.cert));
      expect(lines.filter((line) => line.startsWith('dispatch='))).toEqual(Array(4).fill('dispatch=1'));
    } finally {
      await server.stop();
    }
  });
});
