import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { startNephele, type Nephele } from './servers/nephele.js';
import { chunkedResponse, inPieces, response } from './servers/raw.js';
import { projectRoot } from './servers/start.js';
import { runScenario } from './support/child.js';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from './support/expect.js';
import {
  answering,
  receivedBy,
  sessionWith,
  stalling,
  testServers,
  thenAnswering,
  exchange,
} from './support/servers.js';
import { surfaces, type Io } from './support/surfaces.js';

const serve = testServers();
const reentrant = neonError('ERR_NEON_REENTRANT');
const gone = neonError('ERR_NEON_DESTROYED');
const busy = neonError('ERR_NEON_BUSY');
const borrowed = neonError('ERR_NEON_BORROWED');
const wrongState = neonError('ERR_NEON_INVALID_STATE');

const multistatus = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:">${content}</D:multistatus>`;
const resource = (href: string, ...propstats: string[]): string =>
  `<D:response><D:href>${href}</D:href>${propstats.join('')}</D:response>`;
const propstat = (properties: string, status = '200 OK'): string =>
  `<D:propstat><D:prop>${properties}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`;
const page = (text: string, status = '207 Multi-Status', type = 'application/xml'): string =>
  response(text, { status, headers: { 'Content-Type': type } });

const document = multistatus(
  resource(
    '/a%20b',
    propstat(
      '<D:getcontentlength>12</D:getcontentlength>' +
        '<x xmlns="u" xml:lang="de">gr\u00fc\u00df &amp; <y z="1">in</y></x><plain/>',
    ),
    propstat('<D:getetag/><x xmlns="v">lost</x>', '404 Not Found'),
  ) +
    resource('http://other.example:81/c?d', propstat('<D:getetag>"e"</D:getetag>')) +
    resource('/no-properties'),
);

const dav = (name: string): ne.ne_propname => ({ nspace: 'DAV:', name });
const length = dav('getcontentlength');
const etag = dav('getetag');

interface Entry {
  readonly uri: string;
  readonly properties: [name: string, value: string | null, code: number][];
}

/** A results callback that notes all that ne_propset_iterate tells. */
function noting(): { entries: Entry[]; note: (uri: ne.ne_uri, set: ne.ne_prop_result_set) => void } {
  const entries: Entry[] = [];
  const note = ({ scheme, host, path, query }: ne.ne_uri, set: ne.ne_prop_result_set): void => {
    const properties: Entry['properties'] = [];
    const result = ne.ne_propset_iterate(set, ({ nspace, name }, value, { code }) => {
      properties.push([nspace === null ? name : `{${nspace}}${name}`, value, code]);
    });
    expect(result).toBe(0);
    entries.push({ uri: `${scheme}://${host}${path}${query === null ? '' : `?${query}`}`, properties });
  };
  return { entries, note };
}

const expected: Entry[] = [
  {
    uri: 'http://127.0.0.1/a%20b',
    properties: [
      ['{DAV:}getcontentlength', '12', 200],
      ['{u}x', "gr\u00fc\u00df & <uy z='1'>in</uy>", 200],
      ['plain', '', 200],
      ['{DAV:}getetag', null, 404],
      ['{v}x', null, 404],
    ],
  },
  { uri: 'http://other.example/c?d', properties: [['{DAV:}getetag', '"e"', 200]] },
];

