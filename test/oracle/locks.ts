/** Implements the twin of locks.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText, type Io } from './twin.js';

function printLock({ uri, depth, type, scope, token, owner, timeout }: ne.ne_lock): void {
  printText('scheme', uri.scheme);
  printText('path', uri.path);
  printNumber('depth', depth);
  printNumber('type', type);
  printNumber('scope', scope);
  printText('token', token);
  printText('owner', owner);
  printNumber('timeout', timeout);
}

const onLock: ne.ne_lock_result = (lock, uri, status) => {
  printText('found', uri.path);
  if (lock) printLock(lock);
  if (status) printNumber('status', status.code);
};

async function obtain(
  io: Io,
  session: ne.ne_session,
  [path, scope, depth, timeout, ...owner]: readonly string[],
): Promise<ne.ne_lock> {
  const lock = ne.ne_lock_create();
  ne.ne_fill_server_uri(session, lock.uri);
  lock.uri.path = path!;
  Object.assign(lock, { scope: Number(scope), depth: Number(depth), timeout: Number(timeout) });
  if (owner.length > 0) lock.owner = owner.join(',');
  printNumber('lock', await io.ne_lock(session, lock));
  printLock(lock);
  return lock;
}

function list(store: ne.ne_lock_store): void {
  for (let lock = ne.ne_lockstore_first(store); lock; lock = ne.ne_lockstore_next(store))
    printText('listed', lock.token);
}

function find(session: ne.ne_session, store: ne.ne_lock_store, path: string): void {
  const uri: Partial<ne.ne_uri> = { path };
  ne.ne_fill_server_uri(session, uri);
  printText('found', ne.ne_lockstore_findbyuri(store, uri)?.token ?? null);
}

async function sendUsing(
  io: Io,
  session: ne.ne_session,
  [method, ...rest]: readonly string[],
  parents: boolean,
): Promise<void> {
  const request = ne.ne_request_create(session, method!, rest[0]!);
  for (let i = 0; i < rest.length; i += 2) {
    ne.ne_lock_using_resource(request, rest[i]!, Number(rest[i + 1] ?? 0));
    if (parents) ne.ne_lock_using_parent(request, rest[i]!);
  }
  printNumber(method!, await io.ne_request_dispatch(request));
  printStatus(request);
  await io.ne_request_destroy(request);
}

const { ne_acl_grant: grant, ne_acl_deny: deny } = ne;
const entries: readonly ne.ne_acl_entry[] = [
  { target: ne.ne_acl_href, type: grant, tname: '/users/a?b&amp;c', privileges: ne.NE_ACL_READ | ne.NE_ACL_WRITE },
  {
    target: ne.ne_acl_property,
    type: deny,
    tname: 'owner',
    privileges: ne.NE_ACL_WRITE_PROPERTIES | ne.NE_ACL_WRITE_CONTENT | ne.NE_ACL_UNLOCK,
  },
  {
    target: ne.ne_acl_property,
    type: grant,
    tname: "x:y xmlns:x='urn:x'",
    privileges: ne.NE_ACL_READ_ACL | ne.NE_ACL_READ_CUPRIVSET | ne.NE_ACL_WRITE_ACL,
  },
  { target: ne.ne_acl_all, type: deny, privileges: ne.NE_ACL_BIND | ne.NE_ACL_UNBIND },
  { target: ne.ne_acl_authenticated, type: grant, privileges: ne.NE_ACL_ALL },
  { target: ne.ne_acl_unauthenticated, type: deny, privileges: 0 },
  { target: ne.ne_acl_self, type: grant, privileges: 0xffffffff },
];

runMain(async (io, port, steps) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  const store = ne.ne_lockstore_create();
  let lock = ne.ne_lock_create();
  ne.ne_lockstore_register(store, session);
  for (const step of steps) {
    const [word, ...rest] = step.split(',') as [string, ...string[]];
    if (word === 'lock') lock = await obtain(io, session, rest);
    if (word === 'add') ne.ne_lockstore_add(store, lock);
    if (word === 'remove') ne.ne_lockstore_remove(store, lock);
    if (word === 'refresh') {
      lock.timeout = Number(rest[0]);
      printNumber('refresh', await io.ne_lock_refresh(session, lock));
      printLock(lock);
    }
    if (word === 'unlock') printNumber('unlock', await io.ne_unlock(session, lock));
    if (word === 'discover') printNumber('discover', await io.ne_lock_discover(session, rest[0]!, onLock));
    if (word === 'resource') await sendUsing(io, session, rest, false);
    if (word === 'parent') await sendUsing(io, session, rest, true);
    if (word === 'list') list(store);
    if (word === 'find') find(session, store, rest[0]!);
    if (word === 'sharepoint') ne.ne_set_session_flag(session, ne.NE_SESSFLAG_SHAREPOINT, 1);
    if (word === 'acl') printNumber('acl', await io.ne_acl3744_set(session, '/acl', entries));
    printText('error', ne.ne_get_error(session));
  }
  await io.ne_session_destroy(session);
  ne.ne_lockstore_destroy(store);
});
