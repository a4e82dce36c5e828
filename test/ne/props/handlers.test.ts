/** Tests of ne_props.h: PROPFIND handlers, on both surfaces. */
import * as ne from 'libneon/ne';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError } from '../../support/expect.js';
import {
  bodies,
  dav,
  document,
  etag,
  expected,
  multistatus,
  notingEntries,
  page,
  propstat,
  resource,
  testPropertySessions,
} from '../../support/properties.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const session = testPropertySessions();
const gone = neonError('ERR_NEON_DESTROYED');
const borrowed = neonError('ERR_NEON_BORROWED');
const wrongState = neonError('ERR_NEON_INVALID_STATE');

describe.each(surfaces)('$surface', ({ io }) => {
  describe('PROPFIND handlers', () => {
    const handlerOf = async (answer?: string): Promise<ne.ne_propfind_handler> =>
      io.ne_propfind_create(await session(answer), '/p', ne.NE_DEPTH_ONE);

    test('fetches all properties or named ones', async () => {
      const server = await serve(answering(page(document)));
      const sess = sessionWith(server);
      for (const send of [
        (handler: ne.ne_propfind_handler, note: ne.ne_props_result) => io.ne_propfind_allprop(handler, note),
        (handler: ne.ne_propfind_handler, note: ne.ne_props_result) => io.ne_propfind_named(handler, [etag], note),
      ]) {
        const handler = await io.ne_propfind_create(sess, '/p', 0);
        ne.ne_add_request_header(ne.ne_propfind_get_request(handler), 'X-Mine', '1');
        const { entries, note } = notingEntries();
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

    test('creates and destroys a private value for each resource', async () => {
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

    test('passes on any value of a creator, and does not destroy null', async () => {
      for (const value of [undefined, 0, '', false, NaN, Symbol.iterator, notingEntries]) {
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

    test('gives properties to handlers of the parser and flattens the others', async () => {
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
      const { entries, note } = notingEntries();
      const result = io.ne_propfind_named(handler, [dav('resourcetype'), etag], (uri, set) => {
        types.push(ne.ne_propset_private(set) as string[]);
        note(uri, set);
      });
      expect(await result).toBe(ne.NE_OK);
      expect(types).toEqual([['collection'], []]);
      expect(entries.map(({ properties }) => properties)).toEqual([[['{DAV:}getetag', 'e', 200]], []]);
      await io.ne_propfind_destroy(handler);
    });

    test('sends its request only once', async () => {
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

    test('calls readers and hooks with the one request', async () => {
      const sess = await session();
      const log: string[] = [];
      const requests = new Set<ne.ne_request>();
      const note = (event: string) => (request: ne.ne_request) => {
        requests.add(request);
        log.push(event);
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

    test('keeps the session alive until the handler is destroyed', async () => {
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

    test('refuses to be destroyed in its own callbacks', async () => {
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
      'throws the error of a %s callback to the caller',
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
        const { entries, note } = notingEntries();
        expect(await io.ne_simple_propfind(sess, '/', 0, null, note)).toBe(ne.NE_OK);
        expect(entries).toEqual(expected);
      },
    );

    test('calls the destructor for an incomplete resource when it is destroyed', async () => {
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

    test('throws the error of the destructor from ne_propfind_destroy', async () => {
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

    test('throws when a 207 parser on its parser was destroyed too early', async () => {
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

    test('survives odd documents', async () => {
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
        const { note } = notingEntries();
        expect([ne.NE_OK, ne.NE_ERROR]).toContain(await io.ne_propfind_allprop(handler, note));
        await io.ne_propfind_destroy(handler);
        const sess = await session(page(multistatus(content)));
        expect([ne.NE_OK, ne.NE_ERROR]).toContain(await io.ne_simple_propfind(sess, '/', 0, null, note));
      }
    });
  });
});

test('collects handlers whose callbacks refer to them, without calling back', async () => {
  const server = await serve(answering(page(document.slice(0, -100))));
  expect(await runScenario('droppedPropfinds', server.port)).toEqual({ collected: true, ran: true, ranLater: 0 });
});
