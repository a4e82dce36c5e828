/**
 * deadline.js BY SURFACE CA KEY CERT, or deadline.js connect: tests servers that stop sending or reading during the
 * first connection. Checks that each promise settles by its deadline and that the threads end. Each session must then
 * work again over a new connection.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Session } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { fullBacklogServer, rawServer, response, type Step } from '../../servers/raw.js';
import { report, threadsAtRest, untilThreads } from './tools.js';

const size = 64 << 20;
const answer: Step[] = [{ read: 'request' }, { send: response('hello\n') }, { hang: 'reading' }];

/** The points at which servers stop. */
const places = {
  /** Accepts, but never responds. */
  response: [{ hang: 'reading' }],
  /** Sends a part of the head, or of the body. */
  head: [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\nX-A: ' }, { hang: 'reading' }],
  body: [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello' }, { hang: 'reading' }],
  /** Reads a part of an upload. */
  upload: [{ read: 'head' }, { hang: true }],
  /** Does not read the ClientHello. */
  'tls-accept': [{ hang: true }, { startTls: true }],
  /** Reads the ClientHello, or begins a ServerHello. */
  'tls-hello': [{ read: 'client-hello' }, { hang: true }, { startTls: true }],
  'tls-handshake': [
    { read: 'client-hello' },
    { send: Buffer.from('160303007a0200007603', 'hex') },
    { hang: true },
    { startTls: true },
  ],
  /** Completes the TLS handshake, then stops before the response or during an upload. */
  'tls-response': [{ read: 'request' }, { hang: 'reading' }],
  'tls-upload': [{ read: 'head' }, { hang: true }],
} satisfies Record<string, Step[]>;

/** The point at which the server stops. */
export type Place = keyof typeof places;
/** The deadline: the timeout of the call, or neon's read timeout, which is 1 s. */
export type By = 'timeout' | 'readTimeout';
/** The classes, or `libneon/ne/promises`. */
export type Surface = 'class' | 'ne';
/** The outcome of a promise: the code of its error (or its value), and the time it took in milliseconds. */
export type Outcome = readonly [place: Place, code: unknown, ms: number];

const [, , by, surface, caFile, keyFile, certFile] = process.argv as unknown as [
  string,
  string,
  By,
  Surface,
  string,
  string,
  string,
];
const options: promises.CallOptions = by === 'timeout' ? { timeout: 500 } : {};
const resultNames = ['NE_OK', 'NE_ERROR', 'NE_LOOKUP', 'NE_AUTH', 'NE_PROXYAUTH', 'NE_CONNECT', 'NE_TIMEOUT'];

void (process.argv[2] === 'connect' ? connect() : main());

async function main(): Promise<void> {
  const before = await threadsAtRest();
  const outcomes = await Promise.all((Object.keys(places) as Place[]).map(fallSilent));
  const freed = await untilThreads(before, 12_000);
  report({ outcomes, freed });
}

/**
 * Opens connections that the server never accepts. The timeout of the call or the session's `connectTimeout` must end
 * each attempt.
 */
async function connect(): Promise<void> {
  const { port } = await fullBacklogServer();
  const before = await threadsAtRest();
  const capped = new Session('http', '127.0.0.1', port, { connectTimeout: 1000 });
  const plain = new Session('http', '127.0.0.1', port);
  const outcomes = await Promise.all([
    timed(() => plain.request('GET', '/', { timeout: 500 })),
    timed(() => capped.request('GET', '/')),
    timed(() => capped.request('GET', '/', { timeout: 100 })),
  ]);
  capped.destroy();
  plain.destroy();
  await untilThreads(before + 1, 3000);
  report({ outcomes });
}

async function fallSilent(place: Place): Promise<Outcome> {
  const tls = place.startsWith('tls')
    ? { tls: { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') } }
    : null;
  const server = await rawServer({ connections: [places[place], answer], rest: 'repeat-last', keep: 1000, ...tls });
  const attempt = surface === 'class' ? withClass : withFunctions;
  const [code, ms] = await attempt(
    tls ? 'https' : 'http',
    server.port,
    place.endsWith('upload') ? Buffer.alloc(size) : undefined,
  );
  await server.release();
  const records = await server.waitForClosed(1, 1000);
  assert.equal(records.length, 2, 'it worked again, on a second connection');
  return [place, code, ms];
}

async function withClass(
  scheme: 'http' | 'https',
  port: number,
  body: Buffer | undefined,
): Promise<[code: unknown, ms: number]> {
  const session = new Session(scheme, 'localhost', port, {
    ...(by === 'readTimeout' && { readTimeout: 1000 }),
    tls: { ca: readFileSync(caFile), trustDefaultCA: false },
  });
  const ended = await timed(async () =>
    (await session.request(body ? 'PUT' : 'GET', '/', { ...options, body })).bytes(),
  );
  assert.equal(await (await session.request('GET', '/')).text(), 'hello\n');
  session.destroy();
  return ended;
}

async function withFunctions(
  scheme: string,
  port: number,
  body: Buffer | undefined,
): Promise<[code: unknown, ms: number]> {
  const session = ne.ne_session_create(scheme, 'localhost', port);
  if (by === 'readTimeout') ne.ne_set_read_timeout(session, 1);
  ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(caFile)!);
  const ended = await timed(async () => {
    const request = ne.ne_request_create(session, body ? 'PUT' : 'GET', '/');
    if (body) ne.ne_set_request_body_buffer(request, body);
    try {
      const result = await promises.ne_request_dispatch(request, options);
      if (result === ne.NE_TIMEOUT) assert.match(ne.ne_get_error(session), /timed out/i);
      return resultNames[result];
    } finally {
      await promises.ne_request_destroy(request);
    }
  });
  const request = await promises.ne_request_create(session, 'GET', '/');
  assert.equal(await promises.ne_request_dispatch(request), ne.NE_OK, ne.ne_get_error(session));
  assert.equal(ne.ne_get_status(request).code, 200);
  ne.ne_request_destroy(request);
  ne.ne_session_destroy(session);
  return ended;
}

async function timed(call: () => Promise<unknown>): Promise<[code: unknown, ms: number]> {
  const start = performance.now();
  const code = await call().catch((error: unknown) => (error as { code?: string }).code);
  return [code, performance.now() - start];
}
