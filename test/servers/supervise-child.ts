/** Runs one server program for a parent process, and ends the program when the parent ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveParent } from './child.js';

/** A program to run as a server. */
export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The server is ready when all of these loopback ports accept connections. */
  readonly ports: readonly number[];
  /**
   * The file for the program's output. If the program does not start, the error message quotes the end of this file.
   */
  readonly log: string;
  /** Further log files that the error also quotes. */
  readonly logs?: readonly string[];
  /** The milliseconds after SIGTERM until the program is killed; 1000 by default. */
  readonly patience?: number;
  /** A folder to remove at the end. */
  readonly scratch?: string;
}

serveParent<ProgramOptions, { pid: number }>(async (options, atEnd) => {
  const { scratch } = options;
  if (scratch !== undefined) atEnd(() => rmSync(scratch, { recursive: true, force: true }));
  const program = launch(options);
  atEnd(() => terminate(program, options.patience ?? 1000));
  await Promise.all(options.ports.map((port) => untilAccepting(port, program, options)));
  return { started: { pid: program.pid as number } };
});

/** Starts the program in a new process group, so that its workers end with it. */
function launch({ command, args, cwd, env, log }: ProgramOptions): ChildProcess {
  const output = openSync(log, 'a');
  const program = spawn(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  program.on('error', () => {});
  return program;
}

async function untilAccepting(port: number, program: ChildProcess, options: ProgramOptions): Promise<void> {
  while (!(await accepts(port))) {
    if (program.pid === undefined || hasEnded(program))
      throw new Error(`${options.command} ended: ${endOfLogs(options)}`);
    await sleep(5);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function terminate(program: ChildProcess, patience: number): Promise<void> {
  if (program.pid === undefined) return;
  if (!hasEnded(program)) {
    const exited = once(program, 'exit');
    signalGroup(program.pid, 'SIGTERM');
    await Promise.race([exited, sleep(patience)]);
  }
  signalGroup(program.pid, 'SIGKILL');
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // no process of the group is left
  }
}

function hasEnded(program: ChildProcess): boolean {
  return program.exitCode !== null || program.signalCode !== null;
}

function endOfLogs({ log, logs = [] }: ProgramOptions): string {
  return [log, ...logs].map(readIfThere).join('\n').slice(-4000);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
