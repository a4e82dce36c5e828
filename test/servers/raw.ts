/**
 * Starts scripted TCP and TLS servers. A script contains a list of steps for each connection. The first connection that
 * is accepted follows the first list, and so on. The server records what each client sent and how it closed.
 *
 * ```ts
 * const server = await rawServer({ connections: [[{ read: 'request' }, { send: response('hello') }]] });
 * ```
 */
import path from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { isGone, startChild, type RunningServer, type ServerChild } from './start.js';

/** One step of a script. If a step tries to read after the client has closed, the script of that connection ends. */
export type Step =
  /**
   * Reads a request. `head` reads up to the empty line. `body` reads the body that the last head announced. `request`
   * reads both.
   */
  | { readonly read: 'request' | 'head' | 'body' }
  /**
   * Reads the ClientHello, a single TLS record, without decoding it. Requires a server without `tls`, or a later
   * `startTls`.
   */
  | { readonly read: 'client-hello' }
  /** Reads up to and including these bytes. */
  | { readonly readUntil: string }
  | { readonly readBytes: number }
  /** Sends text (as UTF-8) or bytes. If the client reads slowly, waits until all bytes are sent. */
  | { readonly send: string | Uint8Array }
  /** Sends blocks of this number of bytes until the client closes. */
  | { readonly streamForever: number }
  /** Waits for this number of milliseconds. */
  | { readonly delay: number }
  /** Starts the TLS handshake at this point of the script, instead of at its beginning. */
  | { readonly startTls: true }
  /**
   * `fin` closes TLS and then TCP. `truncate` closes TCP without closing TLS. Both continue to read. `rst` resets the
   * connection at once.
   */
  | { readonly close: 'fin' | 'truncate' | 'rst' }
  /**
   * Keeps the connection open. With `true`, the server reads nothing: an upload stalls, and the server does not notice
   * when the client closes. With `reading`, the server reads everything.
   */
  | { readonly hang: true | 'reading' }
  | { readonly repeat: number | 'forever'; readonly steps: readonly Step[] };

/**
 * The TLS options of the server, in PEM format. With `requestCert`, the server asks for a client certificate, records
 * it, and accepts any.
 */
export type RawTls = Pick<
  SecureContextOptions,
  'key' | 'cert' | 'ca' | 'ciphers' | 'minVersion' | 'maxVersion' | 'secureOptions' | 'sigalgs' | 'ecdhCurve'
> & { readonly requestCert?: boolean; readonly ALPNProtocols?: string[] };

/** The behaviour of a scripted server. */
export interface RawServerOptions {
  /**
   * The steps of each connection, in the order of acceptance. After its last step, the server closes the connection
   * with a FIN.
   */
  readonly connections?: readonly (readonly Step[])[];
  /**
   * What happens to connections that have no script. `refuse` (the default) closes the listener after the last scripted
   * connection. `close` accepts further connections and closes them at once. `repeat-last` plays the last script again.
   */
  readonly rest?: 'refuse' | 'repeat-last' | 'close';
  /** Enables TLS. The handshake starts at once unless the script contains the step `startTls`. */
  readonly tls?: RawTls;
  /**
   * The response that the server sends to every request over plain HTTP. This server is fast, uses no scripts and keeps
   * connections open. Requests must not have a body.
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
  /**
   * The bytes that the client sent, at most `keep` of them. TLS data is decrypted. Bytes that the server has not read
   * are missing.
   */
  readonly received: Buffer;
  readonly receivedTotal: number;
  readonly sentTotal: number;
  /** The number of requests (or heads) read. */
  readonly requests: number;
  /** How and when the client closed the connection. Null until the server sees the close. */
  readonly clientClose: 'fin' | 'rst' | null;
  readonly clientClosedAt: number | null;
  /** When both directions were closed. */
  readonly closedAt: number | null;
  readonly tls: TlsRecord | null;
  /** Why the TLS handshake failed, or why the script stopped early. */
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

/** A running scripted server. All scripted servers of a test process share one child process; `pid` is the child's. */
export interface RawServer extends RunningServer {
  /** The records of all connections, in the order of acceptance. */
  connections(): Promise<ConnectionRecord[]>;
  /** The number of open connections. */
  openCount(): Promise<number>;
  /** Waits until `count` connections have been accepted. Like the other waits, it rejects after a time limit. */
  waitForConnections(count: number, timeoutMs?: number): Promise<ConnectionRecord[]>;
  /** Waits until `count` requests or heads have been read in total, over all connections. */
  waitForRequests(count: number, timeoutMs?: number): Promise<ConnectionRecord[]>;
  /** Waits until `count` connections are closed in both directions. */
  waitForClosed(count: number, timeoutMs?: number): Promise<ConnectionRecord[]>;
  /**
   * Makes the server read again on all connections that are in a `{ hang: true }` step. It then sees what the client
   * did in the meantime.
   */
  release(): Promise<void>;
}

/** A question from the parent about one of its servers. The parent assigns the number of each server. */
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

/**
 * All scripted servers of this process share one child. A new child for each server would take longer than most tests.
 */
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

/**
 * Starts a listener in the shared child. The child exits when it has had no server for a while; a new one is then
 * started.
 */
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

/**
 * Starts a server that accepts connections and reads, but never sends anything. It does not answer a TLS handshake
 * either.
 */
export function silentServer(): Promise<RawServer> {
  return rawServer({ connections: [[{ hang: 'reading' }]], rest: 'repeat-last' });
}

/** A server that reads the ClientHello of TLS and then neither reads nor sends. */
export function clientHelloServer(): Promise<RawServer> {
  return rawServer({ connections: [[{ read: 'client-hello' }, { hang: true }]], rest: 'repeat-last' });
}

/** Starts a server whose queue is full. It neither accepts nor refuses further connects. */
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