/** The bodies of the requests that a server received. */
async function bodies(server: Parameters<typeof receivedBy>[0]): Promise<string[]> {
  const received = (await receivedBy(server)).join('');
  return received.split(/^(?=PROP\w+ )/m).map((text) => text.slice(text.indexOf('\r\n\r\n') + 4));
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  const session = async (...pages: string[]): Promise<ne.ne_session> =>
    sessionWith(await serve(answering(pages.join('') || page(document))));

  describe('ne_simple_propfind', () => {
    test('tells the properties of each resource', async () => {
      const sess = await session();
      const { entries, note } = noting();
      expect(await io.ne_simple_propfind(sess, '/', ne.NE_DEPTH_ONE, null, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
      await io.ne_session_destroy(sess);
    });

    test.each([
      [ne.NE_DEPTH_ZERO, '0'],
      [ne.NE_DEPTH_ONE, '1'],
      [ne.NE_DEPTH_INFINITE, 'infinity'],
    ])('depth %i, all properties', async (depth, header) => {
      const server = await serve(answering(page(document)));
      expect(await io.ne_simple_propfind(sessionWith(server), '/p', depth, null, () => {})).toBe(ne.NE_OK);
      const [received] = await receivedBy(server);
      expect(received).toMatch(/^PROPFIND \/p HTTP\/1\.1\r\n/);
      expect(received).toContain(`\r\nDepth: ${header}\r\n`);
      expect(received).toContain('\r\nContent-Type: application/xml\r\n');
      expect(received).toMatch(/<propfind xmlns="DAV:"><allprop\/><\/propfind>\n$/);
    });

    test('sends names as they are given', async () => {
      const server = await serve(answering(page(document)));
      const sess = sessionWith(server);
      const names = [
        etag,
        { nspace: 'http://x/?a&amp;b', name: '\u00e4-1.2' },
        { name: 'none' },
        { nspace: null, name: '_' },
      ];
      expect(await io.ne_simple_propfind(sess, '/', 0, names, () => {})).toBe(ne.NE_OK);
      expect(await io.ne_simple_propfind(sess, '/', 0, [], () => {})).toBe(ne.NE_OK);
      const [first, second] = (await bodies(server)).slice(-2);
      expect(first).toContain(
        '<prop>\n<getetag xmlns="DAV:"/>\n<\u00e4-1.2 xmlns="http://x/?a&amp;b"/>\n<none xmlns=""/>\n<_ xmlns=""/>\n</prop>',
      );
      expect(second).toContain('<prop>\n</prop></propfind>');
    });

    test('result sets answer by name', async () => {
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

    test('a propstat without status', async () => {
      const sess = await session(page(multistatus(resource('/', '<D:propstat><D:prop><a/></D:prop></D:propstat>'))));
      const seen: unknown[] = [];
      await io.ne_simple_propfind(sess, '/', 0, null, (_, set) => {
        seen.push(ne.ne_propset_value(set, { name: 'a' }), ne.ne_propset_status(set, { name: 'a' })?.reason_phrase);
      });
      expect(seen).toEqual(['', null]);
    });

    test.each([
      ['no resource', page(multistatus('')), ne.NE_OK, null],
      ['a 200 that is XML', page(document, '200 OK'), ne.NE_OK, null],
      ['a 404', page('none', '404 Not Found', 'text/plain'), ne.NE_ERROR, /^404 Not Found$/],
      ['a 204', 'HTTP/1.1 204 No Content\r\n\r\n', ne.NE_OK, null],
      ['no XML', page('hello'), ne.NE_ERROR, /./],
      ['an end that is missing', page(document.slice(0, -20)), ne.NE_ERROR, /./],
      [
        'a status that is none',
        page(multistatus(resource('/', propstat('<a/>', 'x').replace('HTTP/1.1 x', 'x')))),
        ne.NE_ERROR,
        /Invalid HTTP status line/,
      ],
      ['nothing', page(''), ne.NE_ERROR, /./],
    ])('%s', async (_, answer, code, error) => {
      const sess = await session(answer);
      for (let i = 0; i < 2; i++) {
        expect(await io.ne_simple_propfind(sess, '/', 1, null, () => {})).toBe(code);
        if (error) expect(ne.ne_get_error(sess)).toMatch(error);
      }
      await io.ne_session_destroy(sess);
    });

    test('a connection that ends in the middle', async () => {
      const cut = page(document).slice(0, -50);
      const server = await serve(thenAnswering([{ read: 'request' }, { send: cut }]));
      const { entries, note } = noting();
      expect(await io.ne_simple_propfind(sessionWith(server), '/', 1, null, note)).toBe(ne.NE_ERROR);
      expect(entries).toEqual(expected);
    });

    test('a response in small pieces', async () => {
      const text = chunkedResponse(document.match(/[^]{1,40}/g)!, { 'Content-Type': 'text/xml' }).replace(
        '200 OK',
        '207 Multi-Status',
      );
      const server = await serve({ connections: [[{ read: 'request' }, ...inPieces(text, 100, 1)]] });
      const { entries, note } = noting();
      expect(await io.ne_simple_propfind(sessionWith(server), '/', 1, null, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
    });

    test('nobody there', async () => {
      const sess = sessionWith({ port: 1 });
      expect(await io.ne_simple_propfind(sess, '/', 1, null, () => {})).toBe(ne.NE_CONNECT);
    });

    test('10,000 resources', async () => {
      const many = Array.from({ length: 10_000 }, (_, i) => resource(`/${i}`, propstat(`<D:getetag>${i}</D:getetag>`)));
      const sess = await session(page(multistatus(many.join(''))));
      const values: unknown[] = [];
      const note = ({ path }: ne.ne_uri, set: ne.ne_prop_result_set): void =>
        void values.push(`/${ne.ne_propset_value(set, etag)}` === path);
      expect(await io.ne_simple_propfind(sess, '/', 1, [etag], note)).toBe(ne.NE_OK);
      expect(values).toEqual(Array<boolean>(10_000).fill(true));
    });

    test('what the callback throws comes out, once, and the session goes on', async () => {
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
      const { entries, note } = noting();
      expect(await io.ne_simple_propfind(sess, '/', 1, null, note)).toBe(ne.NE_OK);
      expect(entries).toEqual(expected);
      expect(await server.connections()).toHaveLength(2);
    });

    test('a result set ends with its callback', async () => {
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

    test('inside the callback its session must not be used', async () => {
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

    test('during another request is refused', async () => {
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

    test('hooks meet its request', async () => {
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

    test('ends at what is not 0, and returns it', async () => {
      const names: string[] = [];
      expect(await iterating(({ name }) => (names.push(name), name === 'x' ? -7 : 0))).toEqual([-7]);
      expect(names).toEqual(['getcontentlength', 'x']);
    });

    test('what the iterator throws comes out', async () => {
      const reason = new Error('the reason');
      const thrown = failureOf(() =>
        iterating(() => {
          throw reason;
        }),
      );
      expect(await thrown).toBe(reason);
    });

    test.each([1.5, 'text', {}, 2 ** 40, Promise.resolve(0)])('what returns %p is refused', async (value) => {
      const iterator = (() => value) as unknown as ne.ne_propset_iterator;
      expect(await failureOf(() => iterating(iterator))).toEqual(wrongType);
    });
  });

  describe('ne_propnames', () => {
    test('asks for names', async () => {
      const server = await serve(answering(page(document)));
      const { entries, note } = noting();
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

    test('with failures', async () => {
      const sess = await session(page(multistatus(resource('/p', propstat('<a/>', '403 Forbidden')))));
      expect(await io.ne_proppatch(sess, '/p', [{ name: { name: 'a' }, value: '1' }])).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(sess)).toMatch(/\/p: 403 Forbidden/);
    });

    test('of a value that is no text', async () => {
      const sess = await session();
      const op = (value: unknown): ne.ne_proppatch_operation[] => [{ name: { name: 'a' }, value: value as string }];
      for (const value of [undefined, null, 1, Buffer.from('x')])
        expect(await failureOf(() => io.ne_proppatch(sess, '/', op(value)))).toEqual(wrongType);
      for (const value of ['<b>', '</a><a>', '&', '<p:b/>'])
        expect(await failureOf(() => io.ne_proppatch(sess, '/', op(value)))).toEqual(wrongValue);
    });

    test('of long and odd values that are well formed', async () => {
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

  describe('a handler', () => {
    const handlerOf = async (...pages: string[]): Promise<ne.ne_propfind_handler> =>
      io.ne_propfind_create(await session(...pages), '/p', ne.NE_DEPTH_ONE);

    test('fetches all properties, or those of these names', async () => {
      const server = await serve(answering(page(document)));
      const sess = sessionWith(server);
      for (const send of [
        (handler: ne.ne_propfind_handler, note: ne.ne_props_result) => io.ne_propfind_allprop(handler, note),
        (handler: ne.ne_propfind_handler, note: ne.ne_props_result) => io.ne_propfind_named(handler, [etag], note),
      ]) {
        const handler = await io.ne_propfind_create(sess, '/p', 0);
        ne.ne_add_request_header(ne.ne_propfind_get_request(handler), 'X-Mine', '1');
        const { entries, note } = noting();
        expect(await send(handler, note)).toBe(ne.NE_OK);
        expect(entries).toEqual(expected);
        expect(ne.ne_get_status(ne.ne_propfind_get_request(handler)).code).toBe(207);
        await io.ne_propfind_destroy(handler);
      }
      const [received] = await receivedBy(server);
      expect(received!.match(/X-Mine: 1/g)).toHaveLength(2);
      const [first, second] = (await bodies(server)).slice(-2);
      expect(first).toContain('<allprop/>');
      expect(second).toContain('<prop>\n<getetag xmlns="DAV:"/>\n</prop>');
      await io.ne_session_destroy(sess);
    });

    test('private values, one for each resource', async () => {
      const handler = await handlerOf();
      const log: unknown[] = [];
      ne.ne_propfind_set_private(
        handler,
        ({ path }) => {
          log.push(`create ${path}`);
          return { path };
        },
        (value) => void log.push(['destroy', value]),
      );
      expect(ne.ne_propfind_current_private(handler)).toBeNull();
      expect(
        await io.ne_propfind_allprop(handler, (_, set) => {
          const value = ne.ne_propset_private(set);
          expect(ne.ne_propfind_current_private(handler)).toBe(value);
          log.push(['result', value]);
        }),
      ).toBe(ne.NE_OK);
      const [one, two, three] = ['/a%20b', '/c', '/no-properties'].map((path) => ({ path }));
      expect(log).toEqual([
        ...['create /a%20b', ['result', one], ['destroy', one]],
        ...['create /c', ['result', two], ['destroy', two]],
        ...['create /no-properties', ['destroy', three]],
      ]);
      expect(ne.ne_propfind_current_private(handler)).toBeNull();
      await io.ne_propfind_destroy(handler);
    });

    test('whatever a creator returns is given back; null is none, and not destroyed', async () => {
      for (const value of [undefined, 0, '', false, NaN, Symbol.iterator, noting]) {
        const handler = await handlerOf();
        const given: unknown[] = [];
        const note = (one: unknown): void => void given.push(one);
        ne.ne_propfind_set_private(handler, () => value, note);
        await io.ne_propfind_allprop(handler, (_, set) => note(ne.ne_propset_private(set)));
        expect(given).toEqual(Array<unknown>(5).fill(value));
      }
      const handler = await handlerOf();
      ne.ne_propfind_set_private(
        handler,
        () => null,
        () => {
          throw new Error('there is nothing to destroy');
        },
      );
      const given: unknown[] = [];
      await io.ne_propfind_allprop(handler, (_, set) => void given.push(ne.ne_propset_private(set)));
      expect(given).toEqual([null, null]);
    });

    test('handlers of the parser take properties, others stay flat', async () => {
      const text = multistatus(
        resource('/', propstat('<D:resourcetype><D:collection/></D:resourcetype><D:getetag>e</D:getetag>')) +
          resource('/f', propstat('<D:resourcetype/>')),
      );
      const handler = await handlerOf(page(text));
      const types: string[][] = [];
      const parser = ne.ne_propfind_get_parser(handler);
      ne.ne_propfind_set_private(handler, () => [] as string[], null);
      ne.ne_xml_push_handler(
        parser,
        (parent, _, name) => {
          if (parent === ne.NE_207_STATE_PROP && name === 'resourcetype') return ne.NE_PROPS_STATE_TOP + 1;
          if (parent !== ne.NE_PROPS_STATE_TOP + 1) return ne.NE_XML_DECLINE;
          (ne.ne_propfind_current_private(handler) as string[]).push(name);
          return ne.NE_PROPS_STATE_TOP + 2;
        },
        null,
        null,
      );
      const { entries, note } = noting();
      const result = io.ne_propfind_named(handler, [dav('resourcetype'), etag], (uri, set) => {
        types.push(ne.ne_propset_private(set) as string[]);
        note(uri, set);
      });
      expect(await result).toBe(ne.NE_OK);
      expect(types).toEqual([['collection'], []]);
      expect(entries.map(({ properties }) => properties)).toEqual([[['{DAV:}getetag', 'e', 200]], []]);
      await io.ne_propfind_destroy(handler);
    });

    test('sends once', async () => {
      const handler = await handlerOf();
      expect(await io.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_OK);
      expect(await failureOf(() => io.ne_propfind_allprop(handler, () => {}))).toEqual(wrongState);
      expect(await failureOf(() => io.ne_propfind_named(handler, [], () => {}))).toEqual(wrongState);
    });

    test('lends its request and its parser', async () => {
      const handler = await handlerOf();
      const [request, parser] = [ne.ne_propfind_get_request(handler), ne.ne_propfind_get_parser(handler)];
      expect(ne.ne_propfind_get_request(handler)).toBe(request);
      expect(ne.ne_propfind_get_parser(handler)).toBe(parser);
      const own = ne.ne_request_create(ne.ne_get_session(request), 'GET', '/');
      const ownParser = ne.ne_xml_create();
      for (const call of [
        () => io.ne_request_destroy(request),
        () => io.ne_request_dispatch(request),
        () => io.ne_begin_request(request),
        () => io.ne_simple_request(ne.ne_get_session(request), request),
        () => io.ne_xml_dispatch_request(request, ownParser),
        () => io.ne_xml_dispatch_request(own, parser),
        () => io.ne_xml_parse_response(own, parser),
        () => ne.ne_xml_parse(parser, '<a/>'),
        () => ne.ne_xml_destroy(parser),
        () => ne.ne_add_response_body_reader(own, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser),
      ])
        expect(await failureOf(call)).toEqual(borrowed);
      for (const call of [
        () => ne.ne_set_request_body_buffer(request, 'x'),
        () => ne.ne_set_request_body_fd(request, 0, 0, 0),
        () => ne.ne_set_request_body_provider(request, 0, () => 0),
      ])
        expect(call).toThrow(wrongState);
      ne.ne_request_destroy(own);
      expect(await io.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_OK);
      await io.ne_propfind_destroy(handler);
      expect(() => ne.ne_get_status(request)).toThrow(gone);
      expect(() => ne.ne_xml_failed(parser)).toThrow(gone);
    });

    test('readers and hooks of its request are called, and meet the same request', async () => {
      const sess = await session();
      const log: string[] = [];
      const requests = new Set<ne.ne_request>();
      const note = (what: string) => (request: ne.ne_request) => {
        requests.add(request);
        log.push(what);
      };
      ne.ne_hook_create_request(sess, note('create'));
      ne.ne_hook_pre_send(sess, note('send'));
      ne.ne_hook_destroy_request(sess, note('destroy'));
      const handler = await io.ne_propfind_create(sess, '/', 0);
      const request = ne.ne_propfind_get_request(handler);
      let size = 0;
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void (size += block.length));
      const events: string[] = [];
      const parser = ne.ne_xml_create();
      ne.ne_xml_push_handler(parser, (_, __, name) => (events.push(name), 1), null, null);
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser);
      expect(await io.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_OK);
      expect(size).toBe(Buffer.byteLength(document));
      expect(events[0]).toBe('multistatus');
      await io.ne_propfind_destroy(handler);
      expect(log).toEqual(['create', 'send', 'destroy']);
      expect([...requests]).toEqual([request]);
      await io.ne_session_destroy(sess);
    });

    test('is live until it is destroyed', async () => {
      const sess = sessionWith({ port: 1 });
      const handler = await io.ne_propfind_create(sess, '/p', 0);
      const live = await failureOf(() => io.ne_session_destroy(sess));
      expect(live).toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
      expect(live.message).toContain('1 request of this session is live: PROPFIND /p');
      await io.ne_propfind_destroy(handler);
      for (const call of [
        () => io.ne_propfind_destroy(handler),
        () => io.ne_propfind_allprop(handler, () => {}),
        () => ne.ne_propfind_get_parser(handler),
        () => ne.ne_propfind_get_request(handler),
        () => ne.ne_propfind_set_private(handler, null, null),
        () => ne.ne_propfind_current_private(handler),
      ])
        expect(await failureOf(call)).toEqual(gone);
      await io.ne_session_destroy(sess);
    });

    test('is not destroyed by its own callbacks', async () => {
      const handler = await handlerOf();
      const failures: unknown[] = [];
      const destroy = (): void => {
        for (const call of [() => ne.ne_propfind_destroy(handler), () => ne.ne_propfind_allprop(handler, () => {})])
          try {
            call();
          } catch (error) {
            failures.push(error);
          }
      };
      ne.ne_propfind_set_private(handler, destroy, destroy);
      ne.ne_xml_push_handler(ne.ne_propfind_get_parser(handler), () => (destroy(), ne.NE_XML_DECLINE), null, null);
      expect(await io.ne_propfind_allprop(handler, destroy)).toBe(ne.NE_OK);
      expect(failures.length).toBeGreaterThan(20);
      expect(new Set(failures.map((error) => (error as { code: string }).code))).toEqual(
        new Set(['ERR_NEON_REENTRANT']),
      );
    });

    test.each(['creator', 'destructor', 'result', 'start', 'text', 'end'])(
      'what a %s throws comes out',
      async (kind) => {
        const sess = await session();
        const handler = await io.ne_propfind_create(sess, '/', 0);
        const reason = new Error('the reason');
        let calls = 0;
        const callback = (name: string) => (): number => {
          if (name !== kind) return name === 'start' ? ne.NE_PROPS_STATE_TOP + 1 : 0;
          calls++;
          throw reason;
        };
        ne.ne_propfind_set_private(handler, callback('creator'), () => void callback('destructor')());
        const start: ne.ne_xml_startelm_cb = (_, nspace) => (nspace === 'u' ? callback('start')() : ne.NE_XML_DECLINE);
        ne.ne_xml_push_handler(ne.ne_propfind_get_parser(handler), start, callback('text'), callback('end'));
        const failure = await failureOf(() => io.ne_propfind_allprop(handler, () => void callback('result')()));
        expect(failure).toBe(reason);
        expect(calls).toBe(1);
        ne.ne_propfind_set_private(handler, null, null);
        await io.ne_propfind_destroy(handler);
        const { entries, note } = noting();
        expect(await io.ne_simple_propfind(sess, '/', 0, null, note)).toBe(ne.NE_OK);
        expect(entries).toEqual(expected);
      },
    );

    test('destroying it frees what was not complete, by the destructor', async () => {
      const handler = await handlerOf(page(document.slice(0, document.indexOf('<plain/>'))));
      const destroyed: unknown[] = [];
      ne.ne_propfind_set_private(
        handler,
        () => 'mine',
        (value) => {
          destroyed.push(value);
          expect(() => ne.ne_propfind_current_private(handler)).toThrow(gone);
          expect(() => ne.ne_propfind_get_request(handler)).toThrow(gone);
        },
      );
      expect(await io.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_ERROR);
      expect(ne.ne_propfind_current_private(handler)).toBe('mine');
      expect(destroyed).toEqual([]);
      await io.ne_propfind_destroy(handler);
      expect(destroyed).toEqual(['mine']);
    });

    test('what the destructor throws comes out of destroying it', async () => {
      const sess = await session(page(document.slice(0, document.indexOf('<plain/>'))));
      const handler = await io.ne_propfind_create(sess, '/', 0);
      const reason = new Error('the reason');
      ne.ne_propfind_set_private(
        handler,
        () => 'mine',
        () => {
          throw reason;
        },
      );
      await io.ne_propfind_allprop(handler, () => {});
      expect(await failureOf(() => io.ne_propfind_destroy(handler))).toBe(reason);
      expect(await failureOf(() => io.ne_propfind_destroy(handler))).toEqual(gone);
      await io.ne_session_destroy(sess);
    });

    test('a 207 parser on its parser, which is destroyed too early', async () => {
      const handler = await handlerOf();
      const parser = ne.ne_propfind_get_parser(handler);
      const other = ne.ne_207_create(parser, { path: '/' });
      ne.ne_207_destroy(other);
      expect(await failureOf(() => io.ne_propfind_allprop(handler, () => {}))).toEqual(gone);
      await io.ne_propfind_destroy(handler);
      const second = await handlerOf();
      const late = ne.ne_207_create(ne.ne_propfind_get_parser(second), { path: '/' });
      expect(await io.ne_propfind_allprop(second, () => {})).toBe(ne.NE_OK);
      await io.ne_propfind_destroy(second);
      expect(() => ne.ne_207_set_flags(late, 0)).not.toThrow();
      ne.ne_207_destroy(late);
    });

    test('odd documents are survived', async () => {
      const prop = propstat('<D:getetag>e</D:getetag>');
      const odd = [
        `<D:response><D:href>/1</D:href>${prop}<D:href>/2</D:href>${prop}</D:response>`,
        `<D:response>${prop}<D:href>/1</D:href></D:response>`,
        `<D:response><D:href>http://[</D:href>${prop}</D:response>`,
        `<D:response><D:href>/1</D:href><D:propstat>${prop}</D:propstat></D:response>`,
        resource('/1', propstat(resource('/2', prop))),
        resource('/1', `<D:propstat><D:status>HTTP/1.1 200 OK</D:status></D:propstat>`),
        resource('/1', propstat('<a/>'.repeat(2000))),
        resource('/1', ...Array<string>(2000).fill(prop)),
        resource('/1', propstat(`${'<a b="c">'.repeat(150)}x${'</a>'.repeat(150)}`)),
        resource('/1', propstat(`<a>${'x'.repeat(300_000)}</a>`)),
        resource('/1', propstat(`<a><b c="${'x'.repeat(200_000)}"/></a>`)),
        resource('/1', propstat('text<!-- comment --><a xmlns:p="" p:b="1"/>')),
      ];
      for (const [i, content] of odd.entries()) {
        const handler = await handlerOf(page(multistatus(content)));
        const states = [7, 50, 99, 100, 200];
        ne.ne_propfind_set_private(handler, () => i, null);
        ne.ne_xml_push_handler(
          ne.ne_propfind_get_parser(handler),
          (parent, _, name) => (name === 'a' ? states[(i + parent) % states.length]! : ne.NE_XML_DECLINE),
          null,
          null,
        );
        const { note } = noting();
        expect([ne.NE_OK, ne.NE_ERROR]).toContain(await io.ne_propfind_allprop(handler, note));
        await io.ne_propfind_destroy(handler);
        const sess = await session(page(multistatus(content)));
        expect([ne.NE_OK, ne.NE_ERROR]).toContain(await io.ne_simple_propfind(sess, '/', 0, null, note));
      }
    });
  });

  if (!asynchronous)
    test('callbacks that return promises are refused', async () => {
      const sess = await session();
      const later = (): Promise<void> => Promise.resolve();
      expect(await failureOf(() => io.ne_simple_propfind(sess, '/', 0, null, later))).toEqual(wrongType);
      const handler = ne.ne_propfind_create(sess, '/', 0);
      ne.ne_propfind_set_private(handler, later, null);
      expect(await failureOf(() => io.ne_propfind_allprop(handler, () => {}))).toEqual(wrongType);
    });
});

describe('promises', () => {
  const handlerOf = async (sess: ne.ne_session): Promise<ne.ne_propfind_handler> =>
    promises.ne_propfind_create(sess, '/', 0);

  test('callbacks may answer later; a result set lives until then', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const handler = await handlerOf(sess);
    const log: unknown[] = [];
    ne.ne_propfind_set_private(
      handler,
      async ({ path }) => {
        await sleep(1);
        return path;
      },
      async (value) => {
        await sleep(1);
        log.push(['destroy', value]);
      },
    );
    const result = promises.ne_propfind_allprop(handler, async (_, set) => {
      await sleep(5);
      log.push([ne.ne_propset_private(set), ne.ne_propset_value(set, length)]);
    });
    expect(await result).toBe(ne.NE_OK);
    expect(log).toEqual([
      ...[
        ['/a%20b', '12'],
        ['destroy', '/a%20b'],
      ],
      ...[
        ['/c', null],
        ['destroy', '/c'],
      ],
      ...[['destroy', '/no-properties']],
    ]);
  });

  test('everything can be queued without awaiting', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const handler = ne.ne_propfind_create(sess, '/', 0);
    ne.ne_propfind_set_private(
      handler,
      () => 'mine',
      () => {},
    );
    ne.ne_xml_push_handler(ne.ne_propfind_get_parser(handler), () => ne.NE_XML_DECLINE, null, null);
    const values: unknown[] = [];
    const sent = promises.ne_propfind_allprop(handler, (_, set) => {
      values.push(ne.ne_propset_private(set), ne.ne_propfind_current_private(handler));
    });
    const destroyed = promises.ne_propfind_destroy(handler);
    expect(() => ne.ne_propfind_get_request(handler)).toThrow(gone);
    expect(await Promise.all([sent, destroyed])).toEqual([ne.NE_OK, undefined]);
    ne.ne_session_destroy(sess);
    expect(values).toEqual(['mine', 'mine', 'mine', 'mine']);
  });

  test('a handler that is being made is live; one in use is busy', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const made = promises.ne_propfind_create(sess, '/p', 0);
    expect(() => ne.ne_session_destroy(sess)).toThrow(/1 request of this session is live: PROPFIND \/p/);
    const handler = await made;
    const parser = ne.ne_propfind_get_parser(handler);
    const sent = promises.ne_propfind_allprop(handler, () => {});
    for (const call of [
      () => ne.ne_propfind_destroy(handler),
      () => ne.ne_propfind_set_private(handler, null, null),
      () => ne.ne_propfind_current_private(handler),
      () => ne.ne_propfind_allprop(handler, () => {}),
      () => ne.ne_xml_get_error(parser),
      () => ne.ne_get_status(ne.ne_propfind_get_request(handler)),
      () => ne.ne_simple_propfind(sess, '/', 0, null, () => {}),
      () => ne.ne_propfind_create(sess, '/', 0),
    ])
      expect(call).toThrow(busy);
    await sent;
    ne.ne_propfind_destroy(handler);
    ne.ne_session_destroy(sess);
  });

  test.each(['simple', 'handler'])('an abort while a callback waits, of a %s', async (kind) => {
    const sess = sessionWith(await serve(answering(page(document))));
    const controller = new AbortController();
    const { signal } = controller;
    const sets: ne.ne_prop_result_set[] = [];
    let release = (): void => {};
    const wait = (_: ne.ne_uri, set: ne.ne_prop_result_set): Promise<void> => {
      sets.push(set);
      expect(ne.ne_propset_value(set, length)).toBe('12');
      expect(ne.ne_propset_iterate(set, () => (controller.abort(), 0))).toBe(0);
      return new Promise((resolve) => (release = resolve));
    };
    const handler = await handlerOf(sess);
    const call =
      kind === 'simple'
        ? promises.ne_simple_propfind(sess, '/', 0, null, wait, { signal })
        : promises.ne_propfind_allprop(handler, wait, { signal });
    expect(await failureOf(() => call)).toBe(signal.reason);
    await promises.ne_close_connection(sess);
    expect(sets).toHaveLength(1);
    expect(() => ne.ne_propset_value(sets[0]!, length)).toThrow(gone);
    expect(() => ne.ne_propset_iterate(sets[0]!, () => 0)).toThrow(gone);
    release();
    ne.ne_propfind_destroy(handler);
    const { entries, note } = noting();
    expect(await promises.ne_simple_propfind(sess, '/', 0, null, note)).toBe(ne.NE_OK);
    expect(entries).toEqual(expected);
  });

  test.each(['simple', 'names', 'patch', 'handler'])('an abort of a %s on the wire', async (kind) => {
    const server = await serve(thenAnswering(stalling(page(document).slice(0, 200)), exchange(page(document))));
    const sess = sessionWith(server);
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const never = (): void => {
      throw new Error('no result is complete');
    };
    const handler = await handlerOf(sess);
    const call = {
      simple: () => promises.ne_simple_propfind(sess, '/', 0, null, never, options),
      names: () => promises.ne_propnames(sess, '/', 0, never, options),
      patch: () => promises.ne_proppatch(sess, '/', [], options),
      handler: () => promises.ne_propfind_named(handler, [etag], never, options),
    }[kind]!();
    await server.waitForRequests(1);
    controller.abort();
    expect(await failureOf(() => call)).toBe(controller.signal.reason);
    await promises.ne_propfind_destroy(handler);
    expect(await promises.ne_simple_propfind(sess, '/', 0, null, () => {})).toBe(ne.NE_OK);
    await promises.ne_session_destroy(sess);
  });

  test('an abort before its turn leaves a handler unused', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const handler = await handlerOf(sess);
    const first = promises.ne_simple_propfind(sess, '/', 0, null, () => {});
    const controller = new AbortController();
    const second = promises.ne_propfind_allprop(handler, () => {}, { signal: controller.signal });
    controller.abort();
    expect(await failureOf(() => second)).toBe(controller.signal.reason);
    await first;
    await promises.ne_close_connection(sess);
    expect(await promises.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_OK);
    await promises.ne_propfind_destroy(handler);
  });
});

describe('arguments', () => {
  test('a getter that destroys what comes before it', () => {
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

  test('a depth that is none of C', () => {
    const sess = sessionWith({ port: 1 });
    for (const depth of [-1, 3, 0.5]) expect(() => ne.ne_propfind_create(sess, '/', depth)).toThrow(outOfRange);
  });
});

test('handlers whose callbacks close over them are collected, without a call', async () => {
  const server = await serve(answering(page(document.slice(0, -100))));
  expect(await runScenario('droppedPropfinds', server.port)).toEqual({ collected: true, ran: true, ranLater: 0 });
});

test('in a worker, where the blocking calls are run on a thread', async () => {
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

describe('nephele', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
  });
  afterAll(() => server.stop());

  const read = async (
    io: Io,
    sess: ne.ne_session,
    names: ne.ne_propname[] | null,
  ): Promise<Map<string, string | null>> => {
    const values = new Map<string, string | null>();
    const result = await io.ne_simple_propfind(sess, '/', 0, names, (_, set) => {
      ne.ne_propset_iterate(set, ({ nspace, name }, value) => void values.set(`{${nspace}}${name}`, value));
    });
    expect(result).toBe(ne.NE_OK);
    return values;
  };

  test.each(surfaces)('properties are set, read, named and removed, on $surface', async ({ io, surface }) => {
    const sess = sessionWith(server);
    const mine = { nspace: 'http://example.com/ns', name: `p${surface.length}` };
    const key = `{${mine.nspace}}${mine.name}`;
    expect(await io.ne_proppatch(sess, '/', [{ name: mine, type: ne.ne_propset, value: 'one &amp; two' }])).toBe(
      ne.NE_OK,
    );
    expect((await read(io, sess, [mine])).get(key)).toBe('one & two');
    expect((await read(io, sess, null)).has('{DAV:}resourcetype')).toBe(true);
    const names: string[] = [];
    const result = await io.ne_propnames(sess, '/', 0, (_, set) => {
      ne.ne_propset_iterate(set, ({ name }, value) => {
        names.push(name);
        expect(value).toBe('');
      });
    });
    expect(result).toBe(ne.NE_OK);
    expect(names).toContain(mine.name);
    expect(await io.ne_proppatch(sess, '/', [{ name: mine, type: ne.ne_propremove }])).toBe(ne.NE_OK);
    expect((await read(io, sess, [mine])).get(key)).toBeNull();
    await io.ne_session_destroy(sess);
  });
});
