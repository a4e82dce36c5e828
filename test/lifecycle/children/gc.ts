/** gc.js CASE PORT …: drops handles instead of destroying them. Needs --expose-gc. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Listing, Session, SessionPool } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { rawServer, response, type Step } from '../../servers/raw.js';
import { collect, collectUntil, report, threads, threadsAtRest, times, turn, untilThreads } from './tools.js';

const host = '127.0.0.1';
let collected = 0;
const registry = new FinalizationRegistry(() => collected++);

/** Two handles, and a reader that closes over both. */
function cycle(port: number): { session: ne.ne_session; request: ne.ne_request } {
  const session = ne.ne_session_create('http', host, port);
  const request = ne.ne_request_create(session, 'GET', '/');
  ne.ne_add_response_body_reader(
    request,
    () => (session && request ? 1 : 0),
    () => (session && request ? 0 : 1),
  );
  registry.register(session, null);
  registry.register(request, null);
  return { session, request };
}

async function expectCollected(count: number): Promise<void> {
  const ms = await collectUntil(
    () => collected === count,
    10_000,
    () => `${collected} of ${count} are collected`,
  );
  report({ collected, ms });
}

const keepAlive: Step = { repeat: 'forever', steps: [{ read: 'request' }, { send: response('hello\n') }] };

