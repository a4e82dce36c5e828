/**
 * Uses one feature many times, and measures the process: memory, threads and descriptors must stay as they were after
 * the first uses.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Certificate, type Response, Session, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { collect, threads, threadsAtRest, turn } from '../../lifecycle/children/tools.js';
import { startPaths } from '../../lifecycle/paths.js';
import type { PathsStarted } from '../../lifecycle/children/paths-server.js';
import { pem, testPki } from '../../servers/pki.js';
import { rawServer, response, type Step } from '../../servers/raw.js';
import { held } from '../../support/locks.js';
import { pick } from '../../support/random.js';
import { loopback } from '../../support/sockets.js';
import type { Kind } from '../kind.js';

interface Environment {
  readonly paths: PathsStarted;
  /** The port of a server that asks for credentials by turns, and redirects. */
  readonly challenging: number;
  readonly ca: string;
}

const host = '127.0.0.1';
const ignore = (..._values: unknown[]): void => undefined;
const rejected = (promise: Promise<unknown>): Promise<unknown> => promise.then(ignore, ignore);
const thrown = (call: () => unknown): void => {
  try {
    call();
  } catch {
    // the feature is an error
  }
};

type Feature = (environment: Environment) => unknown;

/** Runs a feature on a session of its own. */
const own =
  (use: (session: Session) => unknown, tls = false): Feature =>
  async ({ paths, ca }) => {
    const session = tls
      ? new Session('https', 'localhost', paths.tlsPort, { tls: { ca, trustDefaultCA: false } })
      : new Session('http', host, paths.port);
    await use(session);
    session.destroy({ force: true });
  };

const neOwn =
  (use: (session: ne.ne_session) => unknown): Feature =>
  async ({ paths }) => {
    const session = ne.ne_session_create('http', host, paths.port);
    await use(session);
    await promises.ne_session_destroy(session);
  };

const dispatch = async (
  session: ne.ne_session,
  fill: (request: ne.ne_request) => unknown,
  later: boolean,
): Promise<void> => {
  const request = ne.ne_request_create(session, 'GET', '/dav');
  fill(request);
  if (later) await promises.ne_request_dispatch(request);
  else ne.ne_request_dispatch(request);
  ne.ne_request_destroy(request);
};
const hook = (session: ne.ne_session): void => {
  for (const set of [
    ne.ne_hook_pre_send,
    ne.ne_hook_post_headers,
    ne.ne_hook_post_send,
    ne.ne_hook_create_request,
    ne.ne_hook_close_conn,
  ])
    set(session, () => ignore(session));
};
const text = async (response: Promise<Response>): Promise<string> => (await response).text();
const block = 'x'.repeat(10_000);

