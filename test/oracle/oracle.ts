/**
 * Runs twins: a C program and a JavaScript program that make the same neon calls. Each program uses its own instance of
 * one scripted server. Both must print the same output and send the same bytes.
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

/** The two surfaces that JavaScript twins run on. */
export const surfaces = ['sync', 'promises'] as const;
export type Surface = (typeof surfaces)[number];

/** A program that takes the port of a server and then the arguments of a scenario. */
export interface Twin {
  readonly command: string;
  readonly args: readonly string[];
}

/** The server and the arguments of both twins. */
export interface Scenario {
  /** Set if readers do not return 0. JavaScript's error message then says so; C's message is the status line. */
  readonly readersRefuse?: true;
  readonly server: RawServerOptions;
  /** Arguments after the port. */
  readonly args?: readonly string[];
  /** Milliseconds after which a twin is killed. The default is 20,000. */
  readonly limitMs?: number;
}

/** The outcome of a run, with `PORT` in place of the server's port. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly exit: number | string | null;
  readonly stderr: string;
  /** The bytes received on each connection, one Latin-1 character per byte. Random nonces are hidden. */
  readonly received: readonly string[];
}

/**
 * The C twin of that name, compiled if necessary. Throws if C and JavaScript use different versions of neon or
 * different TLS libraries.
 */
export function cTwin(name: string): Twin {
  tlsOfC();
  return compiledTwin(name);
}

/** Whether C and JavaScript use the same release of the TLS library. */
export function sameTlsRelease(): boolean {
  const release = (library: string): string | undefined => /^\S+ \d+\.\d+/.exec(library)?.[0];
  return release(tlsOfC()) === release(versions.tls ?? '');
}

/** Removes OpenSSL's text from an error line if C and JavaScript use different TLS releases. Keeps neon's own text. */
export function withoutTlsWording(line: string): string {
  if (sameTlsRelease()) return line;
  return line.replace(/^(error=.*SSL error: )(?!Server certificate).*/, '$1…');
}

/**
 * The command that runs a compiled twin. If the tests use a neon from another folder, the command loads neon and all
 * other libraries of that folder.
 */
function compiledTwin(name: string): Twin {
  const program = compileWithNeon(`test/oracle/${name}.c`, ['test/oracle/twin.h']);
  const libraries = process.env['LIBNEON_TEST_LIBRARIES'];
  if (libraries === undefined) return { command: program, args: [] };
  return { command: loaderOf(libraries), args: ['--library-path', searchPath(libraries).join(':'), program] };
}

let tls: string | undefined;

/** The TLS library of C twins. If it is OpenSSL, JavaScript uses Node's own copy, and C uses the system's. */
function tlsOfC(): string {
  tls ??= requireSameNeon(compiledTwin('version'));
  return tls;
}

/** Throws if C and JavaScript use different versions of neon or TLS libraries. Comparing them would be meaningless. */
function requireSameNeon({ command, args }: Twin): string {
  const output = execFileSync(command, args, { encoding: 'utf8' });
  const [, neon, library] = /^neon=(.*)\ntls=(.*)\n$/.exec(output) ?? [];
  const wanted = versions.tls?.startsWith('OpenSSL') ? 'OpenSSL' : (versions.tls ?? '(null)');
  if (neon !== ne.ne_version_string() || !library?.startsWith(wanted))
    throw new Error(`JavaScript uses ${ne.ne_version_string()} ${wanted}, and C:\n${output}`);
  return library;
}

/**
 * The JavaScript twin of that name, on one surface. `session-classes` runs the scenarios of `session` with the classes.
 */
export function jsTwin(name: string, surface: Surface): Twin {
  return { command: process.execPath, args: [path.join(__dirname, `${name}.js`), surface] };
}

/** Runs the C twin and the JavaScript twin, each against its own server, and throws if they differ. */
export async function compare(reference: Twin, subject: Twin, scenario: Scenario): Promise<void> {
  await compareWith(runTwin(reference, scenario), subject, scenario);
}

/** Does the same as compare(), but with a C twin that is already running. */
export async function compareWith(reference: Promise<Outcome>, subject: Twin, scenario: Scenario): Promise<void> {
  const [expected, actual] = await Promise.all([reference, runTwin(subject, scenario)]);
  const same = scenario.readersRefuse ? withoutReaderText(actual, expected) : actual;
  deepStrictEqual(comparable(same), comparable(expected), differenceIn(actual));
}

/**
 * JavaScript's message for a request that a reader has ended. C gives the status line; the difference is deliberate.
 */
const readerText = /^error=The reader of the response body returned -?\d+: it must return 0 to continue$/;

/** Replaces a message about a reader by C's message, if C's message is a status line. */
function withoutReaderText(actual: Outcome, expected: Outcome): Outcome {
  const lines = actual.lines.map((line, i) => {
    const other = expected.lines[i] ?? '';
    return readerText.test(line) && /^error=\d{3} /.test(other) ? other : line;
  });
  return { ...actual, lines };
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

/** Runs one twin against a running server. In the output, `PORT` replaces the port of the server. */
export async function runTwinAt(twin: Twin, port: number, args: readonly string[]): Promise<Omit<Outcome, 'received'>> {
  const { stdout, stderr, exit } = await run(twin, port, { args });
  return { lines: stdout.replaceAll(`:${port}`, ':PORT').split('\n').slice(0, -1), exit, stderr };
}

/** Runs a program in the C locale, without the proxy settings of this machine. */
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

/** Hides neon's random nonce, and the values computed from it. */
function hideNonce(from: string): string {
  return from.replaceAll(/^Authorization: Digest .*\bcnonce=.*$/gm, (header) =>
    header.replace(/\bcnonce="[^"]+"/, 'cnonce="RANDOM"').replace(/\bresponse="\w+"/, 'response="COMPUTED"'),
  );
}

/**
 * Returns the bytes received on each connection. The program has ended, so the server reads the remaining bytes and
 * then sees the end of each connection.
 */
async function receivedBy(server: RawServer): Promise<string[]> {
  await server.release();
  const { length } = await server.connections();
  const records = await server.waitForClosed(length);
  return records.map(({ received }) => received.toString('latin1'));
}

function comparable({ lines, exit, received }: Outcome): Omit<Outcome, 'stderr'> {
  return { lines, exit, received };
}

/** An error with the JavaScript twin's stderr, which explains a crash. Undefined if stderr is empty. */
function differenceIn({ stderr }: Outcome): Error | undefined {
  return stderr === '' ? undefined : new Error(`the JavaScript twin wrote:\n${stderr}`);
}
