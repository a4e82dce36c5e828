/** Tests Response.xml and xmlSync: documents whose events are delivered in batches. */
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { features, NeonError, type Response, Session, SessionPool, type XmlHandlers } from 'libneon';
import * as ne from 'libneon/ne';
import { chunkedResponse, inPieces, type RawServerOptions } from '../../servers/raw.js';
import { projectRoot } from '../../servers/start.js';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError, textOf, wrongType } from '../../support/expect.js';
import { answering, exchange, keepAlive, stalling, testServers, thenAnswering } from '../../support/servers.js';
import { hostile, parseAll } from '../../support/xml.js';

const serve = testServers();
/** The origin of the running server. */
let origin: string;

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/** Handlers that record every event. */
function recording(): { events: string[]; handlers: XmlHandlers } {
  const events: string[] = [];
  const handlers = {
    start: (name: string, attributes: object) => events.push(`start ${name} ${JSON.stringify(attributes)}`),
    text: (text: string) => recordText(events, text),
    end: (name: string) => events.push(`end ${name}`),
  };
  return { events, handlers };
}

/** Records text, which may arrive in several pieces. */
function recordText(events: string[], text: string): void {
  if (text === '') throw new Error('an event with empty text');
  const last = events.at(-1) ?? '';
  if (last.startsWith('text ')) events[events.length - 1] = last + text;
  else events.push(`text ${text}`);
}

/** The events that `libneon/ne` reports for a document, and whether the document is well-formed. */
function eventsOfNe(document: string | Uint8Array): { events: string[]; wellFormed: boolean } {
  const events: string[] = [];
  const parser = ne.ne_xml_create();
  const called = (nspace: string, name: string): string => (nspace === 'DAV:' ? name : `{${nspace}}${name}`);
  const attribute = (name: string): string => {
    const [prefix, local] = name.split(':');
    if (local === undefined || prefix === 'xmlns') return name;
    const nspace = prefix === 'xml' ? xmlNamespace : ne.ne_xml_resolve_nspace(parser, prefix as string);
    return nspace === null ? name : `{${nspace}}${local}`;
  };
  ne.ne_xml_push_handler(
    parser,
    (_, nspace, name, atts) => {
      const pairs: [string, string][] = [];
      for (let i = 0; i < atts.length; i += 2) pairs.push([attribute(atts[i]!), atts[i + 1]!]);
      const attributes = Object.fromEntries(pairs);
      events.push(`start ${called(nspace, name)} ${JSON.stringify(attributes)}`);
      return 1;
    },
    (_, text) => recordText(events, text),
    (_, nspace, name) => void events.push(`end ${called(nspace, name)}`),
  );
  const wellFormed = parseAll(parser, document) === 0;
  ne.ne_xml_destroy(parser);
  return { events, wellFormed };
}

