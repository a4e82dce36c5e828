/** Calls every method several times, with and without failures, and records each outcome. */
import { bytesOf, type Contents } from './contents.js';
import type { DavClient, Held, Listed } from './dav-client.js';
import { isCollection, statusOrText } from './name-outcomes.js';

/** The outcomes, by the names of the actions. */
export type MethodOutcomes = Record<string, unknown>;

/** The properties of a server that the script depends on. */
export interface Peculiarities extends Contents {
  /** Calls that end the server's process. Each call receives the path of a file. Each key names an outcome to skip. */
  readonly fatal?: Readonly<Record<string, (client: DavClient, file: string) => Promise<unknown>>>;
}

interface Script {
  readonly client: DavClient;
  /** Another client of the server. */
  readonly other: DavClient;
  /** Escaped paths: a collection, a collection inside it, and a file. */
  readonly root: string;
  readonly tree: string;
  readonly file: string;
  /** Returns contents that differ for each number. */
  readonly content: (index: number) => Buffer;
  readonly large: Buffer;
  /** Records the outcome of a call: its status, or another result. */
  readonly note: (name: string, call: () => Promise<unknown>) => Promise<void>;
}

/** Runs the script in a new collection. */
export async function methodOutcomes(
  client: DavClient,
  other: DavClient,
  root: string,
  {
    content = bytesOf,
    large = Buffer.alloc(1_000_000, '0123456789abcde\n'),
    createCollection = (by, target) => by.mkcol(target),
    fatal = {},
  }: Peculiarities = {},
): Promise<MethodOutcomes> {
  const outcomes: MethodOutcomes = {};
  const note = async (name: string, call: () => Promise<unknown>): Promise<void> => {
    if (name in fatal) return;
    try {
      const result = await call();
      outcomes[name] = isReply(result) ? result.status : result === undefined ? 'done' : result;
    } catch (error) {
      outcomes[name] = `fails: ${statusOrText(error)}`;
    }
  };
  await createCollection(client, root);
  const script = { client, other, root, tree: `${root}tree/`, file: `${root}file.ics`, content, large, note };
  await storing(script);
  await reading(script);
  await collections(script);
  await properties(script);
  await copying(script);
  await moving(script);
  await locking(script);
  await lockKinds(script);
  await deleting(script);
  return outcomes;
}

async function storing({ client, root, file, content, large, note }: Script): Promise<void> {
  const headers = (name: string, value: string): object => ({ headers: { [name]: value } });
  await note('OPTIONS: classes', async () => {
    const { dav } = await client.options(root);
    return dav.filter((name) => /^[123]$/.test(name)).sort();
  });
  await note('GET of a missing resource', () => client.get(file));
  await note('PUT of a new resource', () => client.put(file, content(1)));
  await note('PUT of an existing resource', () => client.put(file, content(2)));
  await note('PUT of nothing', async () => {
    await client.put(`${root}nothing.ics`, '');
    return (await bytesAt(client, `${root}nothing.ics`)).length;
  });
  await note('PUT of a large body', async () => {
    await client.put(`${root}large.ics`, large);
    return (await bytesAt(client, `${root}large.ics`)).equals(large);
  });
  await note('PUT without a parent', () => client.put(`${root}none/file.ics`, content(4)));
  await note('PUT with If-None-Match: *', () => client.put(file, content(2), headers('If-None-Match', '*')));
  await note('PUT with another If-Match', () => client.put(file, content(2), headers('If-Match', '"another"')));
  await note('POST', () => client.post(file, 'x'));
  await note('ACL', () => client.setAcl(file, []));
  await client.put(file, content(1));
}

