/** sockets.js CASE: drops sockets, or ends the process or its workers during calls on sockets. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { listen, type Listener } from '../../support/listener.js';
import { accepted, connectedTo, type Pair } from '../../support/sockets.js';
import {
  collect,
  collectUntil,
  report,
  reportEnding,
  threads,
  threadsAtRest,
  timeOf,
  times,
  turn,
  until,
} from './tools.js';

/** Calls that wait forever. They use one end of a connection or a listener. */
const waits = {
  read: ({ client }) => promises.ne_sock_read(client, Buffer.alloc(1)),
  block: ({ client }) => promises.ne_sock_block(client, 1000),
  write: ({ client }) => promises.ne_sock_fullwrite(client, Buffer.alloc(30_000_000)),
  accept: ({ listener }) => promises.ne_sock_accept(ne.ne_sock_create(), listener.fd),
  connect_ssl: ({ client }) => promises.ne_sock_connect_ssl(client, ne.ne_ssl_context_create(0)!),
  accept_ssl: ({ client }) => promises.ne_sock_accept_ssl(client, ne.ne_ssl_context_create(1)!),
  'sync-read': ({ client }) => ne.ne_sock_read(client, Buffer.alloc(1)),
  'sync-write': ({ client }) => ne.ne_sock_fullwrite(client, Buffer.alloc(30_000_000)),
  'sync-accept': ({ listener }) => ne.ne_sock_accept(ne.ne_sock_create(), listener.fd),
  'sync-connect_ssl': ({ client }) => ne.ne_sock_connect_ssl(client, ne.ne_ssl_context_create(0)!),
} satisfies Record<string, (ends: Pair) => unknown>;

/** The call that a worker waits for. */
export type Wait = keyof typeof waits;

async function connectedPair(shared?: Listener): Promise<Pair> {
  const listener = shared ?? (await listen());
  return { client: connectedTo(listener), server: await accepted(listener), listener };
}

let collected = 0;
const registry = new FinalizationRegistry(() => collected++);
function watched<T extends object>(value: T): T {
  registry.register(value, null);
  return value;
}

