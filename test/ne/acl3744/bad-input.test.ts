/** What the functions of ne_acl3744.h and ne_acl.h do with arguments that are none. */
import * as ne from 'libneon/ne';
import { all, type Argument, line, noObjects, sess, show } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType, wrongValue } from '../../support/expect.js';

/** The entries of an access control list; `name` is the field that names a principal. */
function entries(good: object, whom: string, name: string, missing: readonly string[]): Argument {
  const wrong = (change: object, error: Error): readonly [string, unknown, Error] => [
    JSON.stringify(change, (_, value: unknown) =>
      value === undefined ? 'undefined' : Number.isNaN(value) ? 'NaN' : value,
    ),
    [good, { ...good, ...change }],
    error,
  ];
  return {
    name: 'entries',
    good: () => [good],
    bad: () => [
      ...all(wrongType, [...noObjects, {}, () => []]),
      ...noObjects.map((value) => [`${show(value)} in it`, [good, value], wrongType] as [string, unknown, Error]),
      ...[whom, 'type'].flatMap((field) => [
        wrong({ [field]: '0' }, wrongType),
        ...[-1, 6, 0.5, NaN].map((value) => wrong({ [field]: value }, outOfRange)),
      ]),
      ...[undefined, null, 0, {}].map((value) => wrong({ [name]: value }, wrongType)),
      ...['\0', '<', '&', '</href>', '</href><href>', '<a>'].map((value) => wrong({ [name]: value }, wrongValue)),
      ...['', ' ', 'a><', 'a><b/></a', '!DOCTYPE a><a', 'p:a', '?xml version="1.0"?><a'].map((value) =>
        wrong({ [whom]: ne.ne_acl_property, [name]: value }, wrongValue),
      ),
      wrong({ [whom]: ne.ne_acl_all, [name]: 1 }, wrongType),
      ...missing.flatMap((field) => [undefined, null, true, '0'].map((value) => wrong({ [field]: value }, wrongType))),
    ],
  };
}
const exclusions = ['read', 'read_acl', 'write', 'write_acl', 'read_cuprivset'];
const aclEntries = entries({ target: ne.ne_acl_href, tname: '/a', privileges: 1 }, 'target', 'tname', []);
const oldAclEntries = entries(
  { apply: ne.ne_acl_href, principal: '/a', ...Object.fromEntries(exclusions.map((field) => [field, 1])) },
  'apply',
  'principal',
  exclusions,
);

testBadInput('acl', {
  ne_acl_set: [sess, line('uri', '/'), oldAclEntries],
  ne_acl3744_set: [sess, line('path', '/'), aclEntries],
});