async function reading({ client, file, content, note }: Script): Promise<void> {
  const bytes = content(1);
  const entityTag = async (): Promise<string> => String((await client.head(file)).headers['etag']);
  await note('GET', async () => (await bytesAt(client, file)).equals(bytes));
  await note('ETag', async () => /^(W\/)?"/.exec(await entityTag())?.[0] ?? null);
  await note('GET with If-None-Match', async () =>
    client.request('GET', file, { headers: { 'If-None-Match': await entityTag() } }),
  );
  await note('HEAD: length', async () => Number((await client.head(file)).headers['content-length']) === bytes.length);
  await note('getModTime', async () => Math.abs(Date.now() - Number(await client.getModTime(file))) < 60_000);
  await note('getRange 3-5', async () =>
    (await (await client.getRange(file, { start: 3, end: 5 })).bytes()).equals(bytes.subarray(3, 6)),
  );
  await note('getRange 7-', async () =>
    (await (await client.getRange(file, { start: 7 })).bytes()).equals(bytes.subarray(7)),
  );
  await note('getRange behind the end', () => client.getRange(file, { start: 99_999 }));
}

async function collections({ client, root, tree, file, content, note }: Script): Promise<void> {
  await note('MKCOL', () => client.mkcol(tree));
  await note('MKCOL where one exists', () => client.mkcol(tree));
  await note('MKCOL without a parent', () => client.mkcol(`${root}none/tree/`));
  await note('members', async () => {
    await client.put(`${tree}a.ics`, content(5));
    await client.mkcol(`${tree}sub/`);
    await client.put(`${tree}sub/b.ics`, content(6));
  });
  await note('PROPFIND with depth 0', () => pathsIn(client, tree, 0));
  await note('PROPFIND with depth 1', () => pathsIn(client, tree, 1));
  await note('PROPFIND with depth infinity', () => pathsIn(client, tree, 'infinity'));
  await note('PROPFIND of a missing resource', () => pathsIn(client, `${root}none`, 0));
  await note('PROPFIND: length', async () => {
    const [entry] = await client.propfind(file, { depth: 0, props: ['getcontentlength'] });
    return Number(entry?.props['getcontentlength']) === content(1).length;
  });
  await note('PROPFIND with all properties', async () => mainProperties(await client.propfind(file, { depth: 0 })));
  await note('PROPFIND with names', async () => mainProperties(await client.propNames(file, { depth: 0 })));
}

function mainProperties([entry]: readonly Listed[]): string[] {
  return ['getetag', 'getlastmodified', 'resourcetype'].filter((name) => name in (entry?.props ?? {}));
}

async function properties({ client, file, note }: Script): Promise<void> {
  const color = '{urn:example}color';
  const read = async (): Promise<unknown> => {
    const [entry] = await client.propfind(file, { depth: 0, props: [color] });
    return entry?.props[color] ?? entry?.status[color]?.code ?? null;
  };
  await note('PROPFIND of an unknown property', read);
  await note('PROPPATCH that sets', async () => {
    await client.proppatch(file, { set: { [color]: 'red & <ü>' } });
    return read();
  });
  await note('PROPPATCH that removes', async () => {
    await client.proppatch(file, { remove: [color] });
    return read();
  });
  await note('PROPPATCH of getetag', () => client.proppatch(file, { set: { getetag: 'mine' } }));
}

async function copying({ client, root, tree, file, note }: Script): Promise<void> {
  const copy = `${root}copy.ics`;
  await note('COPY', () => client.copy(file, copy));
  await note('COPY onto a resource', () => client.copy(file, copy));
  await note('COPY without overwriting', () => client.copy(file, copy, { overwrite: false }));
  await note('COPY without a parent', () => client.copy(file, `${root}none/copy.ics`));
  await note('COPY of a collection', async () => {
    await client.copy(tree, `${root}whole/`);
    return pathsIn(client, `${root}whole/`, 1);
  });
  await note('COPY of a collection with depth 0', async () => {
    await client.copy(tree, `${root}empty/`, { depth: 0 });
    return pathsIn(client, `${root}empty/`, 1);
  });
}

async function moving({ client, root, content, note }: Script): Promise<void> {
  const [source, target] = [`${root}source.ics`, `${root}moved.ics`];
  await client.put(source, content(7));
  await note('MOVE', () => client.move(source, target));
  await note('MOVE: its source', () => client.get(source));
  await note('MOVE onto a resource', async () => {
    await client.put(source, content(8));
    return client.move(source, target);
  });
  await note('MOVE without overwriting', async () => {
    await client.put(source, content(9));
    return client.move(source, target, { overwrite: false });
  });
  await note('MOVE of a collection', async () => {
    await client.move(`${root}whole/`, `${root}elsewhere/`);
    return pathsIn(client, `${root}elsewhere/`, 1);
  });
}

const owner = 'somebody & others';

async function locking({ client, other, file, content, note }: Script): Promise<void> {
  let lock: Held | undefined;
  await note('LOCK: seconds', async () => {
    const { duration, ...rest } = await client.lock(file, { duration: 600_000, owner });
    lock = { ...rest, target: file };
    return rounded(duration);
  });
  if (lock === undefined) return; // a server without locks
  const held = lock;
  const wrong = { ...held, token: held.token.replace(/.$/, (last) => (last === '0' ? '1' : '0')) };
  await note('LOCK of a locked resource', () => other.lock(file, { owner }));
  await note('PUT of a locked resource', () => other.put(file, content(1)));
  await note('PUT by the holder', () => client.put(file, content(1)));
  await note('discoverLocks', () => locksOf(other, file, held.token));
  await note('refreshLock: seconds', async () => rounded(await client.refreshLock(held, { duration: 300_000 })));
  await note('UNLOCK with a wrong token', () => other.unlock(wrong));
  await note('UNLOCK', () => client.unlock(held));
  await note('discoverLocks without locks', () => locksOf(other, file, held.token));
  await note('withLock', async () => {
    const during = await client.withLock(file, () => other.put(file, content(1)).then(() => 'allowed', statusOrText), {
      owner,
    });
    return [during, await other.put(file, content(1)).then(() => 'allowed', statusOrText)];
  });
}

async function lockKinds({ client, other, root, tree, file, content, note }: Script): Promise<void> {
  await note('LOCK without end: seconds', () => secondsOfLock({ duration: Infinity, owner }));
  await note('LOCK without a timeout: seconds', () => secondsOfLock({ owner }));
  await note('DELETE of a locked resource', async () => {
    const lock = await client.lock(`${root}large.ics`, { duration: 60_000, owner });
    const outcome = await other.delete(`${root}large.ics`).then(() => 'allowed', statusOrText);
    if (outcome !== 'allowed') await client.unlock(lock);
    return outcome;
  });
  await note('LOCK of a missing resource', async () => {
    const lock = await client.lock(`${root}new.ics`, { duration: 60_000, owner });
    await client.put(`${root}new.ics`, content(10));
    await client.unlock(lock);
    return (await bytesAt(other, `${root}new.ics`)).equals(content(10));
  });
  await note('LOCK of a collection', async () => {
    const lock = await client.lock(tree, { depth: 'infinity', duration: 60_000, owner });
    const refused = await other.put(`${tree}new.ics`, content(11)).then(() => 'allowed', statusOrText);
    const allowed = await client.put(`${tree}new.ics`, content(11)).then(() => 'allowed', statusOrText);
    await client.unlock(lock);
    return [refused, allowed];
  });
  await note('shared LOCK by two', async () => {
    const first = await client.lock(file, { scope: 'shared', duration: 60_000, owner });
    const second = await other.lock(file, { scope: 'shared', duration: 60_000, owner }).catch(statusOrText);
    const found = await client.discoverLocks(file);
    await client.unlock(first);
    if (typeof second === 'string') return second;
    await other.unlock(second);
    return found.length;
  });

  async function secondsOfLock(options: object): Promise<number | null> {
    const lock = await client.lock(file, options);
    await client.unlock(lock);
    return rounded(lock.duration);
  }
}

/**
 * Converts a duration to seconds, rounded to a multiple of 10. Some servers report slightly less: the remaining time.
 */
function rounded(duration: number | null): number | null {
  return duration === null ? null : Math.round(duration / 10_000) * 10;
}

async function deleting({ client, tree, file, note }: Script): Promise<void> {
  await note('DELETE', () => client.delete(file));
  await note('DELETE of a missing resource', () => client.delete(file));
  await note('DELETE of a collection', () => client.delete(tree));
  await note('DELETE of a collection: a member', () => client.get(`${tree}a.ics`));
}

function isReply(result: unknown): result is { status: number } {
  return typeof (result as { status?: unknown } | null | undefined)?.status === 'number';
}

async function bytesAt(client: DavClient, target: string): Promise<Buffer> {
  return (await client.get(target)).bytes();
}

/** The sorted paths of a listing, relative to its collection; the collection itself is `'.'`. */
async function pathsIn(client: DavClient, collection: string, depth: 0 | 1 | 'infinity'): Promise<string[]> {
  const entries = await client.propfind(collection, { depth });
  return entries
    .map((entry) => {
      if (entry.error) return `entry with status ${entry.error.status}`;
      return isCollection(entry, collection) ? '.' : String(entry.href).replace(collection, '');
    })
    .sort();
}

/** For each lock that the server reports: whether the lock has this token, or why the lock cannot be read. */
async function locksOf(client: DavClient, target: string, token: string): Promise<unknown[]> {
  const found = await client.discoverLocks(target);
  return found.map((lock) => (lock.error ? `fails: ${statusOrText(lock.error)}` : lock.token === token));
}
