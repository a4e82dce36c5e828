/**
 * Loads the library: many sessions at once, many workers, a pool, and a soak of requests with aborts and garbage
 * collections. Every answer must be right, and threads, descriptors and memory must return to what they were.
 */
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { Session, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { collect, threads, threadsAtRest, times, turn } from '../../lifecycle/children/tools.js';
import { rawServer, response } from '../../servers/raw.js';
import { bodyOf } from '../../support/bodies.js';
import { isCoded } from '../clients.js';
import type { Kind, Trial } from '../kind.js';

interface Environment {
  readonly port: number;
  /** The port of a server with larger answers. */
  readonly large: number;
  /** The port of a server that answers each request with its target. */
  readonly echo: number;
}

const host = '127.0.0.1';
const body = 'hello\n';
/** As large as the addon passes together with other answers. */
const largeBody = bodyOf(2000).toString();

/** Counts one answer. */
type Count = (operation: string, surface: string, good: boolean, detail: string) => void;
type Scenario = (environment: Environment, long: boolean, count: Count, measure: Trial['measure']) => Promise<void>;

/** Sessions that each send requests at the same time. */
const sessions: Scenario = async ({ port }, long, count) => {
  const open = times(long ? 1000 : 100, () => new Session('http', host, port));
  for (let round = 0; round < 3; round++)
    await Promise.all(
      open.map(async (session) => {
        const text = await (await session.request('GET', '/')).text();
        count('sessions', 'classes', text === body, text);
      }),
    );
  await Promise.all(open.map((session) => session.close()));
};

/** Answers that arrive together, and are more than the addon passes at once. */
const large: Scenario = async ({ large: port }, long, count) => {
  const open = times(long ? 200 : 60, () => new Session('http', host, port));
  for (let round = 0; round < 4; round++) {
    const answers = open.map(async (session) => (await session.request('GET', '/')).text());
    const end = performance.now() + 50;
    while (performance.now() < end); // so that many answers wait for this thread
    for (const text of await Promise.all(answers))
      count('large answers', 'classes', text === largeBody, text.slice(0, 100));
  }
  await Promise.all(open.map((session) => session.close()));
};

/**
 * Sessions that each send one request after the other, on the surfaces with promises at the same time and on the
 * blocking surfaces in turn. Each request has a target of its own, and the server answers with the target. So an answer
 * that belongs to another request is noticed.
 */
const targets: Scenario = async ({ echo: port }, long, count, measure) => {
  const rounds = long ? 1000 : 25;
  const began = performance.now();
  let requests = 0;
  const check = (surface: string, target: string, text: string): void => {
    requests++;
    count('targets', surface, text === target, `${text.slice(0, 100)} for ${target}`);
  };
  const objects = times(24, async (index) => {
    const session = new Session('http', host, port);
    for (let i = 0; i < rounds; i++) {
      const target = `/promise/${index}/${i}`;
      check('classes', target, await (await session.request('GET', target)).text());
    }
    await session.close();
  });
  const handles = times(8, async (index) => {
    const session = ne.ne_session_create('http', host, port);
    for (let i = 0; i < rounds; i++) {
      const target = `/ne/${index}/${i}`;
      check('libneon/ne/promises', target, await answerTo(session, target, promises.ne_request_dispatch));
    }
    ne.ne_session_destroy(session);
  });
  await Promise.all([...objects, ...handles]);
  const session = new Session('http', host, port);
  const handle = ne.ne_session_create('http', host, port);
  for (let i = 0; i < rounds; i++) {
    check('classes, blocking', `/blocking/${i}`, session.requestSync('GET', `/blocking/${i}`).textSync());
    check('libneon/ne', `/c/${i}`, await answerTo(handle, `/c/${i}`, ne.ne_request_dispatch));
  }
  await session.close();
  ne.ne_session_destroy(handle);
  measure('targets: requests in a second', (requests * 1000) / (performance.now() - began));
};

/** The most milliseconds that a request to an idle server may take in the median, on a busy machine too. */
const QUICK = 150;

/** Requests one after the other on a single session. A thread that sleeps must wake for each of them. */
const turns: Scenario = async ({ echo: port }, _long, count, measure) => {
  const session = new Session('http', host, port);
  const taken: number[] = [];
  for (let i = 0; i < 25; i++) {
    const began = performance.now();
    await (await session.request('GET', `/turn/${i}`)).text();
    taken.push(performance.now() - began);
  }
  await session.close();
  const median = taken.sort((a, b) => a - b)[12]!;
  count('turns', 'classes', median < QUICK, `${median} ms`);
  measure('turns: median of a request, ms', median);
};

/** The body that a function of `libneon/ne` receives, or the error of its session. */
async function answerTo(
  session: ne.ne_session,
  target: string,
  dispatch: (request: ne.ne_request) => number | Promise<number>,
): Promise<string> {
  const request = ne.ne_request_create(session, 'GET', target);
  const blocks: Buffer[] = [];
  ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(Buffer.from(block)));
  const result = await dispatch(request);
  ne.ne_request_destroy(request);
  return result === ne.NE_OK ? Buffer.concat(blocks).toString() : ne.ne_get_error(session);
}

const script = `
  const { parentPort, workerData: { lib, port, requests } } = require('node:worker_threads');
  const { Session } = require(lib);
  (async () => {
    const session = new Session('http', '127.0.0.1', port);
    let good = 0;
    for (let i = 0; i < requests; i++) {
      if (session.requestSync('GET', '/').textSync() === 'hello\\n') good++;
      if ((await (await session.request('GET', '/')).text()) === 'hello\\n') good++;
    }
    await session.close();
    parentPort.postMessage(good);
  })();
`;

