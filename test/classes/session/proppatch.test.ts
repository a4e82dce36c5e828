/** Tests proppatch and proppatchSync: their requests, responses and rejected arguments. */
import { type PropertyChanges, Session } from 'libneon';
import * as ne from 'libneon/ne';
import { type Apache, apacheUser, startApache } from '../../servers/apache.js';
import { describeWith } from '../../servers/packages.js';
import { response } from '../../servers/raw.js';
import { failureOf, neonError, saying, wrongType, wrongValue } from '../../support/expect.js';
import { forms } from '../../support/methods.js';
import { answering, exchange, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();
const multistatus = '<?xml version="1.0"?><multistatus xmlns="DAV:"/>';
const done = response(multistatus, { status: '207 Multi-Status' });

/** The bodies of requests. */
const bodies = (texts: readonly string[]): string[] =>
  [...texts.join('').matchAll(/<\?xml[^]*?<\/D:propertyupdate>/g)].map(([body]) => body);

describe.each(forms)('%s', (form, of) => {
  const open = async (answer = done): Promise<{ session: Session; sent: () => Promise<string[]> }> => {
    const server = await serve(answering(answer));
    return { session: Session.open(`http://127.0.0.1:${server.port}/`), sent: () => receivedBy(server) };
  };

  test('sends what ne_proppatch sends, with escaped text', async () => {
    const { session, sent } = await open();
    await of(session).proppatch('/a', [
      { set: { displayname: `a<b>&"'\r\n]]>\u{1f600}`, '{urn:x?a&"b"}own': { xml: '<D:href>/x</D:href><own/>' } } },
      { remove: ['{}none', 'getetag'], set: { '{urn:y}empty': '' } },
    ]);
    const other = Session.open(`http://${session.hostport}/`);
    ne.ne_proppatch(other.handle, '/a', [
      {
        name: { nspace: 'DAV:', name: 'displayname' },
        value: 'a&lt;b&gt;&amp;&quot;&apos;&#13;\n]]&gt;\u{1f600}',
      },
      { name: { nspace: 'urn:x?a&amp;&quot;b&quot;', name: 'own' }, value: '<D:href>/x</D:href><own/>' },
      { name: { nspace: 'urn:y', name: 'empty' }, value: '' },
      { name: { nspace: '', name: 'none' }, type: ne.ne_propremove },
      { name: { nspace: 'DAV:', name: 'getetag' }, type: ne.ne_propremove },
    ]);
    const texts = await sent();
    expect(texts[0]).toEqual(texts[1]);
    expect(bodies(texts)).toHaveLength(2);
    session.destroy();
    other.destroy();
  });

  test('reports no failures of a document that is too long, rather than part of them', async () => {
    const failed = (href: string): string =>
      `<response><href>${href}</href><status>HTTP/1.1 423 Locked</status></response>`;
    const blocks = [
      `<?xml version="1.0"?><multistatus xmlns="DAV:"><!--${' '.repeat(65_000)}-->`,
      `<!--${' '.repeat(1000)}-->${failed('/b')}`,
      `${failed('/c')}</multistatus>`,
    ];
    const head = 'HTTP/1.1 424 Failed Dependency\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n';
    const sent = [head, ...[...blocks, ''].map((block) => `${block.length.toString(16)}\r\n${block}\r\n`)];
    const server = await serve({
      connections: [[{ read: 'request' }, ...sent.flatMap((text) => [{ send: text }, { delay: 30 }])]],
    });
    const session = Session.open(`http://127.0.0.1:${server.port}/`);
    const error = await failureOf(() => of(session).proppatch('/a', { remove: ['x'] }));
    expect(error).toMatchObject({ message: saying('424 Failed Dependency'), status: 424 });
    expect(error).not.toHaveProperty('failures');
    session.destroy();
  });

  test('submits the lock of the resource and sends additional headers', async () => {
    const { session, sent } = await open();
    const store = ne.ne_lockstore_create();
    const lock = ne.ne_lock_create();
    Object.assign(lock.uri, {
      scheme: 'http',
      host: '127.0.0.1',
      port: Number(session.hostport.split(':')[1]),
      path: '/a',
    });
    lock.token = 'urn:token';
    ne.ne_lockstore_add(store, lock);
    ne.ne_lockstore_register(store, session.handle);
    await of(session).proppatch('/a', { remove: ['x'] }, { headers: { 'X-Own': 'yes' } });
    const [text] = await sent();
    expect(text).toMatch(/^If: .*\(<urn:token>\)\r$/m);
    expect(text).toMatch(/^X-Own: yes\r$/m);
    session.destroy();
  });

  test('runs hooks and rejects with the errors they throw', async () => {
    const { session, sent } = await open();
    const seen: string[] = [];
    ne.ne_hook_create_request(session.handle, (request, method, target) => {
      seen.push(`${method} ${target}`);
      ne.ne_add_request_header(request, 'X-Hook', 'yes');
    });
    await of(session).proppatch('/a', { remove: ['x'] }, { headers: { 'X-Own': 'yes' } });
    expect(seen).toEqual(['PROPPATCH /a']);
    expect((await sent())[0]).toMatch(/^X-Hook: yes\r\n[^]*^X-Own: yes\r$|^X-Own: yes\r\n[^]*^X-Hook: yes\r$/m);
    const reason = new Error('the reason');
    const refuse = (): never => {
      throw reason;
    };
    ne.ne_hook_post_headers(session.handle, refuse);
    expect(await failureOf(() => of(session).proppatch('/a', { remove: ['x'] }))).toBe(reason);
    ne.ne_unhook_post_headers(session.handle, refuse);
    expect((await of(session).proppatch('/a', { remove: ['x'] })).status).toBe(207);
    session.destroy();
  });

  test('resolves with any 2xx response and its body', async () => {
    const { session } = await open(response('fine', { status: '200 OK', headers: { 'X-Seen': 'yes' } }));
    const answer = await of(session).proppatch('/a', { remove: ['x'] });
    expect([answer.status, answer.headers['x-seen'], await answer.text()]).toEqual([200, 'yes', 'fine']);
    session.destroy();
  });

  test('follows a redirect with its body', async () => {
    const moved = response('elsewhere', { status: '307 Temporary Redirect', headers: { Location: '/b' } });
    const server = await serve({ connections: [[...exchange(moved), ...exchange(done)]] });
    const session = Session.open(`http://127.0.0.1:${server.port}/`);
    await of(session).proppatch('/a', { remove: ['x'] }, { redirect: 'follow' });
    const texts = await receivedBy(server);
    expect(texts.join('')).toMatch(/PROPPATCH \/a[^]*PROPPATCH \/b/);
    expect(new Set(bodies(texts))).toHaveProperty('size', 1);
    expect(bodies(texts)).toHaveLength(2);
    session.destroy();
  });

  test.each(['hello', '', '<a>'.repeat(40_000), multistatus.slice(0, -5)])(
    'rejects %.20j as a document',
    async (text) => {
      const headers = { 'Content-Type': 'text/xml' }; // newer versions of neon read no other type
      const server = await serve({
        connections: [exchange(response(text, { status: '207 Multi-Status', headers })), exchange(done)],
        rest: 'repeat-last',
      });
      const session = Session.open(`http://127.0.0.1:${server.port}/`, { flags: { persist: false } });
      const error = await failureOf(() => of(session).proppatch('/a', { remove: ['x'] }));
      expect(error).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
      expect(error.message).toMatch(/multi-status document|parse/);
      expect((await of(session).proppatch('/a', { remove: ['x'] })).status).toBe(207);
      session.destroy();
    },
  );

  test('rejects a truncated response and leaves the session usable', async () => {
    const cut = response(multistatus.repeat(100), { status: '207 Multi-Status' }).slice(0, -10);
    const server = await serve({ connections: [[...exchange(cut), { close: 'fin' }], exchange(done)] });
    const session = Session.open(`http://127.0.0.1:${server.port}/`);
    const error = await failureOf(() => of(session).proppatch('/a', { remove: ['x'] }));
    expect(error).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
    expect(error).toMatchObject({ method: 'PROPPATCH', target: '/a' });
    expect((await of(session).proppatch('/a', { remove: ['x'] })).status).toBe(207);
    session.destroy();
  });

  test.each<[string, unknown, Error]>([
    ['missing changes', undefined, wrongType],
    ['a string as changes', 'getetag', wrongType],
    ['empty changes', {}, wrongValue],
    ['an empty list', [], wrongValue],
    ['null among changes', [null], wrongType],
    ['a list in a list', [[]], wrongType],
    ['a set that is not an object', { set: 'x' }, wrongType],
    ['a set that is an array', { set: ['x'] }, wrongType],
    ['a remove that is not an array', { remove: 'x' }, wrongType],
    ['a name that is not a string', { remove: [1] }, wrongType],
    ['a name with a space', { set: { 'a b': '' } }, wrongValue],
    ['a name that is not an XML name', { set: { '1a': '' } }, wrongValue],
    ['a name with a prefix', { remove: ['x:y'] }, wrongValue],
    ['a name without end', { remove: ['{urn:x'] }, wrongValue],
    ['a number as a value', { set: { a: 1 } }, wrongType],
    ['null as a value', { set: { a: null } }, wrongType],
    ['XML that is not a string', { set: { a: { xml: 5 } } }, wrongType],
    ['XML that is not well-formed', { set: { a: { xml: '<b>' } } }, wrongValue],
    ['XML that closes the property', { set: { a: { xml: '</a><a>' } } }, wrongValue],
    ['a control character', { set: { a: '\u0001' } }, wrongValue],
    ['a NUL', { set: { a: '\0' } }, wrongValue],
    ['an unpaired surrogate', { set: { a: '\ud83d' } }, wrongValue],
    ['a control character in a namespace', { set: { '{\u0001}a': '' } }, wrongValue],
  ])('rejects %s and sends nothing', async (_, changes, error) => {
    const { session, sent } = await open();
    expect(await failureOf(() => of(session).proppatch('/a', changes as PropertyChanges))).toEqual(error);
    expect(session.liveRequests).toBe(0);
    session.destroy();
    expect((await sent()).join('')).toBe('');
  });

  describeWith('apache2', 'apache', () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache();
    });
    afterAll(() => apache.stop());

    test('sets, changes and removes properties in order', async () => {
      await using session = Session.open(`${apache.origin}/dav/${form}/`);
      const methods = of(session);
      await methods.mkcol('');
      const values = { '{urn:x}text': ` <b> & "c" 'd' ]]> \u{1f600} `, '{urn:x?y=1&z}other': 'o', '{}none': 'n' };
      const read = async (): Promise<unknown> => {
        const [entry] = await session.propfind('', { depth: 0, props: Object.keys(values) });
        return entry?.props;
      };
      await methods.proppatch('', { set: values });
      expect(await read()).toEqual(values);
      await methods.proppatch('', [{ remove: ['{}none', '{urn:x}text'] }, { set: { '{urn:x}text': 'new' } }]);
      expect(await read()).toEqual({ '{urn:x}text': 'new', '{urn:x?y=1&z}other': 'o' });
      await methods.proppatch('', [{ set: { '{urn:x}text': 'newer' }, remove: ['{urn:x}text'] }]);
      expect(await read()).toEqual({ '{urn:x?y=1&z}other': 'o' });
    });

    test('changes all properties or reports why not', async () => {
      await using session = Session.open(`${apache.origin}/dav/`);
      const methods = of(session);
      await methods.put(`${form}.txt`, '');
      const error = await failureOf(() => methods.proppatch(`${form}.txt`, { set: { '{urn:x}a': '1', getetag: '2' } }));
      const href = `/dav/${form}.txt`;
      expect(error).toMatchObject({
        ...{ code: 'ERR_NEON_STATUS', status: 207, method: 'PROPPATCH', target: href },
        failures: expect.arrayContaining([
          expect.objectContaining({ href, property: '{urn:x}a', status: 424 }),
          expect.objectContaining({ href, property: 'getetag', status: 409, description: 'Property is read-only.' }),
        ]),
      });
      expect(error).toHaveProperty('failures.length', 2);
      const [entry] = await session.propfind(`${form}.txt`, { depth: 0, props: ['{urn:x}a'] });
      expect(entry?.status).toHaveProperty(['{urn:x}a', 'code'], 404);
    });

    test.each(['basic', 'digest'])('sends %s credentials on request', async (folder) => {
      const auth = { username: apacheUser.name, password: apacheUser.password };
      await using session = Session.open(`${apache.origin}/${folder}/`, { auth });
      const methods = of(session);
      expect((await methods.proppatch('', { set: { '{urn:x}by': form } })).status).toBe(207);
      await using other = Session.open(`${apache.origin}/${folder}/`, { auth: { ...auth, password: 'wrong' } });
      expect(await failureOf(() => of(other).proppatch('', { remove: ['{urn:x}by'] }))).toEqual(
        neonError('NE_AUTH', ne.NE_AUTH),
      );
      await using anonymous = Session.open(`${apache.origin}/${folder}/`);
      expect(await failureOf(() => of(anonymous).proppatch('', { remove: ['{urn:x}by'] }))).toMatchObject({
        status: 401,
      });
      const [entry] = await session.propfind('', { depth: 0, props: ['{urn:x}by'] });
      expect(entry?.props).toEqual({ '{urn:x}by': form });
    });

    test('reports a locked member when its collection is deleted', async () => {
      await using session = Session.open(`${apache.origin}/dav/locked-${form}/`);
      const methods = of(session);
      await methods.mkcol('');
      await methods.put('a.txt', '');
      const other = Session.open(`${apache.origin}/dav/locked-${form}/`);
      const lock = ne.ne_lock_create();
      Object.assign(lock.uri, {
        scheme: 'http',
        host: '127.0.0.1',
        port: apache.port,
        path: `/dav/locked-${form}/a.txt`,
      });
      expect(ne.ne_lock(other.handle, lock)).toBe(ne.NE_OK);
      expect(await failureOf(() => methods.delete(''))).toMatchObject({
        code: 'ERR_NEON_STATUS',
        // mod_dav responds with 424 rather than 207.
        ...{ status: 424, message: saying(`424 Failed Dependency (/dav/locked-${form}/a.txt: 423 Locked)`) },
        failures: [{ href: `/dav/locked-${form}/a.txt`, property: null, status: 423 }],
      });
      expect(ne.ne_unlock(other.handle, lock)).toBe(ne.NE_OK);
      other.destroy();
      expect((await methods.delete('')).status).toBe(204);
    });
  });
});

