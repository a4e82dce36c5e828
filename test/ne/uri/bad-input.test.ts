/** Bad arguments to the functions of ne_uri.h. */
import { integer, object, pathLike, text, uri } from '../../support/bad-arguments.js';
import * as ne from 'libneon/ne';
import { testBadInput } from '../../support/bad-input.js';
import { wrongValue } from '../../support/expect.js';

const path = pathLike('path', '/a');

testBadInput('uri', {
  ne_uri_parse: [text('uri', 'http://example.com/'), object('parsed')],
  ne_uri_unparse: [uri('uri', { needsPath: true })],
  ne_uri_resolve: [uri('base', { needsPath: true }), uri('relative', { needsPath: true }), object('result')],
  ne_uri_cmp: [uri('u1'), uri('u2')],
  ne_uri_copy: [object('dest'), uri('src')],
  ne_uri_free: [object('parsed')],
  ne_uri_defaultport: [text('scheme', 'http')],
  ne_path_escape: [path],
  ne_path_escapef: [path, integer('flags', 1, 0, 2 ** 32 - 1)],
  ne_path_unescape: [pathLike('epath', '/a')],
  ne_path_parent: [path],
  ne_path_compare: [pathLike('p1', '/a'), pathLike('p2', '/b')],
  ne_path_childof: [pathLike('parent', '/a'), pathLike('child', '/a/b')],
  ne_path_has_trailing_slash: [path],
});

describe.each<[string, () => object]>([
  ['is frozen', () => Object.freeze({ path: '/a' })],
  ['has a getter only', () => Object.defineProperty({}, 'path', { get: () => '/a' })],
])('a uri that %s', (_, make) => {
  test('is refused by the functions that fill it', () => {
    expect(() => ne.ne_uri_parse('http://a/b', make())).toThrow(wrongValue);
    expect(() => ne.ne_uri_copy(make(), { path: '/b' })).toThrow(wrongValue);
    expect(() => ne.ne_uri_resolve({ path: '/b' }, { path: '/c' }, make())).toThrow(wrongValue);
    expect(() => ne.ne_uri_free(make())).toThrow(wrongValue);
  });
});

test('the error of a setter comes out of the function that fills a uri', () => {
  const own = new Error('on purpose');
  const parsed = Object.defineProperty({}, 'path', {
    set: () => {
      throw own;
    },
  });
  expect(() => ne.ne_uri_parse('http://a/b', parsed)).toThrow(own);
});
