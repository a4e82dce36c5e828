/**
 * Uses secrets in every way, with servers that accept, refuse and fail. No error, inspected object, debugging log or
 * heap snapshot may contain a secret.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from '../../lifecycle/fork.js';
import { testPki } from '../../servers/pki.js';
import { rawServer, response, type Step } from '../../servers/raw.js';
import { below } from '../../support/random.js';
import type { SecretOptions, Use } from '../children/secrets.js';
import type { Kind, Trial } from '../kind.js';

const uses: readonly Use[] = [
  'password',
  'password for Basic only',
  'password from a callback',
  'proxy password',
  'SOCKS password',
  'Authorization header',
  'authorization header in lower case',
  'Cookie header',
  'wrong type of a password',
  'password that is too long',
  'URL with a password',
  'passphrase',
  'ne, password',
];

const challenge = (status: string, header: string, scheme: string): string =>
  response('', { status, headers: { [header]: scheme } });
const digest = 'Digest realm="a", nonce="b", qop="auth"';

/** What the server sends to each request in turn. */
const servers: Readonly<Record<string, readonly string[]>> = {
  'Basic, accepted': [challenge('401 Unauthorized', 'WWW-Authenticate', 'Basic realm="a"'), response('ok')],
  'Basic, refused': [challenge('401 Unauthorized', 'WWW-Authenticate', 'Basic realm="a"')],
  'Digest, accepted': [challenge('401 Unauthorized', 'WWW-Authenticate', digest), response('ok')],
  'Digest, refused': [challenge('401 Unauthorized', 'WWW-Authenticate', digest)],
  'proxy, refused': [challenge('407 Proxy Authentication Required', 'Proxy-Authenticate', 'Basic realm="a"')],
  failing: [response('error', { status: '500 Internal Server Error' })],
  cut: ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut'],
  silent: ['\x05\x02', '\x01\x01'],
};

/** The forms in which a secret may appear: as it is, in Base64, and percent-encoded. */
function formsOf(secret: string): Buffer[] {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return [secret, base64(secret).slice(0, 20), base64(`user:${secret}`).slice(0, 20)].map((text) => Buffer.from(text));
}

async function carryOut(trial: Trial): Promise<void> {
  const use = uses[trial.number % uses.length]!;
  const [name, texts] = Object.entries(servers)[Math.floor(trial.number / uses.length) % Object.keys(servers).length]!;
  const letters = Array.from({ length: 24 }, () => String.fromCharCode(97 + below(trial.random, 25))).join('');
  const secret = `S3cret${letters}`;
  const steps = texts.flatMap((text): Step[] => [{ read: 'request' }, { send: text }]);
  const server = await rawServer({
    connections: [/cut|silent/.test(name) ? steps : [{ repeat: 'forever', steps }]],
    rest: 'repeat-last',
  });
  const snapshot = path.resolve(`secrets-${trial.number}.heapsnapshot`);
  const options: SecretOptions = {
    use,
    port: server.port,
    masked: Array.from(secret, (character) => String.fromCharCode(character.charCodeAt(0) + 1)).join(''),
    snapshot,
    p12: path.join(testPki().directory, 'p12.p12'),
  };
  try {
    const script = path.join(__dirname, '..', 'children', 'secrets.js');
    const ended = await runProgram(process.execPath, ['--expose-gc', script, JSON.stringify(options)], {
      env: { NODE_DEBUG: 'libneon' },
      killAfterMs: 60_000,
    });
    const operation = `${use}, ${name}`;
    if (ended.code !== 0) {
      trial.count(
        operation,
        'process',
        ended.signal === 'SIGKILL' ? 'lost' : 'wrong',
        `ended with ${ended.signal ?? ended.code}: ${ended.stderr.slice(-1000)}`,
      );
      return;
    }
    const places: Record<string, Buffer> = {
      'errors and inspect': Buffer.from(ended.stdout),
      NODE_DEBUG: Buffer.from(ended.stderr),
      'heap snapshot': existsSync(snapshot) ? readFileSync(snapshot) : Buffer.alloc(0),
    };
    for (const [place, bytes] of Object.entries(places)) {
      const at = Math.max(...formsOf(secret).map((form) => bytes.indexOf(form)));
      const detail = at < 0 ? '' : bytes.toString('latin1', Math.max(0, at - 300), at + 100);
      trial.count(
        operation,
        place,
        at >= 0 || (bytes.length === 0 && place === 'heap snapshot') ? 'wrong' : 'right',
        detail || 'no snapshot',
      );
    }
  } finally {
    rmSync(snapshot, { force: true });
    await server.stop();
  }
}

export const kind: Kind = {
  about: 'No error, inspected object, debugging log or heap snapshot shows a secret.',
  short: uses.length,
  limit: 90_000,
  prepare: () => carryOut,
};
