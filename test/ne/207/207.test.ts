/** Tests of ne_207.h: multi-status documents, and requests that parse a 207 response. */
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, neonError, wrongValue } from '../../support/expect.js';
import { answering, receivedBy, sessionWith, testServers, thenAnswering, exchange } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';
import { parseAll } from '../../support/xml.js';

const serve = testServers();
const reentrant = neonError('ERR_NEON_REENTRANT');
const gone = neonError('ERR_NEON_DESTROYED');

const document = `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:">
 <D:response>
  <D:href>a%20b</D:href>
  <D:propstat><D:prop><D:x/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
  <D:propstat><D:prop/><D:status>HTTP/1.1 403 Forbidden</D:status><D:responsedescription>no</D:responsedescription></D:propstat>
 </D:response>
 <D:response><D:href>http://other.example/c?d</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response>
 <D:response><D:href>/nothing/</D:href></D:response>
</D:multistatus>`;
const base = { scheme: 'http', host: 'example.com', port: 8080, path: '/base/' };

const line = (status: ne.ne_status | null, description: string | null): string =>
  `${status ? `${status.code} ${status.reason_phrase}` : 'no status'}, ${description}`;

/** A 207 parser with handlers that note every event. */
function noting(): { parser: ne.ne_xml_parser; multistatus: ne.ne_207_parser; events: string[] } {
  const parser = ne.ne_xml_create();
  const multistatus = ne.ne_207_create(parser, base);
  const events: string[] = [];
  let count = 0;
  ne.ne_207_set_response_handlers(
    multistatus,
    ({ scheme, host, port, path, query }) => {
      events.push(`response ${scheme}://${host}:${port}${path}${query === null ? '' : `?${query}`}`);
      return { response: ++count };
    },
    (value, status, description) => void events.push(`${JSON.stringify(value)}: ${line(status, description)}`),
  );
  ne.ne_207_set_propstat_handlers(
    multistatus,
    (value) => {
      events.push(`propstat of ${JSON.stringify(value)}`);
      return `propstat ${++count}`;
    },
    (value, status, description) => void events.push(`${String(value)}: ${line(status, description)}`),
  );
  return { parser, multistatus, events };
}

const expected = [
  'response http://example.com:8080/base/a%20b',
  'propstat of {"response":1}',
  'propstat 2: 200 OK, null',
  'propstat of {"response":1}',
  'propstat 3: 403 Forbidden, no',
  '{"response":1}: no status, null',
  'response http://other.example:0/c?d',
  '{"response":4}: 423 Locked, null',
  'response http://example.com:8080/nothing/',
  '{"response":5}: no status, null',
];

