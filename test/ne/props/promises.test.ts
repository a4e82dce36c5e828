/** Tests of ne_props.h on `libneon/ne/promises`: asynchronous callbacks, order, busy handlers, aborts. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { failureOf, neonError } from '../../support/expect.js';
import { document, etag, expected, length, notingEntries, page } from '../../support/properties.js';
import { answering, exchange, sessionWith, stalling, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();
const gone = neonError('ERR_NEON_DESTROYED');
const busy = neonError('ERR_NEON_BUSY');

describe('PROPFIND with promises', () => {
  const handlerOf = async (sess: ne.ne_session): Promise<ne.ne_propfind_handler> =>
    promises.ne_propfind_create(sess, '/', 0);

  test('waits for callbacks, and keeps a result set until then', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const handler = await handlerOf(sess);
    const log: unknown[] = [];
    ne.ne_propfind_set_private(
      handler,
      async ({ path }) => {
        await sleep(1);
        return path;
      },
      async (value) => {
        await sleep(1);
        log.push(['destroy', value]);
      },
    );
    const result = promises.ne_propfind_allprop(handler, async (_, set) => {
      await sleep(5);
      log.push([ne.ne_propset_private(set), ne.ne_propset_value(set, length)]);
    });
    expect(await result).toBe(ne.NE_OK);
    expect(log).toEqual([
      ...[
        ['/a%20b', '12'],
        ['destroy', '/a%20b'],
      ],
      ...[
        ['/c', null],
        ['destroy', '/c'],
      ],
      ...[['destroy', '/no-properties']],
    ]);
  });

  test('queues every call without awaiting', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const handler = ne.ne_propfind_create(sess, '/', 0);
    ne.ne_propfind_set_private(
      handler,
      () => 'mine',
      () => {},
    );
    ne.ne_xml_push_handler(ne.ne_propfind_get_parser(handler), () => ne.NE_XML_DECLINE, null, null);
    const values: unknown[] = [];
    const sent = promises.ne_propfind_allprop(handler, (_, set) => {
      values.push(ne.ne_propset_private(set), ne.ne_propfind_current_private(handler));
    });
    const destroyed = promises.ne_propfind_destroy(handler);
    expect(() => ne.ne_propfind_get_request(handler)).toThrow(gone);
    expect(await Promise.all([sent, destroyed])).toEqual([ne.NE_OK, undefined]);
    ne.ne_session_destroy(sess);
    expect(values).toEqual(['mine', 'mine', 'mine', 'mine']);
  });

  test('counts a pending handler as live and makes one in use busy', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const made = promises.ne_propfind_create(sess, '/p', 0);
    expect(() => ne.ne_session_destroy(sess)).toThrow(/1 request of this session is live: PROPFIND \/p/);
    const handler = await made;
    const parser = ne.ne_propfind_get_parser(handler);
    const sent = promises.ne_propfind_allprop(handler, () => {});
    for (const call of [
      () => ne.ne_propfind_destroy(handler),
      () => ne.ne_propfind_set_private(handler, null, null),
      () => ne.ne_propfind_current_private(handler),
      () => ne.ne_propfind_allprop(handler, () => {}),
      () => ne.ne_xml_get_error(parser),
      () => ne.ne_get_status(ne.ne_propfind_get_request(handler)),
      () => ne.ne_simple_propfind(sess, '/', 0, null, () => {}),
      () => ne.ne_propfind_create(sess, '/', 0),
    ])
      expect(call).toThrow(busy);
    await sent;
    ne.ne_propfind_destroy(handler);
    ne.ne_session_destroy(sess);
  });

  test.each(['simple', 'handler'])('aborts a %s call while a callback is pending', async (kind) => {
    const sess = sessionWith(await serve(answering(page(document))));
    const controller = new AbortController();
    const { signal } = controller;
    const sets: ne.ne_prop_result_set[] = [];
    let release = (): void => {};
    const wait = (_: ne.ne_uri, set: ne.ne_prop_result_set): Promise<void> => {
      sets.push(set);
      expect(ne.ne_propset_value(set, length)).toBe('12');
      expect(ne.ne_propset_iterate(set, () => (controller.abort(), 0))).toBe(0);
      return new Promise((resolve) => (release = resolve));
    };
    const handler = await handlerOf(sess);
    const call =
      kind === 'simple'
        ? promises.ne_simple_propfind(sess, '/', 0, null, wait, { signal })
        : promises.ne_propfind_allprop(handler, wait, { signal });
    expect(await failureOf(() => call)).toBe(signal.reason);
    await promises.ne_close_connection(sess);
    expect(sets).toHaveLength(1);
    expect(() => ne.ne_propset_value(sets[0]!, length)).toThrow(gone);
    expect(() => ne.ne_propset_iterate(sets[0]!, () => 0)).toThrow(gone);
    release();
    ne.ne_propfind_destroy(handler);
    const { entries, note } = notingEntries();
    expect(await promises.ne_simple_propfind(sess, '/', 0, null, note)).toBe(ne.NE_OK);
    expect(entries).toEqual(expected);
  });

  test.each(['simple', 'names', 'patch', 'handler'])('aborts a %s call on the wire', async (kind) => {
    const server = await serve(thenAnswering(stalling(page(document).slice(0, 200)), exchange(page(document))));
    const sess = sessionWith(server);
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const never = (): void => {
      throw new Error('no result is complete');
    };
    const handler = await handlerOf(sess);
    const call = {
      simple: () => promises.ne_simple_propfind(sess, '/', 0, null, never, options),
      names: () => promises.ne_propnames(sess, '/', 0, never, options),
      patch: () => promises.ne_proppatch(sess, '/', [], options),
      handler: () => promises.ne_propfind_named(handler, [etag], never, options),
    }[kind]!();
    await server.waitForRequests(1);
    controller.abort();
    expect(await failureOf(() => call)).toBe(controller.signal.reason);
    await promises.ne_propfind_destroy(handler);
    expect(await promises.ne_simple_propfind(sess, '/', 0, null, () => {})).toBe(ne.NE_OK);
    await promises.ne_session_destroy(sess);
  });

  test('leaves a handler unused after an abort in the queue', async () => {
    const sess = sessionWith(await serve(answering(page(document))));
    const handler = await handlerOf(sess);
    const first = promises.ne_simple_propfind(sess, '/', 0, null, () => {});
    const controller = new AbortController();
    const second = promises.ne_propfind_allprop(handler, () => {}, { signal: controller.signal });
    controller.abort();
    expect(await failureOf(() => second)).toBe(controller.signal.reason);
    await first;
    await promises.ne_close_connection(sess);
    expect(await promises.ne_propfind_allprop(handler, () => {})).toBe(ne.NE_OK);
    await promises.ne_propfind_destroy(handler);
  });
});
