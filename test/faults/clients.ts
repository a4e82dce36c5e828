/** The four surfaces of the library in one form, so that a trial runs on each of them alike. */
import { type NeonError, type Response, Session, type SessionOptions } from 'libneon';
import * as ne from 'libneon/ne';
import { held } from '../support/locks.js';
import { pull, surfaces, type Io } from '../support/surfaces.js';

/** What an operation resolves to. */
export interface Answer {
  readonly status: number;
  /** Bytes as Latin-1 text; for a listing, its hrefs and names; for a lock, its token. */
  readonly body: string;
  /** The header `X-Mark`, if there is one. */
  readonly mark?: string;
}

/** The server of a trial. */
export interface Peer {
  readonly port: number;
  /** The certificate of the authority in PEM, for TLS. */
  readonly ca?: string;
}

export interface CallOptions {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** The limit of the call in milliseconds. Blocking calls ignore it: they end by the read timeout of their session. */
  readonly timeout?: number;
}

/** An open session. If a blocking call throws, the promise rejects with the same error. */
export interface Client {
  readonly surface: string;
  /** Whether the session is one of the classes. */
  readonly classes: boolean;
  readonly blocking: boolean;
  request(method: string, target: string, options?: CallOptions): Promise<Answer>;
  /** Sends GET, and reads the body block by block. */
  pull(target: string): Promise<string>;
  propfind(target: string, options?: Pick<CallOptions, 'timeout'>): Promise<Answer>;
  lock(target: string, options?: Pick<CallOptions, 'timeout'>): Promise<Answer>;
  /** Begins to read a long body, and stops in the middle. */
  abandon(target: string): Promise<void>;
  /** Sets the read timeout, as soon as the session is free. */
  limitReads(seconds: number): Promise<void>;
  close(): void;
}

/** Opens a session. Reads end after `readTimeout` milliseconds; neon rounds up to whole seconds. */
export interface Surface {
  readonly surface: string;
  readonly classes: boolean;
  open(peer: Peer, readTimeout?: number, options?: SessionOptions): Client;
}

const READ_TIMEOUT = 2000;

function classesClient(surface: string, blocking: boolean, session: Session): Client {
  const limit = (timeout?: number): { timeout?: number } => (blocking || timeout === undefined ? {} : { timeout });
  const answer = ({ status, headers }: Response, body: Uint8Array): Answer => ({
    status,
    body: Buffer.from(body).toString('latin1'),
    ...(headers['x-mark'] !== undefined && { mark: headers['x-mark'] }),
  });
  return {
    surface,
    blocking,
    classes: true,
    async request(method, target, { timeout, ...options } = {}) {
      if (blocking) {
        const response = session.requestSync(method, target, options);
        return answer(response, response.bytesSync());
      }
      const response = await session.request(method, target, { ...options, ...limit(timeout) });
      return answer(response, await response.bytes());
    },
    async pull(target) {
      if (blocking) return session.requestSync('GET', target).textSync();
      const blocks: Buffer[] = [];
      for await (const block of (await session.request('GET', target)).body) blocks.push(block as Buffer);
      return Buffer.concat(blocks).toString('latin1');
    },
    async propfind(target, { timeout } = {}) {
      const entries = blocking
        ? session.propfindSync(target)
        : await session.propfind(target, limit(timeout)).then((list) => Array.from(list));
      return { status: 207, body: entries.map(({ href, props }) => `${href}=${nameOf(props)}`).join() };
    },
    async lock(target, { timeout } = {}) {
      const { token } = blocking ? session.lockSync(target) : await session.lock(target, limit(timeout));
      return { status: 200, body: token };
    },
    async abandon(target) {
      if (blocking) {
        const controller = new AbortController();
        const call = session.request('GET', target, { signal: controller.signal });
        setTimeout(() => controller.abort(), 10);
        await call.then((response) => response.cancel()).catch(() => undefined);
        await limitReads(session.handle, READ_TIMEOUT / 1000);
      } else (await session.request('GET', target)).cancel();
    },
    limitReads: (seconds) => limitReads(session.handle, seconds),
    close: () => session.destroy({ force: true }),
  };
}

/**
 * Sets the read timeout, after the thread has left a call that was aborted. Setters and blocking calls throw
 * ERR_NEON_BUSY until then.
 */