describe('multi-status documents', () => {
  test.each([Infinity, 1, 100])('calls the handlers for a document in blocks of %d bytes', (size) => {
    const { parser, multistatus, events } = noting();
    expect(parseAll(parser, document, size)).toBe(0);
    expect(events).toEqual(expected);
    ne.ne_207_destroy(multistatus);
    ne.ne_xml_destroy(parser);
  });

  test('gives the current response and propstat to other handlers, which get the properties', () => {
    const { parser, multistatus } = noting();
    const seen: unknown[] = [];
    const current = (): unknown[] => [
      ne.ne_207_get_current_response(multistatus),
      ne.ne_207_get_current_propstat(multistatus),
    ];
    expect(current()).toEqual([null, null]);
    ne.ne_xml_push_handler(
      parser,
      (parent, nspace, name) => {
        if (parent === ne.NE_207_STATE_PROP) seen.push([nspace, name, ...current()]);
        return ne.NE_XML_DECLINE;
      },
      null,
      null,
    );
    expect(parseAll(parser, document)).toBe(0);
    expect(seen).toEqual([['DAV:', 'x', { response: 1 }, 'propstat 2']]);
    expect(current()).toEqual([null, null]);
  });

  test('passes the value that a start handler returned to the later handlers unchanged', () => {
    for (const value of [null, undefined, 0, '', false, NaN, Symbol.iterator, noting]) {
      const { parser, multistatus } = noting();
      const given: unknown[] = [];
      ne.ne_207_set_response_handlers(
        multistatus,
        () => value,
        (response) => void given.push(response),
      );
      ne.ne_207_set_propstat_handlers(multistatus, (response) => given.push(response), null);
      expect(parseAll(parser, document)).toBe(0);
      expect(given).toEqual(Array<unknown>(5).fill(value));
    }
  });

  test('accepts null for both handlers or for one of the two', () => {
    const { parser, multistatus, events } = noting();
    ne.ne_207_set_response_handlers(multistatus, null, null);
    expect(parseAll(parser, document)).toBe(0);
    expect(events).toEqual([]);
    const only = noting();
    const ends: unknown[] = [];
    ne.ne_207_set_response_handlers(only.multistatus, () => 1, null);
    ne.ne_207_set_propstat_handlers(only.multistatus, null, (propstat) => void ends.push(propstat));
    expect(parseAll(only.parser, document)).toBe(0);
    expect(ends).toEqual([null, null]);
  });

  test('fails on an invalid status line', () => {
    const { parser, events } = noting();
    expect(parseAll(parser, document.replace('HTTP/1.1 423 Locked', 'Locked'))).toBe(-1);
    expect(ne.ne_xml_get_error(parser)).toMatch(/^Invalid HTTP status line[^]*Status line was: Locked$/);
    expect(events.at(-1)).toMatch(/^response http:\/\/other/);
  });

  test('ignores responses with invalid references', () => {
    const { parser, events } = noting();
    const href = (text: string): string => `<D:response><D:href>${text}</D:href></D:response>`;
    const odd = ['', ' ', 'http://[', '\\', '%', `/${'x'.repeat(5000)}`, '../../..', '?q', '#f', '&#x20AC;'];
    const text = `<D:multistatus xmlns:D="DAV:">${odd.map(href).join('')}</D:multistatus>`;
    expect(parseAll(parser, text)).toBe(0);
    expect(events).toContain('response http://example.com:8080/');
    expect(events).toContain('response http://example.com:8080/base/?q');
    expect(events.join().length).toBeLessThan(5000);
  });

  test('survives nested elements and elements out of order', () => {
    const inner = document.replace(/<\?.*\?>/, '');
    for (const text of [
      inner.replace('<D:x/>', inner),
      inner.replaceAll('<D:href>', '<D:href>/1</D:href><D:href>'),
      inner.replaceAll('D:propstat', 'D:response'),
      inner.replaceAll('D:response', 'D:propstat'),
    ]) {
      const { parser } = noting();
      ne.ne_xml_push_handler(parser, () => 1, null, null); // accepts any element, with the state of multistatus
      expect(parseAll(parser, text)).toBeGreaterThanOrEqual(-1);
      ne.ne_xml_destroy(parser);
    }
  });

  test('resolves against a base without a host, with the escaping of SharePoint', () => {
    const parser = ne.ne_xml_create();
    const multistatus = ne.ne_207_create(parser, { path: '/x/' });
    ne.ne_207_set_flags(multistatus, ne.NE_207_MSSP_ESCAPING);
    const paths: (string | null)[] = [];
    ne.ne_207_set_response_handlers(multistatus, ({ path, scheme }) => paths.push(path, scheme), null);
    const text = '<multistatus xmlns="DAV:"><response><href>a b</href></response></multistatus>';
    expect(parseAll(parser, text)).toBe(0);
    expect(paths).toEqual(['/x/a%20b', null]);
  });
});

describe('callbacks of a 207 parser', () => {
  test('aborts the parser when start_propstat returns null', () => {
    const { parser, multistatus, events } = noting();
    ne.ne_207_set_propstat_handlers(
      multistatus,
      () => {
        ne.ne_xml_set_error(parser, 'no propstat, please');
        return null;
      },
      null,
    );
    expect(ne.ne_xml_parse(parser, document)).toBe(ne.NE_XML_ABORT);
    expect(ne.ne_xml_get_error(parser)).toBe('no propstat, please');
    expect(events).toHaveLength(1);
  });

  test.each(['start_response', 'end_response', 'start_propstat', 'end_propstat'])(
    'throws the error of %s to the caller, and the parser has failed',
    (kind) => {
      const { parser, multistatus } = noting();
      const reason = new Error('the reason');
      const log: string[] = [];
      const callback = (name: string) => (): unknown => {
        log.push(name);
        if (name === kind) throw reason;
        return 1;
      };
      const end = (name: string) => (): void => void callback(name)();
      ne.ne_207_set_response_handlers(multistatus, callback('start_response'), end('end_response'));
      ne.ne_207_set_propstat_handlers(multistatus, callback('start_propstat'), end('end_propstat'));
      expect(() => ne.ne_xml_parse(parser, document)).toThrow(reason);
      expect(log.filter((name) => name === kind)).toHaveLength(1);
      expect(log.at(-1)).toBe(kind);
      expect(ne.ne_xml_failed(parser)).toBe(ne.NE_XML_ABORT);
      expect(ne.ne_xml_parse(parser, null)).toBe(ne.NE_XML_ABORT);
    },
  );

  test('refuses to destroy or to reenter the running parsers', () => {
    const { parser, multistatus } = noting();
    let calls = 0;
    const misuse = (): number => {
      calls++;
      expect(() => ne.ne_207_destroy(multistatus)).toThrow(reentrant);
      expect(() => ne.ne_xml_destroy(parser)).toThrow(reentrant);
      expect(() => ne.ne_xml_parse(parser, document)).toThrow(reentrant);
      return 1;
    };
    ne.ne_207_set_response_handlers(multistatus, misuse, () => void misuse());
    ne.ne_207_set_propstat_handlers(multistatus, misuse, () => void misuse());
    expect(parseAll(parser, document)).toBe(0);
    expect(calls).toBe(10);
  });

  test('lets a callback replace the handlers at once', () => {
    const { parser, multistatus } = noting();
    const ends: unknown[] = [];
    ne.ne_207_set_response_handlers(
      multistatus,
      () => {
        const end = (value: unknown): void => void ends.push(value);
        ne.ne_207_set_response_handlers(multistatus, () => 'second', end);
        return 'first';
      },
      null,
    );
    expect(parseAll(parser, document)).toBe(0);
    expect(ends).toEqual(['first', 'second', 'second']);
  });
});