function answer(document: string | Uint8Array, headers = ''): Buffer {
  const body = Buffer.from(document);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n${headers}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** The document, lengthened so that it arrives in several pieces. */
function long(document: string | Uint8Array): Buffer {
  const bytes = Buffer.from(document);
  const comment = `<!--${' '.repeat(100_000)}-->`;
  return Buffer.concat([bytes, Buffer.from(comment, bytes[0] === 0xff ? 'utf16le' : 'latin1')]);
}

type Client = Pick<Session, 'request' | 'requestSync'>;

interface Way {
  readonly document: (document: string | Uint8Array) => string | Uint8Array;
  readonly headers?: string;
  readonly parse: (client: Client, handlers: XmlHandlers) => Promise<unknown>;
}

const asItIs = (document: string | Uint8Array): string | Uint8Array => document;
const get = (client: Client): Promise<Response> => client.request('GET', '/x');

/** All ways to get the events of a document. */
const ways: [name: string, Way][] = [
  [
    'xml() of a short document',
    { document: asItIs, parse: async (client, handlers) => (await get(client)).xml(handlers) },
  ],
  [
    'xmlSync() of a short document',
    { document: asItIs, parse: async (client, handlers) => client.requestSync('GET', '/x').xmlSync(handlers) },
  ],
  [
    'xmlSync() of a long document',
    { document: long, parse: async (client, handlers) => client.requestSync('GET', '/x').xmlSync(handlers) },
  ],
  [
    'xml() of an arriving document',
    { document: long, parse: async (client, handlers) => (await get(client)).xml(handlers) },
  ],
  [
    'xml() of a buffered document',
    {
      document: long,
      parse: async (client, handlers) => {
        const res = await get(client);
        await sleep(30);
        return res.xml(handlers);
      },
    },
  ],
  [
    'xml() with a pool',
    {
      document: long,
      parse: async (_, handlers) => {
        await using pool = new SessionPool(origin);
        return await (await pool.request('GET', '/x')).xml(handlers);
      },
    },
  ],
  [
    'xml() of a compressed document',
    {
      document: (document) => gzipSync(long(document)),
      headers: 'Content-Encoding: gzip\r\n',
      parse: async (client, handlers) => (await get(client)).xml(handlers),
    },
  ],
];

const documents: [name: string, document: string | Uint8Array][] = [
  ['one element', '<a/>'],
  ['text between elements', '<a>b<c/>d<e>f</e>\n</a>'],
  ['namespaces', '<a xmlns="u"><b xmlns=""/><D:c xmlns:D="DAV:"><D:d/><x:d xmlns:x="v"/></D:c><e xmlns="DAV:"/></a>'],
  [
    'attributes',
    `<a b="1" xmlns:x="u" x:b="2" xml:lang="de" no:b="3" c=""><d xmlns:x="v" x:b="é"/><e __proto__="p"/></a>`,
  ],
  ['references and CDATA', '<a b="&lt;&#65;&quot;">&amp;&#x20AC;<![CDATA[<b>&amp;]]>&gt;</a>'],
  ['comments and instructions', '<?xml version="1.0"?><!-- c --><a>x<?p i?><!-- <b/> -->y</a>'],
  ['UTF-8', '\ufeff<ä ö="ü€">€\u{1F600}é</ä>'],
  ['Latin-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a b="\xfc">\xe4</a>', 'latin1')],
  ['UTF-16', Buffer.from('\ufeff<a b="é">€\u{1F600}</a>', 'utf16le')],
  ['many events', `<a>${'<b c="1">t</b>'.repeat(3000)}</a>`],
  ['many names', `<a>${Array.from({ length: 2000 }, (_, i) => `<n${i} m${i}="${i}"/>`).join('')}</a>`],
  ['long text', `<a>${'€ä\u{1F600}a'.repeat(30_000)}<b/>${'x'.repeat(300_000)}</a>`],
  ['a long attribute', `<a b="${'é'.repeat(200_000)}"/>`],
  ['deep nesting', '<a>'.repeat(200) + '</a>'.repeat(200)],
];

