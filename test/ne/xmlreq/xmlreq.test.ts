/** Tests of ne_xmlreq.h: parsers that read responses, on both surfaces. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { features, Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { chunkedResponse, response } from '../../servers/raw.js';
import { projectRoot } from '../../servers/start.js';
import { runScenario } from '../../support/child.js';
import { coded, failureOf, neonError } from '../../support/expect.js';
import { answering, exchange, receivedBy, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';
import { noting, parseAll } from '../../support/xml.js';

const serve = testServers();
const busy = neonError('ERR_NEON_BUSY');
const reentrant = neonError('ERR_NEON_REENTRANT');
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const gone = neonError('ERR_NEON_DESTROYED');

const xml = { 'Content-Type': 'application/xml; charset=utf-8' };
const document = '<a b="1">text</a>';
const answer = response(document, { headers: xml });
const events = ['start 0 {}a "b" "1"', 'text 1 text', 'end 1 {}a'];

/** A parser with only this start callback. */
function starting(start: ne.ne_xml_startelm_cb): ne.ne_xml_parser {
  const parser = ne.ne_xml_create();
  ne.ne_xml_push_handler(parser, start, null, null);
  return parser;
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  async function get(page: string | Uint8Array = answer): Promise<{ session: ne.ne_session; request: ne.ne_request }> {
    const session = sessionWith(await serve(answering(page)));
    return { session, request: ne.ne_request_create(session, 'GET', '/') };
  }

  describe('ne_xml_dispatch_request', () => {
    test.each([
      ['application/xml', 1],
      ['text/xml', 1],
      ['application/rss+xml', 1],
      ['TEXT/XML; charset="utf-8"', 1],
      ['text/html', 0],
      ['application/xmlx', 0],
      ['', 0],
    ])('parses a body of type %s or not: %d', async (type, parsed) => {
      const { request } = await get(response(document, { headers: type === '' ? {} : { 'Content-Type': type } }));
      const noted = noting();
      expect(await io.ne_xml_dispatch_request(request, noted.parser)).toBe(ne.NE_OK);
      expect(noted.events).toEqual(parsed ? events : []);
      expect(ne.ne_get_status(request).code).toBe(200);
    });

    test('does not parse a 404 and keeps the connection', async () => {
      const server = await serve(answering(response(document, { status: '404 Not Found', headers: xml })));
      const session = sessionWith(server);
      for (let i = 0; i < 2; i++) {
        const noted = noting();
        const request = ne.ne_request_create(session, 'GET', '/');
        expect(await io.ne_xml_dispatch_request(request, noted.parser)).toBe(ne.NE_OK);
        expect(noted.events).toEqual([]);
        expect(ne.ne_get_status(request).code).toBe(404);
      }
      expect(await server.connections()).toHaveLength(1);
    });

    test('retries on NE_RETRY of a hook, after which cursors of the first response throw', async () => {
      const { session, request } = await get();
      const [name, value] = [{ value: '' }, { value: '' }];
      let cursor: ne.ne_header_cursor | null = null;
      let sent = 0;
      ne.ne_hook_post_send(session, () => {
        cursor ??= ne.ne_response_header_iterate(request, null, name, value);
        return ++sent === 1 ? ne.NE_RETRY : ne.NE_OK;
      });
      expect(
        await io.ne_xml_dispatch_request(
          request,
          starting(() => 1),
        ),
      ).toBe(ne.NE_OK);
      expect(sent).toBe(2);
      expect(() => ne.ne_response_header_iterate(request, cursor, name, value)).toThrow(invalidState);
    });

    test('rejects a request that was begun', async () => {
      const { session, request } = await get();
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const { parser } = noting();
      expect(await failureOf(() => io.ne_xml_dispatch_request(request, parser))).toEqual(invalidState);
      const other = await failureOf(async () => {
        const another = await io.ne_request_create(session, 'GET', '/');
        await io.ne_xml_dispatch_request(another, parser);
      });
      expect(other).toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
    });

    test('fails on a response that ends early and keeps the session usable', async () => {
      const cut = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n<a>';
      const session = sessionWith(await serve(thenAnswering(exchange(cut))));
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_xml_dispatch_request(request, noting().parser)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toMatch(/truncated|closed|response/i);
      expect(await io.ne_request_dispatch(ne.ne_request_create(session, 'GET', '/'))).toBe(ne.NE_OK);
    });
  });

  describe('ne_xml_parse_response', () => {
    test.each([
      ['with a length', answer],
      ['in chunks', chunkedResponse(document.split(/(?=.)/))],
    ])('parses a body %s of any type', async (_, page) => {
      const { request } = await get(page);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const noted = noting();
      expect(await io.ne_xml_parse_response(request, noted.parser)).toBe(ne.NE_OK);
      expect(noted.events).toEqual(events);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(parseAll(noted.parser, '')).toBe(0);
    });

    test('rejects a call before the begin and after the end of the body', async () => {
      const { request } = await get();
      const { parser } = noting();
      expect(await failureOf(() => io.ne_xml_parse_response(request, parser))).toEqual(invalidState);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(await failureOf(() => io.ne_xml_parse_response(request, parser))).toEqual(invalidState);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    test('fails on a body that is not XML and closes the connection', async () => {
      const server = await serve(thenAnswering(exchange(response('<a><b></a>'.padEnd(100_000, 'x')))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const { parser } = noting();
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_xml_parse_response(request, parser)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe(`Could not parse response: ${ne.ne_xml_get_error(parser)}`);
      expect(ne.ne_xml_failed(parser)).toBeGreaterThan(0);
      expect(await failureOf(() => io.ne_end_request(request))).toEqual(invalidState);
      expect(await io.ne_request_dispatch(ne.ne_request_create(session, 'GET', '/'))).toBe(ne.NE_OK);
      expect(await server.connections()).toHaveLength(2);
    });
  });

  describe('parsers as readers', () => {
    test('parses an accepted body without a call for each block', async () => {
      const { request } = await get(chunkedResponse(document.split(/(?=.)/)));
      const noted = noting();
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, noted.parser);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(noted.events).toEqual(events);
    });

    test.each([0, 1])('asks a function of JavaScript, which returns %d', async (accepts) => {
      const { request } = await get();
      const noted = noting();
      const asked: number[] = [];
      const accept = (req: ne.ne_request, { code }: ne.ne_status): number => {
        expect(req).toBe(request);
        asked.push(code);
        return accepts;
      };
      ne.ne_add_response_body_reader(request, accept, ne.ne_xml_parse_v, noted.parser);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, Buffer.alloc(5))).toBe(5);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect([asked, noted.events]).toEqual([[200], accepts ? events : []]);
    });

    test('throws if the parser was destroyed before the request, but not after it', async () => {
      const { request } = await get();
      const { parser } = noting();
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser);
      ne.ne_xml_destroy(parser);
      expect(await failureOf(() => io.ne_request_dispatch(request))).toEqual(gone);
      await io.ne_request_destroy(request);
      const second = await get();
      const noted = noting();
      ne.ne_add_response_body_reader(second.request, ne.ne_accept_2xx, ne.ne_xml_parse_v, noted.parser);
      expect(await io.ne_request_dispatch(second.request)).toBe(ne.NE_OK);
      await io.ne_request_destroy(second.request);
      ne.ne_xml_destroy(noted.parser);
      expect(noted.events).toEqual(events);
    });

    test('throws the error of a callback and calls no more callbacks', async () => {
      const { session, request } = await get(response('<a><b/><b/></a>'));
      const reason = new Error('the reason');
      let calls = 0;
      const parser = starting(() => {
        if (++calls === 2) throw reason;
        return 1;
      });
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser);
      expect(await failureOf(() => io.ne_request_dispatch(request))).toBe(reason);
      expect([calls, ne.ne_xml_failed(parser)]).toEqual([2, ne.NE_XML_ABORT]);
      expect(await io.ne_request_dispatch(await io.ne_request_create(session, 'GET', '/'))).toBe(ne.NE_OK);
    });

    test('parses in a function that is the reader', async () => {
      const { request } = await get();
      const noted = noting();
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => ne.ne_xml_parse(noted.parser, block));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(noted.events).toEqual(events);
      const reason = new Error('inside');
      const throwing = starting(() => {
        throw reason;
      });
      const again = await get();
      ne.ne_add_response_body_reader(again.request, ne.ne_accept_2xx, (block) => ne.ne_xml_parse(throwing, block));
      expect(await failureOf(() => io.ne_request_dispatch(again.request))).toBe(reason);
    });

    test('refuses a parser after the request began', async () => {
      const { session, request } = await get();
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const add = (req: ne.ne_request): void =>
        ne.ne_add_response_body_reader(req, ne.ne_accept_2xx, ne.ne_xml_parse_v, noting().parser);
      expect(() => add(request)).toThrow(invalidState);
      await io.ne_discard_response(request);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_session(request)).toBe(session);
    });
  });

  describe('callbacks of parsers', () => {
    test.each(['startelm', 'cdata', 'endelm'] as const)('throws the error of %s to the caller', async (kind) => {
      const { session, request } = await get();
      const reason = new Error('the reason');
      const log: string[] = [];
      const callback = (name: string) => (): number => {
        log.push(name);
        if (name === kind) throw reason;
        return name === 'startelm' ? 1 : 0;
      };
      const parser = ne.ne_xml_create();
      ne.ne_xml_push_handler(parser, callback('startelm'), callback('cdata'), callback('endelm'));
      expect(await failureOf(() => io.ne_xml_dispatch_request(request, parser))).toBe(reason);
      expect(log.at(-1)).toBe(kind);
      expect(ne.ne_xml_failed(parser)).toBe(ne.NE_XML_ABORT);
      // After the failure, the parser accepts no further document.
      expect(await io.ne_xml_dispatch_request(await io.ne_request_create(session, 'GET', '/'), parser)).toBe(
        ne.NE_ERROR,
      );
      expect(log.at(-1)).toBe(kind);
    });

    test('allows reads of the parser and the request, and refuses other calls', async () => {
      const { session, request } = await get();
      const seen: unknown[] = [];
      const failures: unknown[] = [];
      const parser = ne.ne_xml_create();
      ne.ne_xml_push_handler(
        parser,
        (_, __, ___, atts) => {
          seen.push(ne.ne_xml_get_attr(parser, atts, null, 'b'), ne.ne_xml_currentline(parser));
          seen.push(ne.ne_get_status(request).code, ne.ne_get_response_header(request, 'Content-Type'));
          for (const misuse of [
            () => ne.ne_xml_parse(parser, 'x'),
            () => ne.ne_xml_destroy(parser),
            () => ne.ne_request_destroy(request),
            () => ne.ne_xml_dispatch_request(request, parser),
            () => ne.ne_close_connection(session),
          ]) {
            try {
              misuse();
            } catch (error) {
              failures.push(error);
            }
          }
          return 1;
        },
        null,
        null,
      );
      expect(await io.ne_xml_dispatch_request(request, parser)).toBe(ne.NE_OK);
      expect(seen).toEqual(['1', 1, 200, xml['Content-Type']]);
      expect(failures).toEqual(Array<unknown>(5).fill(reentrant));
    });

    test('aborts with the error text of a callback', async () => {
      const { session, request } = await get();
      const parser = starting(() => {
        ne.ne_xml_set_error(parser, 'enough');
        return ne.NE_XML_ABORT;
      });
      expect(await io.ne_xml_dispatch_request(request, parser)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('Could not parse response: enough');
    });

    test('waits for a promise or rejects it', async () => {
      const { request } = await get();
      const order: string[] = [];
      const parser = ne.ne_xml_create();
      ne.ne_xml_push_handler(
        parser,
        async (_, __, ___, atts) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (asynchronous) order.push(`start ${ne.ne_xml_get_attr(parser, atts, null, 'b')}`);
          return 1;
        },
        null,
        () => void order.push('end'),
      );
      if (asynchronous) {
        expect(await io.ne_xml_dispatch_request(request, parser)).toBe(ne.NE_OK);
        expect(order).toEqual(['start 1', 'end']);
      } else
        expect(await failureOf(() => io.ne_xml_dispatch_request(request, parser))).toEqual(
          coded('ERR_INVALID_ARG_TYPE'),
        );
    });
  });

  test('refuses a parser in use by another session', async () => {
    const [one, other] = [await get(), await get()];
    const failures: unknown[] = [];
    const parser = starting(() => {
      try {
        ne.ne_xml_dispatch_request(other.request, parser);
      } catch (error) {
        failures.push(error);
      }
      return 1;
    });
    expect(await io.ne_xml_dispatch_request(one.request, parser)).toBe(ne.NE_OK);
    expect(failures).toEqual([reentrant]);
    // A parser is also refused during ne_xml_parse, which involves no request.
    const direct = starting(() => {
      for (const use of [ne.ne_xml_dispatch_request, ne.ne_xml_parse_response])
        expect(() => use(other.request, direct)).toThrow(reentrant);
      return 1;
    });
    expect(parseAll(direct, '<a/>')).toBe(0);
  });

  const has = features.functions['ne_xml_dispatchif_request'] === true;
  describe('ne_xml_dispatchif_request', () => {
    (has ? test : test.skip).each([
      ['ne_accept_always', ne.ne_accept_always, true],
      ['ne_accept_2xx', ne.ne_accept_2xx, false],
      ['ne_accept_207', ne.ne_accept_207, false],
      ['a function', (_: ne.ne_request, { code }: ne.ne_status) => code === 404, true],
      ['a function that refuses', () => 0, false],
    ] as const)(`${has ? '' : '(skipped: this neon cannot) '}asks %s whether to parse`, async (_, accept, parsed) => {
      const { request } = await get(response(document, { status: '404 Not Found', headers: xml }));
      const noted = noting();
      expect(await io.ne_xml_dispatchif_request(request, noted.parser, accept)).toBe(ne.NE_OK);
      expect(noted.events).toEqual(parsed ? events : []);
    });

    (has ? test.skip : test)(
      `${has ? '(skipped: this neon has it) ' : ''}rejects with ERR_NEON_UNSUPPORTED with an older neon`,
      async () => {
        const { request } = await get();
        const refused = await failureOf(() => io.ne_xml_dispatchif_request(request, noting().parser, ne.ne_accept_2xx));
        expect(refused).toEqual(neonError('ERR_NEON_UNSUPPORTED'));
      },
    );
  });
});

