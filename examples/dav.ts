/** Implements a small WebDAV client on `libneon/ne/promises`: one command from the command line, or a prompt. */
import { closeSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import * as ne from 'libneon/ne';
import * as dav from 'libneon/ne/promises';

interface Shell {
  readonly session: ne.ne_session;
  /** The locks held; requests submit them automatically. */
  readonly locks: ne.ne_lock_store;
  /** The unescaped path of the collection that names are relative to. */
  where: string;
}

interface Command {
  /** The arguments as the usage shows them. Arguments in brackets are optional. */
  readonly args: string;
  readonly about: string;
  run(shell: Shell, ...args: string[]): void | Promise<void>;
}

/** An error to report to the user, rather than a bug. */
class Failure extends Error {}

const OWNER = 'libneon dav.js';

const commands: Readonly<Record<string, Command>> = {
  ls: { args: '[PATH]', about: 'lists a collection', run: list },
  cd: { args: 'PATH', about: 'makes names relative to a collection', run: change },
  cat: { args: 'PATH', about: 'prints a file', run: print },
  get: { args: 'PATH [FILE]', about: 'downloads a file; does not overwrite a local file', run: download },
  put: { args: 'FILE [PATH]', about: 'uploads a file', run: upload },
  mkcol: { args: 'PATH', about: 'creates a collection', run: simple('MKCOL', dav.ne_mkcol) },
  rm: {
    args: 'PATH',
    about: 'deletes a file, or a collection with its members',
    run: simple('DELETE', dav.ne_delete),
  },
  cp: {
    args: 'FROM TO',
    about: 'copies; does not overwrite',
    run: between('COPY', (session, from, to) => dav.ne_copy(session, false, ne.NE_DEPTH_INFINITE, from, to)),
  },
  mv: {
    args: 'FROM TO',
    about: 'moves or renames; does not overwrite',
    run: between('MOVE', (session, from, to) => dav.ne_move(session, false, from, to)),
  },
  lock: {
    args: 'PATH',
    about: 'locks against others until unlock, and prints the token',
    run: lock,
  },
  unlock: { args: 'PATH [TOKEN]', about: 'releases a lock; a lock of an earlier run by its token', run: unlock },
  propget: {
    args: 'PATH [NAME]',
    about: 'prints a property, or all; NAME is {NAMESPACE}LOCAL, or a name of DAV:',
    run: getProperty,
  },
  propset: { args: 'PATH NAME VALUE', about: 'sets a property', run: setProperty },
};

const usage = `usage: node dist/examples/dav.js [--user=NAME] URL [COMMAND ARGUMENT…]
Without a command it reads commands from a prompt, or from standard input. The password of NAME is in the environment
variable DAV_PASSWORD.

${commandList()}`;

function commandList(): string {
  return Object.entries(commands)
    .map(([name, { args, about }]) => `  ${`${name} ${args}`.padEnd(26)}${about}`)
    .join('\n');
}

async function list(shell: Shell, name = '.'): Promise<void> {
  const target = collection(resolve(shell, name));
  const wanted = ['resourcetype', 'getcontentlength', 'getlastmodified'].map((local) => ({
    nspace: 'DAV:',
    name: local,
  }));
  const lines: string[] = [];
  const result = await dav.ne_simple_propfind(shell.session, target, ne.NE_DEPTH_ONE, wanted, (uri, results) => {
    const [type, size, modified] = wanted.map((property) => ne.ne_propset_value(results, property));
    const member = uri.path ?? '';
    if (ne.ne_path_compare(member, target) === 0) return;
    const shown = ne.ne_path_unescape(path.posix.basename(member)) ?? member;
    const isCollection = /\bcollection\b/.test(type ?? '');
    lines.push(
      `${shown}${isCollection ? '/' : ''}`.padEnd(40) + (size ?? '').padStart(10) + `  ${modified ?? ''}`.trimEnd(),
    );
  });
  check(shell, `PROPFIND of ${target}`, result);
  for (const line of lines.sort()) console.log(line);
}

async function change(shell: Shell, name = '/'): Promise<void> {
  const target = collection(resolve(shell, name));
  check(
    shell,
    `PROPFIND of ${target}`,
    await dav.ne_simple_propfind(shell.session, target, ne.NE_DEPTH_ZERO, [], () => {}),
  );
  shell.where = ne.ne_path_unescape(target) ?? target;
}

/** Prints a file block by block. neon's functions that write to a descriptor fail if standard output would block. */
async function print(shell: Shell, name = ''): Promise<void> {
  const target = resolve(shell, name);
  const request = ne.ne_request_create(shell.session, 'GET', target);
  try {
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => written(block));
    check(shell, `GET of ${target}`, await dav.ne_request_dispatch(request));
    if (ne.ne_get_status(request).klass !== 2) check(shell, `GET of ${target}`, ne.NE_ERROR);
  } finally {
    await dav.ne_request_destroy(request);
  }
}

