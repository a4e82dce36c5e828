/** Implements the twin of oldacl.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

const { ne_acl_href, ne_acl_property, ne_acl_all, ne_acl_grant, ne_acl_deny } = ne;

/** Makes an entry from the values of its fields, in the order of the fields in C. */
const entry = (
  apply: number,
  type: number,
  principal: string | null,
  [read, read_acl, write, write_acl, read_cuprivset]: readonly [number, number, number, number, number],
): ne.ne_acl_entry_old => ({ apply, type, principal, read, read_acl, write, write_acl, read_cuprivset });

const entries = [
  entry(ne_acl_href, ne_acl_grant, '/users/a?b&amp;c', [0, 1, 0, 1, 0]),
  entry(ne_acl_property, ne_acl_deny, 'owner', [1, 0, 1, 0, 1]),
  entry(ne_acl_all, ne_acl_grant, null, [1, 1, 1, 1, 1]),
  entry(ne_acl_all, ne_acl_deny, null, [0, -1, 2, 0, 0]),
];

runMain(async (io, port) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (let count = 4; count >= 0; count -= 2) {
    printNumber('acl', await io.ne_acl_set(session, '/acl', entries.slice(0, count)));
    printText('error', ne.ne_get_error(session));
  }
  await io.ne_session_destroy(session);
});
