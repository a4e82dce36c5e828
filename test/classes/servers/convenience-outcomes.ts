/** Calls the convenient methods of the classes, and records each outcome. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Quota, Response, Session, SessionPool, TreeResult } from 'libneon';
import type { Methods } from '../../support/methods.js';
import type { MethodOutcomes } from './method-outcomes.js';
import { statusOrText } from './name-outcomes.js';

type Note = (name: string, call: () => Promise<unknown>) => Promise<void>;

/** The outcomes on a server that supports what its class of WebDAV requires. */
export const usualConvenience: MethodOutcomes = {
  'mkcol with parents': 201,
  'mkcol with parents again': 'exists',
  'mkcol with parents over a file': 'fails: 405',
  list: ['directory sub', 'file a b.txt 5', 'file é#?.txt 0'],
  'list of a missing collection': 'fails: 404',
  'list of a file': 'fails: NE_ERROR',
  stat: ['file', 5, 'tag', 'date'],
  'stat of a collection': 'directory',
  'stat of a missing resource': 'fails: 404',
  'stat with another property': 404,
  exists: [true, true, false],
  quota: 'nothing',
  'report of an unknown name': 'fails: 501',
  search: 'fails: 501',
  patchRange: 'fails: ERR_NEON_UNSUPPORTED',
};

/** The outcomes of the methods that have only a promise form. */
export const usualTrees: MethodOutcomes = {
  walk: ['a b.txt', 'sub/', 'sub/deep/', 'sub/deep/x', 'é#?.txt'],
  'walk with depth 1': ['a b.txt', 'sub/', 'é#?.txt'],
  putTree: 'created 6',
  'putTree again': 'skipped 4',
  'putTree after a change': 'updated 1, skipped 3',
  getTree: 'created 6',
  'getTree: its files': true,
  'getTree again': 'skipped 4',
  'getTree after a change': 'updated 1, skipped 3',
  'putTree that deletes': 'skipped 3, deleted 1',
  'getTree that deletes': 'skipped 3, deleted 1',
};

function recorder(): [MethodOutcomes, Note] {
  const outcomes: MethodOutcomes = {};
  const note: Note = async (name, call) => {
    try {
      outcomes[name] = await call();
    } catch (error) {
      const { code } = error as { code?: string };
      outcomes[name] = `fails: ${code === 'ERR_NEON_STATUS' || code === undefined ? statusOrText(error) : code}`;
    }
  };
  return [outcomes, note];
}

/** Runs the methods that have a blocking form, in a new collection. */
export async function convenienceOutcomes(methods: Methods, root: string): Promise<MethodOutcomes> {
  const [outcomes, note] = recorder();
  const recursive = { recursive: true } as never;
  await note('mkcol with parents', async () => (await methods.mkcol(`${root}sub/deep`, recursive)).status);
  await note('mkcol with parents again', async () =>
    statusOrExists(await methods.mkcol(`${root}sub/deep/`, recursive)),
  );
  await methods.put(`${root}a%20b.txt`, 'hello');
  await methods.put(`${root}%C3%A9%23%3F.txt`, '');
  await note('mkcol with parents over a file', async () => (await methods.mkcol(`${root}a%20b.txt`, recursive)).status);
  await note('list', async () => {
    const members = await methods.list(root);
    return members.map(({ type, name, size }) => `${type} ${name}${type === 'file' ? ` ${size}` : ''}`).sort();
  });
  await note('list of a missing collection', () => methods.list(`${root}missing/`));
  await note('list of a file', () => methods.list(`${root}a%20b.txt`));
  await note('stat', async () => {
    const { type, size, etag, modified } = await methods.stat(`${root}a%20b.txt`);
    const isRecent = modified !== null && Math.abs(modified.getTime() - Date.now()) < 60_000;
    return [type, size, etag === null ? 'no tag' : 'tag', isRecent ? 'date' : 'no date'];
  });
  await note('stat of a collection', async () => (await methods.stat(`${root}sub`, { redirect: 'follow' })).type);
  await note('stat of a missing resource', () => methods.stat(`${root}missing`));
  await note('stat with another property', async () => {
    const { props } = await methods.stat(root, { props: ['{urn:example}none'] });
    return '{urn:example}none' in props ? 'a value' : 404;
  });
  await note('exists', () =>
    Promise.all([root, `${root}a%20b.txt`, `${root}missing`].map((target) => methods.exists(target))),
  );
  await note('quota', async () => inWords(await methods.quota(root)));
  const report = '<x:none xmlns:x="urn:example"/>';
  await note('report of an unknown name', async () => (await methods.report(root, report)).length);
  await note('search', async () => (await methods.search(root, '<searchrequest xmlns="DAV:"/>')).length);
  await note('patchRange', async () => {
    await methods.patchRange(`${root}a%20b.txt`, { start: 1, end: 3 }, 'EEE');
    return (await methods.get(`${root}a%20b.txt`)).text();
  });
  return outcomes;
}