function written(block: Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(block, () => resolve()));
}

/** Downloads to a file that must not exist. */
async function download(shell: Shell, name = '', file = path.posix.basename(name)): Promise<void> {
  const target = resolve(shell, name);
  const descriptor = openSync(file, 'wx');
  try {
    check(shell, `GET of ${target}`, await dav.ne_get(shell.session, target, descriptor));
  } catch (error) {
    rmSync(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

async function upload(shell: Shell, file = '', name = path.basename(file)): Promise<void> {
  const target = resolve(shell, name);
  const descriptor = openSync(file, 'r');
  try {
    check(shell, `PUT of ${target}`, await dav.ne_put(shell.session, target, descriptor));
  } finally {
    closeSync(descriptor);
  }
}

/** A command that is one call with one path. */
function simple(method: string, call: (session: ne.ne_session, target: string) => Promise<number>): Command['run'] {
  return async (shell, name = '') => {
    const target = resolve(shell, name);
    check(shell, `${method} of ${target}`, await call(shell.session, target));
  };
}

/** A command that is one call with two paths. */
function between(
  method: string,
  call: (session: ne.ne_session, from: string, to: string) => Promise<number>,
): Command['run'] {
  return async (shell, from = '', to = '') => {
    const [source, destination] = [resolve(shell, from), resolve(shell, to)];
    check(shell, `${method} of ${source} to ${destination}`, await call(shell.session, source, destination));
  };
}

async function lock(shell: Shell, name = ''): Promise<void> {
  const wanted = lockOf(shell, name);
  wanted.owner = OWNER;
  check(shell, `LOCK of ${wanted.uri.path}`, await dav.ne_lock(shell.session, wanted));
  ne.ne_lockstore_add(shell.locks, wanted);
  console.log(wanted.token);
}

async function unlock(shell: Shell, name = '', token?: string): Promise<void> {
  const wanted = lockOf(shell, name);
  const held = ne.ne_lockstore_findbyuri(shell.locks, wanted.uri);
  const ours = token === undefined ? held : Object.assign(wanted, { token });
  if (ours === null) throw new Failure(`no lock of ${wanted.uri.path} is held here; unlock it by its token`);
  check(shell, `UNLOCK of ${wanted.uri.path}`, await dav.ne_unlock(shell.session, ours));
  if (held !== null && held.token === ours.token) ne.ne_lockstore_remove(shell.locks, held);
}

function lockOf(shell: Shell, name: string): ne.ne_lock {
  const made = ne.ne_lock_create();
  ne.ne_fill_server_uri(shell.session, made.uri);
  made.uri.path = resolve(shell, name);
  return made;
}

async function getProperty(shell: Shell, name = '', property?: string): Promise<void> {
  const target = resolve(shell, name);
  const wanted = property === undefined ? null : [propertyName(property)];
  const lines: string[] = [];
  const result = await dav.ne_simple_propfind(shell.session, target, ne.NE_DEPTH_ZERO, wanted, (_uri, results) => {
    ne.ne_propset_iterate(results, (found, value, status) => {
      lines.push(`{${found.nspace ?? ''}}${found.name}: ${value ?? `${status.code} ${status.reason_phrase}`}`);
    });
  });
  check(shell, `PROPFIND of ${target}`, result);
  for (const line of lines) console.log(line);
}

async function setProperty(shell: Shell, name = '', property = '', value = ''): Promise<void> {
  const target = resolve(shell, name);
  // neon sends values unescaped, so that they can be XML.
  const escaped = value.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  const operation = { name: propertyName(property), type: ne.ne_propset, value: escaped };
  check(shell, `PROPPATCH of ${target}`, await dav.ne_proppatch(shell.session, target, [operation]));
}

function propertyName(text: string): ne.ne_propname {
  const [, nspace = 'DAV:', name = text] = /^\{(.*)\}(.*)$/.exec(text) ?? [];
  return { nspace, name };
}

/** Returns the escaped path of a name. A slash at the end of the name is kept. */
function resolve({ where }: Pick<Shell, 'where'>, name: string): string {
  const resolved = path.posix.resolve(where, name);
  return ne.ne_path_escape(name.endsWith('/') ? collection(resolved) : resolved);
}

function collection(target: string): string {
  return ne.ne_path_has_trailing_slash(target) ? target : `${target}/`;
}

function check({ session }: Pick<Shell, 'session'>, action: string, result: number): void {
  if (result !== ne.NE_OK) throw new Failure(`${action}: ${ne.ne_get_error(session).trim()}`);
}

async function execute(shell: Shell, [name = '', ...args]: readonly string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new Failure(`commands:\n${commandList()}`);
  const all = command.args.split(' ');
  const required = all.filter((arg) => !arg.startsWith('[')).length;
  if (args.length < required || args.length > all.length) throw new Failure(`usage: ${name} ${command.args}`);
  await command.run(shell, ...args);
}

/** Runs commands from standard input, one per line. At a terminal, a failed command does not end the program. */
async function converse(shell: Shell): Promise<void> {
  const interactive = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, ...(interactive && { output: process.stdout }) });
  const prompt = (): void => {
    if (!interactive) return;
    lines.setPrompt(`dav:${shell.where}> `);
    lines.prompt();
  };
  prompt();
  for await (const line of lines) {
    const words = wordsOf(line);
    if (words[0] === 'quit') break;
    try {
      if (words.length > 0) await execute(shell, words);
    } catch (error) {
      if (!interactive || !isExpected(error)) throw error;
      console.error(error.message);
    }
    prompt();
  }
  lines.close();
}

/** Splits a line at spaces, except inside double quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** Whether the server, the user or the file system caused an error. */
function isExpected(error: unknown): error is Error {
  return error instanceof Failure || (error instanceof Error && 'code' in error);
}

function open(url: string, user: string | undefined): Shell {
  const uri: Partial<ne.ne_uri> = {};
  if (ne.ne_uri_parse(url, uri) !== 0 || !uri.host || !/^https?$/.test(uri.scheme ?? ''))
    throw new Failure(`${url} is not a URL of http or https\n${usage}`);
  const scheme = uri.scheme ?? 'http';
  const session = ne.ne_session_create(scheme, uri.host, uri.port || ne.ne_uri_defaultport(scheme));
  if (scheme === 'https') ne.ne_ssl_trust_default_ca(session);
  const password = process.env['DAV_PASSWORD'] ?? '';
  if (user !== undefined) ne.ne_set_server_auth(session, (_realm, attempt) => attempt || { username: user, password });
  const locks = ne.ne_lockstore_create();
  ne.ne_lockstore_register(locks, session);
  return { session, locks, where: ne.ne_path_unescape(collection(uri.path || '/')) ?? '/' };
}

async function main(): Promise<void> {
  const user = { type: 'string', short: 'u' } as const;
  const help = { type: 'boolean', short: 'h' } as const;
  const [own, command] = beforeCommand(process.argv.slice(2));
  const { values, positionals } = parseArgs({ args: own, options: { user, help }, allowPositionals: true });
  const [url] = positionals;
  if (values.help || url === undefined) {
    console.log(usage);
    if (!values.help) process.exitCode = 2;
    return;
  }
  const shell = open(url, values.user);
  try {
    await (command.length > 0 ? execute(shell, command) : converse(shell));
  } finally {
    ne.ne_lockstore_destroy(shell.locks);
    await dav.ne_session_destroy(shell.session);
  }
}

/**
 * Splits the arguments in two. The first part has the options of the program, and ends with the URL. The second part is
 * a command, whose words may begin with a dash.
 */
function beforeCommand(args: readonly string[]): [string[], string[]] {
  const url = args.findIndex((arg) => arg.includes('://'));
  const end = url < 0 ? args.length : url + 1;
  return [args.slice(0, end), args.slice(end)];
}

main().catch((error: unknown) => {
  if (!isExpected(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
