/** Tests the parsers of the client that need no server: `.netrc` files, lines of the shell, and texts for people. */
import { durationText, printable, sizeText } from '../../lib/cli/format.js';
import { findEntry, parseNetrc } from '../../lib/cli/netrc.js';
import { Rate } from '../../lib/cli/progress.js';
import { wordsOf } from '../../lib/cli/words.js';

describe('.netrc', () => {
  test('is parsed with comments, quotation marks, macros and a default', () => {
    const text = [
      '# a comment',
      'machine one login "a b" password "q\\"\\\\" account x',
      'macdef init',
      'machine in-the-macro',
      '',
      'machine two',
      '  password p#w',
      'default login anonymous password guest',
    ];
    const entries = parseNetrc(text.join('\n'));
    expect(entries).toEqual([
      { machine: 'one', login: 'a b', password: 'q"\\' },
      { machine: 'two', login: undefined, password: 'p#w' },
      { machine: undefined, login: 'anonymous', password: 'guest' },
    ]);
    expect(findEntry(entries, 'one', undefined)?.login).toBe('a b');
    expect(findEntry(entries, 'two', 'me')?.password).toBe('p#w');
    expect(findEntry(entries, 'one', 'other')).toBeUndefined();
    expect(findEntry(entries, 'three', undefined)?.password).toBe('guest');
  });

  test.each([
    ['machine', 'line 1: nothing follows "machine"'],
    ['\nlogin x', 'line 2: "login" comes before "machine"'],
    ['machine a\nsecret', 'line 2: a word that is not known'],
    ['machine a login "x', 'line 1: a quotation mark is missing'],
  ])('%j is refused without its words', (text, message) => {
    expect(() => parseNetrc(text)).toThrow(new SyntaxError(message));
  });
});

describe('lines of the shell', () => {
  test.each([
    ['', []],
    ['ls', ['ls']],
    ['  put "a file"  b\\ c ', ['put', 'a file', 'b c']],
    [`get 'it "is"' a\\*b x"y z"`, ['get', 'it "is"', 'a\\*b', 'xy z']],
    ['"a\\"b"', ['a"b']],
  ])('%j has the words %j', (line, words) => {
    expect(wordsOf(line).map(({ text }) => text)).toEqual(words);
  });

  test('a missing quotation mark is refused', () => {
    expect(() => wordsOf('get "a')).toThrow(/quotation mark/);
    expect(wordsOf('get "a b', true).at(-1)).toEqual({ text: 'a b', start: 4, quote: '"' });
    expect(wordsOf('get a ', true).at(-1)).toEqual({ text: '', start: 6, quote: '' });
    expect(wordsOf('get a\\ ', true).at(-1)).toEqual({ text: 'a ', start: 4, quote: '' });
  });
});

test('sizes and durations have few digits', () => {
  expect([0, 999, 1000, 1024, 10_239, 1048576, 1073741824].map(sizeText)).toEqual([
    '0 B',
    '999 B',
    '0.98 KiB',
    '1.00 KiB',
    '10.0 KiB',
    '1.00 MiB',
    '1.00 GiB',
  ]);
  expect([0, 59.6, 3599, 3600, Infinity].map(durationText)).toEqual(['0:00', '1:00', '59:59', '1:00:00', '-:--']);
});

test('control characters and marks of direction are shown as text', () => {
  expect(printable('a\x1b[31m\u202eb\nc')).toBe(String.raw`a\u{1b}[31m\u{202e}b\u{a}c`);
});

test('the rate is that of the last seconds', () => {
  const rate = new Rate();
  expect(rate.note(0, 0)).toBe(0);
  expect(rate.note(1000, 1000)).toBe(1000);
  for (let second = 2; second <= 20; second++) rate.note(1000 + (second - 1) * 10, second * 1000);
  expect(rate.note(1200, 21_000)).toBeCloseTo(10, 0);
});
