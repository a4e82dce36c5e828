/**
 * Creates, uses, destroys and drops sessions, requests, hooks, stores, parsers and sockets in a random order, and
 * collects garbage in between. No order may crash the process, and what is dropped is collected.
 */
import { readFileSync } from 'node:fs';
import { type Response, Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { collect, collectUntil, threads, threadsAtRest, times, turn, until } from '../../lifecycle/children/tools.js';
import type { PathsStarted } from '../../lifecycle/children/paths-server.js';
import { startPaths } from '../../lifecycle/paths.js';
import { testPki } from '../../servers/pki.js';
import { below, randomFrom, seedOf, type Random } from '../../support/random.js';
import { held } from '../../support/locks.js';
import { loopback } from '../../support/sockets.js';
import type { Kind, Trial } from '../kind.js';

interface Environment {
  readonly paths: PathsStarted;
  readonly ca: string;
}

const host = 'localhost';
const quick = ['/small', '/large', '/chunked', '/slow', '/empty', '/missing', '/cut'];
const any = [...quick, '/silent', '/endless'];
const small = 'hello\n';
const large = 'x'.repeat(300_000);

/** The status and the body of each path. A call for `/cut` may fail, or give a part of the body. */
const meant: Readonly<Record<string, readonly [status: number, body: string]>> = {
  '/small': [200, small],
  '/large': [200, large],
  '/chunked': [200, large + small],
  '/slow': [200, small],
  '/empty': [204, ''],
  '/missing': [404, small],
};

/** A result that the model does not allow. */
class Wrong extends Error {}

const STEPS = 150;

const sessions: ne.ne_session[] = [];
const requests: ne.ne_request[] = [];
const cursors: ne.ne_header_cursor[] = [];
const objects: Session[] = [];
const responses: Response[] = [];
const stores: ne.ne_lock_store[] = [];
const locks: ne.ne_lock[] = [];
const parsers: ne.ne_xml_parser[] = [];
const multistatuses: ne.ne_207_parser[] = [];
const handlers: ne.ne_propfind_handler[] = [];
const sockets: ne.ne_socket[] = [];
const kept: object[] = [];
const pools: unknown[][] = [
  ...[sessions, requests, cursors, objects, responses, stores, locks, parsers, multistatuses, handlers, sockets, kept],
];

let paths: PathsStarted;
let ca: Buffer;
let random: Random = Math.random;
const chance = (probability: number): boolean => random() < probability;
const pick = <T>(list: readonly T[]): T | undefined => list[below(random, list.length)];

let controller = new AbortController();
let open = 0; // the number of pending promises
let acting = '';
let made = 0;
const alive = new Set<string>();
const registry = new FinalizationRegistry((name: string) => alive.delete(name));
const unending = new WeakSet();
const pathOf = new WeakMap<object, string>();
/** Reports a problem of the current trial. */
let complain: (problem: string) => void = () => undefined;

const actions: Record<string, () => unknown> = {
  session: () => {
    const session = ne.ne_session_create('http', host, paths.port);
    if (chance(0.5)) ne.ne_set_read_timeout(session, 1);
    sessions.push(watch(session));
  },
  object: () =>
    objects.push(
      watch(
        chance(0.3)
          ? new Session('https', host, paths.tlsPort, { tls: { ca, trustDefaultCA: false } })
          : new Session('http', host, paths.port),
      ),
    ),
  request: () => newRequest(any),
  'request again': () => newRequest(quick),
  'request later': () =>
    settle(
      withSession(async (session) => {
        const path = pick(any)!;
        requests.push(watch(unendingIf(path, await promises.ne_request_create(session, 'GET', path))));
      }),
    ),
  reader: () =>
    withRequest((request, session = ne.ne_get_session(request)) => {
      const mood = random();
      const reader = (block: Buffer): number | void => {
        if (mood < 0.1) throw new Error('thrown on purpose');
        if (mood < 0.2) return 1;
        if (mood < 0.3) ne.ne_get_status(request);
        if (mood < 0.4) requests.push(request, ...(block.length ? [] : [request]));
        if (mood < 0.5) ne.ne_session_destroy(session);
        if (mood < 0.6) collect();
      };
      const later = async (block: Buffer): Promise<number | void> => {
        await turn();
        return reader(block);
      };
      ne.ne_add_response_body_reader(
        request,
        chance(0.5) ? ne.ne_accept_always : () => chance(0.8),
        chance(0.3) ? later : reader,
      );
    }),
  body: () =>
    withRequest((request) => ne.ne_set_request_body_buffer(request, 'x'.repeat(Math.floor(random() * 100_000)))),
  header: () => withRequest((request) => ne.ne_add_request_header(request, 'X-Some', 'value')),
  cursor: () =>
    withRequest((request) => {
      const next = ne.ne_response_header_iterate(
        request,
        chance(0.5) ? null : (pick(cursors) ?? null),
        { value: '' },
        { value: '' },
      );
      if (next) cursors.push(watch(next));
    }),
  dispatch: () =>
    withRequest((request) => {
      if (isQuick(request) && ne.ne_request_dispatch(request) === ne.NE_OK)
        expectStatus(request, ne.ne_get_status(request).code);
    }),
  begin: () => withRequest((request) => isQuick(request) && ne.ne_begin_request(request)),
  read: () => withRequest((request) => ne.ne_read_response_block(request, Buffer.alloc(10_000))),
  discard: () => withRequest((request) => isQuick(request) && ne.ne_discard_response(request)),
  end: () => withRequest((request) => ne.ne_end_request(request)),
  'dispatch later': () =>
    settle(
      withRequest(async (request) => {
        const result = await promises.ne_request_dispatch(request, ending());
        if (result === ne.NE_OK) expectStatus(request, ne.ne_get_status(request).code);
      }),
    ),
  'begin later': () => settle(withRequest((request) => promises.ne_begin_request(request, ending()))),
  'read later': () =>
    settle(withRequest((request) => promises.ne_read_response_block(request, Buffer.alloc(10_000), ending()))),
  'end later': () => settle(withRequest((request) => promises.ne_end_request(request, ending()))),
  'object request': () =>
    settle(
      withObject(async (session) => {
        const path = pick(any)!;
        const options = { ...ending(), ...(chance(0.3) && { body: 'x'.repeat(50_000) }) };
        responses.push(watch(unendingIf(path, await session.request('GET', path, options))));
      }),
    ),
  'object request now': () =>
    withObject((session) => {
      const path = pick(quick)!;
      expectBody(path, session.requestSync('GET', path).textSync());
    }),
  'read response': () =>
    settle(
      withResponse((response) =>
        chance(0.5) && isQuick(response)
          ? response.text().then((text) => expectBody(pathOf.get(response)!, text))
          : response.body.once('error', () => {}).read(),
      ),
    ),
  'cancel response': () => withResponse((response) => response.cancel()),
  close: () => withSession((session) => ne.ne_close_connection(session)),
  'destroy request': () => withRequest((request) => ne.ne_request_destroy(maybeRemove(requests, request))),
  'destroy request later': () =>
    settle(withRequest((request) => promises.ne_request_destroy(maybeRemove(requests, request)))),
  'destroy session': () => withSession((session) => ne.ne_session_destroy(session)),
  'destroy session later': () => settle(withSession((session) => promises.ne_session_destroy(session, ending()))),
  'destroy object': () => withObject((session) => session.destroy({ force: chance(0.5) })),
  sweep: () => {
    for (const [index, session] of sessions.entries()) if (isDestroyed(session)) sessions.splice(index, 1);
    for (const [index, session] of objects.entries()) if (session.destroyed) objects.splice(index, 1);
  },
  hook: () =>
    withSession((session) => {
      const act = callback(session);
      pick([
        () => ne.ne_hook_create_request(session, act),
        () => ne.ne_hook_pre_send(session, act),
        () => ne.ne_hook_post_headers(session, act),
        () => ne.ne_hook_post_send(session, act),
        () => ne.ne_hook_destroy_request(session, act),
        () => ne.ne_hook_destroy_session(session, act),
        () => ne.ne_hook_close_conn(session, act),
        () => ne.ne_set_notifier(session, act),
      ])!();
    }),
  store: () => stores.push(watch(ne.ne_lockstore_create())),
  'store register': () => withStore((store) => withSession((session) => ne.ne_lockstore_register(store, session))),
  'store add': () =>
    withStore((store) => {
      const lock = held(pick(['/a', '/small', '/large'])!);
      ne.ne_lockstore_add(store, lock);
      locks.push(watch(lock));
    }),
  'store walk': () => withStore((store) => [ne.ne_lockstore_first(store), ne.ne_lockstore_next(store)]),
  'store remove': () => withStore((store) => ne.ne_lockstore_remove(store, pick(locks) ?? held('/a'))),
  'store destroy': () => withStore((store) => ne.ne_lockstore_destroy(maybeRemove(stores, store))),
  'lock destroy': () => withLock((lock) => ne.ne_lock_destroy(maybeRemove(locks, lock))),
  'lock later': () => settle(withSession((session) => withLock((lock) => promises.ne_lock(session, lock, ending())))),
  'use lock': () => withRequest((request) => ne.ne_lock_using_resource(request, '/small', ne.NE_DEPTH_ZERO)),
  parser: () => {
    const parser = watch(ne.ne_xml_create());
    const act = callback(parser);
    ne.ne_xml_push_handler(parser, () => (act(), 1), chance(0.5) ? () => act() : null, null);
    parsers.push(parser);
  },
  parse: () => withParser((parser) => ne.ne_xml_parse(parser, pick(['<a>', '<b/>', 'text', '</a>', '<', ''])!)),
  'parse body': () =>
    withParser((parser) =>
      withRequest((request) => ne.ne_add_response_body_reader(request, ne.ne_accept_always, ne.ne_xml_parse_v, parser)),
    ),
  'parser 207': () => withParser((parser) => multistatuses.push(watch(ne.ne_207_create(parser, { path: '/' })))),
  '207 destroy': () => {
    const multistatus = pick(multistatuses);
    if (multistatus) ne.ne_207_destroy(maybeRemove(multistatuses, multistatus));
  },
  'parser destroy': () => withParser((parser) => ne.ne_xml_destroy(maybeRemove(parsers, parser))),
  propfind: () =>
    withSession((session) => handlers.push(watch(ne.ne_propfind_create(session, '/dav', ne.NE_DEPTH_ONE)))),
  'propfind now': () => withHandler((handler) => ne.ne_propfind_allprop(handler, callback(handler))),
  'propfind later': () =>
    settle(withHandler((handler) => promises.ne_propfind_allprop(handler, callback(handler), ending()))),
  'propfind destroy': () => withHandler((handler) => ne.ne_propfind_destroy(maybeRemove(handlers, handler))),
  decompress: () =>
    withRequest((request) =>
      handlers.length < 100 ? void ne.ne_decompress_reader(request, ne.ne_accept_2xx, callback(request)) : undefined,
    ),
  socket: () => {
    const socket = watch(ne.ne_sock_create());
    ne.ne_sock_read_timeout(socket, 1);
    sockets.push(socket);
  },
  'socket connect': () => withSocket((socket) => ne.ne_sock_connect(socket, loopback(), paths.port)),
  'socket connect later': () =>
    settle(withSocket((socket) => promises.ne_sock_connect(socket, loopback(), paths.port, ending()))),
  'socket write': () => withSocket((socket) => ne.ne_sock_fullwrite(socket, 'GET /small HTTP/1.1\r\nHost: a\r\n\r\n')),
  'socket read later': () =>
    settle(withSocket((socket) => promises.ne_sock_read(socket, Buffer.alloc(1000), ending()))),
  'socket line later': () =>
    settle(withSocket((socket) => promises.ne_sock_readline(socket, Buffer.alloc(100), ending()))),
  'socket shutdown': () => withSocket((socket) => ne.ne_sock_shutdown(socket, 2)),
  'socket close': () => withSocket((socket) => ne.ne_sock_close(maybeRemove(sockets, socket))),
  'object listing': () =>
    settle(
      withObject(async (session) => {
        const { length } = await session.propfind('/dav', ending());
        if (length !== 2) throw new Wrong(`a listing of ${length} entries`);
      }),
    ),
  'object lock': () => settle(withObject((session) => session.lock('/dav', ending()))),
  'object put': () => settle(withObject((session) => session.put('/dav', 'x'.repeat(100), ending()))),
  abort: () => {
    controller.abort(new Error('thrown on purpose'));
    controller = new AbortController();
  },
  drop: () => dropOne(),
  collect,
  'collect some': () => globalThis.gc!({ type: 'minor' }),
  turn,
};
// Actions that create objects appear several times, so that random choices pick them more often.
const names = [
  ...Object.keys(actions),
  ...times(4, () => ['session', 'object', 'request', 'request again', 'reader', 'sweep']).flat(),
];

function newRequest(paths: readonly string[]): unknown {
  const path = pick(paths)!;
  return withSession((session) => requests.push(watch(unendingIf(path, ne.ne_request_create(session, 'GET', path)))));
}

/** Options that end every call that could wait forever. */
function ending(): promises.CallOptions {
  return chance(0.5) ? { timeout: 1 + Math.floor(random() * 100) } : { signal: controller.signal, timeout: 500 };
}

/** Whether the response ends. A blocking call, or a call that reads the whole body, would never return otherwise. */
function isQuick(object: object): boolean {
  return !unending.has(object);
}

function unendingIf<T extends object>(path: string, object: T): T {
  if (!quick.includes(path)) unending.add(object);
  pathOf.set(object, path);
  return object;
}

function withSession<T>(use: (session: ne.ne_session) => T): T | undefined {
  const session = pick(sessions);
  return session && use(session);
}

function withRequest<T>(use: (request: ne.ne_request) => T): T | undefined {
  const request = pick(requests);
  return request && use(request);
}

function withObject<T>(use: (session: Session) => T): T | undefined {
  const session = pick(objects);
  return session && use(session);
}

function withResponse<T>(use: (response: Response) => T): T | undefined {
  const response = pick(responses);
  return response && use(response);
}

function withOne<L, T>(list: readonly L[], use: (object: L) => T): T | undefined {
  const object = pick(list);
  return object && use(object);
}
const withStore = <T>(use: (store: ne.ne_lock_store) => T): T | undefined => withOne(stores, use);
const withLock = <T>(use: (lock: ne.ne_lock) => T): T | undefined => withOne(locks, use);
const withParser = <T>(use: (parser: ne.ne_xml_parser) => T): T | undefined => withOne(parsers, use);
const withHandler = <T>(use: (handler: ne.ne_propfind_handler) => T): T | undefined => withOne(handlers, use);
const withSocket = <T>(use: (socket: ne.ne_socket) => T): T | undefined => withOne(sockets, use);

/** A callback that closes over an object, and now and then throws, destroys or collects. */
function callback(object: object): () => void {
  const mood = random();
  return () => {
    if (mood < 0.1) throw new Error('thrown on purpose');
    if (mood < 0.15) withSession((session) => ne.ne_session_destroy(session));
    else if (mood < 0.2) withRequest((request) => ne.ne_request_destroy(request));
    else if (mood < 0.25) withRequest((request) => isQuick(request) && ne.ne_request_dispatch(request));
    else if (mood < 0.3) withParser((parser) => ne.ne_xml_destroy(parser));
    else if (mood < 0.35) withStore((store) => ne.ne_lockstore_destroy(store));
    else if (mood < 0.4) collect();
    else if (mood < 0.45) withObject((session) => session.destroy({ force: true }));
    else if (mood < 0.5) kept.push(object);
  };
}

function expectStatus(request: object, status: number): void {
  const [expected = status] = meant[pathOf.get(request) ?? ''] ?? [];
  if (status !== expected) throw new Wrong(`the status ${status} for ${pathOf.get(request)}`);
}

function expectBody(path: string, body: string): void {
  const [, expected = body] = meant[path] ?? [];
  if (body !== expected) throw new Wrong(`a body of ${body.length} bytes for ${path}: ${body.slice(0, 100)}`);
}

function dropOne(): unknown {
  const pool = pick(pools.filter(({ length }) => length > 0));
  return pool?.splice(Math.floor(random() * pool.length), 1);
}

/** Usually removes an object from its pool. Sometimes keeps it, so that later actions use a destroyed object. */
function maybeRemove<T>(pool: T[], object: T): T {
  if (chance(0.8)) pool.splice(pool.indexOf(object), 1);
  return object;
}

function isDestroyed(session: ne.ne_session): boolean {
  try {
    ne.ne_get_scheme(session);
    return false;
  } catch {
    return true;
  }
}

function watch<T extends object>(object: T): T {
  const name = `${object.constructor.name} ${++made} of ${acting}`;
  alive.add(name);
  registry.register(object, name);
  return object;
}

/** Carries out one action. Its errors must be those that the library documents, or those of a callback. */
async function act(name: string): Promise<void> {
  acting = name;
  try {
    await actions[name]!();
  } catch (error) {
    expectKnown(name, error);
  }
}

/** Observes a promise without waiting for it. */
function settle(promise: unknown): void {
  open++;
  const name = acting;
  Promise.resolve(promise)
    .catch((error: unknown) => expectKnown(name, error))
    .finally(() => open--);
}

function expectKnown(name: string, error: unknown): void {
  const { message, code = '' } = error as Error & { code?: string };
  if (message === 'thrown on purpose' || /^(ERR_NEON_|NE_)/.test(code)) return;
  // A blocking call throws this error when a callback returns a promise.
  if (code === 'ERR_INVALID_ARG_TYPE' && message.includes('must not return a promise')) return;
  complain(`${name}: ${String((error as Error).stack)}`);
}

/** The surface of an action: its name says which one. */
const surfaceOf = (name: string): string =>
  /object|response/.test(name) ? 'classes' : / later$/.test(name) ? 'libneon/ne/promises' : 'libneon/ne';

function clear(): void {
  for (const pool of pools) pool.length = 0;
}

async function carryOut(trial: Trial): Promise<void> {
  clear(); // so that the trial can be repeated alone
  const problems = new Map<string, string>();
  complain = (problem) => problems.set(acting, problem);
  const done: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    random = randomFrom(seedOf(trial.seed, step));
    const name = pick(names)!;
    if (!trial.keeps(step)) continue;
    trial.note(`// operation: ${name}\n// step ${step}: ${name}`);
    await act(name);
    done.push(name);
    while (sessions.length + requests.length + objects.length > 40) dropOne();
    if (open > 40)
      await until(
        () => open <= 40,
        10_000,
        () => `${open} promises are open`,
      );
  }
  if (trial.number % COLLECTED < PROCESSES) await collectAll();
  for (const name of done) {
    const problem = problems.get(name);
    problems.delete(name);
    trial.count(name, surfaceOf(name), problem === undefined ? 'right' : 'wrong', problem);
  }
}