describe.each(ways)('%s', (_, { document: made, headers, parse }) => {
  test.each(documents)('delivers the events of libneon/ne: %s', async (__, document) => {
    using session = await connect(answering(answer(made(document), headers)));
    const { events, handlers } = recording();
    expect(await parse(session, handlers)).toBeUndefined();
    const expected = eventsOfNe(document);
    expect(expected.wellFormed).toBe(true);
    expect(events.length).toBe(expected.events.length);
    expect(events.join('\n') === expected.events.join('\n')).toBe(true);
    await expectUsable(session);
  });

  test.each(hostile)('delivers the events before the error, then rejects with NE_ERROR: %s', async (__, document) => {
    using session = await connect(thenAnswering(exchange(answer(made(document), headers))));
    const { events, handlers } = recording();
    const error = await failureOf(() => parse(session, handlers));
    expect(error).toBeInstanceOf(NeonError);
    expect(Object.assign({}, error)).toEqual({
      code: 'NE_ERROR',
      result: 1,
      method: 'GET',
      target: '/x',
      origin,
      status: 200,
    });
    expect(textOf(error)).toMatch(/^XML parse error|^Invalid Byte/);
    if (ne.ne_version_match(0, 36)) expect(error.message).toMatch(/line \d/);
    expect(events.join('\n')).not.toMatch(/root:|lollol/);
    await expectUsable(session);
  });

  test('rejects with any error that a handler throws, and delivers no further event', async () => {
    for (const reason of [new Error('mine'), new NeonError('mine', 'NE_AUTH'), undefined, null])
      for (const place of ['start', 'text', 'end'] as const)
        for (const count of [1, 700]) {
          using session = await connect(answering(answer(made(`<a>${'<b>t</b>'.repeat(1000)}</a>`), headers)));
          let calls = 0;
          const { events, handlers } = recording();
          const throwing = (): void => {
            if (++calls === count) throw reason as Error;
          };
          let thrown: unknown = 'nothing';
          await parse(session, { ...handlers, [place]: throwing }).catch((error: unknown) => (thrown = error));
          expect(thrown).toBe(reason);
          if (reason instanceof NeonError) expect(Object.assign({}, reason)).toEqual({ code: 'NE_AUTH', result: 3 });
          const delivered = events.length;
          await expectUsable(session);
          expect([calls, events.length]).toEqual([count, delivered]);
        }
  });

  test('rejects elements that are nested deeper than 1,000', async () => {
    const nested = (levels: number): string => '<a>'.repeat(levels) + '</a>'.repeat(levels);
    for (const events of [['start'], ['text'], ['end'], ['start', 'text', 'end']]) {
      const handlers = Object.fromEntries(events.map((name) => [name, () => undefined]));
      using session = await connect(answering(answer(made(nested(1000)), headers)));
      await parse(session, handlers);
      using other = await connect(answering(answer(made(nested(21_000)), headers)));
      const since = performance.now();
      const failure = await failureOf(() => parse(other, handlers));
      expect(failure).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
      expect(textOf(failure)).toMatch(/^XML parse error at line 1: elements are nested deeper than 1000/);
      expect(performance.now() - since).toBeLessThan(500);
    }
  });

  test('calls only the given handlers, as methods', async () => {
    class Names {
      readonly names: string[] = [];
      end(name: string): Promise<void> {
        this.names.push(name);
        return Promise.resolve(); // the promise is ignored
      }
    }
    using session = await connect(answering(answer(made('<a b="c">t<d>u</d>v<d/></a>'), headers)));
    const names = new Names();
    await parse(session, names);
    expect(names.names).toEqual(['{}d', '{}d', '{}a']);
    const texts: string[] = [];
    await parse(session, { text: (text) => texts.push(text), start: undefined });
    expect(texts).toEqual(['t', 'u', 'v']);
    texts.length = 0;
    await parse(session, { text: (text) => texts.push(text), end: (name) => texts.push(name) });
    expect(texts).toEqual(['t', 'u', '{}d', 'v', '{}d', '{}a']);
    await parse(session, {});
  });
});

