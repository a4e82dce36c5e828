/** Scenarios that need a separate process with `gc()` (see child.ts). Each writes its result as JSON. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { type NeonError, Session, SessionPool, type Response } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

const scenarios = {
  requestKeepsSession,
  sessionGoesWithRequest,
  pendingKeepsAlive,
  callbackKeepsAlive,
  idleSession,
  abortedCall,
  droppedResponse,
  droppedBody,
  droppedDocument,
  droppedSession,
  idlePool,
  queuedInPool,
  droppedPool,
  droppedPoolBody,
  droppedUnread,
  queuedBehindUnread,
  unreadExit,
  unreadMemory,
  hookedSessions,
  droppedHooks,
  hostileXml,
  droppedParsers,
  droppedDecompressors,
  droppedPropfinds,
  lockStores,
  heldLocks,
  lockInUse,
  progressListeners,
};

/** The name of a scenario. */
export type Scenario = keyof typeof scenarios;

const [, , name, port] = process.argv as [string, string, Scenario, string];
void scenarios[name](Number(port)).then((result) => process.stdout.write(JSON.stringify(result ?? null)));

/**
 * Collects garbage until the condition holds. Waits for a turn of the event loop each time: finalizers run between
 * turns, and a WeakRef keeps its target until the turn ends.
 */
async function collect(until: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    gc!();
    await turn();
    if (await until()) return true;
    await turn();
  }
  return false;
}

async function requestKeepsSession(port: number): Promise<unknown> {
  let session: ne.ne_session | null = ne.ne_session_create('http', '127.0.0.1', port);
  const weak = new WeakRef(session);
  const request = ne.ne_request_create(session, 'GET', '/');
  session = null;
  await collect(() => weak.deref() === undefined);
  return {
    same: ne.ne_get_session(request) === weak.deref(),
    collected: weak.deref() === undefined,
    result: ne.ne_request_dispatch(request),
    status: ne.ne_get_status(request).code,
  };
}

async function sessionGoesWithRequest(port: number): Promise<unknown> {
  const weak = (() => {
    const session = ne.ne_session_create('http', '127.0.0.1', port);
    const request = ne.ne_request_create(session, 'GET', '/');
    ne.ne_request_dispatch(request);
    return new WeakRef(session);
  })();
  return { collected: await collect(() => weak.deref() === undefined) };
}

async function pendingKeepsAlive(port: number): Promise<unknown> {
  const request = ne.ne_request_create(ne.ne_session_create('http', '127.0.0.1', port), 'GET', '/');
  const result = await promises.ne_begin_request(request);
  const block = Buffer.alloc(100);
  const count = await promises.ne_read_response_block(request, block);
  return { result, body: block.toString('latin1', 0, count) };
}

/** Sends a request whose callback waits for a timer. The timer is unreferenced, so it cannot keep the process alive. */
async function callbackKeepsAlive(port: number): Promise<unknown> {
  const request = ne.ne_request_create(ne.ne_session_create('http', '127.0.0.1', port), 'GET', '/');
  let blocks = 0;
  ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, async () => {
    blocks++;
    await new Promise((resolve) => setTimeout(resolve, 50).unref());
  });
  return { result: await promises.ne_request_dispatch(request), blocks };
}

/** Leaves the process with reachable handles and an open connection. */
async function idleSession(port: number): Promise<unknown> {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  const request = ne.ne_request_create(session, 'GET', '/');
  Object.assign(globalThis, { kept: [session, request] });
  await promises.ne_request_dispatch(request);
  return { status: ne.ne_get_status(request).code };
}

async function abortedCall(port: number): Promise<unknown> {
  const request = ne.ne_request_create(ne.ne_session_create('http', '127.0.0.1', port), 'GET', '/');
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('the reason')), 100);
  return promises
    .ne_request_dispatch(request, { signal: controller.signal })
    .catch((error: unknown) => ({ reason: (error as Error).message }));
}

/** Passes a response to `drop`, and then drops it. Counts the live requests before and after garbage collection. */
async function dropping(port: number, drop: (res: Response) => unknown): Promise<unknown> {
  const session = new Session('http', '127.0.0.1', port);
  const before = await (async () => {
    const res = await session.request('GET', '/endless');
    await drop(res);
    return session.liveRequests;
  })();
  await collect(() => session.liveRequests === 0);
  const after = session.liveRequests;
  const next = await session.request('GET', '/next');
  return { before, after, next: next.status };
}

async function droppedResponse(port: number): Promise<unknown> {
  return dropping(port, () => {});
}

