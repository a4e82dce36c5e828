/** The credentials of the client: from the environment, from `.netrc`, or from a prompt that hides the password. */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { read } from 'read';

import type { Credentials, CredentialsProvider } from '../index.js';
import { ClientError, usageError } from './failure.js';
import { printable } from './format.js';
import { findEntry, type NetrcEntry, parseNetrc } from './netrc.js';

/** Where credentials come from. */
export interface CredentialSources {
  /** The URL of the server. */
  readonly server: URL;
  /** The user and password of the URL, and the user of the command line, where given. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** The file to read in place of `~/.netrc`; false for none. */
  readonly netrc?: string | false | undefined;
}

/** How often a refused password may be typed again. */
const maxAttempts = 3;

/**
 * Returns the function that answers the challenges of a server. All connections to the server share its answers. It
 * resolves to null if there are no credentials, or if they are refused and there is no terminal to ask at.
 */
export function credentialsOf(sources: CredentialSources): CredentialsProvider {
  let known: Promise<Credentials | null> | undefined;
  let asked = 0;
  const ask = (): Promise<Credentials | null> => {
    asked++;
    return prompt(sources);
  };
  return async ({ attempt, realm }) => {
    if (attempt === 0)
      return await (known ??= Promise.resolve(storedCredentials(sources)).then((found) => found ?? ask()));
    if (!canPrompt() || asked >= maxAttempts) return null;
    process.stderr.write(
      `The server refused the user name or the password${realm ? ` for "${printable(realm)}"` : ''}.\n`,
    );
    return await (known = ask());
  };
}

/** The credentials that need no question. */
function storedCredentials({ server, user, password, netrc }: CredentialSources): Credentials | undefined {
  const { LIBNEON_USER, LIBNEON_PASSWORD } = process.env;
  if (user !== undefined && password !== undefined) return { username: user, password };
  const username = user ?? (LIBNEON_USER || undefined);
  if (username !== undefined && LIBNEON_PASSWORD !== undefined) return { username, password: LIBNEON_PASSWORD };
  const entry = netrc === false ? undefined : entryOf(server, username, netrc);
  const login = username ?? entry?.login;
  return login !== undefined && entry?.password !== undefined
    ? { username: login, password: entry.password }
    : undefined;
}

/** The credentials of the environment for the proxy. */
export function proxyCredentials(): Credentials | undefined {
  const { LIBNEON_PROXY_USER: username, LIBNEON_PROXY_PASSWORD: password = '' } = process.env;
  return username ? { username, password } : undefined;
}

function entryOf(server: URL, user: string | undefined, given: string | undefined): NetrcEntry | undefined {
  const named = given ?? (process.env['NETRC'] || undefined);
  const file = named ?? path.join(homedir(), '.netrc');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (named === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw Object.assign(
      usageError(`The file ${file} cannot be read`, 'check its path and permissions, or use --no-netrc'),
      {
        cause: error,
      },
    );
  }
  const entry = findEntry(entriesOf(file, text), server.hostname.replace(/^\[|\]$/g, ''), user);
  if (entry?.password !== undefined && (statSync(file).mode & 0o077) !== 0)
    throw usageError(`Other users can read the passwords in ${file}`, `chmod 600 ${file}`);
  return entry;
}

function entriesOf(file: string, text: string): NetrcEntry[] {
  try {
    return parseNetrc(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usageError(`The file ${file} cannot be parsed: ${error.message}`, 'correct it, or use --no-netrc');
  }
}

function canPrompt(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for the user name, unless it is known, and for the password. */
async function prompt({ server, user }: CredentialSources): Promise<Credentials | null> {
  if (!canPrompt()) return null;
  const streams = { input: process.stdin, output: process.stderr };
  try {
    const known = user ?? (process.env['LIBNEON_USER'] || undefined);
    const username = known ?? (await prompted({ prompt: `User for ${server.host}:`, ...streams }));
    const password = await prompted({
      prompt: `Password of ${printable(username)} at ${server.host}:`,
      silent: true,
      ...streams,
    });
    process.stderr.write('\n');
    return { username, password };
  } catch (error) {
    process.stderr.write('\n');
    // The prompt takes Ctrl-C, which therefore is no signal.
    throw Object.assign(new ClientError('interrupted', 'INTERRUPTED', 'interrupted at the prompt'), { cause: error });
  }
}

/** Reads a line at the prompt. Numbers are possible with a default value only. */
const prompted = async (options: Parameters<typeof read>[0]): Promise<string> => String(await read(options));
