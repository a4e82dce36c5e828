/** Bad arguments to the functions of ne_locks.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  callback,
  further,
  handle,
  integer,
  line,
  notNumbers,
  notObjects,
  notStrings,
  req,
  sess,
  show,
  text,
  uri,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { neonError, outOfRange, wrongChar, wrongType, wrongValue } from '../../support/expect.js';

/** A `struct ne_lock` argument from `ne_lock_create`. The function does not change the lock. */
function lock({ needsToken = false, needsWhole = false, sends = false } = {}): Argument {
  const good = (): ne.ne_lock =>
    Object.assign(ne.ne_lock_create(), {
      uri: { scheme: 'http', host: 'example.com', port: 80, path: '/' },
      token: 'urn:uuid:1',
    });
  const wrong = (
    field: string,
    values: readonly unknown[],
    error: Error,
  ): (readonly [title: string, value: unknown, error: Error])[] =>
    values.map((value) => [`${show(value)} as its ${field}`, Object.assign(good(), { [field]: value }), error]);
  const number = (field: string, outside: number[]): (readonly [string, unknown, Error])[] => [
    ...wrong(field, [...notNumbers.slice(2), true], wrongType),
    ...wrong(field, [...outside, 0.5, NaN, Infinity, 2 ** 53], outOfRange),
  ];
  const inUri = (field: string, values: unknown[], error: Error): (readonly [string, unknown, Error])[] =>
    values.map((value) => [
      `${show(value)} as the ${field} of its uri`,
      Object.assign(good(), { uri: { ...good().uri, [field]: value } }),
      error,
    ]);
  return {
    name: 'lock',
    good,
    bad: () => [
      ...all(wrongType, notObjects),
      ...wrong('uri', notObjects, wrongType),
      ...inUri('path', notStrings.slice(2), wrongType),
      ...inUri('port', [-1, 65536], outOfRange),
      ...['token', 'owner'].flatMap((field) => [
        ...wrong(field, notStrings.slice(2), wrongType),
        ...wrong(field, ['\0', 'a\0'], wrongValue),
      ]),
      ...number('depth', [2 ** 31, -(2 ** 31) - 1, ...(sends || needsWhole ? [-1, 3] : [])]),
      ...number('type', [-1, 1]),
      ...number('scope', [-1, 2]),
      ...number('timeout', [-3]),
      ...(needsToken || sends
        ? [...inUri('path', [undefined, null], wrongType), ...inUri('path', ['/\n', '\r'], wrongChar)]
        : []),
      ...(needsToken
        ? [
            ...wrong('token', [undefined, null], wrongType),
            ...wrong('token', ['\r', 'a\nb'], wrongChar),
            ...wrong('token', ['x'.repeat(8188)], outOfRange),
          ]
        : []),
      ...(needsWhole
        ? [
            ...['scheme', 'host'].flatMap((field) => [
              ...inUri(field, [undefined, null], wrongValue),
              ...inUri(field, ['\n'], wrongChar),
            ]),
            ...inUri('port', [undefined, 0], wrongValue),
            ...inUri('query', ['a\r'], wrongChar),
          ]
        : []),
      ...(sends
        ? wrong(
            'owner',
            [
              '<',
              '&',
              '&nbsp;',
              '</owner>',
              '<a>',
              '<p:a/>',
              '</owner><owner>',
              '<!-- ',
              ']]>',
              '<?xml version="1.0"?>',
            ],
            wrongValue,
          )
        : []),
    ],
  };
}
/** A lock that cannot be written. */
const frozen: [string, unknown, Error] = ['a frozen lock', Object.freeze(ne.ne_lock_create()), wrongValue];
const store = handle('store', 'ne_lock_store', ne.ne_lockstore_destroy);
const path = text('path', '/a');

testBadInput(
  'locks',
  {
    ne_lock_create: [],
    ne_lock_copy: [lock()],
    ne_lock_free: [{ ...lock(), bad: () => [...all(wrongType, notObjects), ['no uri', {}, wrongType], frozen] }],
    ne_lock_destroy: [{ ...lock(), bad: () => [...all(wrongType, notObjects), ['no uri', {}, wrongType], frozen] }],
    ne_lockstore_create: [],
    ne_lockstore_register: [store, further(sess)],
    ne_lockstore_destroy: [store],
    ne_lockstore_add: [store, { ...lock({ needsToken: true, needsWhole: true }), name: 'lock' }],
    ne_lockstore_remove: [store, { ...lock(), bad: () => all(wrongType, notObjects) }],
    ne_lockstore_first: [store],
    ne_lockstore_next: [store],
    ne_lockstore_findbyuri: [store, uri('uri')],
    ne_lock: [sess, lock({ sends: true })],
    ne_unlock: [sess, lock({ needsToken: true })],
    ne_lock_refresh: [sess, lock({ needsToken: true })],
    ne_lock_discover: [sess, line('path', '/'), callback('result')],
    ne_lock_using_resource: [req, path, integer('depth', 0, 0, 2)],
    ne_lock_using_parent: [req, path],
  },
  {
    // The function fails even with valid arguments, because no store contains the lock.
    ne_lockstore_remove: neonError('ERR_NEON_INVALID_STATE'),
  },
);