const features: Readonly<Record<string, Feature>> = {
  'GET, promise': own((session) => text(session.request('GET', '/small'))),
  'GET, blocking': own((session) => session.requestSync('GET', '/large').textSync()),
  'GET, chunked': own((session) => text(session.request('GET', '/chunked'))),
  'GET, gzip': own((session) => text(session.request('GET', '/dav'))),
  'GET, TLS': own((session) => text(session.request('GET', '/small')), true),
  'GET, TLS, blocking': own((session) => session.requestSync('GET', '/small'), true),
  'GET, stream given up': own(async (session) => (await session.request('GET', '/large')).body.destroy()),
  'GET, cancelled': own(async (session) => (await session.request('GET', '/endless')).cancel()),
  'GET, dropped': ({ paths }) => new Session('http', host, paths.port).request('GET', '/small').then(ignore),
  'GET, cut': own((session) => rejected(text(session.request('GET', '/cut')))),
  'GET, aborted': own((session) => rejected(session.request('GET', '/silent', { timeout: 5 }))),
  'GET, 404': own((session) => rejected(session.get('/missing'))),
  'refused connection': () => rejected(new Session('http', host, 1).request('GET', '/')),
  'untrusted certificate': ({ paths }) =>
    rejected(new Session('https', 'localhost', paths.tlsPort, { tls: { trustDefaultCA: false } }).request('GET', '/')),
  'verify callback': async ({ paths }) => {
    const session = new Session('https', 'localhost', paths.tlsPort, {
      tls: { verify: ({ subject }) => Boolean(subject) },
    });
    await rejected(session.request('GET', '/small'));
    session.destroy({ force: true });
  },
  'PUT, text': own((session) => session.put('/echo', block)),
  'PUT, blocking': own((session) => session.putSync('/echo', block)),
  'PUT, stream': own((session) => session.put('/echo', Readable.from([block, block]))),
  'PUT, stream that fails': own(
    (session) =>
    rejected(session.put('/echo', Readable.from((function* () { yield block; throw new Error('on purpose'); })()))), // prettier-ignore
  ),
  'PUT, blob': own((session) => session.put('/echo', new Blob([block]))),
  'PUT, file': own((session) => session.put('/echo', { file: 'leaks.txt' })),
  'PUT, function': own((session) => {
    let left = 3;
    return session.put('/echo', () => (left-- > 0 ? Buffer.from(block) : null));
  }),
  propfind: own((session) => session.propfind('/dav')),
  'propfind, blocking': own((session) => session.propfindSync('/dav')),
  'propfind, left early': own(async (session) => {
    for await (const _ of session.propfind('/dav')) break;
  }),
  propNames: own((session) => session.propNames('/dav')),
  proppatch: own((session) => rejected(session.proppatch('/dav', { set: { '{urn:x}a': 'b' } }))),
  'lock and unlock': own(async (session) => session.unlock(await session.lock('/dav'))),
  'lock, renewed': own((session) => session.lock('/dav', { renew: true })),
  withLock: own((session) => session.withLock('/dav', ignore)),
  discoverLocks: own((session) => session.discoverLocks('/dav')),
  'response.xml': own(async (session) => (await session.request('GET', '/dav')).xml({ start: ignore, text: ignore })),
  'response.toFile': own(async (session) => (await session.request('GET', '/large')).toFile('leaks.out')),
  'status events': own((session) =>
    text(session.on('status', ignore).request('GET', '/large', { onProgress: ignore })),
  ),
  Request: own((session) => {
    using request = session.createRequest('GET', '/small').setHeader('X-A', 'b');
    return request.dispatch();
  }),
  pool: async ({ paths }) => {
    await using pool = new SessionPool(`http://${host}:${paths.port}/`, { connections: 2 });
    await Promise.all(['/small', '/large', '/dav'].map((path) => text(pool.request('GET', path))));
  },
  credentials: async ({ challenging }) => {
    using session = new Session('http', host, challenging, { auth: { username: 'a', password: 'b' } });
    await rejected(text(session.request('GET', '/')));
  },
  redirect: async ({ challenging }) => {
    using session = new Session('http', host, challenging, { redirect: 'follow' });
    await rejected(session.get('/'));
  },
  Certificate: ({ ca }) => Certificate.fromPEM(ca).subject,
  'session without a request': ({ ca }) => {
    for (let i = 0; i < 50; i++) new Session('http', host, 1).destroy();
    new Session('https', host, 1, { tls: { ca, trustDefaultCA: false } }).destroy();
  },
  'ne, dropped sessions': () => {
    for (let i = 0; i < 200; i++) ne.ne_session_create('http', host, 1);
  },
  'ne, session without a request': () => {
    for (let i = 0; i < 50; i++) {
      const session = ne.ne_session_create('http', host, 1);
      ne.ne_request_destroy(ne.ne_request_create(session, 'GET', '/'));
      ne.ne_session_destroy(session);
    }
  },
  'ne, hooks': neOwn((session) => (hook(session), dispatch(session, ignore, false))),
  'ne, hooks, promise': neOwn((session) => (hook(session), dispatch(session, ignore, true))),
  'ne, readers': neOwn((session) =>
    dispatch(session, (request) => ne.ne_add_response_body_reader(request, () => 1, ignore), false),
  ),
  'ne, reader throws': neOwn((session) =>
    thrown(() => {
      const request = ne.ne_request_create(session, 'GET', '/large');
      ne.ne_add_response_body_reader(request, () => 1, () => { throw new Error('on purpose'); }); // prettier-ignore
      try {
        ne.ne_request_dispatch(request);
      } finally {
        ne.ne_request_destroy(request);
      }
    }),
  ),
  'ne, decompress': neOwn(async (session) => {
    const request = ne.ne_request_create(session, 'GET', '/dav');
    const decompressor = ne.ne_decompress_reader(request, ne.ne_accept_2xx, ignore);
    await promises.ne_request_dispatch(request);
    ne.ne_decompress_destroy(decompressor);
    ne.ne_request_destroy(request);
  }),
  'ne, parser': neOwn((session) =>
    dispatch(
      session,
      (request) => {
        const parser = ne.ne_xml_create();
        ne.ne_xml_push_handler(parser, () => 1, ignore, ignore);
        ne.ne_add_response_body_reader(request, ne.ne_accept_always, ne.ne_xml_parse_v, parser);
      },
      true,
    ),
  ),
  'ne, propfind': neOwn((session) =>
    ne.ne_simple_propfind(session, '/dav', 1, null, (_, set) => void ne.ne_propset_iterate(set, () => 0)),
  ),
  'ne, propfind handler': neOwn(async (session) => {
    const handler = ne.ne_propfind_create(session, '/dav', 1);
    ne.ne_propfind_set_private(handler, () => ({}), ignore);
    await promises.ne_propfind_allprop(handler, ignore);
    ne.ne_propfind_destroy(handler);
  }),
  'ne, lock': neOwn((session) => promises.ne_lock(session, held('/dav'))),
  'ne, store': neOwn((session) => {
    const store = ne.ne_lockstore_create();
    ne.ne_lockstore_add(store, held('/dav'));
    ne.ne_lockstore_register(store, session);
    return dispatch(session, (request) => ne.ne_lock_using_resource(request, '/dav', 0), false);
  }),
  'ne, socket': async ({ paths }) => {
    const socket = ne.ne_sock_create();
    await promises.ne_sock_connect(socket, loopback(), paths.port);
    await promises.ne_sock_fullwrite(socket, 'GET /small HTTP/1.1\r\nHost: a\r\n\r\n');
    await promises.ne_sock_readline(socket, Buffer.alloc(100));
    ne.ne_sock_close(socket);
  },
  'ne, lookup': async () => {
    const address = await promises.ne_addr_resolve('localhost', 0);
    ne.ne_addr_destroy(address);
  },
  'ne, text': () => {
    ne.ne_uri_parse('http://user@host:80/path?query#fragment', {});
    ne.ne_path_escape('/a b/\u00e9');
    const buffer = ne.ne_buffer_create();
    ne.ne_buffer_zappend(buffer, block);
    ne.ne_buffer_destroy(buffer);
    const parser = ne.ne_xml_create();
    ne.ne_xml_parse(parser, '<a><b>');
    ne.ne_xml_destroy(parser);
  },
  'ne, contexts': ({ ca }) => {
    const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!;
    ne.ne_ssl_context_trustcert(context, ne.ne_ssl_cert_import(ca.replace(/-----[^-]+-----|\s/g, ''))!);
    ne.ne_ssl_context_destroy(context);
  },
};