const cases = {
  /**
   * A reader callback refers to its own request and session. The garbage collector can still free all three objects.
   */
  async unused(port: number): Promise<void> {
    for (let i = 0; i < 1000; i++) cycle(port);
    await expectCollected(2000);
  },

  async 'used-sync'(port: number): Promise<void> {
    for (let i = 0; i < 1000; i++) {
      assert.equal(ne.ne_request_dispatch(cycle(port).request), ne.NE_OK);
      if (i % 20 === 19) await turn();
    }
    await expectCollected(2000);
  },

  async 'used-promises'(port: number): Promise<void> {
    const before = await threadsAtRest();
    for (let i = 0; i < 50; i++) {
      await Promise.all(
        times(20, async () => assert.equal(await promises.ne_request_dispatch(cycle(port).request), ne.NE_OK)),
      );
    }
    await expectCollected(2000);
    await untilThreads(before + 1, 1000); // lanes of collected sessions end at once; the watchdog's thread may be left
  },

  /**
   * XML parsers and their 207 parsers, with callbacks that refer to both. Some pairs are unused. Others have parsed the
   * start of a document or a whole response.
   */
  async parsers(port: number): Promise<void> {
    const parser = (): ne.ne_xml_parser => {
      const made = ne.ne_xml_create();
      const multistatus = ne.ne_207_create(made, { path: '/' });
      ne.ne_xml_push_handler(made, () => (made && multistatus ? 1 : 0), null, null);
      ne.ne_207_set_response_handlers(multistatus, () => [made, multistatus], null);
      registry.register(made, null);
      registry.register(multistatus, null);
      return made;
    };
    // A separate function creates the objects of each round. Local variables of this function would keep the last
    // objects alive.
    const round = async (i: number): Promise<void> => {
      parser();
      const used = parser();
      ne.ne_xml_parse(used, '<multistatus xmlns="DAV:"><response><href>/a</href>');
      if (i % 20 !== 0) return;
      const { request } = cycle(port);
      ne.ne_add_response_body_reader(request, ne.ne_accept_always, ne.ne_xml_parse_v, used);
      if (i % 40) ne.ne_request_dispatch(request);
      else await promises.ne_request_dispatch(request);
      await turn();
    };
    for (let i = 0; i < 1000; i++) await round(i);
    await expectCollected(4000 + 100);
  },

  /** Objects of the classes can be collected even though they refer to each other. */
  async classes(port: number): Promise<void> {
    for (let i = 0; i < 50; i++) {
      await Promise.all(
        times(20, async () => {
          const session = new Session('http', host, port);
          const request = session.createRequest('GET', '/');
          const answer = await request.dispatch({ signal: new AbortController().signal, timeout: 60_000 });
          registry.register(session, null);
          registry.register(session.handle, null);
          registry.register(request, null);
          registry.register(answer, null);
        }),
      );
    }
    await expectCollected(4000);
  },

  /** The connection of a dropped session closes. */
  async fin(): Promise<void> {
    const server = await rawServer({ connections: [[keepAlive]], rest: 'repeat-last' });
    await (async () => {
      const session = ne.ne_session_create('http', host, server.port);
      assert.equal(ne.ne_request_dispatch(ne.ne_request_create(session, 'GET', '/')), ne.NE_OK);
      const lane = ne.ne_session_create('http', host, server.port);
      const request = ne.ne_request_create(lane, 'GET', '/');
      assert.equal(await promises.ne_request_dispatch(request), ne.NE_OK);
      assert.equal(await (await new Session('http', host, server.port).request('GET', '/')).text(), 'hello\n');
      assert.equal(new Session('http', host, server.port).requestSync('GET', '/').textSync(), 'hello\n');
    })();
    assert.equal(await server.openCount(), 4);
    for (let i = 0; i < 5; i++, await turn()) collect();
    const records = await server.waitForClosed(4, 1000);
    assert.deepEqual(
      records.map(({ clientClose }) => clientClose),
      ['fin', 'fin', 'fin', 'fin'],
    );
    report({ closed: 4 });
  },

  /**
   * A request is dropped while its body is unread. The body is then discarded, and the session sends the next request.
   */
  async begun(): Promise<void> {
    const page = response('x'.repeat(300_000));
    const answers: Step = { repeat: 'forever', steps: [{ read: 'request' }, { send: page }] };
    const server = await rawServer({ connections: [[answers]], rest: 'repeat-last' });
    const session = ne.ne_session_create('http', host, server.port);
    for (let round = 0; round < 50; round++) {
      await begin(session, round);
      await collectUntil(
        () => collected === round + 1,
        5000,
        () => `request ${round} is not collected`,
      );
      await turn();
      const request = ne.ne_request_create(session, 'GET', `/next-${round}`);
      assert.equal(await dispatch(request, round), ne.NE_OK, ne.ne_get_error(session));
      assert.equal(ne.ne_get_status(request).code, 200);
      assert.equal(ne.ne_get_response_header(request, 'content-length'), '300000');
      ne.ne_request_destroy(request);
    }
    ne.ne_session_destroy(session);
    report({ rounds: 50 });
  },

  /** A promise whose handles were all dropped still settles. */
  async pending(): Promise<void> {
    const script: Step[] = [{ read: 'request' }, { delay: 400 }, { send: response('late\n') }];
    const server = await rawServer({ connections: [script], rest: 'repeat-last' });
    const texts: string[] = [];
    const waiting = [
      ...times(10, async () => (await new Session('http', host, server.port).request('GET', '/')).text()),
      ...times(10, () => {
        const request = ne.ne_request_create(ne.ne_session_create('http', host, server.port), 'GET', '/');
        ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void texts.push(block.toString()));
        return promises.ne_request_dispatch(request);
      }),
    ];
    const all = Promise.all(waiting);
    for (let i = 0; i < 40; i++, await sleep(20)) collect();
    assert.deepEqual(await all, [...times(10, () => 'late\n'), ...times(10, () => ne.NE_OK)]);
    assert.equal(texts.join(''), 'late\n'.repeat(10));
    report({ settled: waiting.length });
  },

  /** A session accepts the next request as soon as the previous body has been read to the end. */
  async free(): Promise<void> {
    const answers: Step = { repeat: 'forever', steps: [{ read: 'request' }, { send: response('x'.repeat(100_000)) }] };
    const server = await rawServer({ connections: [[answers]], rest: 'repeat-last' });
    const session = new Session('http', host, server.port);
    for (let i = 0; i < 300; i++) {
      const answer = await session.request('GET', '/');
      if (i % 2 === 0) assert.equal((await answer.bytes()).length, 100_000);
      else for await (const block of answer.body) assert((block as Buffer).length > 0);
      assert.equal(session.requestSync('GET', '/').bytesSync().length, 100_000);
    }
    session.destroy();
    report({ free: true });
  },

  /** If a PROPFIND iterator is collected before its end, its connection closes and its session becomes free. */
  async listings(): Promise<void> {
    const resource = (i: number): string =>
      `<D:response><D:href>/${i}</D:href><D:propstat><D:prop><D:displayname>${'x'.repeat(1000)}</D:displayname></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`;
    const text = `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">${times(5000, resource).join('')}</D:multistatus>`;
    const page = response(text, { status: '207 Multi-Status', headers: { 'Content-Type': 'text/xml' } });
    const server = await rawServer({
      connections: [[{ read: 'request' }, { send: page }, { hang: 'reading' }]],
      rest: 'repeat-last',
    });
    const before = await threadsAtRest();
    const sessions = times(10, () => new Session('http', host, server.port));
    const pool = new SessionPool(`http://${host}:${server.port}/`, { connections: 5 });
    for (let round = 0; round < 3; round++) {
      await Promise.all([
        ...sessions.map((session, index) => iterateSome(session.propfind('/'), index * 100)),
        ...times(5, (index) => iterateSome(pool.propfind('/'), index * 100)),
      ]);
      await collectUntil(
        () => sessions.every(({ liveRequests }) => liveRequests === 0) && pool.liveRequests === 0,
        5000,
        () => 'PROPFINDs are live',
      );
      await server.waitForClosed(15 * (round + 1));
    }
    // A PROPFIND whose iterator is held does not end.
    const held = sessions[0]!.propfind('/')[Symbol.asyncIterator]();
    await held.next();
    for (let i = 0; i < 5; i++, await turn()) collect();
    assert.equal(sessions[0]!.liveRequests, 1);
    let seen = 1;
    for await (const { href } of held) assert.equal(href, `/${seen++}`);
    assert.equal(seen, 5000);
    const all = await Promise.all([...sessions.slice(1).map((session) => session.propfind('/')), pool.propfind('/')]);
    for (const entries of all) assert.equal(entries.length, 5000);
    for (const session of sessions) session.destroy();
    await pool.close();
    await untilThreads(before + 1, 1000);
    report({ sessions: sessions.length });
  },

  /** If a response is collected before its end, its connection closes and its session becomes free. */
  async streams(): Promise<void> {
    const page = response('x'.repeat(3_000_000));
    const first: Step[] = [{ read: 'request' }, { send: page }, { hang: 'reading' }];
    const server = await rawServer({ connections: [[...first]], rest: 'repeat-last' });
    const before = await threadsAtRest();
    const sessions = times(20, () => new Session('http', host, server.port));
    for (let round = 0; round < 3; round++) {
      await Promise.all(sessions.map((session, index) => readSome(session, index)));
      await collectUntil(
        () => sessions.every(({ liveRequests }) => liveRequests === 0),
        5000,
        () => 'responses are live',
      );
      await server.waitForClosed(20 * (round + 1));
    }
    const bodies = await Promise.all(sessions.map(async (session) => (await session.request('GET', '/')).bytes()));
    for (const body of bodies) assert.equal(body.length, 3_000_000);
    for (const session of sessions) session.destroy();
    await collectUntil(
      () => threads() <= before + 1,
      1000,
      () => `${threads() - before} threads are left`,
    );
    report({ sessions: sessions.length });
  },
} satisfies Record<string, (port: number) => Promise<void>>;

