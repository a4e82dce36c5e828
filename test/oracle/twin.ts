/** What JavaScript twins share: they print the same lines as the C twins do with twin.h. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

/** The calls that block: to be awaited, which on the synchronous surface waits for nothing. */
export type Io = typeof ne | typeof promises;

/** A twin gets its blocking calls, the server's port, and the arguments of the scenario. */
export type Play = (io: Io, port: number, args: readonly string[]) => Promise<void>;

/** Plays the twin that this process was started for: `node FILE SURFACE PORT ARGUMENT…`. */
export function playTwin(play: Play): void {
  const [, , surface, port, ...args] = process.argv;
  play(surface === 'promises' ? promises : ne, Number(port), args).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** Prints a number. */
export function sayNumber(key: string, value: number): void {
  console.log(`${key}=${value}`);
}

/** Prints a text: printable ASCII stays, a backslash and all other bytes become \xNN, and null is (null). */
export function sayText(key: string, value: string | null): void {
  const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const bytes = Buffer.from(value ?? '', 'utf8').toString('latin1');
  console.log(`${key}=${value === null ? '(null)' : bytes.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, escape)}`);
}

/** Prints what neon knows of a response's status line. */
export function sayStatus(request: ne.ne_request): void {
  const { major_version, minor_version, code, klass, reason_phrase } = ne.ne_get_status(request);
  console.log(`status=${major_version}.${minor_version} ${code} ${klass}`);
  sayText('reason', reason_phrase);
}

/** FNV-1a of 32 bits. */
export const hashStart = 2166136261;

/** Goes on with a hash. */
export function hashMore(hash: number, bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 16777619), hash) >>> 0;
}