describe('pending promises', () => {
  const { io } = surfaces[1]!;

  test('makes the parser busy and queues a second call of the session', async () => {
    const server = await serve(answering(answer));
    const session = sessionWith(server);
    const [first, second] = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
      ne.ne_request,
      ne.ne_request,
    ];
    const stranger = ne.ne_request_create(sessionWith(server), 'GET', '/3');
    const { parser, events: noted } = noting();
    const multistatus = ne.ne_207_create(parser, { path: '/' });
    const pending = [io.ne_xml_dispatch_request(first, parser), io.ne_xml_dispatch_request(second, parser)];
    for (const use of [
      () => ne.ne_xml_parse(parser, '<a/>'),
      () => ne.ne_xml_failed(parser),
      () => ne.ne_xml_get_error(parser),
      () => ne.ne_xml_push_handler(parser, () => 0, null, null),
      () => ne.ne_xml_destroy(parser),
      () => ne.ne_207_destroy(multistatus),
      () => ne.ne_207_set_flags(multistatus, 0),
      () => ne.ne_xml_dispatch_request(stranger, parser),
    ])
      expect(use).toThrow(busy);
    expect(await failureOf(() => io.ne_xml_dispatch_request(stranger, parser))).toEqual(busy);
    expect((await Promise.all(pending))[0]).toBe(ne.NE_OK);
    // Once the first document has ended, the parser ignores the second document. However, if neon sets the second
    // document's charset, the parser restarts and reports this document, too.
    expect(noted).toEqual(noted.length > events.length ? [...events, ...events] : events);
    expect((await receivedBy(server)).join()).toMatch(/^GET \/1 [^]*GET \/2 /);
    ne.ne_xml_destroy(parser);
  });

  test('refuses a parser as a reader of a request of the classes', async () => {
    const session = new Session('http', '127.0.0.1', (await serve(answering(answer))).port);
    const { parser } = noting();
    const failures: unknown[] = [];
    ne.ne_hook_create_request(session.handle, (request) => {
      try {
        ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser);
      } catch (error) {
        failures.push(error);
      }
    });
    expect((await session.request('GET', '/')).status).toBe(200);
    expect(failures).toEqual([neonError('ERR_NEON_BORROWED')]);
    await session.close();
  });

  test('rejects at once on abort, after which the parser can be destroyed', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<a><b/>';
    const server = await serve({ connections: [[{ read: 'request' }, { send: head }, { hang: 'reading' }]] });
    const session = sessionWith(server);
    const controller = new AbortController();
    const reason = new Error('the reason');
    const parser = starting((_, __, name) => {
      if (name === 'b') setTimeout(() => controller.abort(reason), 10);
      return 1;
    });
    const request = ne.ne_request_create(session, 'GET', '/');
    const call = promises.ne_xml_dispatch_request(request, parser, { signal: controller.signal });
    expect(await failureOf(() => call)).toBe(reason);
    await io.ne_request_destroy(request); // waits until the call has left C
    ne.ne_xml_destroy(parser);
    await io.ne_session_destroy(session);
  });

  test('rejects with the reason of a rejected promise', async () => {
    const session = sessionWith(await serve(answering(answer)));
    const reason = new Error('later');
    const parser = starting(async () => {
      await Promise.resolve();
      throw reason;
    });
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await failureOf(() => io.ne_xml_dispatch_request(request, parser))).toBe(reason);
    expect(ne.ne_xml_failed(parser)).toBe(ne.NE_XML_ABORT);
  });
});

