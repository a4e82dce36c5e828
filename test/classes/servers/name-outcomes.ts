/** Stores each odd name, finds it in a listing, and uses it with every method that takes a target. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { bytesOf, type Contents } from './contents.js';
import type { DavClient, Listed } from './dav-client.js';
import { oddNames } from './names.js';

/**
 * Maps each failure, such as `'put: 400'`, to the names for which it occurs. An unknown entry of a listing is given by
 * its path relative to the collection. `'every name'` means all names tried.
 */
export type NameOutcomes = Readonly<Record<string, readonly string[] | 'every name'>>;

interface Stored {
  readonly name: string;
  readonly target: string;
  readonly bytes: Buffer;
}

/** Runs the script in a new collection. `files` is the folder on disk where the server stores files, or null. */
export async function nameOutcomes(
  client: DavClient,
  collection: string,
  files: string | null,
  { content = bytesOf, createCollection = (by, target) => by.mkcol(target) }: Contents = {},
): Promise<NameOutcomes> {
  const others = collection.replace(/\/$/, '-others/');
  for (const target of [collection, others]) await createCollection(client, target);
  const log = new OutcomeLog();

  const stored: Stored[] = [];
  for (const [index, name] of oddNames.entries()) {
    const item = { name, target: collection + encodeURIComponent(name), bytes: content(index) };
    if (await log.attempt(name, 'put', () => client.put(item.target, item.bytes))) stored.push(item);
  }
  if (files !== null) {
    const onDisk = new Set(readdirSync(path.join(files, path.basename(collection))));
    for (const { name } of stored) if (!onDisk.has(name)) log.note(name, 'stored', 'under another name');
  }

  const entries = await membersOf(client, collection);
  const isKnown = (entry: Listed): boolean => stored.some(({ name }) => name === nameOf(entry));
  for (const entry of entries) if (!isKnown(entry)) log.note(relative(entry, collection), 'list', 'unknown');
  for (const item of stored) {
    const [entry, ...more] = entries.filter((candidate) => nameOf(candidate) === item.name);
    if (entry === undefined) log.note(item.name, 'list', 'missing');
    if (more.length > 0) log.note(item.name, 'list', 'more than once');
    await use(client, { ...item, target: entry?.href ?? item.target }, others, log);
  }
  for (const entry of await membersOf(client, collection)) log.note(relative(entry, collection), 'end', 'left');
  return log.outcomes();
}

/** Uses one resource with every method, and deletes it. */
async function use(client: DavClient, { name, target, bytes }: Stored, others: string, log: OutcomeLog): Promise<void> {
  const [copied, moved] = [others + encodeURIComponent(name), others + encodeURIComponent(`moved-${name}`)];
  const requireBytes = async (place: string): Promise<void> => {
    if (!(await (await client.get(place)).bytes()).equals(bytes)) throw new Error('other bytes');
  };
  await log.attempt(name, 'get', () => requireBytes(target));
  await log.attempt(name, 'head', () => client.head(target));
  await log.attempt(name, 'propfind', async () => {
    const found = await client.propfind(target, { depth: 0 });
    if (found.length !== 1 || nameOf(found[0]!) !== name) throw new Error('another entry');
  });
  await log.attempt(name, 'copy', async () => {
    await client.copy(target, copied);
    await requireBytes(copied);
  });
  await log.attempt(name, 'proppatch', () => client.proppatch(target, { set: { '{urn:example}color': 'red' } }));
  await log.attempt(name, 'lock', () => client.withLock(target, () => client.put(target, bytes), { duration: 60_000 }));
  const comesBack = await log.attempt(name, 'move', async () => {
    await client.move(target, moved);
    await requireBytes(moved);
    await client.move(moved, target);
    await requireBytes(target);
  });
  if (!comesBack) await client.put(target, bytes).catch(() => undefined);
  await log.attempt(name, 'delete', () => client.delete(target));
}

/** Collects failures. */
class OutcomeLog {
  readonly #found = new Map<string, string[]>();
  readonly #tried = new Map<string, number>();

  /**
   * Makes a call, records its failure, and returns whether it succeeded. A server without the method answers 405 for
   * every name. The method is then not called again.
   */
  async attempt(name: string, call: string, action: () => Promise<unknown>): Promise<boolean> {
    if (this.#isEvery(`${call}: 405`)) return false;
    this.#tried.set(call, (this.#tried.get(call) ?? 0) + 1);
    try {
      await action();
      return true;
    } catch (error) {
      this.note(name, call, statusOrText(error));
      return false;
    }
  }

  note(name: string, call: string, outcome: string): void {
    const key = `${call}: ${outcome}`;
    this.#found.set(key, [...(this.#found.get(key) ?? []), name].sort());
  }

  outcomes(): NameOutcomes {
    return Object.fromEntries([...this.#found].map(([key, names]) => [key, this.#isEvery(key) ? 'every name' : names]));
  }

  #isEvery(key: string): boolean {
    return this.#found.get(key)?.length === (this.#tried.get(key.split(':')[0]!) ?? 0);
  }
}

/** The status of a failure, or its message if the failure has no status. */
export function statusOrText(error: unknown): string {
  const { status, message } = error as { status?: number; message: string };
  return status === undefined ? message : String(status);
}

/** Whether an entry of a listing is the collection itself. */
export function isCollection({ href }: Listed, collection: string): boolean {
  return href !== null && decode(href).replace(/\/$/, '') === decode(collection).replace(/\/$/, '');
}

async function membersOf(client: DavClient, collection: string): Promise<Listed[]> {
  return (await client.propfind(collection)).filter((entry) => !isCollection(entry, collection));
}

/** The decoded name of an entry; undefined if the entry has no href. */
function nameOf({ href }: Listed): string | undefined {
  return href === null ? undefined : decode(/([^/]*)\/?$/.exec(href)![1]!);
}

function relative({ href }: Listed, collection: string): string {
  return href === null ? '(no href)' : href.replace(collection, '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
