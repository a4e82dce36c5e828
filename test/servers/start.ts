/**
 * Provides shared functions for starting test servers. Each server runs in a child process on a free loopback port. The
 * server ends when the test stops it or when the test process dies.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, realpathSync, chmodSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Asked, Report } from './child.js';
import type { ProgramOptions } from './supervise-child.js';

/** The maximum times, in milliseconds, that the start and the end of a server may take. */
const START_LIMIT = 15_000;
const STOP_LIMIT = 5_000;

/** The folder with package.json, in which tests find sources that are not compiled. */
export const projectRoot: string = findProjectRoot(__dirname);

/** A server that runs in a child process. */
export interface RunningServer {
  readonly port: number;
  /** The child process that serves or supervises. */
  readonly pid: number;
  /** Ends the server and waits for its end. Further calls have no effect. */
  stop(): Promise<void>;
}

/** The parent's half of a child started by {@link startChild}. */
export interface ServerChild<Started, Question = never, Answer = never> {
  readonly started: Started;
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * Starts a script that calls `serveParent`, and passes `options` to it. The promise resolves when the script reports
 * that the server is ready. The child keeps this process alive only while a question is unanswered.
 */
export async function startChild<Started, Question = never, Answer = never>(
  script: string,
  options: unknown,
): Promise<ServerChild<Started, Question, Answer>> {
  const child = fork(script, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const started = await whenStarted<Started>(child, options, path.basename(script));
  const ask = questioner<Answer>(child);
  child.unref();
  child.channel?.unref();
  return { started, pid: child.pid as number, ask, stop: () => stopChild(child) };
}

/**
 * Starts a program through a small supervising child. The child waits until the program's ports accept connections. It
 * kills the program and removes `scratch` when it is stopped or when this process dies.
 */
export function startProgram(options: ProgramOptions): Promise<ServerChild<{ pid: number }>> {
  return startChild<{ pid: number }>(path.join(__dirname, 'supervise-child.js'), options);
}

/**
 * Calls `start` with free ports. If another program takes one of the ports first, calls `start` again with new ports.
 */
export async function withFreePorts<T>(count: number, start: (ports: number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      if (attempt === 3 || !/EADDRINUSE|address already in use/i.test(String(error))) throw error;
    }
  }
}

/**
 * The ports of `freePorts`. Operating systems take the ports of connections and of servers that listen on port 0 from
 * higher ranges. So no other socket of a test gets a port between its choice and the start of the program.
 */
const [FIRST_PORT, END_OF_PORTS] = [20_000, 32_000];

/** The port that is tried next: each test file starts anywhere and goes on upwards, so that no port is tried twice. */
let nextPort = randomInt(FIRST_PORT, END_OF_PORTS);

/** Loopback ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners: Server[] = [];
  while (listeners.length < count) {
    const listener = await listen(nextPort);
    if (listener) listeners.push(listener);
    nextPort = nextPort + 1 < END_OF_PORTS ? nextPort + 1 : FIRST_PORT;
  }
  const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  await Promise.all(listeners.map((listener) => once(listener.close(), 'close')));
  return ports;
}

/** Listens on a port, if it is free. */
async function listen(port: number): Promise<Server | undefined> {
  const listener = createServer().listen(port, '127.0.0.1');
  try {
    await once(listener, 'listening');
    return listener;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Creates a temporary folder that unprivileged servers can read. */
export function scratchDirectory(purpose: string): string {
  const directory = mkdtempSync(path.join(realpathSync(tmpdir()), `libneon-${purpose}-`));
  chmodSync(directory, 0o755);
  return directory;
}

/** Whether a question failed because its server was gone. */
export function isGone(error: unknown): boolean {
  return error instanceof ServerGone;
}

class ServerGone extends Error {
  override message = 'the server has ended';
}

function whenStarted<Started>(child: ChildProcess, options: unknown, name: string): Promise<Started> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => settle(() => reject(new Error(`${name} did not start within ${START_LIMIT} ms`))),
      START_LIMIT,
    );
    const onMessage = (report: Report<Started, never>): void => {
      if (report.kind === 'started') settle(() => resolve(report.started));
      if (report.kind === 'failed') settle(() => reject(new Error(`${name} did not start: ${report.reason}`)));
    };
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`${name} ended before it was up (${signal ?? `code ${code}`})`)));
    const onError = (error: Error): void => settle(() => reject(error));

    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    child.send(options as object);

    function settle(outcome: () => void): void {
      clearTimeout(limit);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      child.on('error', () => {}); // a send to a dying child may still fail
      outcome();
    }
  }).catch(async (error: unknown) => {
    await stopChild(child);
    throw error;
  }) as Promise<Started>;
}

function questioner<Answer>(child: ChildProcess): (question: unknown) => Promise<Answer> {
  interface Open {
    resolve(answer: Answer): void;
    reject(error: Error): void;
  }
  const open = new Map<number, Open>();
  let lastId = 0;

  child.on('message', (report: Report<never, Answer>) => {
    if (report.kind === 'answer') close(report.id)?.resolve(report.answer);
    if (report.kind === 'refused') close(report.id)?.reject(new Error(report.reason));
  });
  child.on('exit', () => {
    for (const id of [...open.keys()]) close(id)?.reject(new ServerGone());
  });

  return (question) =>
    new Promise((resolve, reject) => {
      if (!child.connected) {
        reject(new ServerGone());
        return;
      }
      const asked: Asked<unknown> = { id: ++lastId, question };
      open.set(asked.id, { resolve, reject });
      child.channel?.ref();
      child.send(asked);
    });

  function close(id: number): Open | undefined {
    const question = open.get(id);
    open.delete(id);
    if (open.size === 0) child.channel?.unref();
    return question;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.ref();
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
  await exited;
  clearTimeout(limit);
}

function findProjectRoot(from: string): string {
  if (existsSync(path.join(from, 'package.json'))) return from;
  const above = path.dirname(from);
  if (above === from) throw new Error('no package.json above the tests');
  return findProjectRoot(above);
}