async function droppedBody(port: number): Promise<unknown> {
  return dropping(port, async (res) => {
    const blocks = res.body.iterator({ destroyOnReturn: false });
    await blocks.next();
  });
}

/** Drops a response whose document is being parsed. */
async function droppedDocument(port: number): Promise<unknown> {
  const session = new Session('http', '127.0.0.1', port);
  let ends = 0;
  await (async () => {
    const res = await session.request('GET', '/');
    void res.xml({ end: () => ends++ });
  })();
  await collect(() => session.liveRequests === 0);
  return { ends, next: (await session.request('GET', '/next')).status };
}

async function droppedSession(port: number): Promise<unknown> {
  const weak = await (async () => {
    const session = new Session('http', '127.0.0.1', port);
    const res = await session.request('GET', '/endless');
    return [new WeakRef(session), new WeakRef(res)] as const;
  })();
  return { collected: await collect(() => weak.every((ref) => ref.deref() === undefined)) };
}

async function idlePool(port: number): Promise<unknown> {
  const pool = new SessionPool(`http://127.0.0.1:${port}/`, { idleTimeout: 60_000 });
  Object.assign(globalThis, { pool });
  await Promise.all([pool.request('GET', '/'), pool.request('GET', '/')]);
  return { idle: pool.idle };
}

async function queuedInPool(port: number): Promise<unknown> {
  const pool = new SessionPool(`http://127.0.0.1:${port}/`, { connections: 1 });
  const responses = await Promise.all(['/1', '/2', '/3'].map((target) => pool.request('GET', target)));
  return { statuses: responses.map(({ status }) => status) };
}

async function droppedPool(port: number): Promise<unknown> {
  const before = sockets();
  const weak = await (async () => {
    const pool = new SessionPool(`http://127.0.0.1:${port}/`, { idleTimeout: 60_000 });
    await Promise.all([pool.request('GET', '/'), pool.request('GET', '/')]);
    return new WeakRef(pool);
  })();
  const opened = sockets() - before;
  const collected = await collect(() => weak.deref() === undefined);
  return { opened, collected, closed: await collect(() => sockets() === before) };
}

/** The number of open sockets of this process. */
function sockets(): number {
  const link = (fd: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the descriptor of the listing itself
    }
  };
  return readdirSync('/proc/self/fd').filter((fd) => link(fd).startsWith('socket:')).length;
}

/** Drops an unread body. A queued request must then get the session of this body. */
async function droppedPoolBody(port: number): Promise<unknown> {
  const pool = new SessionPool(`http://127.0.0.1:${port}/`, { connections: 1, maxUnreadBytes: 2 ** 40 });
  await (async () => pool.request('GET', '/endless'))();
  const next = pool.request('GET', '/next');
  const before = pool.queued;
  await collect(() => pool.queued === 0);
  return { before, status: (await next).status, idle: pool.idle };
}

/** Drops an unread body. The next request of the same session is already waiting for the body to end. */
async function droppedUnread(port: number): Promise<unknown> {
  const session = Session.open(`http://127.0.0.1:${port}/`, { maxUnreadBytes: 2 ** 40 });
  await (async () => session.request('GET', '/endless'))();
  const next = session.request('GET', '/next');
  const before = session.liveRequests;
  await collect(() => session.liveRequests < before);
  return { before, status: (await next).status };
}

/**
 * Waits for the only session of a pool, whose previous body is unread. Nothing but this transfer keeps the process
 * alive.
 */
async function queuedBehindUnread(port: number): Promise<unknown> {
  const pool = new SessionPool(`http://127.0.0.1:${port}/`, { connections: 1 });
  const first = await pool.request('GET', '/1');
  const { status } = await pool.request('GET', '/2');
  return { status, length: (await first.bytes()).length };
}

/**
 * Lets the process end with an unread body at its limit. The session has refused a second request because of this body.
 */
async function unreadExit(port: number): Promise<unknown> {
  const session = Session.open(`http://127.0.0.1:${port}/`, { maxUnreadBytes: 0 });
  const first = await session.request('GET', '/1');
  Object.assign(globalThis, { first });
  return session.request('GET', '/2').catch((error: unknown) => ({ code: (error as NeonError).code }));
}

/**
 * Drops bodies of 40 MB that have arrived but were not read. Measures the growth of the process without calling `gc()`.
 */