const statusOrExists = (response: Response | undefined): unknown => response?.status ?? 'exists';

const inWords = ({ available, used }: Quota): string =>
  available === null && used === null ? 'nothing' : used === null ? 'available' : available === null ? 'used' : 'both';

/** Runs the methods that have only a promise form, in a new collection. */
export async function treeOutcomes(client: Session | SessionPool, root: string): Promise<MethodOutcomes> {
  const [outcomes, note] = recorder();
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-server-tree-'));
  const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')];
  mkdirSync(path.join(from, 'sub', 'deep'), { recursive: true });
  const names = ['a b.txt', 'é#?.txt', 'sub/deep/x', 'large'];
  for (const name of names) writeFileSync(path.join(from, name), name === 'large' ? 'large'.repeat(100_000) : name);
  await note('putTree', async () => counts(await client.putTree(from, `${root}tree`)));
  await note('putTree again', async () => counts(await client.putTree(from, `${root}tree/`)));
  writeFileSync(path.join(from, 'a b.txt'), 'changed');
  await note('putTree after a change', async () => counts(await client.putTree(from, `${root}tree/`)));
  await note('getTree', async () => counts(await client.getTree(`${root}tree/`, to)));
  outcomes['getTree: its files'] = names.every((name) => {
    const [one, other] = [from, to].map((place) => readFileSync(path.join(place, name)));
    return one!.equals(other!);
  });
  await note('getTree again', async () => counts(await client.getTree(`${root}tree/`, to)));
  await client.put(`${root}tree/large`, 'small');
  await note('getTree after a change', async () => counts(await client.getTree(`${root}tree/`, to)));
  rmSync(path.join(from, 'large'));
  await note('putTree that deletes', async () => counts(await client.putTree(from, `${root}tree/`, { delete: true })));
  await note('getTree that deletes', async () => counts(await client.getTree(`${root}tree/`, to, { delete: true })));
  for (const [name, depth] of [
    ['walk', Infinity],
    ['walk with depth 1', 1],
  ] as const)
    // prettier-ignore
    await note(name, async () => {
      const found: string[] = [];
      for await (const { path: target, type } of client.walk(`${root}tree/`, { depth })) {
        const name = decodeURIComponent(target.slice(target.indexOf('/tree/') + '/tree/'.length)).replace(/\/$/, '');
        found.push(type === 'directory' ? `${name}/` : name);
      }
      return found.sort();
    });
  expect(readdirSync(to).filter((name) => statSync(path.join(to, name)).isFile()).sort()).toEqual(
    readdirSync(from).filter((name) => statSync(path.join(from, name)).isFile()).sort(),
  ); // prettier-ignore
  rmSync(folder, { recursive: true });
  return outcomes;
}

function counts(result: TreeResult): string {
  const kinds = ['created', 'updated', 'skipped', 'deleted', 'ignored', 'failed'] as const;
  return kinds
    .filter((kind) => result[kind].length > 0)
    .map((kind) => `${kind} ${result[kind].length}`)
    .join(', ');
}
