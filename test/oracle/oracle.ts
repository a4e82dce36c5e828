/**
 * Twins: a C program and a JavaScript program that do the same with neon. Both run against the same scripted server;
 * then their output and what the server received must be equal, byte for byte.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { versions } from 'libneon';
import * as ne from 'libneon/ne';
import { loaderOf, searchPath } from '../matrix/neons.js';
import { rawServer, type RawServer, type RawServerOptions } from '../servers/raw.js';
import { compileWithNeon } from './compile.js';

/** The two surfaces that JavaScript twins are run on. */
export const surfaces = ['sync', 'promises'] as const;
export type Surface = (typeof surfaces)[number];

/** A program that takes the port of a server and then the arguments of its scenario. */
export interface Twin {
  readonly command: string;
  readonly args: readonly string[];
}

/** What both twins meet. */
export interface Scenario {
  readonly server: RawServerOptions;
  /** Arguments after the port. */
  readonly args?: readonly string[];
  /** Milliseconds after which a twin counts as hanging; 20,000 unless given. */
  readonly limitMs?: number;
}

/** What came of a run. The server's port reads `PORT` everywhere. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly exit: number | string | null;
  readonly stderr: string;
  /** What the server received on each connection, as Latin-1, so that every byte is one character; without random nonces. */
  readonly received: readonly string[];
}

/** The C twin of that name, compiled if need be. Throws unless it runs with the very neon that JavaScript does. */
export function cTwin(name: string): Twin {
  tlsOfC();
  return compiledTwin(name);
}

/** Whether C and JavaScript use the same release of the TLS library. */
export function tlsIsTheSame(): boolean {
  const release = (library: string): string | undefined => /^\S+ \d+\.\d+/.exec(library)?.[0];
  return release(tlsOfC()) === release(versions.tls ?? '');
}

/** A line with an error, without the words of OpenSSL where those of its releases differ. Those of neon stay. */
export function inTheSameWords(line: string): string {
  if (tlsIsTheSame()) return line;
  return line.replace(/^(error=.*SSL error: )(?!Server certificate).*/, '$1…');
}

/** Where another neon than the machine's is tested, C programs run with it, and all the libraries of its folder, too. */
function compiledTwin(name: string): Twin {
  const program = compileWithNeon(`test/oracle/${name}.c`, ['test/oracle/twin.h']);
  const libraries = process.env['LIBNEON_TEST_LIBRARIES'];
  if (libraries === undefined) return { command: program, args: [] };
  return { command: loaderOf(libraries), args: ['--library-path', searchPath(libraries).join(':'), program] };
}

let tls: string | undefined;

/** The TLS library of C twins. With OpenSSL it is the system's, and that of JavaScript is Node's. */
function tlsOfC(): string {
  tls ??= requireSameNeon(compiledTwin('version'));
  return tls;
}

/** Or a comparison would say nothing. */
function requireSameNeon({ command, args }: Twin): string {
  const said = execFileSync(command, args, { encoding: 'utf8' });
  const [, neon, library] = /^neon=(.*)\ntls=(.*)\n$/.exec(said) ?? [];
  const wanted = versions.tls?.startsWith('OpenSSL') ? 'OpenSSL' : (versions.tls ?? '(null)');
  if (neon !== ne.ne_version_string() || !library?.startsWith(wanted))
    throw new Error(`JavaScript uses ${ne.ne_version_string()} ${wanted}, and C:\n${said}`);
  return library;
}

/** The JavaScript twin of that name, on one surface; `session-classes` is that of `session` with the classes. */
export function jsTwin(name: string, surface: Surface): Twin {
  return { command: process.execPath, args: [path.join(__dirname, `${name}.js`), surface] };
}

/** Runs the C twin and the other, each against a server of its own, and throws where they differ. */
export async function compare(reference: Twin, subject: Twin, scenario: Scenario): Promise<void> {
  await compareWith(runTwin(reference, scenario), subject, scenario);
}

/** The same with a C twin that has been started already. */
export async function compareWith(reference: Promise<Outcome>, subject: Twin, scenario: Scenario): Promise<void> {
  const [expected, actual] = await Promise.all([reference, runTwin(subject, scenario)]);
  deepStrictEqual(comparable(actual), comparable(expected), differenceIn(actual));
}

/** Runs one twin against a fresh server. */
export async function runTwin(twin: Twin, scenario: Scenario): Promise<Outcome> {
  const server = await rawServer(scenario.server);
  try {
    const { stdout, stderr, exit } = await run(twin, server.port, scenario);
    const received = await receivedBy(server);
    const hidePort = (from: string): string => from.replaceAll(new RegExp(`(?<=:)${server.port}\\b`, 'g'), 'PORT');
    return {
      lines: hidePort(stdout).split('\n').slice(0, -1),
      exit,
      stderr,
      received: received.map(hidePort).map(hideNonce),
    };
  } finally {
    await server.stop();
  }
}

/** Runs one twin against a server that is there already; the port reads `PORT`. */
export async function runTwinAt(twin: Twin, port: number, args: readonly string[]): Promise<Omit<Outcome, 'received'>> {
  const { stdout, stderr, exit } = await run(twin, port, { args });
  return { lines: stdout.replaceAll(`:${port}`, ':PORT').split('\n').slice(0, -1), exit, stderr };
}

/** Messages in the C locale; proxies of this machine are none of their business. */
async function run(
  twin: Twin,
  port: number,
  scenario: Pick<Scenario, 'args' | 'limitMs'>,
): Promise<Pick<Outcome, 'exit' | 'stderr'> & { stdout: string }> {
  const { http_proxy: _http, https_proxy: _https, all_proxy: _all, ...env } = process.env;
  const child = spawn(twin.command, [...twin.args, String(port), ...(scenario.args ?? [])], {
    env: { ...env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: scenario.limitMs ?? 20_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, exit: (code ?? signal) as number | string | null };
}

/** neon's own nonce is random, and what is computed from it. */
function hideNonce(from: string): string {
  return from.replaceAll(/^Authorization: Digest .*\bcnonce=.*$/gm, (header) =>
    header.replace(/\bcnonce="[^"]+"/, 'cnonce="RANDOM"').replace(/\bresponse="\w+"/, 'response="COMPUTED"'),
  );
}

/** The program has ended, so each connection comes to its end as soon as the server reads on. */
async function receivedBy(server: RawServer): Promise<string[]> {
  await server.release();
  const { length } = await server.connections();
  const records = await server.waitForClosed(length);
  return records.map(({ received }) => received.toString('latin1'));
}

function comparable({ lines, exit, received }: Outcome): Omit<Outcome, 'stderr'> {
  return { lines, exit, received };
}

/** The assertion's own text shows the difference; a crash is explained by what the program wrote. */
function differenceIn({ stderr }: Outcome): Error | undefined {
  return stderr === '' ? undefined : new Error(`the JavaScript twin wrote:\n${stderr}`);
}
