/** Compares the patterns of getDirectoryContents with those of minimatch, which npm webdav uses. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';
import { matcherOf } from '../../lib/core/glob.js';

const { Minimatch } = createRequire(path.join(projectRoot, 'node_modules/webdav/package.json'))('minimatch') as {
  Minimatch: new (pattern: string, options: object) => { match(path: string): boolean };
};

const names = [
  'a',
  'b',
  'ab',
  'abc',
  'a.txt',
  'b.md',
  '.a',
  '.b.txt',
  'a*b',
  '*',
  '1.txt',
  '01',
  'a b',
  'é.txt',
  'ABC',
];
const paths = ['/', ...names.map((name) => `/${name}`)].concat(
  names.flatMap((one) => names.map((other) => `/${one}/${other}`)),
  names.map((name) => `/a/b/${name}`),
);

const patterns = [
  ...['*', '**', '/**', '/*', '*.txt', '/**/*.{txt,md}', '!*.txt', '!!*.txt', '#a', 'a?c', '?', '???', '.*', '**/.*'],
  ...['[a-c]*', '[!a]*', '[^a]b', '[[:alpha:]]b', '[]a]', '[a', 'a]', '[a-', '[[:digit:]]*', '*.[tm]*'],
  ...[
    '{a,b}*',
    '{a,b',
    '{a}',
    '{{a,b},x}',
    'x{,y}',
    'a{,.txt}',
    '{1..3}.txt',
    '{01..3}',
    '{a..c}b',
    '{a..c..2}',
    '${a,b}',
  ],
  ...['+(a|b)', '!(a)', '!(a|b).txt', '*(a)b', '@(a|b)c', '?(a)b', '*.!(txt)', '/!(a)/*', '+(a)+(b)', '@(.a)', 'a!(c)'],
  ...['/a/**', '/**/b', '/a/**/b', '/a/**/*', '**/a/**', 'a/b', '/a/b', '*/', '**/', '/a/', '\\*', 'a\\*b', 'A*'],
];

test.each(patterns)('matches what minimatch matches: %s', (pattern) => {
  const expected = new Minimatch(pattern, { matchBase: true });
  const matches = matcherOf(pattern);
  expect(paths.filter((one) => matches(one))).toEqual(paths.filter((one) => expected.match(one)));
});

test('matches what minimatch matches, for patterns of random parts', () => {
  const parts = [
    'a',
    'b',
    '*',
    '**',
    '?',
    '/',
    '.',
    '[ab]',
    '[!a]',
    '{a,b}',
    '!(a)',
    '+(a|b)',
    'txt',
    '/**/',
    '\\*',
    '!',
  ];
  let seed = 7;
  const random = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit;
  for (let i = 0; i < 500; i++) {
    const pattern = `x${Array.from({ length: 1 + random(4) }, () => parts[random(parts.length)]).join('')}`.slice(
      random(2),
    );
    const expected = new Minimatch(pattern, { matchBase: true });
    const matches = matcherOf(pattern);
    const found = paths.filter((one) => matches(one));
    if (pattern !== '') expect([pattern, ...found]).toEqual([pattern, ...paths.filter((one) => expected.match(one))]);
  }
});