test('ends a PROPPATCH by a signal and by a timeout, and leaves the session usable', async () => {
  const server = await serve({
    connections: [
      [{ read: 'request' }, { hang: 'reading' }],
      [{ read: 'request' }, { hang: 'reading' }],
      exchange(done),
    ],
  });
  await using session = Session.open(`http://127.0.0.1:${server.port}/`);
  const signal = AbortSignal.timeout(50);
  expect((await failureOf(() => session.proppatch('/a', { remove: ['x'] }, { signal }))).name).toBe('TimeoutError');
  const late = await failureOf(() => session.proppatch('/a', { remove: ['x'] }, { timeout: 50 }));
  expect(late).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
  expect((await session.proppatch('/a', { remove: ['x'] })).status).toBe(207);
});

test('queues a PROPPATCH, counts it as live, and reports its progress', async () => {
  const server = await serve(answering(done));
  const session = Session.open(`http://127.0.0.1:${server.port}/`);
  const seen: string[] = [];
  const all = [
    session.get('/1'),
    session.proppatch('/2', { remove: ['x'] }, { onProgress: ({ type }) => void seen.push(type) }),
    session.get('/3'),
  ];
  expect(session.liveRequests).toBe(3);
  await Promise.all(all);
  expect(seen).toContain('sending');
  const [text = ''] = await receivedBy(server);
  expect([...text.matchAll(/^\w+ (\/\d)/gm)].map(([, path]) => path)).toEqual(['/1', '/2', '/3']);
  session.destroy();
});