async function unreadMemory(port: number): Promise<unknown> {
  const most = (): number => process.resourceUsage().maxRSS * 1024;
  const round = async (): Promise<void> => {
    const session = new Session('http', '127.0.0.1', port);
    await session.request('GET', '/unread');
    (await session.request('GET', '/next')).cancel();
  };
  await round();
  const before = most();
  for (let i = 0; i < 15; i++) {
    await round();
    await turn();
  }
  return { grown: most() - before };
}

/** Drops used sessions whose callbacks refer to the session. Counts the callbacks that ran. */
async function hookedSessions(port: number): Promise<unknown> {
  let calls = 0;
  const hooked = (session: ne.ne_session): ne.ne_session => {
    const close: unknown[] = [session];
    const fn = (): void => {
      if (close.length > 0) calls++;
    };
    ne.ne_hook_create_request(session, (request) => {
      close.push(request); // also requests that the classes make
      fn();
    });
    ne.ne_hook_pre_send(session, (_, header) => {
      close.push(header);
      fn();
    });
    ne.ne_hook_post_headers(session, fn);
    ne.ne_hook_post_send(session, fn);
    ne.ne_hook_destroy_request(session, fn);
    ne.ne_hook_destroy_session(session, fn);
    ne.ne_hook_close_conn(session, fn);
    ne.ne_add_auth(session, ne.NE_AUTH_ALL, () => close.length);
    ne.ne_ssl_set_verify(session, () => close.length);
    ne.ne_ssl_provide_clicert(session, fn);
    ne.ne_set_notifier(session, (_, info) => {
      close.push(info);
      fn();
    });
    return session;
  };
  const weak: WeakRef<object>[] = [];
  for (let i = 0; i < 10; i++) {
    await (async () => {
      const create = (): ne.ne_session => hooked(ne.ne_session_create('http', '127.0.0.1', port));
      const [unused, blocking, promising] = [create(), create(), create()] as [
        ne.ne_session,
        ne.ne_session,
        ne.ne_session,
      ];
      const classes = new Session('http', '127.0.0.1', port);
      hooked(classes.handle);
      const first = ne.ne_request_create(blocking, 'GET', '/');
      ne.ne_set_request_body_provider(first, 0, () => (first && blocking ? 0 : -1));
      ne.ne_request_dispatch(first);
      const second = await promises.ne_request_create(promising, 'GET', '/');
      await promises.ne_request_dispatch(second);
      await (await classes.request('GET', '/')).text();
      classes.requestSync('GET', '/');
      weak.push(
        ...[unused, blocking, promising, classes, classes.handle, first, second].map((one) => new WeakRef(one)),
      );
    })();
  }
  const ran = calls;
  const collected = await collect(() => weak.every((ref) => ref.deref() === undefined));
  return { collected, ran: ran > 100, ranLater: calls - ran };
}

/**
 * Measures the peak memory of this process. Compares it before and after parsing an entity bomb and unfinished
 * attributes.
 */
async function hostileXml(): Promise<unknown> {
  const most = (): number => process.resourceUsage().maxRSS * 1024;
  const entities = Array.from({ length: 30 }, (_, i) => `<!ENTITY e${i} "${i ? `&e${i - 1};`.repeat(10) : 'lol'}">`);
  const block = Buffer.alloc(64 * 1024, 'x');
  const before = most();
  for (let i = 0; i < 20; i++) {
    const bomb = ne.ne_xml_create();
    ne.ne_xml_push_handler(bomb, () => 1, null, null);
    ne.ne_xml_parse(bomb, `<!DOCTYPE a [${entities.join('')}]><a>&e29;</a>`);
    ne.ne_xml_destroy(bomb);
    const endless = ne.ne_xml_create();
    ne.ne_xml_push_handler(endless, () => 1, null, null);
    ne.ne_xml_parse(endless, '<a b="');
    for (let sent = 0; sent < 8 && ne.ne_xml_parse(endless, block) === 0; sent++);
    ne.ne_xml_destroy(endless);
    await turn();
  }
  return { before, after: most() };
}