const cases = {
  /**
   * Drops sockets that still hold unread data, and sockets with borrowed addresses. The garbage collector frees them in
   * any order.
   */
  async gc(): Promise<void> {
    const before = await threadsAtRest();
    const listener = await listen();
    let made = 0;
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        times(10, async (index) => {
          const address = watched(ne.ne_addr_first(watched(await promises.ne_addr_resolve('127.0.0.1', 0))));
          const socket = watched(ne.ne_sock_create());
          if (index % 2) ne.ne_sock_prebind(socket, address, 0);
          assert.equal(await promises.ne_sock_connect(socket, address, listener.port), 0);
          const server = watched(await accepted(listener));
          await promises.ne_sock_fullwrite(server, 'hello');
          assert.equal(await promises.ne_sock_peek(socket, Buffer.alloc(1)), 1);
          if (index % 3 === 0) assert.equal(ne.ne_sock_close(server), 0);
          if (index % 5 === 0) watched(ne.ne_sock_peer(socket, {})!);
          made += index % 5 === 0 ? 5 : 4;
        }),
      );
      collect();
      await turn();
    }
    await collectUntil(
      () => collected === made,
      10_000,
      () => `${collected} of ${made} are collected`,
    );
    await until(
      () => threads() <= before + 2, // the listener's thread and the watchdog's
      2000,
      () => `${threads() - before} threads are left`,
    );
    report({ collected });
    await listener.close();
  },

  /** Drops TLS contexts and sockets while handshakes still use them. */
  async tls(): Promise<void> {
    for (let round = 0; round < 30; round++) {
      const { client, server, listener } = await connectedPair();
      const shaking = Promise.all([
        promises.ne_sock_connect_ssl(client, ne.ne_ssl_context_create(0)!),
        promises.ne_sock_accept_ssl(server, ne.ne_ssl_context_create(1)!).then(() => promises.ne_sock_close(server)),
      ]);
      collect();
      await turn();
      assert((await shaking)[0] < 0);
      collect();
      await listener.close();
    }
    report({ rounds: 30 });
  },

  /** The peer of a dropped socket sees the end of the connection. */
  async fin(): Promise<void> {
    const listener = await listen();
    const server = await (async () => (await connectedPair(listener)).server)();
    const reading = promises.ne_sock_read(server, Buffer.alloc(1));
    let ended = false;
    void reading.then(() => (ended = true));
    await collectUntil(
      () => ended,
      5000,
      () => 'the connection of a dropped socket is open',
    );
    assert.equal(await reading, ne.NE_SOCK_CLOSED);
    report({ closed: true });
    await listener.close();
  },

  /** Calls still end with a timeout after the process was stopped for longer than the timeout. */
  async stopped(): Promise<void> {
    const listener = await listen();
    const pairs: Pair[] = [];
    while (pairs.length < 40) pairs.push(await connectedPair(listener));
    for (const { client } of pairs) ne.ne_sock_read_timeout(client, 1);
    const calls = pairs.map(({ client }, index) =>
      index % 2 ? promises.ne_sock_block(client, 1) : promises.ne_sock_read(client, Buffer.alloc(1)),
    );
    const stopping = spawn('sh', ['-c', `kill -STOP ${process.pid}; sleep 5; kill -CONT ${process.pid}`]);
    const codes = await Promise.all(calls);
    if (stopping.exitCode === null) await once(stopping, 'exit');
    assert.deepEqual(new Set(codes), new Set([ne.NE_SOCK_TIMEOUT]));
    for (const { client, server } of pairs) {
      assert.equal(ne.ne_sock_fullwrite(client, 'x'), 0);
      assert.equal(ne.ne_sock_read(server, Buffer.alloc(9)), 1);
    }
    report({ codes });
    await listener.close();
  },

  /** The watchdog ends a call when poll(2) returns long after its timeout (see late-poll.c). */
  async late(): Promise<void> {
    const { client, server, listener } = await connectedPair();
    ne.ne_sock_read_timeout(server, 1);
    const codes = [await promises.ne_sock_block(client, 1), await promises.ne_sock_read(server, Buffer.alloc(1))];
    report({ codes });
    await listener.close();
  },

  async exit(): Promise<void> {
    const listener = await listen();
    const promised = Object.entries(waits).filter(([name]) => !name.startsWith('sync-'));
    const pairs: Pair[] = [];
    while (pairs.length < 5 * promised.length) pairs.push(await connectedPair(listener));
    for (const [index, pair] of pairs.entries()) void promised[index % promised.length]![1](pair);
    void promises.ne_addr_resolve('nosuchhost.invalid', 0);
    await sleep(200);
    reportEnding();
    process.exit(5);
  },

  async terminate(): Promise<void> {
    let slowest = 0;
    for (const name of Object.keys(waits)) {
      const worker = new Worker(__filename, { workerData: name });
      const errors: Error[] = [];
      worker.on('error', (error) => errors.push(error));
      await once(worker, 'message');
      await sleep(100);
      slowest = Math.max(slowest, await timeOf(() => worker.terminate()));
      assert.deepEqual(errors, []);
    }
    const { client, server } = await connectedPair();
    assert.equal(ne.ne_sock_fullwrite(client, 'x'), 0);
    assert.equal(ne.ne_sock_read(server, Buffer.alloc(9)), 1);
    report({ slowest });
    process.exit(0); // ends the listeners
  },
} satisfies Record<string, () => Promise<void>>;

/** The name of a case. */
export type Case = keyof typeof cases;

async function work(name: Wait): Promise<void> {
  const ends = await connectedPair();
  parentPort!.postMessage('ready');
  await waits[name](ends);
  throw new Error(`${name} returned`);
}

if (isMainThread) void cases[process.argv[2] as Case]();
else void work(workerData as Wait);