/** In every so many trials, everything is dropped and must be collected. */
const COLLECTED = 20;
const PROCESSES = 2;

async function collectAll(): Promise<void> {
  acting = 'collect';
  controller.abort(new Error('thrown on purpose'));
  controller = new AbortController();
  try {
    clear(); // endless bodies without a deadline end when they are collected
    await collectUntil(
      () => open === 0,
      10_000,
      () => `${open} promises are open`,
    );
    clear();
    await collectUntil(
      () => alive.size === 0,
      10_000,
      () => `of ${made} not collected: ${Array.from(alive).slice(0, 20).join(', ')}`,
    );
    await collectUntil(
      () => threads() <= atRest + 1,
      3000,
      () => `${threads() - atRest} threads are left`,
    );
  } catch (error) {
    complain(String(error));
  }
}

let atRest = 0;

export const kind: Kind<Environment> = {
  about:
    'No order of calls crashes the process, gives the answer of another call, or keeps an object that was dropped.',
  short: 50,
  processes: PROCESSES,
  async start() {
    const server = await startPaths();
    return { environment: { paths: server.started, ca: testPki().ca.cert }, stop: () => server.stop() };
  },
  async prepare(environment) {
    ({ paths } = environment);
    ca = readFileSync(environment.ca);
    // A blocking call does not accept a reader that returns a promise. If that promise rejects, no other code handles
    // the rejection.
    process.on('unhandledRejection', (error) => expectKnown('reader', error));
    atRest = await threadsAtRest();
    return carryOut;
  },
};