async function limitReads(session: ne.ne_session, seconds: number): Promise<void> {
  for (;;) {
    try {
      return ne.ne_set_read_timeout(session, seconds);
    } catch (error) {
      if ((error as NeonError).code !== 'ERR_NEON_BUSY') throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

function nameOf(props: Readonly<Record<string, unknown>>): string {
  return String(props['displayname']);
}

/** The error for a result of the C API. */
function failure(result: number, session: ne.ne_session): Error {
  const code = Object.entries(ne).find(([name, value]) => /^NE_[A-Z]+$/.test(name) && value === result)?.[0];
  return Object.assign(new Error(ne.ne_get_error(session)), { code: result === ne.NE_ERROR ? 'NE_ERROR' : code });
}

function neClient(surface: string, io: Io, session: ne.ne_session): Client {
  const blocking = surface === 'libneon/ne';
  const more = (timeout?: number): [] => (blocking || timeout === undefined ? [] : ([{ timeout }] as unknown as []));
  const require = (result: number): void => {
    if (result !== ne.NE_OK) throw failure(result, session);
  };
  return {
    surface,
    blocking,
    classes: false,
    async request(method, target, { body, headers = {}, timeout } = {}) {
      const request = ne.ne_request_create(session, method, target);
      try {
        const blocks: Buffer[] = [];
        if (body !== undefined) ne.ne_set_request_body_buffer(request, body);
        for (const [name, value] of Object.entries(headers)) ne.ne_add_request_header(request, name, value);
        ne.ne_add_response_body_reader(request, ne.ne_accept_always, (block) => void blocks.push(Buffer.from(block)));
        require(await io.ne_request_dispatch(request, ...more(timeout)));
        const mark = ne.ne_get_response_header(request, 'X-Mark');
        return {
          status: ne.ne_get_status(request).code,
          body: Buffer.concat(blocks).toString('latin1'),
          ...(mark !== null && { mark }),
        };
      } finally {
        await destroyed(request);
      }
    },
    async pull(target) {
      const request = ne.ne_request_create(session, 'GET', target);
      try {
        require(await io.ne_begin_request(request));
        const body = await pull(io, request);
        require(await io.ne_end_request(request));
        return body.toString('latin1');
      } finally {
        await destroyed(request);
      }
    },
    async propfind(target, { timeout } = {}) {
      const entries: string[] = [];
      const name = { nspace: 'DAV:', name: 'displayname' };
      const found = (uri: ne.ne_uri, set: ne.ne_prop_result_set): void =>
        void entries.push(`${uri.path}=${ne.ne_propset_value(set, name)}`);
      require(await io.ne_simple_propfind(session, target, ne.NE_DEPTH_ONE, null, found, ...more(timeout)));
      return { status: 207, body: entries.join() };
    },
    async lock(target, { timeout } = {}) {
      const lock = held(target, ''); // without the session, which may be busy with a call that was aborted
      lock.token = null;
      require(await io.ne_lock(session, lock, ...more(timeout)));
      return { status: 200, body: lock.token ?? '' };
    },
    async abandon(target) {
      const request = ne.ne_request_create(session, 'GET', target);
      require(await io.ne_begin_request(request));
      await io.ne_read_response_block(request, Buffer.alloc(10));
      await destroyed(request);
    },
    limitReads: (seconds) => limitReads(session, seconds),
    close: () => {
      try {
        ne.ne_session_destroy(session);
      } catch {
        // The session is busy with a call that was aborted, and is freed when it is collected.
      }
    },
  };

  /** Destroys a request, after the thread has left a call that was aborted. */
  async function destroyed(request: ne.ne_request): Promise<void> {
    if (blocking) ne.ne_request_destroy(request);
    else await io.ne_request_destroy(request);
  }
}

const hostOf = (peer: Peer): string => (peer.ca === undefined ? '127.0.0.1' : 'localhost');

function openClasses({ port, ca }: Peer, readTimeout: number, options: SessionOptions = {}): Session {
  return new Session(ca === undefined ? 'http' : 'https', hostOf({ port, ...(ca && { ca }) }), port, {
    readTimeout,
    ...(ca !== undefined && { tls: { ca, trustDefaultCA: false } }),
    ...options,
  });
}

function openNe(peer: Peer, readTimeout: number): ne.ne_session {
  const session = ne.ne_session_create(peer.ca === undefined ? 'http' : 'https', hostOf(peer), peer.port);
  ne.ne_set_read_timeout(session, Math.ceil(readTimeout / 1000));
  if (peer.ca !== undefined)
    for (const text of peer.ca.split(/(?=-----BEGIN)/))
      ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_import(text.replace(/-----[^-]+-----|\s/g, ''))!);
  return session;
}

export const classesSurfaces: readonly Surface[] = [false, true].map((blocking): Surface => {
  const surface = blocking ? 'classes, blocking' : 'classes';
  return {
    surface,
    classes: true,
    open: (peer, readTimeout = READ_TIMEOUT, options) =>
      classesClient(surface, blocking, openClasses(peer, readTimeout, options)),
  };
});

export const allSurfaces: readonly Surface[] = [
  ...classesSurfaces,
  ...surfaces.map(({ surface, io }): Surface => ({
    surface,
    classes: false,
    open: (peer, readTimeout = READ_TIMEOUT) => neClient(surface, io, openNe(peer, readTimeout)),
  })),
];

/** How a call settled. */
export type Settled<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: Error & { readonly code?: unknown } }
  | { readonly kind: 'lost' };

/** Waits for a call, at most `limit` milliseconds. */
export async function settled<T>(call: () => Promise<T>, limit = 8000): Promise<Settled<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Settled<T>>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'lost' }), limit);
  });
  const run = async (): Promise<Settled<T>> => {
    try {
      return { kind: 'value', value: await call() };
    } catch (error) {
      return { kind: 'error', error: error as Error };
    }
  };
  const result = await Promise.race([run(), late]);
  clearTimeout(timer);
  return result;
}

/** Whether an error is one that a program can act on. */
export function isCoded(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' || name === 'AbortError' || name === 'TimeoutError';
}

/** A settled call as a short text. */
export function textOf(result: Settled<Answer>): string {
  if (result.kind === 'lost') return 'lost';
  if (result.kind === 'error') return `${String(result.error.code)}: ${result.error.message}`;
  const { status, body } = result.value;
  return `${status} ${JSON.stringify(body.length > 200 ? `${body.slice(0, 200)}… (${body.length})` : body)}`;
}