describe('destruction', () => {
  test('works in either order, and a parser without its 207 parser parses no more', () => {
    const first = noting();
    expect(ne.ne_xml_parse(first.parser, document.slice(0, 200))).toBe(0);
    ne.ne_207_destroy(first.multistatus);
    expect(() => ne.ne_xml_parse(first.parser, document.slice(200))).toThrow(gone);
    expect(ne.ne_xml_get_error(first.parser)).toBe('Unknown error');
    expect(() => ne.ne_207_set_flags(first.multistatus, 0)).toThrow(gone);
    ne.ne_xml_destroy(first.parser);
    const second = noting();
    expect(ne.ne_xml_parse(second.parser, document.slice(0, 200))).toBe(0);
    ne.ne_xml_destroy(second.parser);
    ne.ne_207_set_flags(second.multistatus, 0);
    ne.ne_207_set_response_handlers(second.multistatus, null, null);
    expect(ne.ne_207_get_current_propstat(second.multistatus)).not.toBe(1);
    ne.ne_207_destroy(second.multistatus);
    expect(() => ne.ne_207_destroy(second.multistatus)).toThrow(gone);
  });

  test('throws if a getter of the base destroys the parser', () => {
    const parser = ne.ne_xml_create();
    const base = {
      get path() {
        ne.ne_xml_destroy(parser);
        return '/';
      },
    };
    expect(() => ne.ne_207_create(parser, base)).toThrow(gone);
  });

  test('leaves the first of two 207 parsers on one parser in charge', () => {
    const one = noting();
    const two = ne.ne_207_create(one.parser, base);
    ne.ne_207_set_response_handlers(two, () => 2, null);
    expect(parseAll(one.parser, document)).toBe(0);
    expect(one.events).toEqual(expected);
    ne.ne_207_destroy(two);
    ne.ne_207_destroy(one.multistatus);
  });
});

test('accepts only responses with status 207', async () => {
  const request = ne.ne_request_create(sessionWith({ port: 1 }), 'GET', '/');
  const status = (code: number): ne.ne_status => ({ ...ne.ne_get_status(request), code, klass: 2 });
  expect([200, 207, 208].map((code) => Boolean(ne.ne_accept_207(request, status(code))))).toEqual([false, true, false]);
});

