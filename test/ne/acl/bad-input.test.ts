/** Bad arguments to the functions of ne_acl.h. */
import * as ne from 'libneon/ne';
import { entries } from '../../support/acl.js';
import { line, sess } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

const exclusions = ['read', 'read_acl', 'write', 'write_acl', 'read_cuprivset'];
const good = { apply: ne.ne_acl_href, principal: '/a', ...Object.fromEntries(exclusions.map((field) => [field, 1])) };

testBadInput('acl', {
  ne_acl_set: [sess, line('uri', '/'), entries(good, 'apply', 'principal', exclusions)],
});
