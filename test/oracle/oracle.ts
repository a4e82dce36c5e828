/**
 * Runs twins: a C program and a JavaScript program that make equal calls of neon. Each program runs against its own
 * instance of one scripted server. The outputs must be equal, and so must the bytes that the two servers received.
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

/** A program whose arguments are the port of a server and then the arguments of its scenario. */
export interface Twin {
  readonly command: string;
  readonly args: readonly string[];
}

/** The server and the arguments of both twins. */
export interface Scenario {
  /** Readers return a number other than 0. JavaScript's error text states this; C's error text is the status line. */
  readonly readersRefuse?: true;
  readonly server: RawServerOptions;
  /** Arguments after the port. */
  readonly args?: readonly string[];
  /** Milliseconds after which a twin counts as hanging; 20,000 unless given. */
  readonly limitMs?: number;
}

/** The outcome of a run, with `PORT` in place of the server's port. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly exit: number | string | null;
  readonly stderr: string;
  /**
   * The bytes that the server received on each connection, without random nonces. Each byte is one character (Latin-1).
   */
  readonly received: readonly string[];
}

/** The C twin of that name, compiled if necessary. Throws unless it runs with the neon that JavaScript uses. */
export function cTwin(name: string): Twin {
  tlsOfC();
  return compiledTwin(name);
}

/** Whether C and JavaScript use the same release of the TLS library. */
export function sameTlsRelease(): boolean {
  const release = (library: string): string | undefined => /^\S+ \d+\.\d+/.exec(library)?.[0];
  return release(tlsOfC()) === release(versions.tls ?? '');
}

/** Removes OpenSSL's wording, but not neon's, from a line with an error, if C and JavaScript use different releases. */
export function withoutTlsWording(line: string): string {
  if (sameTlsRelease()) return line;
  return line.replace(/^(error=.*SSL error: )(?!Server certificate).*/, '$1…');
}

/**
 * The command of a compiled twin. If the tests use another neon than the machine's, the program runs with the neon
 * under test and with all other libraries of the folder of this neon.
 */
function compiledTwin(name: string): Twin {
  const program = compileWithNeon(`test/oracle/${name}.c`, ['test/oracle/twin.h']);
  const libraries = process.env['LIBNEON_TEST_LIBRARIES'];
  if (libraries === undefined) return { command: program, args: [] };
  return { command: loaderOf(libraries), args: ['--library-path', searchPath(libraries).join(':'), program] };
}

let tls: string | undefined;

/** The TLS library of C twins. If it is OpenSSL, C twins use the system's OpenSSL, and JavaScript uses Node's. */
function tlsOfC(): string {
  tls ??= requireSameNeon(compiledTwin('version'));
  return tls;
}

/** Throws when C uses another neon than JavaScript, since a comparison would then be meaningless. */
function requireSameNeon({ command, args }: Twin): string {
  const output = execFileSync(command, args, { encoding: 'utf8' });
  const [, neon, library] = /^neon=(.*)\ntls=(.*)\n$/.exec(output) ?? [];
  const wanted = versions.tls?.startsWith('OpenSSL') ? 'OpenSSL' : (versions.tls ?? '(null)');
  if (neon !== ne.ne_version_string() || !library?.startsWith(wanted))
    throw new Error(`JavaScript uses ${ne.ne_version_string()} ${wanted}, and C:\n${output}`);
  return library;
}

/** The JavaScript twin of that name, on one surface; `session-classes` is the twin of `session` with the classes. */
export function jsTwin(name: string, surface: Surface): Twin {
  return { command: process.execPath, args: [path.join(__dirname, `${name}.js`), surface] };
}

/** Runs the C twin and the JavaScript twin, each against its own server, and throws if they differ. */
export async function compare(reference: Twin, subject: Twin, scenario: Scenario): Promise<void> {
  await compareWith(runTwin(reference, scenario), subject, scenario);
}

/** Compares like compare(), with a C twin that has already been started. */
export async function compareWith(reference: Promise<Outcome>, subject: Twin, scenario: Scenario): Promise<void> {
  const [expected, actual] = await Promise.all([reference, runTwin(subject, scenario)]);
  const same = scenario.readersRefuse ? withoutReaderText(actual, expected) : actual;
  deepStrictEqual(comparable(same), comparable(expected), differenceIn(actual));
}

/** A line that says why a request ended. JavaScript deliberately differs from C, whose text is the status line. */
const readerText = /^error=The reader of the response body returned -?\d+: it must return 0 to continue$/;

/** Replaces an error text about a reader by C's text, if C's text is the status line. */
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

/** Runs a program with messages in the C locale and without the proxies of this machine. */
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
 * Returns the bytes received on each connection. The program has ended, so each connection ends when the server has
 * read the rest of its bytes.
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

/** An error with the program's error output, which explains a crash. Undefined if the program wrote no such output. */
function differenceIn({ stderr }: Outcome): Error | undefined {
  return stderr === '' ? undefined : new Error(`the JavaScript twin wrote:\n${stderr}`);
}