describe.each(surfaces)('$surface', ({ io }) => {
  const multi = (text: string): string =>
    response(text, { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } });
  const failures = `<multistatus xmlns="DAV:"><response><href>/a</href><status>HTTP/1.1 423 Locked</status>
    </response><response><href>/b</href><status>HTTP/1.1 424 Failed Dependency</status></response></multistatus>`;

  describe('ne_simple_request', () => {
    test.each([
      ['a 204', response('', { status: '204 No Content' }), ne.NE_OK, null],
      ['a 404', response('x', { status: '404 Not Found' }), ne.NE_ERROR, /^404 Not Found$/],
      ['a 207 without failures', multi(document.replace(/403|423/g, '200')), ne.NE_OK, null],
      ['a 207 with failures', multi(failures), ne.NE_ERROR, /\/a: 423 Locked/],
      ['a 207 that is not XML', multi('<multistatus>'), ne.NE_ERROR, /./],
    ])('destroys the request and returns the result of %s', async (_, page, code, error) => {
      const server = await serve(answering(page));
      const session = sessionWith(server);
      for (let i = 0; i < 2; i++) {
        const request = ne.ne_request_create(session, 'DELETE', '/');
        expect(await io.ne_simple_request(session, request)).toBe(code);
        if (error) expect(ne.ne_get_error(session)).toMatch(error);
        expect(() => ne.ne_get_status(request)).toThrow(gone);
        expect(await failureOf(() => io.ne_simple_request(session, request))).toEqual(gone);
      }
      expect((await receivedBy(server)).join('').match(/DELETE/g)).toHaveLength(2);
      await io.ne_session_destroy(session);
    });

    test('reads a 404 to its end and reuses the connection', async () => {
      const server = await serve(answering(response('x'.repeat(10_000), { status: '404 Not Found' })));
      const session = sessionWith(server);
      for (let i = 0; i < 3; i++)
        expect(await io.ne_simple_request(session, ne.ne_request_create(session, 'DELETE', '/'))).toBe(ne.NE_ERROR);
      expect(await server.connections()).toHaveLength(1);
    });

    test('runs hooks and readers with the request of the caller', async () => {
      const session = sessionWith(await serve(answering(multi(failures))));
      const log: string[] = [];
      const request = ne.ne_request_create(session, 'DELETE', '/');
      ne.ne_set_request_private(request, 'name', 'mine');
      const note = (event: string, given: ne.ne_request): void => {
        log.push(`${event} ${given === request} ${String(ne.ne_get_request_private(given, 'name'))}`);
      };
      ne.ne_hook_pre_send(session, (given) => note('send', given));
      ne.ne_hook_post_headers(session, (given) => note('headers', given));
      ne.ne_hook_destroy_request(session, (given) => {
        note(`destroy ${ne.ne_get_status(given).code}`, given);
        expect(() => ne.ne_get_response_header(given, 'Date')).toThrow(neonError('ERR_NEON_INVALID_STATE'));
      });
      ne.ne_add_response_body_reader(
        request,
        (given) => (note('accept', given), 1),
        (block) => void log.push(`block ${block.length > 0}`),
      );
      expect(await io.ne_simple_request(session, request)).toBe(ne.NE_ERROR);
      expect(log.filter((entry, i) => entry !== log[i - 1])).toEqual(
        ['send true mine', 'headers true mine', 'accept true mine', 'block true', 'block false'].concat(
          'destroy 207 true mine',
        ),
      );
      expect(() => ne.ne_get_request_private(request, 'name')).toThrow(gone);
      await io.ne_session_destroy(session);
    });

    test('throws the error of a reader and destroys the request', async () => {
      const session = sessionWith(await serve(thenAnswering(exchange())));
      const request = ne.ne_request_create(session, 'DELETE', '/');
      const reason = new Error('the reason');
      ne.ne_add_response_body_reader(request, ne.ne_accept_always, () => {
        throw reason;
      });
      expect(await failureOf(() => io.ne_simple_request(session, request))).toBe(reason);
      expect(() => ne.ne_get_status(request)).toThrow(gone);
      await io.ne_session_destroy(session);
    });

    test('rejects a request of another session, and destroys a request that was begun', async () => {
      const server = await serve(answering());
      const [session, other] = [sessionWith(server), sessionWith(server)];
      const request = ne.ne_request_create(other, 'DELETE', '/');
      expect(await failureOf(() => io.ne_simple_request(session, request))).toEqual(wrongValue);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await failureOf(() => io.ne_simple_request(other, request))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
      expect(() => ne.ne_get_status(request)).toThrow(gone);
      await io.ne_session_destroy(other);
      await io.ne_session_destroy(session);
    });

    test('returns NE_CONNECT without a server', async () => {
      const session = sessionWith({ port: 1 });
      const request = ne.ne_request_create(session, 'DELETE', '/');
      expect(await io.ne_simple_request(session, request)).toBe(ne.NE_CONNECT);
      await io.ne_session_destroy(session);
    });
  });

  test('reads a 207 response through ne_xml_dispatch_request', async () => {
    const session = sessionWith(await serve(answering(multi(document))));
    const request = ne.ne_request_create(session, 'PROPFIND', '/');
    const { parser, events, multistatus } = noting();
    expect(await io.ne_xml_dispatch_request(request, parser)).toBe(ne.NE_OK);
    expect(events).toEqual(expected);
    const reason = new Error('the reason');
    const again = noting();
    ne.ne_207_set_propstat_handlers(again.multistatus, null, () => {
      throw reason;
    });
    const second = ne.ne_request_create(session, 'PROPFIND', '/');
    expect(await failureOf(() => io.ne_xml_dispatch_request(second, again.parser))).toBe(reason);
    expect(ne.ne_xml_failed(again.parser)).toBe(ne.NE_XML_ABORT);
    ne.ne_207_destroy(multistatus);
  });

  test('refuses to destroy the 207 parser in its callbacks', async () => {
    const session = sessionWith(await serve(answering(multi(document))));
    const { parser, multistatus } = noting();
    const thrown: unknown[] = [];
    ne.ne_207_set_propstat_handlers(multistatus, null, () => {
      try {
        ne.ne_207_destroy(multistatus);
      } catch (error) {
        thrown.push(error);
      }
    });
    expect(await io.ne_xml_dispatch_request(ne.ne_request_create(session, 'PROPFIND', '/'), parser)).toBe(ne.NE_OK);
    expect(thrown).toEqual([reentrant, reentrant]);
  });
});
