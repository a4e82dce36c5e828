/** Tests resources with odd names on real servers, through ne_basic.h and through sessions of the classes. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import { startApache, type Apache } from '../../servers/apache.js';
import { startNephele, type Nephele } from '../../servers/nephele.js';
import { describeWith } from '../../servers/packages.js';
import { wrongChar } from '../../support/expect.js';
import { testFiles } from '../../support/files.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';

const serve = testServers();
const files = testFiles();

const names = [
  'plain.txt',
  'with space',
  ' ',
  'per%cent',
  'per%20cent',
  '100%',
  'hash#tag',
  'ask?',
  'a&b=c+d',
  'semi;colon,comma',
  'colon:at@',
  'quote\'"`',
  'back\\slash',
  '[brackets]{braces}<angles>|^',
  '(parentheses)!*$~',
  'dots..',
  '...',
  'ümläut',
  '€ 日本語',
  '😀',
  'x'.repeat(200),
];

/** Creates, reads, moves, copies and deletes a resource of this name. */
async function live(io: Io, server: { port: number }, folder: string, root: string, name: string): Promise<void> {
  const session = sessionWith(server);
  const url = `${folder}/${ne.ne_path_escape(name)}`;
  const moved = `${folder}/${ne.ne_path_escape(`moved ${name.slice(0, 150)}`)}`;
  expect(url).toMatch(/^[\x21-\x7e]+$/);
  const expectCode = (action: string, code: number): void =>
    expect([action, code, code === ne.NE_OK || ne.ne_get_error(session)]).toEqual([action, ne.NE_OK, true]);
  const get = async (target: string): Promise<string> => {
    const { result, content } = await files.filledBy((fd) => io.ne_get(session, target, fd));
    expectCode('get', result);
    return content;
  };

  expectCode('put', await io.ne_put(session, url, files.holding(`content of ${name}`)));
  expect(readFileSync(path.join(root, name), 'utf8')).toBe(`content of ${name}`);
  expect(await get(url)).toBe(`content of ${name}`);
  expectCode('move', await io.ne_move(session, false, url, moved));
  expect(existsSync(path.join(root, name))).toBe(false);
  expectCode('copy', await io.ne_copy(session, false, ne.NE_DEPTH_ZERO, moved, url));
  expect(await get(url)).toBe(`content of ${name}`);
  expectCode('delete', await io.ne_delete(session, url));
  expectCode('delete', await io.ne_delete(session, moved));
  expectCode('mkcol', await io.ne_mkcol(session, url));
  expectCode('put inside', await io.ne_put(session, `${url}/${ne.ne_path_escape(name)}`, files.holding('inside')));
  expect(readFileSync(path.join(root, name, name), 'utf8')).toBe('inside');
  expectCode('delete', await io.ne_delete(session, `${url}/`));
  expect(readdirSync(root).filter((found) => !found.startsWith('.'))).toEqual([]);
  await io.ne_session_destroy(session);
}

/** Creates, reads and deletes a resource of this name with the classes. They send the target unchanged. */
async function liveWithClasses(origin: string, folder: string, root: string, name: string): Promise<void> {
  await using session = Session.open(`${origin}${folder}/`);
  const target = `${folder}/${encodeURIComponent(name)}`;
  expect((await session.request('PUT', target, { body: name })).status).toBe(201);
  expect(readFileSync(path.join(root, name), 'utf8')).toBe(name);
  expect(session.requestSync('GET', target).textSync()).toBe(name);
  // A relative target is resolved like a relative URL.
  expect(await (await session.request('GET', `./${encodeURIComponent(name)}`)).text()).toBe(name);
  expect((await session.request('DELETE', target)).status).toBe(204);
}

interface Place {
  readonly server: { readonly port: number; readonly origin: string };
  readonly folder: string;
  readonly root: string;
}

function suite(place: () => Place, escapedSlash: 'refuses' | 'accepts'): void {
  describe.each(surfaces)('$surface', ({ io }) => {
    test.each(names)('uses a resource named %j', async (name) => {
      const { server, folder, root } = place();
      await live(io, server, folder, root, name);
    });

    test(`${escapedSlash} an escaped slash`, async () => {
      const { server, folder, root } = place();
      const session = sessionWith(server);
      expect(await io.ne_mkcol(session, `${folder}/folder`)).toBe(ne.NE_OK);
      const refused = escapedSlash === 'refuses';
      const result = await io.ne_put(session, `${folder}/folder%2Ffile`, files.holding('content'));
      expect(result).toBe(refused ? ne.NE_ERROR : ne.NE_OK);
      if (refused) expect(ne.ne_get_error(session)).toBe('404 Not Found');
      expect(readdirSync(path.join(root, 'folder'))).toEqual(refused ? [] : ['file']);
      expect(await io.ne_delete(session, `${folder}/folder/`)).toBe(ne.NE_OK);
      await io.ne_session_destroy(session);
    });

    test('uses a collection with and without its slash', async () => {
      const { server, folder } = place();
      const session = sessionWith(server);
      expect(await io.ne_mkcol(session, `${folder}/a`)).toBe(ne.NE_OK);
      expect(await io.ne_move(session, false, `${folder}/a/`, `${folder}/b/`)).toBe(ne.NE_OK);
      expect(await io.ne_copy(session, false, ne.NE_DEPTH_INFINITE, `${folder}/b/`, `${folder}/c/`)).toBe(ne.NE_OK);
      expect(await io.ne_delete(session, `${folder}/b/`)).toBe(ne.NE_OK);
      expect(await io.ne_delete(session, `${folder}/c/`)).toBe(ne.NE_OK);
      await io.ne_session_destroy(session);
    });
  });

  test.each(names)('uses a resource named %j with the classes', async (name) => {
    const { server, folder, root } = place();
    await liveWithClasses(server.origin, folder, root, name);
  });
}

describe('nephele', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
    mkdirSync(path.join(server.root, 'paths'));
  });
  afterAll(async () => {
    await server.stop();
  });
  suite(() => ({ server, folder: '/paths', root: path.join(server.root, 'paths') }), 'accepts');
});

describeWith('apache2', 'Apache', () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
  });
  afterAll(() => apache.stop());
  suite(() => ({ server: apache, folder: '/dav', root: apache.files.dav }), 'refuses');
});

describe.each(surfaces)('$surface', ({ io }) => {
  test('sends paths unchanged in the request line and the header', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    for (const target of ['/%2F', '/a//b', '/a/../b', '/a/./b/', '/a;b?c=d', '/a%zz', '*', 'relative', ''])
      expect(await io.ne_move(session, true, target, `/x${target}`)).toBe(ne.NE_OK);
    const [sent] = await receivedBy(server);
    expect(sent!.match(/(?<=^MOVE ).*(?= HTTP)/gm)).toEqual([
      '/%2F',
      '/a//b',
      '/a/../b',
      '/a/./b/',
      '/a;b?c=d',
      '/a%zz',
      '*',
      'relative',
      '',
    ]);
    expect(sent).toContain(`Destination: http://127.0.0.1:${server.port}/x/a//b\r\n`);
  });

  test('sends unescaped characters unchanged, but rejects line ends', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    await io.ne_delete(session, '/a b#c');
    await io.ne_delete(session, '/ä');
    const [sent] = await receivedBy(server);
    expect(sent).toContain('DELETE /a b#c HTTP/1.1\r\n');
    expect(sent).toContain('DELETE /ä HTTP/1.1\r\n');
    await expect((async () => io.ne_delete(session, '/a\r\nX: y'))()).rejects.toEqual(wrongChar);
  });
});
