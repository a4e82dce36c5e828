/** Tests readers that throw, return invalid values or make forbidden calls, on both surfaces. */
import { setImmediate as turn } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import { response, type RawServer } from '../../servers/raw.js';
import { neonError, wrongType } from '../../support/expect.js';
import { big, headersOf } from '../../support/requests.js';
import { answering, sessionWith, stalling, testServers, thenAnswering } from '../../support/servers.js';
import { fetchBody, surfaces } from '../../support/surfaces.js';

const serve = testServers();

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  describe('callbacks that throw', () => {
    const thrown = [new Error('thrown'), 'a string', undefined, null, 42, { code: 'NE_OK' }];

    test.each(
      thrown.flatMap(
        (value) =>
          [
            ['accept', value],
            ['reader', value],
          ] as const,
      ),
    )('makes a call with %s reject with %p', async (which, value) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      let calls = 0;
      const fail = (): number => {
        calls++;
        throw value as Error;
      };
      ne.ne_add_response_body_reader(
        request,
        which === 'accept' ? fail : ne.ne_accept_2xx,
        which === 'reader' ? fail : () => 0,
      );
      const outcome = await io.ne_request_dispatch(request).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      expect(outcome).toEqual({ error: value });
      expect((outcome as { error: unknown }).error).toBe(value);
      expect(calls).toBe(1);
      expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('runs no further callback', async () => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const calls: string[] = [];
      const error = new Error('thrown');
      const add = (name: string, fail: boolean): void =>
        ne.ne_add_response_body_reader(
          request,
          () => {
            calls.push(`accept ${name}`);
            if (fail) throw error;
            return true;
          },
          () => void calls.push(`read ${name}`),
        );
      add('third', false);
      add('second', true);
      add('first', false);
      await expect(io.ne_request_dispatch(request)).rejects.toBe(error);
      expect(calls).toEqual(['accept first', 'accept second']);
    });

    test.each(['ne_begin_request', 'ne_read_response_block', 'ne_discard_response'] as const)(
      'ends a request in %s',
      async (name) => {
        const server = await serve(thenAnswering(stalling(response(big.toString()))));
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, 'GET', '/');
        const error = new Error('thrown');
        const fail = (): never => {
          throw error;
        };
        const begins = name === 'ne_begin_request';
        ne.ne_add_response_body_reader(request, begins ? fail : () => 1, fail);
        if (!begins) expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        const call = (): Promise<number> =>
          name === 'ne_read_response_block' ? io[name](request, Buffer.alloc(10)) : io[name](request);
        await expect(call()).rejects.toBe(error);
        await server.waitForClosed(1);
        await expect(io.ne_end_request(request)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
        expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      },
    );

    test.each(['yes', null, {}, 1n, Symbol('s'), () => 1])(
      'rejects an answer of %p with a TypeError',
      async (answer) => {
        for (const which of ['accept', 'reader']) {
          const server = await serve(thenAnswering(stalling(response(big.toString()))));
          const session = sessionWith(server);
          const request = ne.ne_request_create(session, 'GET', '/');
          const wrong = (): number => answer as unknown as number;
          ne.ne_add_response_body_reader(
            request,
            which === 'accept' ? wrong : ne.ne_accept_2xx,
            which === 'reader' ? wrong : () => 0,
          );
          await expect(io.ne_request_dispatch(request)).rejects.toEqual(wrongType);
          await server.waitForClosed(1);
          expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
        }
      },
    );
  });

  describe('calls in a callback', () => {
    /** Dispatches a request and runs `inside` in its reader. */
    async function within(
      inside: (request: ne.ne_request, other: ne.ne_request) => unknown,
      later = false,
    ): Promise<RawServer> {
      const server = await serve(answering(response('body')));
      const session = sessionWith(server);
      const [request, other] = ['/running', '/other'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
        ne.ne_request,
        ne.ne_request,
      ];
      let calls = 0;
      const reader = later
        ? async () => {
            await turn();
            if (calls++ === 0) await inside(request, other);
          }
        : () => {
            if (calls++ === 0) inside(request, other);
          };
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, reader);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(calls).toBe(2);
      expect(await io.ne_request_dispatch(other)).toBe(ne.NE_OK);
      return server;
    }

    const reentrant = neonError('ERR_NEON_REENTRANT');
    const operations: [string, (request: ne.ne_request, other: ne.ne_request) => unknown][] = [
      ['ne_request_dispatch of another request', (_, other) => ne.ne_request_dispatch(other)],
      ['ne_request_dispatch of the running request', (request) => ne.ne_request_dispatch(request)],
      ['ne_begin_request', (_, other) => ne.ne_begin_request(other)],
      ['ne_read_response_block', (request) => ne.ne_read_response_block(request, Buffer.alloc(1))],
      ['ne_discard_response', (request) => ne.ne_discard_response(request)],
      ['ne_end_request', (request) => ne.ne_end_request(request)],
      ['ne_close_connection', (request) => ne.ne_close_connection(ne.ne_get_session(request))],
      ['ne_request_destroy of the running request', (request) => ne.ne_request_destroy(request)],
    ];

    test.each(operations)('refuses %s', async (_, operation) => {
      const server = await within((request, other) => {
        expect(() => operation(request, other)).toThrow(reentrant);
      });
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
    });

    const queued: [string, (request: ne.ne_request, other: ne.ne_request) => Promise<unknown>][] = [
      ['ne_request_dispatch', (_, other) => surfaces[1]!.io.ne_request_dispatch(other)],
      ['ne_begin_request', (_, other) => surfaces[1]!.io.ne_begin_request(other)],
      ['ne_read_response_block', (request) => surfaces[1]!.io.ne_read_response_block(request, Buffer.alloc(1))],
      ['ne_end_request', (request) => surfaces[1]!.io.ne_end_request(request)],
      ['ne_close_connection', (request) => surfaces[1]!.io.ne_close_connection(ne.ne_get_session(request))],
      ['ne_request_destroy', (request) => surfaces[1]!.io.ne_request_destroy(request)],
    ];

    test.each(queued)('rejects the promise of %s', async (_, operation) => {
      const outcomes: Promise<unknown>[] = [];
      await within(
        (request, other) => void outcomes.push(expect(operation(request, other)).rejects.toEqual(reentrant)),
      );
      await Promise.all(outcomes);
      expect(outcomes.length).toBe(1);
    });

    test('refuses to destroy the session', async () => {
      await within((request) => {
        expect(() => ne.ne_session_destroy(ne.ne_get_session(request))).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
      });
    });

    test('allows calls that only read or set local state', async () => {
      const seen: unknown[] = [];
      await within((request, other) => {
        const session = ne.ne_get_session(request);
        ne.ne_set_error(session, 'said inside');
        ne.ne_set_session_flag(session, ne.NE_SESSFLAG_RFC4918, true);
        ne.ne_add_request_header(other, 'X-Inside', '1');
        seen.push(
          ne.ne_get_status(request).code,
          ne.ne_get_response_header(request, 'content-length'),
          ne.ne_get_error(session),
        );
        seen.push(
          ne.ne_get_session_flag(session, ne.NE_SESSFLAG_RFC4918),
          headersOf(request).size,
          ne.ne_get_scheme(session),
        );
        seen.push(ne.ne_get_server_hostport(session).startsWith('127.0.0.1:'), ne.ne_version_pre_http11(session));
      });
      expect(seen).toEqual([200, '4', 'said inside', 1, 1, 'http', true, 0]);
    });

    test('allows calls on another session', async () => {
      const second = await serve(answering());
      const other = sessionWith(second);
      const results: number[] = [];
      await within(() => void results.push(ne.ne_request_dispatch(ne.ne_request_create(other, 'GET', '/'))));
      expect(results).toEqual([ne.NE_OK]);
    });

    if (asynchronous) {
      test.each(operations)('refuses %s after an await, too', async (_, operation) => {
        await within((request, other) => {
          expect(() => operation(request, other)).toThrow(reentrant);
        }, true);
      });

      test.each(queued)('rejects the promise of %s after an await, too', async (_, operation) => {
        const server = await within(async (request, other) => {
          await expect(operation(request, other)).rejects.toEqual(reentrant);
        }, true);
        expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
      });
    }
  });

  if (!asynchronous) {
    test.each(['accept', 'reader'])('rejects a promise from %s with a TypeError', async (which) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const late = async (): Promise<number> => Promise.reject(new Error('never awaited'));
      const promises: Promise<number>[] = [];
      const keep = (): Promise<number> => {
        const promise = late();
        promise.catch(() => {});
        promises.push(promise);
        return promise;
      };
      ne.ne_add_response_body_reader(
        request,
        which === 'accept' ? keep : ne.ne_accept_2xx,
        which === 'reader' ? keep : () => 0,
      );
      expect(() => ne.ne_request_dispatch(request)).toThrow(wrongType);
      expect(promises.length).toBe(1);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });
    return;
  }

  describe('asynchronous callbacks', () => {
    test.each([
      ['accept', new Error('rejected')],
      ['reader', new Error('rejected')],
      ['accept', undefined],
      ['reader', null],
    ])('makes a call with %s reject with the very %p of its promise', async (which, reason) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      let calls = 0;
      const fail = async (): Promise<number> => {
        calls++;
        await turn();
        throw reason as Error;
      };
      ne.ne_add_response_body_reader(
        request,
        which === 'accept' ? fail : ne.ne_accept_2xx,
        which === 'reader' ? fail : () => 0,
      );
      const outcome = await io.ne_request_dispatch(request).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      expect(outcome).toEqual({ error: reason });
      expect((outcome as { error: unknown }).error).toBe(reason);
      expect(calls).toBe(1);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('rejects a promise of an invalid answer with a TypeError', async () => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, (async () => 'yes') as unknown as ne.ne_accept_response, () => 0);
      await expect(io.ne_request_dispatch(request)).rejects.toEqual(wrongType);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });
  });
});
