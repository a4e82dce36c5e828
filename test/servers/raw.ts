/**
 * Starts scripted TCP and TLS servers. A script is data: it lists the steps of each connection, in the order in which
 * the connections are accepted. The server records the bytes that each client sent and how the client closed.
 *
 * ```ts
 * const server = await rawServer({ connections: [[{ read: 'request' }, { send: response('hello') }]] });
 * ```
 */
import path from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { isGone, startChild, type RunningServer, type ServerChild } from './start.js';

/** One step on a connection. A step that reads ends the script of its connection when the client has closed. */
export type Step =
  /** Reads a request: `head` up to the empty line, `body` as announced by the last head, or `request` for both. */
  | { readonly read: 'request' | 'head' | 'body' }
  /** Reads one TLS record, the ClientHello, as plain bytes. Only on a server without `tls`, or before `startTls`. */
  | { readonly read: 'client-hello' }
  /** Reads up to and including these bytes. */
  | { readonly readUntil: string }
  | { readonly readBytes: number }
  /** Sends text (as UTF-8) or bytes, and waits while the client is slow. */
  | { readonly send: string | Uint8Array }
  /** Sends blocks of this number of bytes until the client closes. */
  | { readonly streamForever: number }
  /** Waits for this number of milliseconds. */
  | { readonly delay: number }
  /** Starts the TLS handshake at this point of the script, instead of at its beginning. */
  | { readonly startTls: true }
  /** `fin` ends TLS properly and then TCP, `truncate` ends only TCP. Both continue to read. `rst` resets at once. */
  | { readonly close: 'fin' | 'truncate' | 'rst' }
  /**
   * Keeps the connection open. `true` reads nothing, so that an upload stalls and the client's close is not noticed.
   * `reading` reads everything.
   */
  | { readonly hang: true | 'reading' }
  | { readonly repeat: number | 'forever'; readonly steps: readonly Step[] };

/** The server's side of TLS, in PEM. Client certificates are requested on demand, recorded, and never rejected. */
export type RawTls = Pick<
  SecureContextOptions,
  'key' | 'cert' | 'ca' | 'ciphers' | 'minVersion' | 'maxVersion' | 'secureOptions' | 'sigalgs' | 'ecdhCurve'
> & { readonly requestCert?: boolean; readonly ALPNProtocols?: string[] };

/** The behaviour of a scripted server. */
export interface RawServerOptions {
  /**
   * The steps of the first connection, the second, and so on. After its last step, a connection is closed with a FIN.
   */
  readonly connections?: readonly (readonly Step[])[];
  /**
   * The handling of further connections. `refuse` (the default) stops listening when the last listed connection has
   * been accepted, `close` closes each further connection at once, and `repeat-last` plays the last script on each.
   */
  readonly rest?: 'refuse' | 'repeat-last' | 'close';
  /** The connections use TLS from the start, or from the step `startTls` if their script has one. */
  readonly tls?: RawTls;
  /**
   * A fast server without a script and TLS: it responds to each request (which must have no body) with these bytes, and
   * keeps the connection.
   */
  readonly fixed?: string | Uint8Array;
  /** `127.0.0.1` by default. */
  readonly host?: string;
  /** A free port by default. */
  readonly port?: number;
  /** The number of received bytes kept for each connection; 1 MiB by default. */
  readonly keep?: number;
}

/** The record of one connection. Times are values of `Date.now()`. */
export interface ConnectionRecord {
  readonly openedAt: number;
  /** At most `keep` bytes that the client sent, decrypted if the client used TLS. Unread bytes are missing. */
  readonly received: Buffer;
  readonly receivedTotal: number;
  readonly sentTotal: number;
  /** The number of requests (or heads) read. */
  readonly requests: number;
  /** How and when the client closed, if the server has seen a close. */
  readonly clientClose: 'fin' | 'rst' | null;
  readonly clientClosedAt: number | null;
  /** When both directions were closed. */
  readonly closedAt: number | null;
  readonly tls: TlsRecord | null;
  /** The reason why a TLS handshake failed, or why a script could not continue. */
  readonly error: string | null;
}

/** The result of a TLS handshake. */
export interface TlsRecord {
  readonly protocol: string | null;
  readonly servername: string | null;
  readonly alpn: string | null;
  /** The common name in the client's certificate. */
  readonly clientCertificate: string | null;
}

/** A running scripted server. Its process, `pid`, also serves the other scripted servers of this process. */
export interface RawServer extends RunningServer {
  /** The records of all connections, in the order of acceptance. */
  connections(): Promise<ConnectionRecord[]>;
  /** The number of open connections. */
  openCount(): Promise<number>;
  /** Waits until `count` connections were accepted. Like all waits, rejects after a time limit. */
  waitForConnections(count: number, timeoutMs?: number): Promise<ConnectionRecord[]>;
  /** Waits until `count` requests (or heads) were read, over all connections. */
  waitForRequests(count: number, timeoutMs?: number): Promise<ConnectionRecord[]>;
  /** Waits until `count` connections are closed in both directions. */
  waitForClosed(count: number, timeoutMs?: number): Promise<ConnectionRecord[]>;
  /** Makes every `{ hang: true }` continue to read, so that the server sees what the client has done meanwhile. */
  release(): Promise<void>;
}

