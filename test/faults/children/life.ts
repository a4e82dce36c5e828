/**
 * life.js OPTIONS: works on all surfaces, and ends at a random moment or inside a callback. With a way that ends
 * workers, the process itself goes on, uses the library once more, and then ends as usual.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Session, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import type { PathsStarted } from '../../lifecycle/children/paths-server.js';
import { reportEnding } from '../../lifecycle/children/tools.js';
import { below, pick, randomFrom, seedOf } from '../../support/random.js';

/** How a process or a worker ends. */
export type Way =
  'exit' | 'throw' | 'reject' | 'SIGTERM' | 'SIGKILL' | 'end' | 'terminate' | 'worker exit' | 'worker throw';

/** Where it ends: after this number of milliseconds, or inside the callback with this number. */
export interface LifeOptions {
  readonly paths: PathsStarted;
  /** The certificate that the server over TLS has. */
  readonly ca: string;
  /** Whether many threads begin TLS connections all the time. OpenSSL's own exit handler must not run beside them. */
  readonly storm: boolean;
  readonly seed: number;
  readonly way: Way;
  readonly moment: { readonly ms: number } | { readonly callback: number };
}

const options = (isMainThread ? JSON.parse(process.argv[2]!) : workerData) as LifeOptions;
const { paths, ca, storm, seed, way, moment } = options;
const random = randomFrom(seed);
const host = '127.0.0.1';
const long = 'x'.repeat(300_000);
let callbacks = 0;
let ended = false;

/** Ends the process or the worker. */
function end(): void {
  if (ended) return;
  ended = true;
  if (isMainThread && way !== 'end') reportEnding();
  if (way === 'exit') process.exit(7);
  if (way === 'worker exit') process.exit(3);
  if (way === 'SIGTERM' || way === 'SIGKILL') process.kill(process.pid, way);
  if (way === 'terminate') parentPort!.postMessage('end');
  if (way === 'reject') void Promise.reject(new Error('thrown on purpose'));
  if (way === 'throw' || way === 'worker throw') {
    process.nextTick(() => {
      throw new Error('thrown on purpose');
    });
  }
}

/** Runs inside every callback. */
function called(): void {
  callbacks++;
  if ('callback' in moment && callbacks === moment.callback) end();
}

const quick = ['/small', '/large', '/chunked', '/slow', '/empty', '/missing', '/cut', '/silent', '/endless'];
const blocking = ['/small', '/large', '/chunked', '/slow', '/empty', '/cut'];
const progress = (): void => called();

function session(): Session {
  return random() < 0.3
    ? new Session('https', 'localhost', paths.tlsPort, { tls: { verify: () => (called(), true) } })
    : new Session('http', host, paths.port);
}

function request(): ne.ne_request {
  const handle = ne.ne_session_create('http', host, paths.port);
  ne.ne_hook_pre_send(handle, called);
  ne.ne_hook_post_headers(handle, called);
  ne.ne_hook_destroy_request(handle, called);
  ne.ne_hook_close_conn(handle, called);
  ne.ne_set_notifier(handle, called);
  const made = ne.ne_request_create(handle, 'GET', pick(random, blocking));
  ne.ne_add_response_body_reader(made, () => (called(), 1), called);
  return made;
}

const jobs: readonly (() => unknown)[] = [
  async () => (await session().request('GET', pick(random, quick), { onProgress: progress })).text(),
  async () => (await session().request('GET', '/large')).body.on('data', called).on('error', called),
  () => session().put('/echo', Readable.from((function* () { for (let i = 0; i < 9; i++) { called(); yield long; } })())), // prettier-ignore
  () => session().put('/echo', () => (called(), callbacks > 20 ? null : Buffer.from('block'))),
  async () => {
    for await (const _ of session().propfind('/dav')) called();
  },
  () => session().withLock('/dav', called),
  async () => (await session().request('GET', '/dav')).xml({ start: called, text: called }),
  async () => {
    const pool = new SessionPool(`http://${host}:${paths.port}/`, { connections: 3 });
    await Promise.all(quick.map((path) => pool.request('GET', path).then((response) => response.text())));
  },
  () => promises.ne_request_dispatch(request()),
  () => promises.ne_simple_propfind(ne.ne_session_create('http', host, paths.port), '/dav', 1, null, called),
  async () => {
    const read = request();
    await promises.ne_begin_request(read);
    while ((await promises.ne_read_response_block(read, Buffer.alloc(1000))) > 0) called();
    await promises.ne_end_request(read);
  },
  () => promises.ne_addr_resolve('localhost', 0),
  () => ne.ne_request_dispatch(request()),
  () => session().requestSync('GET', pick(random, blocking)),
  () => session().propfindSync('/dav'),
  () => {
    const dropped = session();
    void dropped.request('GET', '/endless').catch(() => undefined);
    globalThis.gc?.();
  },
];

/** Sends one request after the other, each over a new TLS connection. */
async function connectAgain(): Promise<void> {
  while (!ended) {
    const one = new Session('https', 'localhost', paths.tlsPort, { tls: { ca, trustDefaultCA: false } });
    await one
      .request('GET', '/small')
      .then((response) => response.text())
      .catch(() => undefined);
    one.destroy({ force: true });
  }
}

async function work(): Promise<void> {
  if (storm) for (let i = 0; i < 24; i++) void connectAgain();
  for (let i = 0; !ended && (i < 30 || 'callback' in moment) && i < 300; i++) {
    try {
      Promise.resolve(pick(random, jobs)()).catch(() => undefined);
    } catch {
      // a job that a callback has ended
    }
    if (below(random, 3) === 0) await sleep(below(random, 3));
  }
  end();
}

/** Starts three workers, ends each of them, and uses the library again. */
async function endWorkers(): Promise<void> {
  await Promise.all(
    [0, 1, 2].map(async (index) => {
      const worker = new Worker(__filename, { workerData: { ...options, seed: seedOf(seed, index) } });
      const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
      const errors: Error[] = [];
      worker.on('error', (error: Error) => errors.push(error));
      worker.on('message', () => void worker.terminate());
      if (way === 'terminate' && 'ms' in moment) setTimeout(() => void worker.terminate(), moment.ms * 5);
      // A worker may end by itself just before terminate().
      const codes = { 'worker exit': [3], 'worker throw': [1], terminate: [0, 1] }[way as string];
      assert(codes!.includes(await exited));
      assert.deepEqual(
        errors.map(({ message }) => message),
        way === 'worker throw' ? ['thrown on purpose'] : [],
      );
    }),
  );
  const after = new Session('http', host, paths.port);
  assert.equal(after.requestSync('GET', '/small').textSync(), 'hello\n');
  assert.equal(await (await after.request('GET', '/small')).text(), 'hello\n');
  await after.close();
  reportEnding();
}

if (isMainThread && /worker|terminate/.test(way)) void endWorkers();
else if (way === 'end') {
  void work();
  setTimeout(() => {
    reportEnding();
    process.exit(0);
  }, 100);
} else {
  if ('ms' in moment) setTimeout(end, moment.ms);
  void work();
}
