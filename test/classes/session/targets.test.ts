/** Tests which targets the classes accept or refuse, and how to escape names for a target. */
import { escapePath, path, Session, SessionPool, type Target } from 'libneon';
import { failureOf, wrongChar, wrongType, wrongValue } from '../../support/expect.js';
import { answering, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

type Call = (target: Target) => unknown;

/** Each method that takes a target, on a session and on a pool. */
function calls(session: Session, pool: SessionPool): [string, Call][] {
  const both = [session, pool].flatMap((any, i): [string, Call][] => {
    const name = i === 0 ? 'Session' : 'SessionPool';
    return [
      [`${name} request`, (t) => any.request('GET', t)],
      [`${name} get`, (t) => any.get(t)],
      [`${name} head`, (t) => any.head(t)],
      [`${name} put`, (t) => any.put(t, 'x')],
      [`${name} post`, (t) => any.post(t, 'x')],
      [`${name} delete`, (t) => any.delete(t)],
      [`${name} mkcol`, (t) => any.mkcol(t)],
      [`${name} copy from`, (t) => any.copy(t, '/b')],
      [`${name} copy to`, (t) => any.copy('/a', t)],
      [`${name} move from`, (t) => any.move(t, '/b')],
      [`${name} move to`, (t) => any.move('/a', t)],
      [`${name} options`, (t) => any.options(t)],
      [`${name} getModTime`, (t) => any.getModTime(t)],
      [`${name} getRange`, (t) => any.getRange(t, { start: 0 })],
      [`${name} propfind`, async (t) => any.propfind(t)],
      [`${name} propNames`, async (t) => any.propNames(t)],
      [`${name} proppatch`, (t) => any.proppatch(t, { remove: ['a'] })],
      [`${name} setAcl`, (t) => any.setAcl(t, [])],
      [`${name} lock`, (t) => any.lock(t)],
      [`${name} withLock`, (t) => any.withLock(t, () => 1)],
      [`${name} unlock`, (t) => any.unlock({ target: t as string, token: 'urn:1' })],
      [`${name} refreshLock`, (t) => any.refreshLock({ target: t as string, token: 'urn:1' })],
      [`${name} discoverLocks`, (t) => any.discoverLocks(t)],
      [`${name} locks.find`, (t) => any.locks.find(t)],
      [`${name} locks.add`, (t) => any.locks.add({ target: t as string, token: 'urn:1' })],
    ];
  });
  return [
    ...both,
    ['requestSync', (t) => session.requestSync('GET', t)],
    ['getSync', (t) => session.getSync(t)],
    ['headSync', (t) => session.headSync(t)],
    ['putSync', (t) => session.putSync(t, 'x')],
    ['postSync', (t) => session.postSync(t, 'x')],
    ['deleteSync', (t) => session.deleteSync(t)],
    ['mkcolSync', (t) => session.mkcolSync(t)],
    ['copySync', (t) => session.copySync('/a', t)],
    ['moveSync', (t) => session.moveSync('/a', t)],
    ['optionsSync', (t) => session.optionsSync(t)],
    ['getModTimeSync', (t) => session.getModTimeSync(t)],
    ['getRangeSync', (t) => session.getRangeSync(t, { start: 0 })],
    ['propfindSync', (t) => session.propfindSync(t)],
    ['propNamesSync', (t) => session.propNamesSync(t)],
    ['proppatchSync', (t) => session.proppatchSync(t, { remove: ['a'] })],
    ['setAclSync', (t) => session.setAclSync(t, [])],
    ['lockSync', (t) => session.lockSync(t)],
    ['withLockSync', (t) => session.withLockSync(t, () => 1)],
    ['unlockSync', (t) => session.unlockSync({ target: t as string, token: 'urn:1' })],
    ['refreshLockSync', (t) => session.refreshLockSync({ target: t as string, token: 'urn:1' })],
    ['discoverLocksSync', (t) => session.discoverLocksSync(t)],
    ['createRequest', (t) => session.createRequest('GET', t)],
  ];
}

const refused = [
  '#draft.txt',
  'rep#2',
  '/zz/rep#2',
  '/zz/rep#',
  'rep?',
  '/zz/rep?',
  '?',
  'a\\b',
  '/a\\b',
  'a b',
  ' a',
  'a ',
  '/a b',
  'a\tb',
  'a\nb',
  '\ra',
  'a\0',
  'a\x7f',
  'http://127.0.0.1:1/zz/a#b',
];

test.each(refused)('every method refuses the target %j, and names the cure', async (target) => {
  using session = Session.open('http://127.0.0.1:1/zz/');
  await using pool = new SessionPool('http://127.0.0.1:1/zz/');
  const wrong: string[] = [];
  for (const [name, call] of calls(session, pool)) {
    const failure = (await failureOf(async () => call(target))) as NodeJS.ErrnoException;
    if (failure.code !== 'ERR_INVALID_CHAR' || !failure.message.includes('escapePath(name)'))
      wrong.push(`${name}: ${failure.message}`);
  }
  expect(wrong).toEqual([]);
});

test('every method accepts a URL of its server', async () => {
  using session = Session.open('http://127.0.0.1:1/zz/');
  await using pool = new SessionPool('http://127.0.0.1:1/zz/');
  const url = new URL('http://127.0.0.1:1/zz/a%20b');
  const wrong: string[] = [];
  for (const [name, call] of calls(session, pool)) {
    if (/unlock|refresh|locks|create/.test(name)) continue; // these methods take a lock instead, or send nothing
    const failure = (await failureOf(async () => call(url))) as NodeJS.ErrnoException;
    if (failure.code !== 'NE_CONNECT') wrong.push(`${name}: ${failure.message}`);
  }
  expect(wrong).toEqual([]);
});

test('a URL with a fragment, with credentials or of another server is refused', async () => {
  using session = Session.open('http://127.0.0.1:1/zz/');
  using plain = new Session('http', '127.0.0.1', 1);
  for (const any of [session, plain]) {
    await expect(any.get(new URL('http://127.0.0.1:1/a#'))).rejects.toEqual(wrongChar);
    await expect(any.get(new URL('http://127.0.0.1:1/a?'))).rejects.toEqual(wrongChar);
    await expect(any.get(new URL('http://127.0.0.2:1/a'))).rejects.toEqual(wrongValue);
    await expect(any.get(new URL('https://127.0.0.1:1/a'))).rejects.toEqual(wrongValue);
    const failure = await failureOf(() => any.get(new URL('http://u:secret@127.0.0.1:1/a')));
    expect(failure).toEqual(wrongValue);
    expect(failure.message).not.toContain('secret');
    await expect(any.get(5 as never)).rejects.toEqual(wrongType);
  }
});

test('a name with a colon is not taken for the scheme of a URL', async () => {
  using session = Session.open('http://127.0.0.1:1/zz/');
  // URL() would resolve `http:a` to /zz/a.
  for (const target of ['http:a', 'a:b', 'mailto:x']) await expect(session.get(target)).rejects.toEqual(wrongValue);
});

test('characters that are syntax in headers are escaped', async () => {
  const server = await serve(answering());
  using session = Session.open(`http://127.0.0.1:${server.port}/`);
  await session.get('/a<b>"c');
  session.getSync('a<b>"c');
  expect((await receivedBy(server)).join('').match(/^GET .*/gm)).toEqual(
    Array<string>(2).fill('GET /a%3Cb%3E%22c HTTP/1.1'),
  );
});

const odd: [string, string][] = [
  ['#draft.txt', '%23draft.txt'],
  ['rep?', 'rep%3F'],
  ['50% off', '50%25%20off'],
  ['per%20cent', 'per%2520cent'],
  ['a\\b', 'a%5Cb'],
  [' tab\t ', '%20tab%09%20'],
  ['ü€𝄞', '%C3%BC%E2%82%AC%F0%9D%84%9E'],
  ['a:b;c*(d)!\'"', 'a%3Ab%3Bc%2A%28d%29%21%27%22'],
  ['-._~Az09', '-._~Az09'],
  ['...', '...'],
  ['\x00\x7f', '%00%7F'],
];

test.each(odd)('escapePath and path escape %j', async (name, escaped) => {
  expect(escapePath(name)).toBe(escaped);
  expect(path`${name}`).toBe(escaped);
  expect(decodeURIComponent(escaped)).toBe(name);
  const server = await serve(answering());
  using session = Session.open(`http://127.0.0.1:${server.port}/zz/`);
  await session.put(escapePath(name), 'x');
  session.deleteSync(path`/zz/${name}`);
  await session.move(path`./${name}`, path`to/${name}`);
  const text = (await receivedBy(server)).join('');
  expect(text.match(/(PUT|DELETE|MOVE) .*(?= HTTP)/g)).toEqual([
    `PUT /zz/${escaped}`,
    `DELETE /zz/${escaped}`,
    `MOVE /zz/${escaped}`,
  ]);
  expect(text).toContain(`\r\nDestination: http://127.0.0.1:${server.port}/zz/to/${escaped}\r\n`);
});

test('escapePath keeps slashes, path escapes those in values', () => {
  expect(escapePath('/a b/#c/')).toBe('/a%20b/%23c/');
  expect(path`folder/${'a/b'}/${7}?v=${'1&2'}`).toBe('folder/a%2Fb/7?v=1%262');
  expect(path`/plain/`).toBe('/plain/');
});

test.each(['', '.', '..', 'half \ud800', 'half \udc00 too'])('escapePath and path refuse %j', async (name) => {
  for (const make of [() => escapePath(name), () => path`folder/${name}`]) expect(make).toThrow(wrongValue);
  if (name.startsWith('.')) expect(() => escapePath(`a/${name}/b`)).toThrow(wrongValue);
});

test('escapePath and path refuse other types', () => {
  for (const name of [undefined, null, {}, Symbol('x'), Object.create(null)] as never[]) {
    expect(() => escapePath(name)).toThrow(wrongType);
    expect(() => path`${name}`).toThrow(wrongType);
  }
});

test('mkcol adds the slash to the path, not to the query', async () => {
  const server = await serve(answering());
  using session = Session.open(`http://127.0.0.1:${server.port}/`);
  for (const target of ['/a', '/a/', '/a?b', '/a/?b']) await session.mkcol(target);
  const text = (await receivedBy(server)).join('');
  expect(text.match(/(?<=^MKCOL ).*(?= HTTP)/gm)).toEqual(['/a/', '/a/', '/a/?b', '/a/?b']);
});