/** The parent's question about the server with this number, which the parent chose. */
export type RawQuestion = { readonly server: number } & (
  | { readonly ask: 'listen'; readonly options: RawServerOptions }
  | { readonly ask: 'connections' | 'release' | 'stop' }
  | {
      readonly ask: 'wait';
      readonly for: 'opened' | 'requests' | 'closed';
      readonly count: number;
      readonly timeoutMs: number;
    }
);

/** The answer to any question. */
export interface RawAnswer {
  readonly port: number;
  readonly records: ConnectionRecord[];
}

type RawChild = ServerChild<null, RawQuestion, RawAnswer>;

const WAIT_LIMIT = 5_000;

/** One child serves all scripted servers of this process, since the start of a child takes longer than most tests. */
let child: Promise<RawChild> | null = null;
let lastServer = 0;

/** Starts a scripted server. */
export async function rawServer(options: RawServerOptions): Promise<RawServer> {
  const server = ++lastServer;
  const { host, port } = await listen(server, options);
  const records = async (question: Asked): Promise<ConnectionRecord[]> =>
    (await host.ask({ server, ...question })).records;
  const wait =
    (event: 'opened' | 'requests' | 'closed') =>
    (count: number, timeoutMs: number = WAIT_LIMIT) =>
      records({ ask: 'wait', for: event, count, timeoutMs });

  return {
    port,
    pid: host.pid,
    stop: async () => {
      await host.ask({ server, ask: 'stop' }).catch(() => {});
    },
    connections: () => records({ ask: 'connections' }),
    openCount: async () => (await records({ ask: 'connections' })).filter(({ closedAt }) => closedAt === null).length,
    waitForConnections: wait('opened'),
    waitForRequests: wait('requests'),
    waitForClosed: wait('closed'),
    release: async () => {
      await records({ ask: 'release' });
    },
  };
}

type Asked = RawQuestion extends infer Question
  ? Question extends RawQuestion
    ? Omit<Question, 'server'>
    : never
  : never;

/** Listens in the shared child. Starts a new child if the shared child has ended after a while without servers. */
async function listen(server: number, options: RawServerOptions): Promise<{ host: RawChild; port: number }> {
  child ??= startChild(path.join(__dirname, 'raw-child.js'), null);
  const host = await child;
  try {
    const { port } = await host.ask({ server, ask: 'listen', options });
    return { host, port };
  } catch (error) {
    if (!isGone(error)) throw error;
    child = null;
    return listen(server, options);
  }
}

/** A server that responds to every request with fixed bytes (`hello` by default) and keeps its connections. */
export function fixedServer(fixed: string | Uint8Array = response('hello\n')): Promise<RawServer> {
  return rawServer({ fixed });
}

/** A server that accepts and reads, but never sends anything, not even its part of a TLS handshake. */
export function silentServer(): Promise<RawServer> {
  return rawServer({ connections: [[{ hang: 'reading' }]], rest: 'repeat-last' });
}

/** A server that reads the ClientHello of TLS and then neither reads nor sends. */
export function clientHelloServer(): Promise<RawServer> {
  return rawServer({ connections: [[{ read: 'client-hello' }, { hang: true }]], rest: 'repeat-last' });
}

/** A server whose queue of waiting connections is full: a connect is neither accepted nor refused. */
export async function fullBacklogServer(): Promise<RunningServer> {
  const child = await startChild<{ port: number }>(path.join(__dirname, 'backlog-child.js'), null);
  return { port: child.started.port, pid: child.pid, stop: () => child.stop() };
}

/** The text of a response with this body and its length. */
export function response(body: string, options: { status?: string; headers?: Record<string, string> } = {}): string {
  const { status = '200 OK', headers = {} } = options;
  const fields = { ...headers, 'Content-Length': String(Buffer.byteLength(body)) };
  return `HTTP/1.1 ${status}\r\n${fieldLines(fields)}\r\n${body}`;
}

/** The text of a chunked response, one chunk for each piece. */
export function chunkedResponse(pieces: readonly string[], headers: Record<string, string> = {}): string {
  const chunks = pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join('');
  return `HTTP/1.1 200 OK\r\n${fieldLines({ ...headers, 'Transfer-Encoding': 'chunked' })}\r\n${chunks}0\r\n\r\n`;
}

/** Steps that send a text in pieces of `size` characters, with a pause after each. */
export function inPieces(text: string, size: number, pauseMs: number): Step[] {
  const count = Math.ceil(text.length / size);
  return Array.from({ length: count }, (_, i) => text.slice(i * size, (i + 1) * size)).flatMap((piece) => [
    { send: piece },
    { delay: pauseMs },
  ]);
}

function fieldLines(fields: Record<string, string>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}