describe('an arriving document', () => {
  const big = (count: number): string =>
    `<D:multistatus xmlns:D="DAV:">${Array.from(
      { length: count },
      (_, i) =>
        `<D:response a="${i}"><D:href>/é/${i}</D:href>\n<x:own xmlns:x="http://x/">value ${i} &amp;</x:own></D:response>`,
    ).join('')}</D:multistatus>`;

  test.each([
    ['slowly with 5 MB', () => inPieces(answer(big(50_000)).toString(), 300_000, 10)],
    ['byte by byte', () => [{ send: chunkedResponse(Array.from(big(1000))) }]],
  ])('is delivered when it arrives %s', async (name, steps) => {
    using session = await connect({ connections: [[{ read: 'request' }, ...steps()], keepAlive()] });
    const { events, handlers } = recording();
    await (await get(session)).xml(handlers);
    const expected = eventsOfNe(big(name.includes('5 MB') ? 50_000 : 1000)).events;
    expect(events.length).toBe(expected.length);
    expect(events.join('\n') === expected.join('\n')).toBe(true);
  });

  test('is delivered before the rest has arrived', async () => {
    const all = answer(big(3000));
    using session = await connect({
      connections: [
        [{ read: 'request' }, { send: all.subarray(0, 200_000) }, { read: 'request' }, { send: all.subarray(200_000) }],
      ],
    });
    let seen = 0;
    const res = await session.request('GET', '/', { timeout: 400 });
    const error = await failureOf(() => res.xml({ end: () => ++seen }));
    expect(error).toEqual(neonError('NE_TIMEOUT', 6));
    expect(seen).toBeGreaterThan(4000); // all events that had arrived, not only those of full batches
    expect(
      eventsOfNe(all.subarray(all.indexOf('<'), 200_000)).events.filter((line) => line.startsWith('end')).length,
    ).toBe(seen);
  });

  test('ends at once when it is not well-formed, even if the server has not finished', async () => {
    const start = answer(long(big(100))).subarray(0, 100_000);
    const broken = Buffer.concat([start, Buffer.from('--></x>')]);
    const server = await serve(thenAnswering(stalling(broken)));
    using session = new Session('http', '127.0.0.1', server.port);
    const res = await get(session);
    await sleep(30);
    const { events, handlers } = recording();
    const error = await failureOf(() => res.xml(handlers));
    expect(error).toMatchObject({ code: 'NE_ERROR', status: 200, target: '/x' });
    expect(events.at(-1)).toBe('end multistatus');
    expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
    await expectUsable(session);
  });

  test('lets other callbacks run in between', async () => {
    using session = await connect(answering(answer(big(50_000))));
    let [turns, over] = [0, false];
    const count = (): void => {
      turns++;
      if (!over) setImmediate(count);
    };
    const res = await get(session);
    let maxDelay = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      maxDelay = Math.max(maxDelay, performance.now() - last);
      last = performance.now();
    }, 1);
    setImmediate(count);
    let events = 0;
    await res.xml({ start: () => ++events, text: () => ++events, end: () => ++events });
    over = true;
    clearInterval(watch);
    expect(events).toBeGreaterThan(300_000);
    expect(turns).toBeGreaterThan(10);
    expect(maxDelay).toBeLessThan(200);
  });

  test('does not run ahead of a slow handler', async () => {
    const block = '<b>some text</b>'.repeat(65_536);
    const endless = [{ send: 'HTTP/1.1 200 OK\r\n\r\n<a>' }, { repeat: 'forever', steps: [{ send: block }] }] as const;
    const server = await serve(thenAnswering([{ read: 'request' }, ...endless]));
    using session = new Session('http', '127.0.0.1', server.port);
    const res = await get(session);
    const before = process.memoryUsage.rss();
    let grown = 0;
    const handlers = {
      text: (): void => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
        grown = process.memoryUsage.rss() - before;
        throw new Error('enough');
      },
    };
    expect((await failureOf(() => res.xml(handlers))).message).toBe('enough');
    expect(grown).toBeLessThan(20e6);
    await expectUsable(session);
    const [first] = await server.waitForClosed(1);
    expect(first!.sentTotal).toBeLessThan(24e6); // most of these bytes are in the buffers of the sockets
  });

  test("reports neon's error when it is truncated anywhere", async () => {
    const all = answer(big(2000));
    for (const length of [all.length - 1, 150_000]) {
      using session = await connect(thenAnswering(exchange(all.subarray(0, length))));
      const { events, handlers } = recording();
      const error = await failureOf(async () => (await get(session)).xml(handlers));
      expect(error).toMatchObject({ code: 'NE_ERROR', result: 1, method: 'GET', target: '/x', status: 200 });
      expect(error.message).not.toMatch(/XML/);
      const { events: expected } = eventsOfNe(all.subarray(all.indexOf('<'), length));
      expect(events.join('\n') === expected.join('\n')).toBe(true);
      await expectUsable(session);
    }
  });

  test("reports neon's error when it was truncated before xml() was called", async () => {
    using session = await connect(thenAnswering(exchange(answer(big(2000)).subarray(0, 150_000))));
    const res = await get(session);
    await sleep(50);
    const { events, handlers } = recording();
    const error = await failureOf(() => res.xml(handlers));
    expect(error.message).not.toMatch(/XML/);
    expect(events.length).toBeGreaterThan(1000);
    await expectUsable(session);
  });

  const ends: [name: string, end: (res: Response, session: Session, controller: AbortController) => void, Error][] = [
    ['cancel()', (res) => res.cancel(), neonError('ERR_NEON_ABORTED')],
    ['using', (res) => res[Symbol.dispose](), neonError('ERR_NEON_ABORTED')],
    ['a signal', (_, __, controller) => controller.abort(), expect.objectContaining({ name: 'AbortError' }) as Error],
    ['a signal with any reason', (_, __, controller) => controller.abort(null), null as unknown as Error],
    ['destroy by force', (_, session) => session.destroy({ force: true }), neonError('ERR_NEON_DESTROYED')],
  ];

  describe.each(ends)('%s', (_, end, expected) => {
    test.each(['in a handler', 'later'])('ends it %s', async (when) => {
      const server = await serve(thenAnswering(stalling(answer(big(3000)).subarray(0, -1000))));
      const session = new Session('http', '127.0.0.1', server.port);
      const controller = new AbortController();
      const res = await session.request('GET', '/x', { signal: controller.signal });
      let calls = 0;
      const handlers = {
        text: () => {
          if (++calls === 700 && when === 'in a handler') end(res, session, controller);
        },
      };
      const failure = failureOf(() => res.xml(handlers));
      if (when === 'later') {
        await sleep(50);
        expect(calls).toBeGreaterThan(700);
        end(res, session, controller);
      }
      const delivered = calls;
      expect(await failure).toEqual(expected);
      expect(calls).toBe(when === 'later' ? delivered : 700);
      if (!session.destroyed) await expectUsable(session);
      session.destroy({ force: true });
      const [first] = await server.waitForClosed(1);
      expect(first!.clientClose).not.toBeNull();
    });
  });

  test('is live until its end', async () => {
    using session = await connect(answering(answer(big(3000))));
    const res = await get(session);
    const parsed = res.xml({});
    expect(session.liveRequests).toBe(1);
    await parsed;
    await expectUsable(session);
  });

  test('is delivered to its end when the response is garbage-collected', async () => {
    const slow = inPieces(answer(big(2000)).toString(), 40_000, 40);
    const server = await serve(thenAnswering([{ read: 'request' }, ...slow]));
    expect(await runScenario('droppedDocument', server.port)).toEqual({ ends: 3 * 2000 + 1, next: 200 });
  });

  test('sets its trailers after the end', async () => {
    const body = chunkedResponse([long('<a/>').toString()]).replace(/\r\n\r\n$/, '\r\nX-Behind: one\r\n\r\n');
    using session = await connect(answering(body));
    const res = await get(session);
    await res.xml({});
    expect(res.trailers).toEqual({ 'x-behind': 'one' });
  });
});