/** The name of a case. */
export type Case = keyof typeof cases;

const [, , name, port] = process.argv;
void cases[name as Case](Number(port));

async function begin(session: ne.ne_session, round: number): Promise<void> {
  const request = ne.ne_request_create(session, 'GET', '/dropped');
  registry.register(request, null);
  assert.equal(round % 2 ? ne.ne_begin_request(request) : await promises.ne_begin_request(request), ne.NE_OK);
  const block = Buffer.alloc(1000);
  for (let i = 0; i < round % 3; i++) {
    assert(
      round % 2 ? ne.ne_read_response_block(request, block) : await promises.ne_read_response_block(request, block),
    );
  }
}

function dispatch(request: ne.ne_request, round: number): number | Promise<number> {
  return round % 4 < 2 ? ne.ne_request_dispatch(request) : promises.ne_request_dispatch(request);
}

/** Begins to iterate, and drops the iterator. */
async function iterateSome(listing: Listing, count: number): Promise<void> {
  const iterator = listing[Symbol.asyncIterator]();
  for (let i = 0; i <= count; i++) assert.equal((await iterator.next()).value?.href, `/${i}`);
}

async function readSome(session: Session, index: number): Promise<void> {
  const answer = await session.request('GET', '/');
  if (index % 3 === 0) return;
  await new Promise((resolve) => answer.body.once('readable', resolve));
  if (index % 3 === 1) answer.body.read();
}
