/** Tests errors that hooks, notifiers, providers and readers throw, and calls that they are not allowed to make. */
import { setImmediate as turn } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { failureOf, neonError, wrongType } from '../../support/expect.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';

const serve = testServers();
const code = (name: string): Error => neonError(`ERR_NEON_${name}`);

type Callback = (...values: unknown[]) => never;

/** Each kind of callback, with the step that runs it and the function that sets it. */
const kinds: [name: string, runsIn: Step, set: (session: ne.ne_session, fn: Callback) => void][] = [
  ['create_request', 'create', ne.ne_hook_create_request],
  ['pre_send', 'dispatch', ne.ne_hook_pre_send],
  ['post_headers', 'dispatch', ne.ne_hook_post_headers],
  ['post_send', 'dispatch', ne.ne_hook_post_send],
  ['destroy_request', 'destroy', ne.ne_hook_destroy_request],
  ['close_conn', 'close', ne.ne_hook_close_conn],
  ['destroy_session', 'destroySession', ne.ne_hook_destroy_session],
  ['notifier', 'dispatch', ne.ne_set_notifier],
  ['progress', 'dispatch', ne.ne_set_progress],
  ['accept', 'dispatch', onRequest((request, fn) => ne.ne_add_response_body_reader(request, fn, () => 0))],
  ['reader', 'dispatch', onRequest((request, fn) => ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, fn))],
  ['provider', 'dispatch', onRequest((request, fn) => ne.ne_set_request_body_provider(request, 5, fn))],
];

/** The steps of a session with one request, from creation to destruction. */
type Step = 'create' | 'dispatch' | 'destroy' | 'close' | 'destroySession';

/** Returns a function that sets a callback on each new request, using a create_request hook. */
function onRequest(set: (request: ne.ne_request, fn: Callback) => void) {
  return (session: ne.ne_session, fn: Callback): void => {
    ne.ne_hook_create_request(session, (request) => set(request, fn));
  };
}