/** Drops used and unused parsers together with their `ne_207_parser` handles. The callbacks refer to both objects. */
async function droppedParsers(port: number): Promise<unknown> {
  const weak: WeakRef<object>[] = [];
  const document = Buffer.from(
    '<D:multistatus xmlns:D="DAV:"><D:response><D:href>/a</D:href><D:propstat><D:prop><x/></D:prop></D:propstat>',
  );
  let calls = 0;
  const make = (): ne.ne_xml_parser => {
    const parser = ne.ne_xml_create();
    const multistatus = ne.ne_207_create(parser, { path: '/' });
    const close = (): unknown => [parser, multistatus, calls++];
    ne.ne_207_set_response_handlers(multistatus, close, () => void close());
    ne.ne_207_set_propstat_handlers(multistatus, close, () => void close());
    const note = (): void => void close();
    ne.ne_xml_push_handler(parser, () => (close(), 200), note, note);
    weak.push(new WeakRef(parser), new WeakRef(multistatus));
    return parser;
  };
  for (let i = 0; i < 50; i++) {
    await (async () => {
      const session = ne.ne_session_create('http', '127.0.0.1', port);
      make();
      ne.ne_xml_parse(make(), document); // the end of the document is never parsed
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_always, ne.ne_xml_parse_v, make());
      await promises.ne_request_dispatch(request);
      const other = ne.ne_request_create(session, 'GET', '/');
      await promises.ne_xml_dispatch_request(other, make());
      weak.push(new WeakRef(request), new WeakRef(other), new WeakRef(session));
    })();
  }
  const ran = calls;
  const collected = await collect(() => weak.every((ref) => ref.deref() === undefined));
  return { collected, ran: ran > 50 * 3, ranLater: calls - ran };
}

/** Returns the calls that keep their progress listeners alive when they are over. The server answers with a 207. */
async function progressListeners(port: number): Promise<unknown> {
  const session = new Session('http', '127.0.0.1', port);
  const weak: [string, WeakRef<object>][] = [];
  const listen = (name: string): (() => void) => {
    const onProgress = (): void => undefined;
    weak.push([name, new WeakRef(onProgress)]);
    return onProgress;
  };
  await (async () => {
    await (await session.request('GET', '/', { onProgress: listen('request') })).bytes();
    await session.delete('/', { onProgress: listen('delete') }).catch(() => undefined);
    await session.propfind('/', { onProgress: listen('propfind') });
    await session.propNames('/', { onProgress: listen('propNames') });
    await session.discoverLocks('/', { onProgress: listen('discoverLocks') }).catch(() => undefined);
    await session
      .proppatch('/', { set: { 'urn:x:a': '1' } }, { onProgress: listen('proppatch') })
      .catch(() => undefined);
  })();
  const kept = (): string[] => weak.filter(([, listener]) => listener.deref()).map(([name]) => name);
  await collect(() => kept().length === 0);
  const result = kept();
  session.destroy();
  return result;
}

/** Drops result sets, and PROPFIND handlers at every stage. The callbacks of each handler refer to the handler. */
async function droppedPropfinds(port: number): Promise<unknown> {
  const weak: WeakRef<object>[] = [];
  let calls = 0;
  const make = (session: ne.ne_session): ne.ne_propfind_handler => {
    const handler = ne.ne_propfind_create(session, '/', ne.NE_DEPTH_ONE);
    const [request, parser] = [ne.ne_propfind_get_request(handler), ne.ne_propfind_get_parser(handler)];
    const close = (...values: unknown[]): unknown => [handler, request, parser, session, values, calls++];
    ne.ne_propfind_set_private(handler, close, (value) => void close(value));
    ne.ne_xml_push_handler(parser, () => (close(), ne.NE_XML_DECLINE), null, null);
    weak.push(new WeakRef(handler), new WeakRef(request), new WeakRef(parser));
    return handler;
  };
  const note = (_: ne.ne_uri, set: ne.ne_prop_result_set): void => {
    calls++;
    weak.push(new WeakRef(set));
  };
  for (let i = 0; i < 50; i++) {
    await (async () => {
      const session = ne.ne_session_create('http', '127.0.0.1', port);
      weak.push(new WeakRef(session));
      make(session);
      ne.ne_propfind_allprop(make(session), note); // the document breaks off, so that a private value is left
      await promises.ne_propfind_allprop(make(session), note);
      await promises.ne_simple_propfind(session, '/', 0, null, note);
    })();
  }
  const ran = calls;
  const collected = await collect(() => weak.every((ref) => ref.deref() === undefined));
  return { collected, ran: ran > 50 * 3, ranLater: calls - ran };
}

/** Drops one of two requests. Hooks may run only for the other request. */
async function droppedHooks(port: number): Promise<unknown> {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  const log: string[] = [];
  ne.ne_hook_destroy_request(session, (request) => {
    log.push(String(ne.ne_get_request_private(request, 'name')));
  });
  const make = (name: string): ne.ne_request => {
    const request = ne.ne_request_create(session, 'GET', '/');
    ne.ne_set_request_private(request, 'name', name);
    return request;
  };
  const weak = (() => {
    const request = make('dropped');
    ne.ne_request_dispatch(request);
    return new WeakRef(request);
  })();
  const kept = make('kept');
  const collected = await collect(() => weak.deref() === undefined);
  await turn();
  const result = ne.ne_request_dispatch(kept);
  ne.ne_request_destroy(kept);
  ne.ne_session_destroy(session); // succeeds, since no request is live
  return { collected, result, log };
}

