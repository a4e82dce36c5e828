/** Tests of ne_set_notifier and ne_set_progress on both surfaces. */
import { setImmediate as turn } from 'node:timers/promises';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import { chunkedResponse, response } from '../../servers/raw.js';
import { neonError } from '../../support/expect.js';
import { lookupEvents, neonSince } from '../../support/neon.js';
import { answering, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();

interface Note {
  status: number;
  info: ne.ne_session_status_info;
}

function noting(session: ne.ne_session): Note[] {
  const notes: Note[] = [];
  ne.ne_set_notifier(session, (status, info) => void notes.push({ status, info }));
  return notes;
}

test('numbers the events as C does', () => {
  expect([
    ne.ne_status_lookup,
    ne.ne_status_connecting,
    ne.ne_status_connected,
    ne.ne_status_sending,
    ne.ne_status_recving,
    ne.ne_status_disconnected,
    ne.ne_status_handshake,
  ]).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  async function send(session: ne.ne_session, body?: string | Buffer): Promise<number> {
    const request = await io.ne_request_create(session, 'PUT', '/');
    if (body !== undefined) ne.ne_set_request_body_buffer(request, body);
    const result = await io.ne_request_dispatch(request);
    await io.ne_request_destroy(request);
    return result;
  }

  test('reports all events in order', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const notes = noting(session);
    expect(await send(session, 'some body')).toBe(ne.NE_OK);
    await io.ne_close_connection(session);
    const connecting = notes.find(({ status }) => status === ne.ne_status_connecting)!;
    const address = connecting.info.ci!.address!;
    expect(address.constructor.name).toBe('ne_inet_addr');
    expect(ne.ne_iaddr_print(address)).toBe('127.0.0.1');
    ne.ne_iaddr_free(address); // the callback received a copy
    const hostname = '127.0.0.1';
    expect(notes.filter((note) => note !== connecting)).toEqual([
      ...lookupEvents.map((status) => ({ status, info: { lu: { hostname } } })),
      { status: ne.ne_status_connected, info: { cd: { hostname } } },
      { status: ne.ne_status_sending, info: { sr: { progress: 0, total: 9 } } },
      { status: ne.ne_status_sending, info: { sr: { progress: 9, total: 9 } } },
      { status: ne.ne_status_recving, info: { sr: { progress: 0, total: 5 } } },
      { status: ne.ne_status_recving, info: { sr: { progress: 5, total: 5 } } },
      { status: ne.ne_status_disconnected, info: { cd: { hostname } } },
    ]);
    expect(connecting.info).toEqual({ ci: { hostname, address } });
    expect(notes[lookupEvents.length]).toBe(connecting);
  });

  test('reports an unknown length as -1 until the end', async () => {
    const session = sessionWith(await serve(answering(chunkedResponse(['hello ', 'world']))));
    const notes = noting(session);
    expect(await send(session)).toBe(ne.NE_OK);
    const received = notes.filter(({ status }) => status === ne.ne_status_recving).map(({ info }) => info.sr);
    expect(received.at(0)).toEqual({ progress: 0, total: -1 });
    expect(received.at(-1)).toEqual({ progress: 11, total: neonSince(37) ? 11 : -1 });
  });

  test('reports the blocks of a large body', async () => {
    const session = sessionWith(await serve(answering(response('x'.repeat(100_000)))));
    const notes = noting(session);
    expect(await send(session, Buffer.alloc(100_000))).toBe(ne.NE_OK);
    for (const kind of [ne.ne_status_sending, ne.ne_status_recving]) {
      const steps = notes.filter(({ status }) => status === kind).map(({ info }) => info.sr!.progress);
      expect(steps.length).toBeGreaterThan(3);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect([steps.at(0), steps.at(-1)]).toEqual([0, 100_000]);
    }
  });

  test('reports progress in both directions', async () => {
    const session = sessionWith(await serve(answering()));
    const notes: [number, number][] = [];
    ne.ne_set_progress(session, (progress, total) => void notes.push([progress, total]));
    expect(await send(session, 'some body')).toBe(ne.NE_OK);
    expect(notes).toEqual([
      [0, 9],
      [9, 9],
      [0, 5],
      [5, 5],
    ]);
  });

  test('ends with null or undefined', async () => {
    const session = sessionWith(await serve(answering()));
    for (const end of [null, undefined as unknown as null]) {
      const notes = noting(session);
      ne.ne_set_notifier(session, end);
      expect(await send(session, 'x')).toBe(ne.NE_OK);
      ne.ne_set_progress(session, () => void notes.push({ status: -1, info: {} }));
      ne.ne_set_progress(session, end);
      expect(await send(session, 'x')).toBe(ne.NE_OK);
      expect(notes).toEqual([]);
    }
  });

  test('replaces the notifier by progress and progress by the notifier', async () => {
    const session = sessionWith(await serve(answering()));
    const log: string[] = [];
    const notifier = (): void => void log.push('notifier');
    const progress = (): void => void log.push('progress');
    ne.ne_set_notifier(session, notifier);
    ne.ne_set_progress(session, progress);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(new Set(log.splice(0))).toEqual(new Set(['progress']));
    ne.ne_set_notifier(session, notifier);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(new Set(log.splice(0))).toEqual(new Set(['notifier']));
    ne.ne_set_notifier(session, () => void log.push('another'));
    expect(await send(session)).toBe(ne.NE_OK);
    expect(new Set(log.splice(0))).toEqual(new Set(['another']));
    ne.ne_set_progress(session, null);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log).toEqual([]);
  });

  test('refuses to be replaced while it runs', async () => {
    const session = sessionWith(await serve(answering()));
    const failures: unknown[] = [];
    ne.ne_set_notifier(session, () => {
      for (const replace of [ne.ne_set_notifier, ne.ne_set_progress]) {
        try {
          replace(session, null);
        } catch (error) {
          failures.push(error);
        }
      }
    });
    expect(await send(session)).toBe(ne.NE_OK);
    expect(failures.length).toBeGreaterThan(5);
    expect(new Set(failures.map((error) => (error as { code: string }).code))).toEqual(new Set(['ERR_NEON_REENTRANT']));
  });

  test('lets a hook replace it', async () => {
    const session = sessionWith(await serve(answering()));
    const notes = noting(session);
    ne.ne_hook_post_headers(session, () => ne.ne_set_notifier(session, null));
    expect(await send(session)).toBe(ne.NE_OK);
    expect(notes.map(({ status }) => status)).toEqual([
      ...lookupEvents,
      ne.ne_status_connecting,
      ne.ne_status_connected,
    ]);
  });

  test('reports an attempt to connect that fails', async () => {
    const server = await serve(answering());
    await server.stop();
    const session = sessionWith(server);
    const notes = noting(session);
    expect(await send(session)).toBe(ne.NE_CONNECT);
    expect(notes.map(({ status }) => status)).toEqual([...lookupEvents, ne.ne_status_connecting]);
  });

  if (!asynchronous) return;

  test('waits for an asynchronous notifier', async () => {
    const session = sessionWith(await serve(answering()));
    const log: string[] = [];
    ne.ne_set_notifier(session, async (status) => {
      log.push(`${status} (`);
      await turn();
      await turn();
      log.push(`${status} )`);
    });
    expect(await send(session)).toBe(ne.NE_OK);
    const events = log.filter((_, i) => i % 2 === 0).map((text) => parseInt(text));
    expect(log).toEqual(events.flatMap((status) => [`${status} (`, `${status} )`]));
    expect(events.slice(0, lookupEvents.length + 2)).toEqual([...lookupEvents, 1, 2]);
  });

  test('refuses to be set while promises are pending', async () => {
    const session = sessionWith(await serve(answering()));
    const sending = send(session);
    expect(() => ne.ne_set_notifier(session, null)).toThrow(neonError('ERR_NEON_BUSY'));
    expect(() => ne.ne_set_progress(session, null)).toThrow(neonError('ERR_NEON_BUSY'));
    expect(await sending).toBe(ne.NE_OK);
    ne.ne_set_notifier(session, null);
  });
});

test('reports the requests of the classes, too', async () => {
  const server = await serve(answering());
  const session = new Session('http', '127.0.0.1', server.port);
  const notes = noting(session.handle);
  expect(session.requestSync('PUT', '/', { body: 'abc' }).textSync()).toBe('hello');
  expect(await (await session.request('PUT', '/', { body: 'abc' })).text()).toBe('hello');
  session.destroy();
  const count = (wanted: number): number => notes.filter(({ status }) => status === wanted).length;
  expect([count(ne.ne_status_connected), count(ne.ne_status_disconnected)]).toEqual([1, 1]);
  expect(count(ne.ne_status_sending)).toBe(4);
});
