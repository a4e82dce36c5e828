/** The bad values of the entries that `ne_acl_set` and `ne_acl3744_set` take. */
import * as ne from 'libneon/ne';
import { all, type Argument, notObjects, show } from './bad-arguments.js';
import { outOfRange, wrongType, wrongValue } from './expect.js';

/**
 * The entries of an access control list. `kind` is the field that says how an entry identifies its principal, `name` the
 * field that names the principal, `required` are the other numbers that an entry must have.
 */
export function entries(good: object, kind: string, name: string, required: readonly string[]): Argument {
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
      ...all(wrongType, [...notObjects, {}, () => []]),
      ...notObjects.map((value) => [`${show(value)} in it`, [good, value], wrongType] as [string, unknown, Error]),
      ...[kind, 'type'].flatMap((field) => [
        wrong({ [field]: '0' }, wrongType),
        ...[-1, 6, 0.5, NaN].map((value) => wrong({ [field]: value }, outOfRange)),
      ]),
      ...[undefined, null, 0, {}].map((value) => wrong({ [name]: value }, wrongType)),
      ...['\0', '<', '&', '</href>', '</href><href>', '<a>'].map((value) => wrong({ [name]: value }, wrongValue)),
      ...['', ' ', 'a><', 'a><b/></a', '!DOCTYPE a><a', 'p:a', '?xml version="1.0"?><a'].map((value) =>
        wrong({ [kind]: ne.ne_acl_property, [name]: value }, wrongValue),
      ),
      wrong({ [kind]: ne.ne_acl_all, [name]: 1 }, wrongType),
      ...required.flatMap((field) => [undefined, null, true, '0'].map((value) => wrong({ [field]: value }, wrongType))),
    ],
  };
}
