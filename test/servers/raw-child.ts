/**
 * Implements the process that runs all scripted servers of a test process. It exits when no server has run for a while.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { serveParent } from './child.js';
import type { RawAnswer, RawQuestion, RawServerOptions, Step } from './raw.js';
import { RawConnection } from './raw-connection.js';

/** The process ends after it has had no server for this time, in milliseconds. */
const IDLE_LIMIT = 3_000;

serveParent<null, null, RawQuestion, RawAnswer>(async () => {
  const servers = new Map<number, ScriptedServer>();
  let idle = setTimeout(() => process.exit(), IDLE_LIMIT);
  return { started: null, answer };

  async function answer(question: RawQuestion): Promise<RawAnswer> {
    if (question.ask === 'listen') await add(question.server, question.options);
    const server = servers.get(question.server);
    if (!server) throw new Error('that server was stopped');
    if (question.ask === 'release') server.connections.forEach((connection) => connection.release());
    if (question.ask === 'wait') await server.waitUntil(question);
    if (question.ask === 'stop') remove(question.server, server);
    return {
      port: server.port,
      records: question.ask === 'listen' ? [] : server.connections.map((connection) => connection.record()),
    };
  }

  async function add(number: number, options: RawServerOptions): Promise<void> {
    clearTimeout(idle);
    const server = new ScriptedServer(options);
    await server.listen();
    servers.set(number, server);
  }

  function remove(number: number, server: ScriptedServer): void {
    server.stop();
    servers.delete(number);
    if (servers.size === 0) idle = setTimeout(() => process.exit(), IDLE_LIMIT);
  }
});

type Counted = 'opened' | 'requests' | 'closed';

/** A listener and its scripted connections. Callers can wait here for events such as a new connection. */
class ScriptedServer {
  readonly connections: RawConnection[] = [];
  port = 0;

  private readonly watchers = new Set<() => void>();
  private readonly listener: Server;

  constructor(private readonly options: RawServerOptions) {
    this.listener = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      const connection = new RawConnection(socket, options, () => this.changed());
      const steps = this.stepsFor(this.connections.push(connection) - 1);
      this.changed();
      if (options.fixed === undefined) void connection.play(steps);
      else connection.serveFixed(Buffer.from(options.fixed as string));
    });
  }

  async listen(): Promise<void> {
    this.listener.listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1');
    await once(this.listener, 'listening');
    this.port = (this.listener.address() as AddressInfo).port;
    this.refuseAfter(-1);
  }

  stop(): void {
    this.listener.close();
    this.connections.forEach((connection) => connection.abandon());
  }

  waitUntil({ for: event, count, timeoutMs }: RawQuestion & { ask: 'wait' }): Promise<void> {
    return new Promise((resolve, reject) => {
      const tooLate = (): void => reject(new Error(`after ${timeoutMs} ms ${this.count(event)} of ${count} ${event}`));
      const watch = (): void => {
        if (this.count(event) >= count) settle(resolve);
      };
      const limit = setTimeout(() => settle(tooLate), timeoutMs);
      const settle = (outcome: () => void): void => {
        clearTimeout(limit);
        this.watchers.delete(watch);
        outcome();
      };
      this.watchers.add(watch);
      watch();
    });
  }

  private stepsFor(index: number): readonly Step[] {
    this.refuseAfter(index);
    const { connections = [], rest } = this.options;
    return connections[rest === 'repeat-last' ? Math.min(index, connections.length - 1) : index] ?? [];
  }

  /** Closes the listener after the last scripted connection is accepted. Further connects are then refused. */
  private refuseAfter(index: number): void {
    const { connections = [], rest = 'refuse', fixed } = this.options;
    if (rest === 'refuse' && fixed === undefined && index >= connections.length - 1) this.listener.close();
  }

  private changed(): void {
    for (const watch of this.watchers) watch();
  }

  private count(event: Counted): number {
    if (event === 'opened') return this.connections.length;
    if (event === 'closed') return this.connections.filter(({ closedAt }) => closedAt !== null).length;
    return this.connections.reduce((sum, { requests }) => sum + requests, 0);
  }
}
