/**
 * memory.js WORKLOAD COUNT PORT LARGE: runs a workload COUNT times, after COUNT / 2 runs as a warm-up. Reports the
 * resident memory in MiB at the start, half-way and at the end, each time after garbage collection. Needs --expose-gc.
 */
import { Session } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { check, collect, report, times, turn } from './tools.js';

const [, , workload, count, ...ports] = process.argv;
const [port, largePort] = ports.map(Number) as [number, number];
const host = '127.0.0.1';
const create = (): ne.ne_session => ne.ne_session_create('http', host, port);
const session = create();
const object = new Session('http', host, port);
const large = new Session('http', host, largePort);
const largeSync = new Session('http', host, largePort);
const block = Buffer.alloc(4096);

/** The number of runs in one round. The event loop gets no turn during a round. */
const chunk = 100;

const rounds = {
  /** Requests over one session, on each surface. */
  'ne sync': () => {
    for (let i = 0; i < chunk; i++) dispatch(session);
  },
  'ne promises': async () => {
    for (let i = 0; i < chunk; i++) {
      const request = ne.ne_request_create(session, 'GET', '/');
      check((await promises.ne_request_dispatch(request)) === ne.NE_OK);
      ne.ne_request_destroy(request);
    }
  },
  'ne pull': async () => {
    for (let i = 0; i < chunk; i++) {
      const request = await promises.ne_request_create(session, 'GET', '/');
      check((await promises.ne_begin_request(request)) === ne.NE_OK);
      while ((await promises.ne_read_response_block(request, block)) > 0);
      check((await promises.ne_end_request(request)) === ne.NE_OK);
      await promises.ne_request_destroy(request);
    }
  },
  'ne readers': () => {
    for (let i = 0; i < chunk; i++) {
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => (request ? 0 : 1));
      check(ne.ne_request_dispatch(request) === ne.NE_OK);
      const cursor = ne.ne_response_header_iterate(request, null, { value: '' }, { value: '' });
      check(cursor !== null);
      ne.ne_request_destroy(request);
    }
  },
  'class sync': () => {
    for (let i = 0; i < chunk; i++) check(object.requestSync('GET', '/').textSync() === 'hello\n');
  },
  'class promises': async () => {
    const answers = await Promise.all(times(chunk, () => object.request('GET', '/', { timeout: 10_000 })));
    for (const answer of answers) check((await answer.text()) === 'hello\n');
  },
  /** Requests that are aborted while they are queued, while they run, or after they have ended. */
  'class aborts': async () => {
    const controllers = times(chunk, () => new AbortController());
    const waiting = controllers.map(({ signal }) => object.request('GET', '/', { signal }));
    const settled = Promise.allSettled(waiting);
    for (const controller of controllers.filter((_, index) => index % 2 === 0)) controller.abort();
    await settled;
    for (const controller of controllers) controller.abort();
  },
  /** Bodies of 300 KB each. A blocking call, a promise of bytes, or a stream reads the body. */
  bodies: async () => {
    for (let i = 0; i < chunk; i++) {
      let length = 0;
      if (i % 3 === 0) length = largeSync.requestSync('GET', '/').bytesSync().length;
      if (i % 3 === 1) length = (await (await large.request('GET', '/')).bytes()).length;
      if (i % 3 === 2)
        for await (const part of (await large.request('GET', '/')).body) length += (part as Buffer).length;
      check(length === 300_000);
    }
  },
  'bodies dropped': async () => {
    for (let i = 0; i < chunk; i++) {
      if (i % 10 === 0) {
        await large.request('GET', '/'); // the next request waits until this response is collected
        await turn();
        collect();
      } else (await large.request('GET', '/')).cancel();
    }
  },
  /** Creates and destroys sessions. Every fourth session sends a request. */
  'cycles destroyed': () => {
    for (let i = 0; i < chunk; i++) {
      const one = create();
      const request = ne.ne_request_create(one, 'GET', '/');
      if (i % 4 === 0) check(ne.ne_request_dispatch(request) === ne.NE_OK);
      ne.ne_request_destroy(request);
      ne.ne_session_destroy(one);
    }
  },
  'cycles promises': async () => {
    for (let i = 0; i < chunk; i++) {
      const one = new Session('http', host, port);
      if (i % 4 === 0) check((await one.request('GET', '/')).status === 200);
      await one.close();
    }
  },
  'cycles dropped': () => {
    for (let i = 0; i < chunk; i++) {
      const request = ne.ne_request_create(create(), 'GET', '/');
      if (i % 4 === 0) check(ne.ne_request_dispatch(request) === ne.NE_OK);
    }
  },
  'certificate trust': () => {
    for (let i = 0; i < chunk; i++) new Session('https', host, port, { tls: { trustDefaultCA: false } }).destroy();
  },
} satisfies Record<string, () => void | Promise<void>>;

/** The name of a workload. */
export type Workload = keyof typeof rounds;

void main(rounds[workload as Workload]);

async function main(round: () => void | Promise<void>): Promise<void> {
  await go(round, Number(count) / 2);
  const before = await resident();
  const start = performance.now();
  await go(round, Number(count) / 2);
  const middle = await resident();
  await go(round, Number(count) / 2);
  const seconds = (performance.now() - start) / 1000;
  report({ before, middle, after: await resident(), seconds });
}

async function go(round: () => void | Promise<void>, todo: number): Promise<void> {
  for (let done = 0; done < todo; done += chunk) {
    await round();
    await turn();
  }
}

async function resident(): Promise<number> {
  for (let i = 0; i < 4; i++, await turn()) collect();
  return process.memoryUsage.rss() / (1 << 20);
}

function dispatch(session: ne.ne_session): void {
  const request = ne.ne_request_create(session, 'GET', '/');
  check(ne.ne_request_dispatch(request) === ne.NE_OK);
  ne.ne_request_destroy(request);
}
