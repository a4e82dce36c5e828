/**
 * torture.js SEED ROUNDS PORT TLSPORT CA: performs random actions on sessions, requests, cursors and responses. It
 * creates, uses, destroys and drops them on both surfaces, and collects garbage in between. Needs --expose-gc. The same
 * SEED repeats the same actions.
 */
import { readFileSync } from 'node:fs';
import { type Response, Session } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { collect, collectUntil, report, threads, threadsAtRest, times, turn, until } from './tools.js';

const [, , seed, rounds, port, tlsPort, caFile] = process.argv;
const ca = readFileSync(caFile!);
const host = 'localhost';
const quick = ['/small', '/large', '/chunked', '/slow', '/empty', '/missing', '/cut'];
const any = [...quick, '/silent', '/endless'];

const random = randomFrom(Number(seed));
const chance = (probability: number): boolean => random() < probability;
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

const sessions: ne.ne_session[] = [];
const requests: ne.ne_request[] = [];
const cursors: ne.ne_header_cursor[] = [];
const objects: Session[] = [];
const responses: Response[] = [];
const pools: unknown[][] = [sessions, requests, cursors, objects, responses];

let controller = new AbortController();
let open = 0; // the number of pending promises
let acting = '';
let made = 0;
const alive = new Set<string>();
const registry = new FinalizationRegistry((name: string) => alive.delete(name));
const counts: Record<string, number> = {};
const unending = new WeakSet();

const actions: Record<string, () => unknown> = {
  session: () => {
    const session = ne.ne_session_create('http', host, Number(port));
    if (chance(0.5)) ne.ne_set_read_timeout(session, 1);
    sessions.push(watch(session));
  },
  object: () =>
    objects.push(
      watch(
        chance(0.3)
          ? new Session('https', host, Number(tlsPort), { tls: { ca, trustDefaultCA: false } })
          : new Session('http', host, Number(port)),
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
  dispatch: () => withRequest((request) => isQuick(request) && ne.ne_request_dispatch(request)),
  begin: () => withRequest((request) => isQuick(request) && ne.ne_begin_request(request)),
  read: () => withRequest((request) => ne.ne_read_response_block(request, Buffer.alloc(10_000))),
  discard: () => withRequest((request) => isQuick(request) && ne.ne_discard_response(request)),
  end: () => withRequest((request) => ne.ne_end_request(request)),
  'dispatch later': () => settle(withRequest((request) => promises.ne_request_dispatch(request, ending()))),
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
  'object request now': () => withObject((session) => session.requestSync('GET', pick(quick)!)),
  'read response': () =>
    settle(
      withResponse((response) =>
        chance(0.5) && isQuick(response) ? response.bytes() : response.body.once('error', () => {}).read(),
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

// A blocking call does not accept a reader that returns a promise. If that promise rejects, no other code handles the
// rejection.
process.on('unhandledRejection', (error) => expectKnown('reader', error));

void main();

async function main(): Promise<void> {
  const before = await threadsAtRest();
  for (let round = 0; round < Number(rounds); round++) {
    for (let step = 0; step < 8; step++) await act(pick(names)!);
    while (sessions.length + requests.length + objects.length > 40) dropOne();
    if (open > 40)
      await until(
        () => open <= 40,
        10_000,
        () => `${open} promises are open`,
      );
  }
  controller.abort(new Error('thrown on purpose'));
  const clear = (): void => {
    for (const pool of pools) pool.length = 0;
  };
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
    () => `of ${made} not collected: ${[...alive].join(', ')}`,
  );
  await collectUntil(
    () => threads() <= before + 1,
    2000,
    () => `${threads() - before} threads are left`,
  );
  report({ seed, made, counts });
}

async function act(name: string): Promise<void> {
  acting = name;
  try {
    await actions[name]!();
    counts[name] = (counts[name] ?? 0) + 1;
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
  if (message === 'thrown on purpose' || /^(ERR_NEON_|NE_)/.test(code)) {
    counts[code] = (counts[code] ?? 0) + 1;
    return;
  }
  // A blocking call throws this error when a callback returns a promise.
  if (code === 'ERR_INVALID_ARG_TYPE' && message.includes('must not return a promise')) return;
  console.error(`seed ${seed}, ${name}:`, error);
  process.exit(99);
}

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

/** Random numbers determined by the state (mulberry32). */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
