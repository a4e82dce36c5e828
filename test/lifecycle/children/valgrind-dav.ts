/**
 * Implements the WebDAV part of valgrind.ts: properties, locks, access control, XML and gzip, with callbacks on both
 * surfaces.
 */
import assert from 'node:assert/strict';
import { Session } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { turn } from './tools.js';

const displayname: ne.ne_propname = { nspace: 'DAV:', name: 'displayname' };
const missing: ne.ne_propname = { nspace: 'urn:x', name: 'missing' };

export async function webdav(host: string, port: number): Promise<void> {
  for (const calls of [ne, promises]) {
    const session = ne.ne_session_create('http', host, port);
    await properties(calls, session);
    await locks(calls, session);
    await others(calls, session);
    ne.ne_session_destroy(session);
  }
  await classes(host, port);
  dropped(host, port);
}

type Calls = typeof ne | typeof promises;

async function properties(calls: Calls, session: ne.ne_session): Promise<void> {
  const values: (string | null)[] = [];
  const take = (_: ne.ne_uri, results: ne.ne_prop_result_set): void => {
    values.push(ne.ne_propset_value(results, displayname));
    assert.equal(ne.ne_propset_status(results, missing)?.code, 404);
    ne.ne_propset_iterate(results, () => 0);
  };
  assert.equal(await calls.ne_simple_propfind(session, '/dav', 1, [displayname, missing], take), ne.NE_OK);
  const handler = await calls.ne_propfind_create(session, '/dav', 1);
  ne.ne_propfind_set_private(
    handler,
    () => ({}),
    (complex) => assert(complex),
  );
  assert.equal(await calls.ne_propfind_allprop(handler, take), ne.NE_OK);
  await calls.ne_propfind_destroy(handler);
  assert.deepEqual(values, ['a', 'b', 'a', 'b']);
  const throwing = await calls.ne_propfind_create(session, '/dav', 1);
  const onPurpose = (): never => {
    throw new Error('thrown on purpose');
  };
  await assert.rejects(async () => calls.ne_propfind_allprop(throwing, onPurpose), { message: 'thrown on purpose' });
  await calls.ne_propfind_destroy(throwing);
  const change = { name: displayname, type: ne.ne_propset, value: 'b' };
  assert.equal(await calls.ne_proppatch(session, '/dav', [change]), ne.NE_OK);
}

async function locks(calls: Calls, session: ne.ne_session): Promise<void> {
  const lock = ne.ne_lock_create();
  ne.ne_fill_server_uri(session, lock.uri);
  lock.uri.path = '/dav';
  lock.owner = '<a/>';
  assert.equal(await calls.ne_lock(session, lock), ne.NE_OK);
  assert.equal(lock.token, 'urn:a');
  let found = 0;
  assert.equal(await calls.ne_lock_discover(session, '/dav', (one) => void (found += one ? 1 : 0)), ne.NE_OK);
  assert.equal(found, 2);
  assert.equal(await calls.ne_lock_refresh(session, lock), ne.NE_OK);
  const store = ne.ne_lockstore_create();
  ne.ne_lockstore_register(store, session);
  ne.ne_lockstore_add(store, lock);
  assert.equal(await calls.ne_delete(session, '/dav'), ne.NE_OK);
  ne.ne_lockstore_remove(store, lock);
  assert.equal(await calls.ne_unlock(session, lock), ne.NE_OK);
  ne.ne_lockstore_add(store, ne.ne_lock_copy(lock));
}

async function others(calls: Calls, session: ne.ne_session): Promise<void> {
  const entry = { target: ne.ne_acl_all, type: ne.ne_acl_grant, privileges: ne.NE_ACL_READ };
  assert.equal(await calls.ne_acl3744_set(session, '/dav', [entry]), ne.NE_OK);
  const request = ne.ne_request_create(session, 'GET', '/dav');
  const parser = ne.ne_xml_create();
  let elements = 0;
  ne.ne_xml_push_handler(parser, () => ++elements, null, null);
  const inflating = ne.ne_decompress_reader(request, ne.ne_accept_always, ne.ne_xml_parse_v, parser);
  assert.equal(await calls.ne_request_dispatch(request), ne.NE_OK);
  assert.equal(ne.ne_xml_failed(parser), 0);
  assert(elements > 10);
  ne.ne_decompress_destroy(inflating);
  ne.ne_request_destroy(request);
  ne.ne_xml_destroy(parser);
}

async function classes(host: string, port: number): Promise<void> {
  await using session = new Session('http', host, port);
  assert.equal((await session.propfind('/dav')).length, 2);
  assert.equal(
    session.propfindSync('/dav', { props: ['displayname', '{urn:x}missing'] })[1]?.props['displayname'],
    'b',
  );
  for await (const { href } of session.propfind('/dav')) if (href) break;
  await turn();
  assert.match(await (await session.get('/dav', { decompress: true })).text(), /^<D:multistatus/);
}

/** Drops handles without destroying them. */
function dropped(host: string, port: number): void {
  const session = ne.ne_session_create('http', host, port);
  ne.ne_lockstore_register(ne.ne_lockstore_create(), session);
  ne.ne_propfind_set_private(
    ne.ne_propfind_create(session, '/dav', 0),
    () => session,
    () => {},
  );
  ne.ne_207_create(ne.ne_xml_create(), { path: '/' });
}