test('parses responses in a worker thread', async () => {
  const server = await serve(answering(answer));
  const text = `
    const { parentPort } = require('node:worker_threads');
    const ne = require(${JSON.stringify(path.join(projectRoot, 'dist', 'lib', 'ne', 'index.js'))});
    const session = ne.ne_session_create('http', '127.0.0.1', ${server.port});
    const log = [];
    const thrown = new Error('thrown');
    for (const way of ['dispatch', 'reader', 'throw']) {
      const parser = ne.ne_xml_create();
      ne.ne_xml_push_handler(parser, (parent, nspace, name, atts) => {
        log.push(way + ' ' + ne.ne_xml_get_attr(parser, atts, null, 'b'));
        if (way === 'throw') throw thrown;
        try { ne.ne_xml_destroy(parser); } catch (error) { log.push(error.code); }
        return 1;
      }, null, null);
      const request = ne.ne_request_create(session, 'GET', '/');
      if (way === 'reader') ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser);
      try {
        log.push(way === 'reader' ? ne.ne_request_dispatch(request) : ne.ne_xml_dispatch_request(request, parser));
      } catch (error) {
        log.push(error === thrown);
      }
      ne.ne_request_destroy(request);
      ne.ne_xml_destroy(parser);
    }
    ne.ne_session_destroy(session);
    parentPort.postMessage(log);`;
  const worker = new Worker(text, { eval: true });
  const ended = once(worker, 'exit');
  const [log] = (await once(worker, 'message')) as [unknown[]];
  await ended;
  const good = (way: string): unknown[] => [`${way} 1`, 'ERR_NEON_REENTRANT', ne.NE_OK];
  expect(log).toEqual([...good('dispatch'), ...good('reader'), 'throw 1', true]);
});

test('collects parsers whose callbacks refer to them', async () => {
  const page = '<D:multistatus xmlns:D="DAV:"><D:response><D:href>/a</D:href></D:response></D:multistatus>';
  const server = await serve(answering(response(page, { headers: xml })));
  expect(await runScenario('droppedParsers', server.port)).toEqual({ collected: true, ran: true, ranLater: 0 });
});