/** Runs the steps in order until one fails. Returns the failed step and its error. */
async function live(io: Io, session: ne.ne_session, path = '/'): Promise<[Step, unknown]> {
  let step: Step = 'create';
  try {
    const request = await io.ne_request_create(session, 'GET', path);
    step = 'dispatch';
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    step = 'destroy';
    await io.ne_request_destroy(request);
    step = 'close';
    await io.ne_close_connection(session);
    step = 'destroySession';
    await io.ne_session_destroy(session);
    throw new Error('expected a failure');
  } catch (error) {
    return [step, error];
  }
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  describe.each(kinds)('%s', (name, runsIn, set) => {
    const thrown: [title: string, callback: (error: unknown) => unknown][] = [
      [
        'throws',
        (error) => {
          throw error;
        },
      ],
      ...(asynchronous
        ? [
            [
              'rejects',
              async (error: unknown) => {
                await turn();
                throw error;
              },
            ] as (typeof thrown)[number],
          ]
        : []),
    ];

    test.each(thrown)('passes the error to the caller when it %s, and keeps the session usable', async (_, fail) => {
      const server = await serve(answering());
      const session = sessionWith(server);
      const error = { any: 'object' };
      let calls = 0;
      const body = [Buffer.from('body!')];
      const good = (buflen: unknown): unknown =>
        name === 'provider' && buflen !== 0 ? (body.shift() ?? 0) : name === 'accept' ? 1 : undefined;
      set(session, ((buflen: unknown) => (calls++ ? good(buflen) : fail(error))) as Callback);
      const [step, failure] = await live(io, session);
      expect([step, failure === error, calls]).toEqual([runsIn, true, 1]);
      if (runsIn === 'destroySession') {
        expect(() => ne.ne_get_scheme(session)).toThrow(code('DESTROYED'));
        return;
      }
      const request = await io.ne_request_create(session, 'GET', '/next');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await receivedBy(server)).join('')).toMatch(/GET \/next HTTP/);
      await io.ne_request_destroy(request);
      // Checks that the failed call has destroyed its request: otherwise this call would fail.
      if (runsIn === 'create' || runsIn === 'destroy') await io.ne_session_destroy(session);
    });

    test('refuses calls that disturb the running call', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      const other = ne.ne_request_create(session, 'GET', '/other');
      const failures: [string, unknown][] = [];
      let calls = 0;
      set(session, (() => {
        if (calls++ > 0) return undefined;
        const uses: Record<string, () => unknown> = {
          create: () => ne.ne_request_create(session, 'GET', '/'),
          dispatch: () => ne.ne_request_dispatch(other),
          begin: () => ne.ne_begin_request(other),
          close: () => ne.ne_close_connection(session),
        };
        for (const [use, call] of Object.entries(uses)) {
          try {
            failures.push([use, call()]);
          } catch (error) {
            failures.push([use, error]);
          }
        }
        return name === 'accept' ? 1 : undefined;
      }) as Callback);
      const request = await io.ne_request_create(session, 'GET', '/');
      if (runsIn !== 'destroySession' && runsIn !== 'create') await io.ne_request_dispatch(request).catch(() => {});
      await io.ne_request_destroy(request);
      if (runsIn === 'close') await io.ne_close_connection(session);
      ne.ne_request_destroy(other);
      await io.ne_session_destroy(session);
      const refused = runsIn === 'destroySession' ? /DESTROYED|REENTRANT/ : /REENTRANT/;
      expect(failures.map(([use]) => use)).toEqual(['create', 'dispatch', 'begin', 'close']);
      for (const [, failure] of failures) expect((failure as { code?: string }).code).toMatch(refused);
      expect((await receivedBy(server)).join('')).not.toContain('/other');
    });
  });

  const hooks = [
    ['create_request', ne.ne_hook_create_request, ne.ne_unhook_create_request],
    ['pre_send', ne.ne_hook_pre_send, ne.ne_unhook_pre_send],
    ['post_headers', ne.ne_hook_post_headers, ne.ne_unhook_post_headers],
    ['post_send', ne.ne_hook_post_send, ne.ne_unhook_post_send],
    ['destroy_request', ne.ne_hook_destroy_request, ne.ne_unhook_destroy_request],
    ['close_conn', ne.ne_hook_close_conn, ne.ne_unhook_close_conn],
  ] as const;

  // Excludes destroy_request, since neon lets such a hook remove itself.
  const lasting = hooks.filter(([name]) => name !== 'destroy_request');

  test.each(lasting)('refuses to remove a running %s hook', async (_, hook, unhook) => {
    const session = sessionWith(await serve(answering()));
    const failures: unknown[] = [];
    const self = (): void => {
      try {
        unhook(session, self);
      } catch (error) {
        failures.push(error);
      }
    };
    hook(session, self);
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    await io.ne_close_connection(session);
    expect(failures).toEqual([code('REENTRANT')]);
    unhook(session, self);
    await (async () => {
      const again = await io.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(again)).toBe(ne.NE_OK);
      await io.ne_request_destroy(again);
      await io.ne_close_connection(session);
    })();
    expect(failures).toHaveLength(1);
  });

  test('refuses calls in destroy_request hooks that need memory that C has freed', async () => {
    const session = sessionWith(await serve(answering()));
    const failures: unknown[] = [];
    ne.ne_hook_destroy_request(session, (request) => {
      const uses = [
        () => ne.ne_add_request_header(request, 'X', 'y'),
        () => ne.ne_print_request_header(request, 'X', 'y'),
        () => ne.ne_get_response_header(request, 'X'),
        () => ne.ne_response_header_iterate(request, null, { value: '' }, { value: '' }),
        () => ne.ne_set_request_body_buffer(request, 'body'),
        () => ne.ne_set_request_body_fd(request, 0, 0, 1),
        () => ne.ne_set_request_body_provider(request, 1, () => 0),
        () => ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => 0),
        () => ne.ne_set_request_flag(request, ne.NE_REQFLAG_EXPECT100, 1),
        () => ne.ne_get_request_flag(request, ne.NE_REQFLAG_EXPECT100),
      ];
      for (const use of uses) {
        try {
          failures.push(use());
        } catch (error) {
          failures.push(error);
        }
      }
    });
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    expect(failures).toEqual(Array(10).fill(code('INVALID_STATE')));
  });

  test('refuses to destroy another request in a hook and leaves it unchanged', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const other = await io.ne_request_create(session, 'GET', '/other');
    const failures: unknown[] = [];
    ne.ne_hook_pre_send(session, () => {
      try {
        if (failures.length === 0) ne.ne_request_destroy(other);
      } catch (error) {
        failures.push(error);
      }
    });
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    expect(failures).toEqual([code('REENTRANT')]);
    expect(await failureOf(() => io.ne_session_destroy(session))).toEqual(code('LIVE_REQUESTS'));
    expect(await io.ne_request_dispatch(other)).toBe(ne.NE_OK);
    await io.ne_request_destroy(other);
    await io.ne_session_destroy(session);
  });

  test('refuses a body in a hook that runs after the begin', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const failures: unknown[] = [];
    ne.ne_hook_pre_send(session, (request) => {
      try {
        ne.ne_set_request_body_buffer(request, 'never announced');
      } catch (error) {
        failures.push(error);
      }
    });
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(failures).toEqual([code('INVALID_STATE')]);
    expect((await receivedBy(server))[0]).not.toContain('announced');
  });

  test.each(['text', null, 1.5, {}, 2 ** 31])('rejects %p as the answer of a hook', async (answer) => {
    const session = sessionWith(await serve(answering()));
    let calls = 0;
    ne.ne_hook_post_send(session, () => (calls++ ? 0 : (answer as number)));
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await failureOf(() => io.ne_request_dispatch(request))).toEqual(wrongType);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
  });

  if (!asynchronous) {
    test.each(kinds)('rejects a promise of %s', async (_, runsIn, set) => {
      const session = sessionWith(await serve(answering()));
      set(session, (async () => {}) as unknown as Callback);
      expect(await live(io, session)).toEqual([runsIn, wrongType]);
    });
    return;
  }

  test.each(hooks)('ends a call with a pending %s hook on abort', async (name, hook, unhook) => {
    const server = await serve(answering());
    const session = sessionWith(server);
    let release = (): void => {};
    let log = 0;
    const waiting = async (): Promise<void> => {
      log++;
      controller.abort('the reason');
      await new Promise<void>((resolve) => (release = resolve));
    };
    const controller = new AbortController();
    const { signal } = controller;
    hook(session, waiting);
    const reasons: unknown[] = [];
    const settle = async <T>(promise: Promise<T>): Promise<T | undefined> =>
      promise.catch((error: unknown) => void reasons.push(error));
    const request = await settle(promises.ne_request_create(session, 'GET', '/', { signal }));
    if (request) {
      await settle(promises.ne_request_dispatch(request, { signal }));
      await settle(promises.ne_request_destroy(request, name === 'destroy_request' ? { signal } : {}));
    }
    if (name === 'close_conn') await settle(promises.ne_close_connection(session, { signal }));
    expect(reasons).toEqual(['the reason']);
    await promises.ne_close_connection(session); // leaves the queue although the hook is still pending
    unhook(session, waiting);
    const next = await promises.ne_request_create(session, 'GET', '/next');
    expect(await promises.ne_request_dispatch(next)).toBe(ne.NE_OK);
    release();
    await turn();
    expect(ne.ne_get_status(next).code).toBe(200);
    expect(log).toBe(1);
  });

  test('treats a request whose destruction is queued as destroyed, except in its hooks', async () => {
    const session = sessionWith(await serve(answering()));
    const log: unknown[] = [];
    ne.ne_hook_destroy_request(session, async (same) => {
      await turn();
      log.push(same === request, ne.ne_get_status(same).code);
    });
    const request = ne.ne_request_create(session, 'GET', '/');
    const dispatched = promises.ne_request_dispatch(request);
    const ended = promises.ne_request_destroy(request);
    const later = [
      () => promises.ne_request_destroy(request),
      () => promises.ne_request_dispatch(request),
      () => promises.ne_begin_request(request),
      () => ne.ne_get_status(request),
      () => ne.ne_add_request_header(request, 'X', 'y'),
      () => ne.ne_request_destroy(request),
    ];
    for (const use of later) expect(await failureOf(use)).toEqual(code('DESTROYED'));
    expect(await dispatched).toBe(ne.NE_OK);
    expect(await ended).toBeUndefined();
    expect(log).toEqual([true, 200]);
    await promises.ne_session_destroy(session);
  });

  test('rejects calls on the session in an asynchronous hook', async () => {
    const session = sessionWith(await serve(answering()));
    const failures: unknown[] = [];
    ne.ne_hook_pre_send(session, async (request) => {
      await turn();
      const uses = [
        promises.ne_request_create(session, 'GET', '/'),
        promises.ne_request_dispatch(request),
        promises.ne_request_destroy(request),
        promises.ne_close_connection(session),
      ];
      for (const use of uses) failures.push(await failureOf(() => use));
    });
    const request = await promises.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(failures).toEqual(Array(4).fill(code('REENTRANT')));
  });
});