/** Workers that each use the library. */
const workers: Scenario = async ({ port }, long, count) => {
  const requests = 20;
  await Promise.all(
    times(long ? 100 : 6, async () => {
      const workerData = { lib: require.resolve('libneon'), port, requests };
      const worker = new Worker(script, { eval: true, workerData });
      const [good] = (await once(worker, 'message')) as [number];
      for (let i = 0; i < 2 * requests; i++) count('workers', 'classes', i < good, `${good} of ${2 * requests}`);
      await worker.terminate();
    }),
  );
};

/** A pool with many requests, of which some are aborted. */
const pool: Scenario = async ({ port }, long, count) => {
  await using pooled = new SessionPool(`http://${host}:${port}/`, { connections: 8 });
  const requests = times(long ? 2000 : 300, async (index) => {
    const controller = new AbortController();
    const aborts = index % 10 === 0;
    if (aborts) setTimeout(() => controller.abort(), index % 7);
    try {
      const text = await (await pooled.request('GET', '/', { signal: controller.signal })).text();
      count('pool', 'classes', text === body, text);
    } catch (error) {
      count('pool', 'classes', aborts && isCoded(error), String(error));
    }
  });
  await Promise.all(requests);
};

/** Requests one after the other on all surfaces. Some are aborted, and garbage is collected in between. */
const soak: Scenario = async ({ port }, long, count) => {
  const session = new Session('http', host, port);
  const handle = ne.ne_session_create('http', host, port);
  for (let i = 0; i < (long ? 1000 : 150); i++) {
    count('soak', 'classes, blocking', session.requestSync('GET', '/').textSync() === body, 'the body');
    const answers = await Promise.all(times(4, () => session.request('GET', '/').then((answer) => answer.text())));
    for (const text of answers) count('soak', 'classes', text === body, text);
    for (const [surface, { ne_request_dispatch }] of [
      ['libneon/ne', ne],
      ['libneon/ne/promises', promises],
    ] as const) {
      const text = await answerTo(handle, '/', ne_request_dispatch);
      count('soak', surface, text === body, text);
    }
    if (i % 20 === 0) {
      const controller = new AbortController();
      const aborted = session
        .request('GET', '/', { signal: controller.signal })
        .then((answer) => answer.text().then((text) => text === body, isCoded), isCoded);
      if (i % 40 === 0) await turn();
      controller.abort();
      count('soak, aborted', 'classes', await aborted, 'an aborted request');
      collect();
      // Blocking calls need a session that no thread uses.
      await session.request('GET', '/').then((answer) => answer.text());
    }
  }
  await session.close();
  ne.ne_session_destroy(handle);
};

const scenarios: readonly Scenario[] = [
  ...[soak, targets, sessions, large, targets, turns, workers, soak, targets, pool],
];

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Growth of the memory that is noise of V8 and malloc, in MiB. */
const NOISE = 60;

/** Waits until a number is at most a limit; returns the last number. */
async function settle(number: () => number, limit: number): Promise<number> {
  for (let i = 0; i < 200 && number() > limit; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return number();
}

export const kind: Kind<Environment> = {
  about: 'Under load each answer is right; threads, descriptors and memory return to what they were.',
  short: 10,
  processes: 1,
  limit: 120_000,
  async start() {
    const server = await rawServer({ fixed: response(body), keep: 100 });
    const other = await rawServer({ fixed: response(largeBody), keep: 100 });
    // The trials run in another process, so that a blocking call does not block this server.
    const echo = createServer({ keepAliveTimeout: 600_000 }, ({ url }, answer) => answer.end(url)).listen(0, host);
    await once(echo, 'listening');
    return {
      environment: { port: server.port, large: other.port, echo: (echo.address() as AddressInfo).port },
      stop: async () => {
        await server.stop();
        await other.stop();
        echo.closeAllConnections();
        echo.close();
      },
    };
  },
  async prepare(environment) {
    const atRest = await threadsAtRest();
    let files = 0;
    let memory = 0;
    let done = 0;
    return async (trial: Trial) => {
      const scenario = scenarios[trial.number % scenarios.length]!;
      await scenario(
        environment,
        trial.long,
        (operation, surface, good, detail) => trial.count(operation, surface, good ? 'right' : 'wrong', detail),
        (name, value) => trial.measure(name, value),
      );
      // After every kind of load has run once, everything must stay as it is.
      if (++done % scenarios.length !== 0) return;
      files ||= descriptors();
      const now = await settle(threads, atRest + 1);
      trial.count('threads', 'process', now <= atRest + 1 ? 'right' : 'wrong', `${atRest} at rest, now ${now}`);
      const open = await settle(descriptors, files);
      trial.count('descriptors', 'process', open <= files ? 'right' : 'wrong', `${files} at first, now ${open}`);
      const size = process.memoryUsage.rss() / 2 ** 20;
      memory ||= size;
      trial.measure('threads above those at rest', now - atRest);
      trial.measure('descriptors above those after the first round', open - files);
      trial.measure('memory above that after the first round, MiB', size - memory);
      const good = size - memory < NOISE;
      trial.count(
        'memory',
        'process',
        good ? 'right' : 'wrong',
        `${memory.toFixed(0)} MiB at first, now ${size.toFixed(0)} MiB`,
      );
    };
  },
};
