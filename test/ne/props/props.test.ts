/** Tests of ne_props.h: reading and changing properties in a single call, on both surfaces. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ne from 'libneon/ne';
import { chunkedResponse, inPieces } from '../../servers/raw.js';
import { projectRoot } from '../../servers/start.js';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import {
  bodies,
  dav,
  document,
  etag,
  expected,
  length,
  multistatus,
  notingEntries,
  page,
  propstat,
  resource,
  testPropertySessions,
} from '../../support/properties.js';
import { answering, receivedBy, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const session = testPropertySessions();
const reentrant = neonError('ERR_NEON_REENTRANT');
const gone = neonError('ERR_NEON_DESTROYED');

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  describe('ne_simple_propfind', () => {
    test('passes the properties of each resource to the callback', async () => {
      const sess = await session();
      const { entries, note } = notingEntries();
      expect(await io.ne_simple_propfind(sess, '/', ne.NE_DEPTH_ONE, null, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
      await io.ne_session_destroy(sess);
    });

    test.each([
      [ne.NE_DEPTH_ZERO, '0'],
      [ne.NE_DEPTH_ONE, '1'],
      [ne.NE_DEPTH_INFINITE, 'infinity'],
    ])('asks for all properties with depth %i', async (depth, header) => {
      const server = await serve(answering(page(document)));
      expect(await io.ne_simple_propfind(sessionWith(server), '/p', depth, null, () => {})).toBe(ne.NE_OK);
      const [received] = await receivedBy(server);
      expect(received).toMatch(/^PROPFIND \/p HTTP\/1\.1\r\n/);
      expect(received).toContain(`\r\nDepth: ${header}\r\n`);
      expect(received).toContain('\r\nContent-Type: application/xml\r\n');
      expect(received).toMatch(/<propfind xmlns="DAV:"><allprop\/><\/propfind>\n$/);
    });

    test('sends names unchanged', async () => {
      const server = await serve(answering(page(document)));
      const sess = sessionWith(server);
      const names = [
        etag,
        { nspace: 'http://x/?a&amp;b', name: '\u00e4-1.2' },
        { name: 'plain' },
        { nspace: null, name: '_' },
      ];
      expect(await io.ne_simple_propfind(sess, '/', 0, names, () => {})).toBe(ne.NE_OK);
      expect(await io.ne_simple_propfind(sess, '/', 0, [], () => {})).toBe(ne.NE_OK);
      const [first, second] = (await bodies(server)).slice(-2);
      expect(first).toContain(
        '<prop>\n<getetag xmlns="DAV:"/>\n<\u00e4-1.2 xmlns="http://x/?a&amp;b"/>\n<plain xmlns=""/>\n<_ xmlns=""/>\n</prop>',
      );
      expect(second).toContain('<prop>\n</prop></propfind>');
    });

    test('returns values, languages and statuses by name', async () => {
      const seen: unknown[] = [];
      const sess = await session();
      await io.ne_simple_propfind(sess, '/', 0, null, (_, set) => {
        if (seen.length > 0) return;
        const all = (name: ne.ne_propname): unknown[] => [
          ne.ne_propset_value(set, name),
          ne.ne_propset_lang(set, name),
          ne.ne_propset_status(set, name)?.code,
        ];
        seen.push(all(length), all({ nspace: 'u', name: 'x' }), all({ name: 'plain' }), all(etag), all(dav('x')));
        seen.push(ne.ne_propset_private(set), ne.ne_propset_status(set, etag));
      });
      expect(seen).toEqual([
        ['12', null, 200],
        ["gr\u00fc\u00df & <uy z='1'>in</uy>", null, 200], // neon looks for an attribute "xml:lang" without prefix
        ['', null, 200],
        [null, null, 404],
        [null, null, undefined],
        null,
        { major_version: 1, minor_version: 1, code: 404, klass: 4, reason_phrase: 'Not Found' },
      ]);
    });

    test('returns no reason for a propstat without a status', async () => {
      const sess = await session(page(multistatus(resource('/', '<D:propstat><D:prop><a/></D:prop></D:propstat>'))));
      const seen: unknown[] = [];
      await io.ne_simple_propfind(sess, '/', 0, null, (_, set) => {
        seen.push(ne.ne_propset_value(set, { name: 'a' }), ne.ne_propset_status(set, { name: 'a' })?.reason_phrase);
      });
      expect(seen).toEqual(['', null]);
    });

    test.each([
      ['no resource', page(multistatus('')), ne.NE_OK, null],
      ['a 200 with XML', page(document, '200 OK'), ne.NE_OK, null],
      ['a 404', page('nothing', '404 Not Found', 'text/plain'), ne.NE_ERROR, /^404 Not Found$/],
      ['a 204', 'HTTP/1.1 204 No Content\r\n\r\n', ne.NE_OK, null],
      ['a body that is not XML', page('hello'), ne.NE_ERROR, /./],
      ['a truncated document', page(document.slice(0, -20)), ne.NE_ERROR, /./],
      [
        'an invalid status line',
        page(multistatus(resource('/', propstat('<a/>', 'x').replace('HTTP/1.1 x', 'x')))),
        ne.NE_ERROR,
        /Invalid HTTP status line/,
      ],
      ['an empty body', page(''), ne.NE_ERROR, /./],
    ])('returns the result of a response with %s, also a second time', async (_, answer, code, error) => {
      const sess = await session(answer);
      for (let i = 0; i < 2; i++) {
        expect(await io.ne_simple_propfind(sess, '/', 1, null, () => {})).toBe(code);
        if (error) expect(ne.ne_get_error(sess)).toMatch(error);
      }
      await io.ne_session_destroy(sess);
    });

    test('returns NE_ERROR for a connection that ends in the body', async () => {
      const cut = page(document).slice(0, -50);
      const server = await serve(thenAnswering([{ read: 'request' }, { send: cut }]));
      const { entries, note } = notingEntries();
      expect(await io.ne_simple_propfind(sessionWith(server), '/', 1, null, note)).toBe(ne.NE_ERROR);
      expect(entries).toEqual(expected);
    });

    test('reads a response in small pieces', async () => {
      const text = chunkedResponse(document.match(/[^]{1,40}/g)!, { 'Content-Type': 'text/xml' }).replace(
        '200 OK',
        '207 Multi-Status',
      );
      const server = await serve({ connections: [[{ read: 'request' }, ...inPieces(text, 100, 1)]] });
      const { entries, note } = notingEntries();
      expect(await io.ne_simple_propfind(sessionWith(server), '/', 1, null, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
    });

    test('returns NE_CONNECT without a server', async () => {
      const sess = sessionWith({ port: 1 });
      expect(await io.ne_simple_propfind(sess, '/', 1, null, () => {})).toBe(ne.NE_CONNECT);
    });

    test('reads 10,000 resources', async () => {
      const many = Array.from({ length: 10_000 }, (_, i) => resource(`/${i}`, propstat(`<D:getetag>${i}</D:getetag>`)));
      const sess = await session(page(multistatus(many.join(''))));
      const values: unknown[] = [];
      const note = ({ path }: ne.ne_uri, set: ne.ne_prop_result_set): void =>
        void values.push(`/${ne.ne_propset_value(set, etag)}` === path);
      expect(await io.ne_simple_propfind(sess, '/', 1, [etag], note)).toBe(ne.NE_OK);
      expect(values).toEqual(Array<boolean>(10_000).fill(true));
    });

    test('throws the error of the callback and keeps the session usable', async () => {
      const server = await serve(answering(page(document)));
      const sess = sessionWith(server);
      const reason = new Error('the reason');
      let calls = 0;
      const failure = failureOf(() =>
        io.ne_simple_propfind(sess, '/', 1, null, () => {
          calls++;
          throw reason;
        }),
      );
      expect(await failure).toBe(reason);
      expect(calls).toBe(1);
      const { entries, note } = notingEntries();
      expect(await io.ne_simple_propfind(sess, '/', 1, null, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
      expect(await server.connections()).toHaveLength(2);
    });

    test('destroys a result set after its callback', async () => {
      const sess = await session();
      const sets: ne.ne_prop_result_set[] = [];
      await io.ne_simple_propfind(sess, '/', 1, null, (_, set) => void sets.push(set));
      expect(new Set(sets).size).toBe(2);
      for (const set of sets) {
        for (const call of [ne.ne_propset_value, ne.ne_propset_lang, ne.ne_propset_status])
          expect(() => call(set, etag)).toThrow(gone);
        expect(() => ne.ne_propset_private(set)).toThrow(gone);
        expect(() => ne.ne_propset_iterate(set, () => 0)).toThrow(gone);
      }
      const kept: ne.ne_prop_result_set[] = [];
      const reason = new Error('the reason');
      await failureOf(() =>
        io.ne_simple_propfind(sess, '/', 1, null, (_, set) => {
          kept.push(set);
          throw reason;
        }),
      );
      expect(() => ne.ne_propset_value(kept[0]!, etag)).toThrow(gone);
    });

    test('refuses calls on the session in the callback', async () => {
      const sess = await session();
      const failures: unknown[] = [];
      await io.ne_simple_propfind(sess, '/', 0, null, () => {
        for (const call of [
          () => ne.ne_simple_propfind(sess, '/', 0, null, () => {}),
          () => ne.ne_proppatch(sess, '/', []),
          () => ne.ne_propfind_create(sess, '/', 0),
          () => ne.ne_close_connection(sess),
          () => ne.ne_session_destroy(sess),
        ])
          try {
            call();
          } catch (error) {
            failures.push(error);
          }
      });
      expect(failures).toEqual(Array<unknown>(10).fill(reentrant));
    });

    test('rejects a call during another request', async () => {
      const sess = await session('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
      const request = ne.ne_request_create(sess, 'GET', '/');
      await io.ne_begin_request(request);
      const active = neonError('ERR_NEON_ACTIVE_REQUEST');
      expect(await failureOf(() => io.ne_simple_propfind(sess, '/', 0, null, () => {}))).toEqual(active);
      expect(await failureOf(() => io.ne_proppatch(sess, '/', []))).toEqual(active);
      const handler = ne.ne_propfind_create(sess, '/', 0);
      expect(await failureOf(() => io.ne_propfind_allprop(handler, () => {}))).toEqual(active);
      ne.ne_request_destroy(request);
      expect(await io.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_OK);
    });

    test('runs hooks with its request', async () => {
      const sess = await session();
      const log: string[] = [];
      const seen = new Set<ne.ne_request>();
      ne.ne_hook_create_request(sess, (request, method, path) => {
        seen.add(request);
        log.push(`create ${method} ${path}`);
      });
      ne.ne_hook_pre_send(sess, (request, header) => {
        seen.add(request);
        ne.ne_add_request_header(request, 'X-Late', '1');
        ne.ne_buffer_concat(header, 'X-Mine: 1\r\n');
      });
      ne.ne_hook_destroy_request(sess, (request) => {
        seen.add(request);
        log.push(`destroy ${ne.ne_get_status(request).code}`);
      });
      expect(await io.ne_simple_propfind(sess, '/p', 0, null, () => {})).toBe(ne.NE_OK);
      expect(log).toEqual(['create PROPFIND /p', 'destroy 207']);
      expect(seen.size).toBe(1);
      await io.ne_session_destroy(sess);
    });
  });

  describe('ne_propset_iterate', () => {
    const iterating = async (iterator: ne.ne_propset_iterator): Promise<unknown[]> => {
      const results: unknown[] = [];
      await io.ne_simple_propfind(await session(), '/', 0, null, (_, set) => {
        if (results.length === 0) results.push(ne.ne_propset_iterate(set, iterator));
      });
      return results;
    };

    test('ends at the first result that is not 0 and returns it', async () => {
      const names: string[] = [];
      expect(await iterating(({ name }) => (names.push(name), name === 'x' ? -7 : 0))).toEqual([-7]);
      expect(names).toEqual(['getcontentlength', 'x']);
    });

    test('throws the error of the iterator', async () => {
      const reason = new Error('the reason');
      const thrown = failureOf(() =>
        iterating(() => {
          throw reason;
        }),
      );
      expect(await thrown).toBe(reason);
    });

    test.each([1.5, 'text', {}, 2 ** 40, Promise.resolve(0)])('rejects an iterator that returns %p', async (value) => {
      const iterator = (() => value) as unknown as ne.ne_propset_iterator;
      expect(await failureOf(() => iterating(iterator))).toEqual(wrongType);
    });
  });

  describe('ne_propnames', () => {
    test('asks for names', async () => {
      const server = await serve(answering(page(document)));
      const { entries, note } = notingEntries();
      expect(await io.ne_propnames(sessionWith(server), '/p', 1, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
      const [received] = await receivedBy(server);
      expect(received).toMatch(
        /^PROPFIND \/p .*\r\n[^]*\r\nDepth: 1\r\n[^]*<propfind xmlns="DAV:"><propname\/><\/propfind>$/,
      );
    });
  });

  describe('ne_proppatch', () => {
    test('sends its operations in order', async () => {
      const server = await serve(answering(page(multistatus(resource('/', propstat('<a/>'))))));
      const sess = sessionWith(server);
      const result = io.ne_proppatch(sess, '/p', [
        { name: { nspace: 'u', name: 'a' }, type: ne.ne_propset, value: '<b>1 &amp; 2</b><D:c/>' },
        { name: dav('displayname'), value: '' },
        { name: { name: 'd' }, type: ne.ne_propremove, value: '<' },
      ]);
      expect(await result).toBe(ne.NE_OK);
      expect(await io.ne_proppatch(sess, '/p', [])).toBe(ne.NE_OK);
      const [first, second] = (await bodies(server)).slice(-2);
      expect(first).toContain(
        '<D:propertyupdate xmlns:D="DAV:">' +
          '<D:set><D:prop><a xmlns="u"><b>1 &amp; 2</b><D:c/></a></D:prop></D:set>\n' +
          '<D:set><D:prop><displayname xmlns="DAV:"></displayname></D:prop></D:set>\n' +
          '<D:remove><D:prop><d></d></D:prop></D:remove>\n' +
          '</D:propertyupdate>',
      );
      expect(second).toContain('<D:propertyupdate xmlns:D="DAV:"></D:propertyupdate>');
    });

    test('returns NE_ERROR for failures in the response', async () => {
      const sess = await session(page(multistatus(resource('/p', propstat('<a/>', '403 Forbidden')))));
      expect(await io.ne_proppatch(sess, '/p', [{ name: { name: 'a' }, value: '1' }])).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(sess)).toMatch(/\/p: 403 Forbidden/);
    });

    test('rejects values that are not well-formed text', async () => {
      const sess = await session();
      const op = (value: unknown): ne.ne_proppatch_operation[] => [{ name: { name: 'a' }, value: value as string }];
      for (const value of [undefined, null, 1, Buffer.from('x')])
        expect(await failureOf(() => io.ne_proppatch(sess, '/', op(value)))).toEqual(wrongType);
      for (const value of ['<b>', '</a><a>', '&', '<p:b/>'])
        expect(await failureOf(() => io.ne_proppatch(sess, '/', op(value)))).toEqual(wrongValue);
    });

    test('accepts long and odd values that are well formed', async () => {
      const server = await serve(answering(page(multistatus(''))));
      const sess = sessionWith(server);
      const values = [
        '\u{1f600}\u00e4',
        '<![CDATA[<]]>',
        '<!-- x --><?y z?>',
        '\r\n\t',
        `<b>${'x'.repeat(300_000)}</b>`,
        '&#65;',
      ];
      for (const value of values) {
        const ops = [{ name: { nspace: 'relative', name: '\u00fc' }, value }];
        expect(await io.ne_proppatch(sess, '/', ops)).toBe(ne.NE_OK);
      }
    });
  });

  if (!asynchronous)
    test('rejects callbacks that return promises', async () => {
      const sess = await session();
      const later = (): Promise<void> => Promise.resolve();
      expect(await failureOf(() => io.ne_simple_propfind(sess, '/', 0, null, later))).toEqual(wrongType);
      const handler = ne.ne_propfind_create(sess, '/', 0);
      ne.ne_propfind_set_private(handler, later, null);
      expect(await failureOf(() => io.ne_propfind_allprop(handler, () => {}))).toEqual(wrongType);
    });
});

describe('arguments', () => {
  test('throws if a getter destroys an earlier argument', () => {
    const sess = sessionWith({ port: 1 });
    const name = {
      get name() {
        ne.ne_session_destroy(sess);
        return 'a';
      },
    };
    expect(() => ne.ne_simple_propfind(sess, '/', 0, [name], () => {})).toThrow(gone);
    const second = sessionWith({ port: 1 });
    const op = {
      name: { name: 'a' },
      get value() {
        ne.ne_session_destroy(second);
        return 'a';
      },
    };
    expect(() => ne.ne_proppatch(second, '/', [op])).toThrow(gone);
    const handler = ne.ne_propfind_create(sessionWith({ port: 1 }), '/', 0);
    const third = {
      get name() {
        ne.ne_propfind_destroy(handler);
        return 'a';
      },
    };
    expect(() => ne.ne_propfind_named(handler, [third], () => {})).toThrow(gone);
  });

  test('rejects an invalid depth', () => {
    const sess = sessionWith({ port: 1 });
    for (const depth of [-1, 3, 0.5]) expect(() => ne.ne_propfind_create(sess, '/', depth)).toThrow(outOfRange);
  });
});

test('runs in a worker, where blocking calls run on a thread', async () => {
  const { port } = await serve(answering(page(document)));
  const worker = new Worker(
    `const ne = require(${JSON.stringify(path.join(projectRoot, 'dist', 'lib', 'ne', 'index.js'))});
     const sess = ne.ne_session_create('http', '127.0.0.1', ${port});
     const etag = { nspace: 'DAV:', name: 'getetag' };
     const log = [];
     log.push(ne.ne_simple_propfind(sess, '/', 1, [etag], (uri, set) => log.push(uri.path, ne.ne_propset_value(set, etag))));
     const handler = ne.ne_propfind_create(sess, '/', 1);
     ne.ne_propfind_set_private(handler, ({ path }) => ({ path }), (value) => log.push(value.path));
     log.push(ne.ne_propfind_allprop(handler, (uri, set) => log.push(ne.ne_propset_private(set).path)));
     try {
       ne.ne_propnames(sess, '/', 1, () => { throw 'thrown'; });
     } catch (error) { log.push(error); }
     ne.ne_propfind_destroy(handler);
     ne.ne_session_destroy(sess);
     require('worker_threads').parentPort.postMessage(log);`,
    { eval: true },
  );
  const ended = once(worker, 'exit');
  const [log] = (await once(worker, 'message')) as [unknown[]];
  await ended;
  expect(log).toEqual([
    ...['/a%20b', null, '/c', '"e"', ne.NE_OK],
    ...['/a%20b', '/a%20b', '/c', '/c', '/no-properties', ne.NE_OK, 'thrown'],
  ]);
});
