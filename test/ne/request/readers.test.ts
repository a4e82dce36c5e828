/** Tests of ne_add_response_body_reader on both surfaces. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import { chunkedResponse, response } from '../../servers/raw.js';
import { neonError, result } from '../../support/expect.js';
import { big } from '../../support/requests.js';
import { answering, exchange, sessionWith, stalling, testServers, thenAnswering } from '../../support/servers.js';
import { fetchBody, pull, surfaces } from '../../support/surfaces.js';

const serve = testServers();

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  describe('readers', () => {
    /** Dispatches a request with a reader; returns the result and the blocks that the reader received. */
    async function read(answer: string, accept: ne.ne_accept_response): Promise<{ result: number; blocks: Buffer[] }> {
      const server = await serve({ connections: [exchange(answer)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: Buffer[] = [];
      ne.ne_add_response_body_reader(request, accept, (block) => void blocks.push(block));
      return { result: await io.ne_request_dispatch(request), blocks };
    }

    test('receives blocks and at last an empty one', async () => {
      const { result, blocks } = await read(response(big.toString()), ne.ne_accept_always);
      expect(result).toBe(ne.NE_OK);
      expect(blocks.length).toBeGreaterThan(2);
      expect(blocks.map((block) => Buffer.isBuffer(block))).toEqual(blocks.map(() => true));
      expect(blocks.slice(0, -1).every((block) => block.length > 0)).toBe(true);
      expect(blocks.at(-1)!.length).toBe(0);
      expect(Buffer.concat(blocks).equals(big)).toBe(true);
    });

    test('receives only the empty block of an empty body', async () => {
      const { result, blocks } = await read(response(''), ne.ne_accept_2xx);
      expect([result, blocks.map((block) => block.length)]).toEqual([ne.NE_OK, [0]]);
    });

    const ok = response('body');
    const notFound = response('body', { status: '404 Not Found' });
    test.each([
      ['ne_accept_2xx', '200', ok, ne.ne_accept_2xx, 'body'],
      ['ne_accept_2xx', '404', notFound, ne.ne_accept_2xx, null],
      ['ne_accept_always', '404', notFound, ne.ne_accept_always, 'body'],
      ['true', '404', notFound, () => true, 'body'],
      ['false', '200', ok, () => false, null],
      ['1', '404', notFound, () => 1, 'body'],
      ['-5', '404', notFound, () => -5, 'body'],
      ['0', '200', ok, () => 0, null],
      ['undefined', '200', ok, () => undefined, null],
    ] as [string, string, string, ne.ne_accept_response, string | null][])(
      'reads with the accept function %s and status %s, or not',
      async (_, __, answer, accept, expected) => {
        const { result, blocks } = await read(answer, accept);
        expect(result).toBe(ne.NE_OK);
        expect(blocks.length === 0 ? null : Buffer.concat(blocks).toString()).toBe(expected);
      },
    );

    test('passes the request and the status to accept each time it is sent', async () => {
      const server = await serve({ connections: [[...exchange(ok), ...exchange(notFound)]] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const calls: [boolean, number, number, string | null, string | null][] = [];
      ne.ne_add_response_body_reader(
        request,
        (req, st) => {
          calls.push([
            req === request,
            st.code,
            st.klass,
            st.reason_phrase,
            ne.ne_get_response_header(req, 'Content-Length'),
          ]);
          return st.klass === 2;
        },
        () => 0,
      );
      await io.ne_request_dispatch(request);
      await io.ne_request_dispatch(request);
      expect(calls).toEqual([
        [true, 200, 2, 'OK', '4'],
        [true, 404, 4, 'Not Found', '4'],
      ]);
    });

    test('calls all readers, the one added last first', async () => {
      const server = await serve({ connections: [exchange(ok)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const calls: string[] = [];
      for (const name of ['first', 'second', 'third'])
        ne.ne_add_response_body_reader(
          request,
          () => name !== 'second',
          (block) => void calls.push(`${name} ${block.toString()}`),
        );
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(calls).toEqual(['third body', 'first body', 'third ', 'first ']);
    });

    test('reads along with ne_read_response_block', async () => {
      const server = await serve({ connections: [exchange(ok)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: string[] = [];
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(block.toString()));
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect((await pull(io, request, 2)).toString()).toBe('body');
      expect(blocks).toEqual(['bo', 'dy', '']);
      expect(await io.ne_read_response_block(request, Buffer.alloc(1))).toBe(0);
      expect(blocks).toEqual(['bo', 'dy', '']);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    test('reads along with ne_discard_response', async () => {
      const server = await serve({ connections: [exchange(ok)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: string[] = [];
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(block.toString()));
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(blocks).toEqual(['body', '']);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    test('keeps its blocks', async () => {
      const { blocks } = await read(chunkedResponse(['aaa', 'bbb', 'ccc']), ne.ne_accept_2xx);
      await turn();
      expect(blocks.map(String)).toEqual(['aaa', 'bbb', 'ccc', '']);
    });

    test.each([1, -1, true])('aborts the response by returning %p', async (refusal) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      let calls = 0;
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => (calls++, refusal as number));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(calls).toBe(1);
      expect(ne.ne_get_error(session)).toMatch(`reader of the response body returned ${Number(refusal)}`);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('keeps the error text that a reader sets', async () => {
      const session = sessionWith(await serve(answering(response('body'))));
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => {
        ne.ne_set_error(session, 'No space left');
        return 1;
      });
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('No space left');
    });

    test('refuses a new reader between begin and end', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const add = (): void => ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => 0);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(add).toThrow(neonError('ERR_NEON_INVALID_STATE'));
      await pull(io, request);
      expect(add).toThrow(neonError('ERR_NEON_INVALID_STATE'));
      await io.ne_end_request(request);
      expect(result(() => add())).toBeUndefined();
    });

    test('runs in the asynchronous context of the call', async () => {
      const server = await serve(answering(chunkedResponse(['a', 'b'])));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const context = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      context.run('where it was added', () =>
        ne.ne_add_response_body_reader(
          request,
          () => (seen.push(context.getStore()), true),
          () => void seen.push(context.getStore()),
        ),
      );
      await context.run('first call', () => io.ne_request_dispatch(request));
      await context.run('second call', () => io.ne_request_dispatch(request));
      expect(seen).toEqual([...Array<string>(4).fill('first call'), ...Array<string>(4).fill('second call')]);
    });
  });

  if (!asynchronous) return;

  describe('asynchronous callbacks', () => {
    test('waits for callbacks, one after the other', async () => {
      const server = await serve(answering(chunkedResponse(['a', 'b'])));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const calls: string[] = [];
      const slow = async (name: string): Promise<void> => {
        calls.push(`${name} begins`);
        await turn();
        calls.push(`${name} ends`);
      };
      ne.ne_add_response_body_reader(
        request,
        async () => {
          await slow('accept');
          return true;
        },
        async (block) => slow(block.toString()),
      );
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(calls).toEqual(['accept', 'a', 'b', ''].flatMap((name) => [`${name} begins`, `${name} ends`]));
    });

    test.each([
      [true, ['body', '']],
      [1, ['body', '']],
      [false, []],
      [undefined, []],
    ])('takes %p from a promise of accept', async (answer, expected) => {
      const server = await serve(answering(response('body')));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: string[] = [];
      ne.ne_add_response_body_reader(
        request,
        async () => answer,
        async (block) => void blocks.push(block.toString()),
      );
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(blocks).toEqual(expected);
    });

    test('aborts the response when a reader resolves to 1', async () => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, async () => 1);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('keeps the asynchronous context of the call', async () => {
      const server = await serve(answering(response('body')));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const context = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      const look = async (): Promise<number> => {
        seen.push(context.getStore());
        await turn();
        seen.push(context.getStore());
        return 1;
      };
      ne.ne_add_response_body_reader(request, look, async () => {
        await look();
      });
      await context.run('call', () => io.ne_request_dispatch(request));
      expect(seen).toEqual(Array(6).fill('call'));
    });

    test('queues other calls meanwhile', async () => {
      const server = await serve(answering(response('body')));
      const session = sessionWith(server);
      const [request, other] = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
        ne.ne_request,
        ne.ne_request,
      ];
      const order: string[] = [];
      let answer = (): void => {};
      const asked = new Promise<void>((resolve) => {
        ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
          if (block.length === 0) return 0;
          resolve();
          return new Promise((done) => (answer = () => done(0)));
        });
      });
      const first = io.ne_request_dispatch(request).then((result) => order.push(`first ${result}`));
      await asked;
      const second = io.ne_request_dispatch(other).then((result) => order.push(`second ${result}`));
      expect(() => ne.ne_request_dispatch(other)).toThrow(neonError('ERR_NEON_BUSY'));
      expect(() => ne.ne_close_connection(session)).toThrow(neonError('ERR_NEON_BUSY'));
      await turn();
      expect(order).toEqual([]);
      answer();
      await Promise.all([first, second]);
      expect(order).toEqual(['first 0', 'second 0']);
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
    });

    test.each([
      [
        'a queued request',
        (_: ne.ne_session, queued: ne.ne_request) => [
          () => ne.ne_add_request_header(queued, 'X', '1'),
          () => ne.ne_set_request_body_buffer(queued, 'late'),
          () =>
            ne.ne_add_response_body_reader(
              queued,
              () => 1,
              () => 0,
            ),
          () => ne.ne_request_destroy(queued),
        ],
      ],
      [
        'the session',
        (session: ne.ne_session) => [
          () => ne.ne_set_session_flag(session, ne.NE_SESSFLAG_PERSIST, false),
          () => ne.ne_set_read_timeout(session, 1),
          () => ne.ne_set_useragent(session, 'late'),
          () => ne.ne_set_error(session, 'late'),
          () => ne.ne_request_create(session, 'GET', '/late'),
        ],
      ],
    ] as [string, (session: ne.ne_session, queued: ne.ne_request) => (() => unknown)[]][])(
      'makes %s busy meanwhile',
      async (_, changes) => {
        const server = await serve(answering(response('body')));
        const session = sessionWith(server);
        const [request, queued] = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
          ne.ne_request,
          ne.ne_request,
        ];
        let answer = (): void => {};
        const asked = new Promise<void>((resolve) => {
          ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
            if (block.length === 0) return 0;
            resolve();
            return new Promise((done) => (answer = () => done(0)));
          });
        });
        const calls = [io.ne_request_dispatch(request), io.ne_request_dispatch(queued)];
        await asked;
        try {
          for (const change of changes(session, queued)) expect(change).toThrow(neonError('ERR_NEON_BUSY'));
        } finally {
          answer();
          expect(await Promise.all(calls)).toEqual([ne.NE_OK, ne.NE_OK]);
        }
      },
    );
  });
});