test.each(['in a handler', 'for room', 'for the rest'])('lets a worker that waits %s be terminated', async (place) => {
  const body = `<a>${'<b>some text</b>'.repeat(300_000)}`;
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n';
  const { port } = await serve({ connections: [stalling(head + body)], rest: 'repeat-last' });
  const text = `
    const { parentPort } = require('node:worker_threads');
    const { Session } = require(${JSON.stringify(path.join(projectRoot, 'dist', 'lib', 'index.js'))});
    let texts = 0;
    const waits = { 'in a handler': 1, 'for room': 1000, 'for the rest': 300_000 }[${JSON.stringify(place)}];
    new Session('http', '127.0.0.1', ${port}).request('GET', '/').then((response) => response.xml({
      text() {
        if (++texts !== waits) return;
        parentPort.postMessage('waits');
        if (${place === 'in a handler'}) for (;;);
        if (${place === 'for room'}) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      },
    }));`;
  const workers = Array.from({ length: 4 }, () => new Worker(text, { eval: true }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  await sleep(50);
  const since = performance.now();
  expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual([1, 1, 1, 1]);
  expect(performance.now() - since).toBeLessThan(1000);
});

describe('a complete response', () => {
  test.each(['xml', 'xmlSync'] as const)('ends when it is cancelled in a handler of %s', async (method) => {
    using session = await connect(answering(answer('<a><b/><c/></a>')));
    const res = await get(session);
    const { events, handlers } = recording();
    const cancelling = { ...handlers, end: () => res.cancel() };
    expect(await failureOf(() => res[method](cancelling))).toEqual(neonError('ERR_NEON_ABORTED'));
    expect(events).toHaveLength(2);
  });

  test('can be parsed in a handler of another', async () => {
    using session = await connect(answering(answer('<a><b/></a>')));
    const names: string[] = [];
    session.requestSync('GET', '/').xmlSync({
      start: (outer) => session.requestSync('GET', '/').xmlSync({ start: (inner) => names.push(outer + inner) }),
    });
    expect(names).toEqual(['{}a{}a', '{}a{}b', '{}b{}a', '{}b{}b']);
  });
});

describe('the charset of the Content-Type', () => {
  const counts = features.functions['ne_xml_set_encoding'] === true;
  test.each<[string, string, string | RegExp, string | RegExp]>([
    ['is applied', 'ISO-8859-1', 'é', /^XML parse error/],
    ['is reported when unknown', 'x-none', /encoding/, /^XML parse error/],
    ['is accepted in quotes', '"iso-8859-1"', 'é', /^XML parse error/],
  ])('%s by neon 0.36 and later', async (_, charset, newer, older) => {
    for (const made of [asItIs, long]) {
      const body = made(Buffer.from('<a>\xe9</a>', 'latin1'));
      const type = `HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=${charset}\r\nContent-Length: ${body.length}\r\n\r\n`;
      using session = await connect(thenAnswering(exchange(Buffer.concat([Buffer.from(type), Buffer.from(body)]))));
      let text = '';
      const res = await get(session);
      await res.xml({ text: (piece) => (text += piece) }).catch((error: unknown) => (text = textOf(error as Error)));
      expect(text).toEqual(expect.stringMatching(counts ? newer : older));
      await expectUsable(session);
    }
  });
});

describe('a body', () => {
  test.each(['xml', 'xmlSync'] as const)('can be taken once by %s', async (method) => {
    using session = await connect(answering(answer('<a/>')));
    const takes = [(res: Response) => res.bytes(), (res: Response) => res.cancel(), (res: Response) => res[method]({})];
    for (const take of takes) {
      const res = await get(session);
      await Promise.resolve(take(res));
      expect(res.bodyUsed).toBe(true);
      expect(await failureOf(() => res[method]({}))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    }
  });

  test.each(['xml', 'xmlSync'] as const)('is not taken when the handlers of %s are invalid', async (method) => {
    using session = await connect(answering(answer('<a/>')));
    const res = await get(session);
    const wrong = [undefined, null, 'a', () => 1, { start: 1 }, { text: null }, { end: {} }];
    for (const handlers of wrong)
      expect(await failureOf(() => res[method](handlers as XmlHandlers))).toEqual(wrongType);
    expect(res.bodyUsed).toBe(false);
    expect(await res.text()).toBe('<a/>');
  });

  test('has no xmlSync while it is still arriving', async () => {
    using session = await connect(answering(answer(long('<a/>'))));
    const res = await get(session);
    expect(await failureOf(() => res.xmlSync({}))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    expect(res.bodyUsed).toBe(false);
    await res.xml({});
  });

  // libxml2 stops at the byte that it cannot convert, and neon reports no error.
  test.each([10, 300_000])('rejects when the encoding of %d characters cannot be converted', async (size) => {
    const text = `<?xml version="1.0" encoding="utf-7"?><a><b>${'b'.repeat(size)}ä</b></a>`;
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
    for (const blocking of [false, true]) {
      using session = await connect(answering(answer));
      const { message } = await failureOf(async () =>
        blocking ? session.requestSync('GET', '/').xmlSync({}) : (await get(session)).xml({}),
      );
      expect(message).toMatch(/XML parse error/);
    }
  });

  test('is parsed whatever the status', async () => {
    using session = await connect(answering('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n<a/>'));
    const { events, handlers } = recording();
    await (await get(session)).xml(handlers);
    expect(events).toEqual(['start {}a {}', 'end {}a']);
  });
});

async function connect(options: RawServerOptions): Promise<Session> {
  const { port } = await serve(options);
  origin = `http://127.0.0.1:${port}`;
  return Session.open(origin);
}

/** Checks that the next request receives its own response, without any bytes of the document. */
async function expectUsable(session: Session): Promise<void> {
  expect(session.liveRequests).toBe(0);
  const next = await session.request('GET', '/next');
  expect(next.status).toBe(200);
  next.cancel();
}

test.each(['short', 'long'])('xml() names the coding of a %s body that was not decoded, and no other', async (size) => {
  const text = `<a>${'b'.repeat(size === 'long' ? 300_000 : 10)}</wrong>`;
  for (const [coding, options, named] of [
    ['br', {}, true],
    ['gzip', { decompress: false }, true],
    ['gzip', {}, false],
    ['x-gzip', {}, false],
  ] as const) {
    const body = coding.endsWith('gzip') && !named ? gzipSync(text) : Buffer.from(text);
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const server = await serve(answering(Buffer.concat([Buffer.from(head), body])));
    await using session = Session.open(`http://127.0.0.1:${server.port}/`);
    const { message } = await failureOf(async () => (await session.request('GET', '/', options)).xml({}));
    expect(message.includes('Content-Encoding')).toBe(named);
    expect(message).toMatch(/XML parse error/);
  }
});