/**
 * Drops sessions, requests and decompressors. In each round, a global variable keeps one of the three alive until the
 * next round.
 */
async function droppedDecompressors(port: number): Promise<unknown> {
  let size = 0;
  const weak: WeakRef<object>[] = [];
  for (let round = 0; round < 20; round++) {
    await (async () => {
      const session = ne.ne_session_create('http', '127.0.0.1', port);
      const request = ne.ne_request_create(session, 'GET', '/');
      const decompressor = ne.ne_decompress_reader(request, ne.ne_accept_2xx, (block) => void (size += block.length));
      if (round % 2) await promises.ne_request_dispatch(request);
      else ne.ne_request_dispatch(request);
      const handles = [session, request, decompressor];
      weak.push(...handles.map((handle) => new WeakRef(handle)));
      Object.assign(globalThis, { held: handles[round % 3] });
    })();
    gc!();
    await turn();
  }
  Object.assign(globalThis, { held: null });
  return { collected: await collect(() => weak.every((ref) => ref.deref() === undefined)), size };
}

/**
 * Drops stores, sessions, locks and requests that refer to each other. In most rounds, keeps one of the four for a
 * while.
 */
async function lockStores(port: number): Promise<unknown> {
  const refs: WeakRef<object>[] = [];
  const make = (): { session: ne.ne_session; store: ne.ne_lock_store; lock: ne.ne_lock; request: ne.ne_request } => {
    const session = ne.ne_session_create('http', '127.0.0.1', port);
    const store = ne.ne_lockstore_create();
    const lock = ne.ne_lock_create();
    ne.ne_fill_server_uri(session, lock.uri);
    Object.assign(lock, { uri: { ...lock.uri, path: '/a' }, token: 'urn:a' });
    ne.ne_lockstore_add(store, lock);
    ne.ne_lockstore_register(store, session);
    const request = ne.ne_request_create(session, 'PUT', '/a');
    ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
    refs.push(...[session, store, lock, request].map((object) => new WeakRef(object)));
    return { session, store, lock, request };
  };
  const keepOne = (i: number): unknown => {
    const { session, store, lock, request } = make();
    return [session, store, lock, request][i % 5];
  };
  let kept = Array.from({ length: 25 }, (_, i) => keepOne(i));
  for (let i = 0; i < 3; i++) await collect(() => false);
  kept.forEach((handle, i) => i % 5 === 3 && ne.ne_request_dispatch(handle as ne.ne_request));
  kept = [];
  await collect(() => refs.every((ref) => ref.deref() === undefined));
  return { left: refs.filter((ref) => ref.deref() !== undefined).length };
}

/**
 * Drops renewed locks, which must not keep the session or the process alive. Keeps a last lock until the process ends.
 */
async function heldLocks(port: number): Promise<unknown> {
  const refs: WeakRef<object>[] = [];
  const hold = async (): Promise<Session> => {
    const session = Session.open(`http://127.0.0.1:${port}/`);
    const lock = await session.lock('/a', { renew: true });
    await session.put('/a', 'x');
    if (refs.length % 2 === 0) lock.signal.throwIfAborted(); // the signal is read, but has no listener
    refs.push(new WeakRef(session), new WeakRef(lock), new WeakRef(session.locks));
    return session;
  };
  for (let i = 0; i < 10; i++) await hold();
  await new Promise((resolve) => setTimeout(resolve, 1200)); // a listener could be added during this time
  await collect(() => refs.every((ref) => ref.deref() === undefined));
  const left = refs.filter((ref) => ref.deref() !== undefined).length;
  const kept = await hold();
  return { left, kept: kept.locks.size };
}

/**
 * Runs a function while it holds a lock. The function waits only until the lock is lost; nothing else refers to the
 * session.
 */
async function lockInUse(port: number): Promise<unknown> {
  let status: unknown;
  const wait = (): void => {
    const session = Session.open(`http://127.0.0.1:${port}/`);
    void session
      .withLock('/a', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
      .catch((error: unknown) => (status = (error as NeonError).status));
  };
  wait();
  const end = performance.now() + 10_000;
  while (status === undefined && performance.now() < end) {
    gc!();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return status;
}
