/** Authentication on Apache, with both packages. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { apacheUser, startApache } from '../servers/apache.js';
import { describeWith } from '../servers/packages.js';
import { startChild } from '../servers/start.js';
import type { Outcomes, Question } from './calls-child.js';

const { name: username, password, digestRealm } = apacheUser;
const ha1 = createHash('md5').update(`${username}:${digestRealm}:${password}`).digest('hex');

const unauthorized = 'Invalid response: 401 Unauthorized';

const names = [
  'putFileContents stores text',
  'getFileContents returns a Buffer of a.txt',
  'stat of a file',
  'createDirectory with recursive, from the beginning',
  'exists of a missing file',
];

/** Makes calls on a new server. */
async function outcomes(
  used: Question['package'],
  folder: string,
  options: object,
  only: readonly string[] = names,
): Promise<Outcomes> {
  const server = await startApache();
  const child = await startChild<null, Question, Outcomes>(path.join(__dirname, 'calls-child.js'), null);
  try {
    return await child.ask({ package: used, url: `${server.origin}/${folder}`, options, names: only });
  } finally {
    await child.stop();
    await server.stop();
  }
}

describeWith('apache2', 'authentication', () => {
  test.each([
    ['Basic', 'basic', { username, password }],
    ['Digest', 'digest', { authType: 'digest', username, password }],
    ['Digest with ha1', 'digest', { authType: 'digest', username, password: '', ha1 }],
    ['Auto on a server with Basic', 'basic', { authType: 'auto', username, password }],
    ['Auto on a server with Digest', 'digest', { authType: 'auto', username, password }],
  ])('%s: both packages have equal outcomes', async (_name, folder, options) => {
    const theirs = await outcomes('webdav', folder, options);
    const ours = await outcomes('libneon/webdav', folder, options);
    expect(Object.keys(ours)).toEqual(names);
    for (const outcome of Object.values(ours)) expect(outcome).toHaveProperty('result');
    expect(timeless(ours)).toEqual(timeless(theirs));
  });

  test.each(['webdav', 'libneon/webdav'] as const)('a wrong password for Basic rejects with 401: %s', async (used) => {
    await expect(outcomes(used, 'basic', { username, password: 'wrong' })).rejects.toThrow(unauthorized);
  });

  // npm webdav resolves to true, although nothing was stored.
  test('a wrong password for Digest rejects with 401', async () => {
    const options = { authType: 'digest', username, password: 'wrong' };
    await expect(outcomes('libneon/webdav', 'digest', options)).rejects.toThrow(unauthorized);
  });

  // Apache redirects to the URL with a slash. npm webdav repeats the signature of the first URL.
  test('a redirected request is signed anew', async () => {
    const options = { authType: 'digest', username, password };
    const calls = ['getDirectoryContents of the root'];
    expect(await outcomes('libneon/webdav', 'digest', options, calls)).toEqual({ [calls[0]!]: { result: [] } });
    expect(await outcomes('webdav', 'digest', options, calls)).toMatchObject({
      [calls[0]!]: { error: { status: 400 } },
    });
  });

  test.each(['digest', 'auto'])('a stream is uploaded with the first request: %s', async (authType) => {
    const options = { authType, username, password };
    const calls = ['putFileContents stores a long Readable first'];
    const found = await outcomes('libneon/webdav', 'digest', options, calls);
    expect(found).toEqual({ [calls[0]!]: { result: [true, 1_000_000] } });
  });
});

/** Removes dates and entity tags. */
function timeless(outcomes: Outcomes): unknown {
  return JSON.parse(
    JSON.stringify(outcomes, (key, value: unknown) => (/^(lastmod|etag)$/.test(key) ? typeof value : value)),
  );
}