/** Growth in MiB that is noise. It is measured twice, and only growth in both halves counts. */
const NOISE = 3;

const descriptors = (): number => readdirSync('/proc/self/fd').length;

async function resident(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect();
    await turn();
  }
  return process.memoryUsage.rss() / 2 ** 20;
}

export const kind: Kind<Environment> = {
  about: 'A feature that is used many times leaves no memory, thread or descriptor behind.',
  short: 8,
  limit: 300_000,
  // Keeps the young generation small. It would otherwise grow at an unpredictable time.
  execArgv: ['--expose-gc', '--max-semi-space-size=1'],
  async start() {
    const server = await startPaths();
    const answer = (text: string): Step[] => [{ read: 'request' }, { send: text }];
    const unauthorized = response('', {
      status: '401 Unauthorized',
      headers: { 'WWW-Authenticate': 'Digest realm="a", nonce="b", qop="auth"' },
    });
    const moved = response('', { status: '302 Found', headers: { Location: '/next' } });
    const challenging = await rawServer({
      connections: [[...answer(unauthorized), ...answer(response('ok')), ...answer(moved), ...answer(response('ok'))]],
      rest: 'repeat-last',
      keep: 100,
    });
    return {
      environment: { paths: server.started, challenging: challenging.port, ca: pem(testPki().ca.cert) },
      stop: async () => {
        await server.stop();
        await challenging.stop();
      },
    };
  },
  async prepare(environment) {
    const atRest = await threadsAtRest();
    writeFileSync('leaks.txt', block);
    return async (trial) => {
      const all = Object.entries(features);
      const [name, feature] = trial.long ? all[trial.number % all.length]! : pick(trial.random, all);
      const go = async (): Promise<number> => {
        const end = Date.now() + (trial.long ? 1500 : 200);
        for (let i = 0; i < 20 || Date.now() < end; i++) {
          await feature(environment);
          if (i % 20 === 0) await turn();
        }
        return resident();
      };
      const sizes = [await go()];
      const files = descriptors();
      for (let half = 0; half < 2; half++) sizes.push(await go());
      const [before, middle, after] = sizes as [number, number, number];
      for (let i = 0; i < 100 && (threads() > atRest + 1 || descriptors() > files); i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        collect();
      }
      const text = `${sizes.map((size) => size.toFixed(1)).join(' → ')} MiB`;
      trial.count(name, 'memory', middle - before > NOISE && after - middle > NOISE ? 'wrong' : 'right', text);
      trial.count(name, 'threads', threads() > atRest + 1 ? 'wrong' : 'right', `${atRest} at rest, now ${threads()}`);
      trial.count(name, 'descriptors', descriptors() > files ? 'wrong' : 'right', `${files}, now ${descriptors()}`);
    };
  },
};
