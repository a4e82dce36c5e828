/** Bad arguments to the functions of ne_acl3744.h. */
import * as ne from 'libneon/ne';
import { entries } from '../../support/acl.js';
import { line, sess } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

const good = { target: ne.ne_acl_href, tname: '/a', privileges: 1 };

testBadInput('acl3744', {
  ne_acl3744_set: [sess, line('path', '/'), entries(good, 'target', 'tname', [])],
});
