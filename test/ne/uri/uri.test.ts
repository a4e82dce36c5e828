/** Tests of ne_uri.h: URIs and paths. */
import * as ne from 'libneon/ne';
import { neonSince } from '../../support/neon.js';
import { outOfRange, result, wrongType, wrongValue } from '../../support/expect.js';

const nothing: ne.ne_uri = {
  scheme: null,
  host: null,
  userinfo: null,
  port: 0,
  path: null,
  query: null,
  fragment: null,
};

/** A URI reference that neon must be able to parse. */
function parse(text: string): ne.ne_uri {
  const parsed = { ...nothing };
  expect([text, ne.ne_uri_parse(text, parsed)]).toEqual([text, 0]);
  return parsed;
}

describe('ne_uri_parse', () => {
  test.each<readonly [string, Partial<ne.ne_uri>]>([
    ['http://example.com/', { scheme: 'http', host: 'example.com', path: '/' }],
    ['http://example.com', { scheme: 'http', host: 'example.com', path: '/' }],
    ['HTTP://Example.COM/Path', { scheme: 'HTTP', host: 'Example.COM', path: '/Path' }],
    ['https://example.com:8443/a/b', { scheme: 'https', host: 'example.com', port: 8443, path: '/a/b' }],
    ['http://example.com:/a', { scheme: 'http', host: 'example.com', path: '/a' }],
    ['http://example.com:65535/', { scheme: 'http', host: 'example.com', port: 65535, path: '/' }],
    ['http://user:secret@example.com/', { scheme: 'http', userinfo: 'user:secret', host: 'example.com', path: '/' }],
    ['http://@example.com/', { scheme: 'http', userinfo: '', host: 'example.com', path: '/' }],
    ['http://[::1]/', { scheme: 'http', host: '[::1]', path: '/' }],
    [
      'http://[2001:db8::7]:81/c=GB?one#two',
      {
        scheme: 'http',
        host: '[2001:db8::7]',
        port: 81,
        path: '/c=GB',
        query: 'one',
        fragment: 'two',
      },
    ],
    ['//example.com/a', { host: 'example.com', path: '/a' }],
    ['/a/b?c=d&e#f', { path: '/a/b', query: 'c=d&e', fragment: 'f' }],
    ['/a%2Fb', { path: '/a%2Fb' }],
    ['a/b', { path: 'a/b' }],
    ['', { path: '' }],
    ['?', { path: '', query: '' }],
    ['?a/b?c', { path: '', query: 'a/b?c' }],
    ['#', { path: '', fragment: '' }],
    ['/a#b#c', { path: '/a', fragment: 'b' }], // as in C, which ignores the rest
    ['#a?b', { path: '', fragment: 'a?b' }],
    ['mailto:John.Doe@example.com', { scheme: 'mailto', path: 'John.Doe@example.com' }],
    ['urn:oasis:names', { scheme: 'urn', path: 'oasis:names' }],
    ['tel:+1-816-555-1212', { scheme: 'tel', path: '+1-816-555-1212' }],
    ['file:///etc/hosts', { scheme: 'file', host: '', path: '/etc/hosts' }],
    ['x+y-z.1:/', { scheme: 'x+y-z.1', path: '/' }],
    ['1http://a/', { path: '1http://a/' }],
  ])('parses %j', (text, fields) => {
    const parsed = { path: 'before', fragment: 'before' };
    expect(ne.ne_uri_parse(text, parsed)).toBe(0);
    expect(parsed).toEqual({ ...nothing, ...fields });
  });

  test.each([
    'http://[::1/',
    'http://[::1]x/',
    'http://example.com/a b',
    '/\u00e4',
    '/a?b c',
    ' ',
    '/a\\b',
    '/<',
    '/a\n',
  ])('returns an error for %j', (text) => {
    expect(ne.ne_uri_parse(text, {})).not.toBe(0);
  });

  test('fills the fields after an error, too', () => {
    const parsed = { ...nothing, scheme: 'before', query: 'before', port: 1, more: 'stays' };
    expect(ne.ne_uri_parse('http://user@[::1', parsed)).not.toBe(0);
    expect(parsed).toEqual({ ...nothing, scheme: 'http', userinfo: 'user', more: 'stays' });
  });

  test('rejects invalid ports, or keeps their value from atoi', () => {
    // Older versions of neon pass any port to atoi. Newer versions reject an invalid port.
    const ports = ['99999', '-1', 'x', '80x'].map((port) => {
      const parsed: Partial<ne.ne_uri> = {};
      return [ne.ne_uri_parse(`http://example.com:${port}/`, parsed) === 0, parsed.port] as const;
    });
    const old = [
      [true, 99999],
      [true, 2 ** 32 - 1],
      [true, 0],
      [true, 80],
    ];
    expect(ports).toEqual(neonSince(34) ? Array(4).fill([false, 0]) : old);
  });
});

describe('ne_uri_unparse', () => {
  test.each([
    'http://example.com/',
    'http://example.com:8080/a',
    'https://user:secret@example.com/a/b?c#d',
    'http://[2001:db8::7]:81/',
    '//example.com:80/',
    '/a/b?c=d&e#f',
    'a/b',
    '',
    '?',
    '#',
    '?#',
    'mailto:John.Doe@example.com',
    'file:///etc/hosts',
    'http://example.com/%C3%A4',
  ])('formats %j as it was parsed', (text) => {
    expect(ne.ne_uri_unparse(parse(text))).toBe(text);
  });

  test.each<readonly [Partial<ne.ne_uri>, string]>([
    [{ path: '' }, ''],
    [{ path: '/', scheme: 'http', host: 'h', port: 80 }, 'http://h/'],
    [{ path: '/', scheme: 'HTTPS', host: 'h', port: 443 }, 'HTTPS://h/'],
    [{ path: '/', scheme: 'https', host: 'h', port: 80 }, 'https://h:80/'],
    [{ path: '/', scheme: 'ftp', host: 'h', port: 65535 }, 'ftp://h:65535/'],
    [{ path: '/', host: 'h', port: 0 }, '//h/'],
    [{ path: '/', port: 81, userinfo: 'u' }, '/'],
    [{ path: 'a', scheme: 'http', host: '', userinfo: '' }, 'http://@a'],
    [{ path: '/\u00e4 \u20ac', query: '\ud83d\ude00', fragment: '%' }, '/\u00e4 \u20ac?\ud83d\ude00#%'],
    [{ path: '\ud800' }, '\ufffd'],
  ])('formats %j as %j', (uri, text) => {
    expect(ne.ne_uri_unparse(uri)).toBe(text);
  });

  test('reads getters and prototypes', () => {
    class Location {
      host = 'example.com';
      get path(): string {
        return '/got';
      }
    }
    expect(ne.ne_uri_unparse(new Location())).toBe('//example.com/got');
    const reason = new Error('the reason');
    const throwing = {
      path: '/',
      get query(): string {
        throw reason;
      },
    };
    expect(() => ne.ne_uri_unparse(throwing)).toThrow(reason);
  });

  test('rejects a URI without a path', () => {
    for (const uri of [{}, { scheme: 'http', host: 'example.com' }, { path: null }])
      expect(() => ne.ne_uri_unparse(uri)).toThrow(wrongType);
    expect(() => ne.ne_uri_unparse({})).toThrow(/The "path" field of the "uri" argument must be of type string/);
  });
});

describe('ne_uri_resolve', () => {
  const base = 'http://a/b/c/d;p?q';
  // Examples of RFC 3986, sections 5.4.1 and 5.4.2. If a URI has a host but no path, neon adds the path "/". For this
  // reason, "//g" yields "http://g/".
  const examples: readonly (readonly [string, string])[] = [
    ['g:h', 'g:h'],
    ['g', 'http://a/b/c/g'],
    ['./g', 'http://a/b/c/g'],
    ['g/', 'http://a/b/c/g/'],
    ['/g', 'http://a/g'],
    ['//g', 'http://g/'],
    ['?y', 'http://a/b/c/d;p?y'],
    ['g?y', 'http://a/b/c/g?y'],
    ['#s', 'http://a/b/c/d;p?q#s'],
    ['g#s', 'http://a/b/c/g#s'],
    ['g?y#s', 'http://a/b/c/g?y#s'],
    [';x', 'http://a/b/c/;x'],
    ['g;x', 'http://a/b/c/g;x'],
    ['g;x?y#s', 'http://a/b/c/g;x?y#s'],
    ['', 'http://a/b/c/d;p?q'],
    ['.', 'http://a/b/c/'],
    ['./', 'http://a/b/c/'],
    ['..', 'http://a/b/'],
    ['../', 'http://a/b/'],
    ['../g', 'http://a/b/g'],
    ['../..', 'http://a/'],
    ['../../', 'http://a/'],
    ['../../g', 'http://a/g'],
    ['../../../g', 'http://a/g'],
    ['../../../../g', 'http://a/g'],
    ['/./g', 'http://a/g'],
    ['/../g', 'http://a/g'],
    ['g.', 'http://a/b/c/g.'],
    ['.g', 'http://a/b/c/.g'],
    ['g..', 'http://a/b/c/g..'],
    ['..g', 'http://a/b/c/..g'],
    ['./../g', 'http://a/b/g'],
    ['./g/.', 'http://a/b/c/g/'],
    ['g/./h', 'http://a/b/c/g/h'],
    ['g/../h', 'http://a/b/c/h'],
    ['g;x=1/./y', 'http://a/b/c/g;x=1/y'],
    ['g;x=1/../y', 'http://a/b/c/y'],
    ['g?y/./x', 'http://a/b/c/g?y/./x'],
    ['g?y/../x', 'http://a/b/c/g?y/../x'],
    ['g#s/./x', 'http://a/b/c/g#s/./x'],
    ['g#s/../x', 'http://a/b/c/g#s/../x'],
    ['http:g', 'http:g'],
  ];

  test.each(examples)('resolves %j', (reference, expected) => {
    const resolved: Partial<ne.ne_uri> = {};
    expect(ne.ne_uri_resolve(parse(base), parse(reference), resolved)).toBe(resolved);
    expect(ne.ne_uri_unparse(resolved)).toBe(expected);
    expect(resolved).toEqual(parse(expected));
  });

  test('covers all examples of the RFC', () => {
    expect(examples.length).toBe(23 + 19);
  });

  test.each([
    ['http://h', 'g', 'http://h/g'],
    ['http://u@h:81/a/b', 'g', 'http://u@h:81/a/g'],
    ['http://u@h:81/a/b', '//i', 'http://i/'],
    ['http://h/a', '//i:82/c', 'http://i:82/c'],
    ['http://h/a', 'https://i', 'https://i/'],
    ['http://h/a', 'https://i/../b', 'https://i/b'],
    ['a/b', 'c', 'a/c'],
    ['a', 'c', 'c'],
    ['', '../c', 'c'],
    ['?q', '', '?q'],
    ['urn:a:b', 'c', 'urn:c'],
  ])('resolves against %j the reference %j', (from, reference, expected) => {
    expect(ne.ne_uri_unparse(ne.ne_uri_resolve(parse(from), parse(reference), {}))).toBe(expected);
  });

  test('resolves against a host without a path', () => {
    const authority = { scheme: 'http', host: 'h', path: '' };
    expect(ne.ne_uri_unparse(ne.ne_uri_resolve(authority, { path: 'g' }, {}))).toBe('http://h/g');
  });

  test('sets all fields of the result, which may be one of the arguments', () => {
    const into = { ...nothing, fragment: 'before', userinfo: 'before', more: 'stays' };
    expect(ne.ne_uri_resolve(parse('http://h/a'), parse('b'), into)).toBe(into);
    expect(into).toEqual({ ...nothing, scheme: 'http', host: 'h', path: '/b', more: 'stays' });
    for (const which of [0, 1]) {
      const given = [parse('http://h/a?q'), parse('b#f')] as const;
      const same = given[which]!;
      expect(ne.ne_uri_resolve(...given, same)).toBe(same);
      expect(ne.ne_uri_unparse(same)).toBe('http://h/b#f');
    }
  });

  test('rejects a base and a reference without a path, even if C would not read it', () => {
    const absolute = parse('http://h/a');
    for (const bad of [{}, { path: null }, { scheme: 'http', host: 'h' }]) {
      expect(() => ne.ne_uri_resolve(bad, absolute, {})).toThrow(wrongType);
      expect(() => ne.ne_uri_resolve(absolute, bad, {})).toThrow(wrongType);
    }
    expect(() => ne.ne_uri_resolve({}, absolute, {})).toThrow(/"path" field of the "base" argument/);
    expect(() => ne.ne_uri_resolve(absolute, {}, {})).toThrow(/"path" field of the "relative" argument/);
    const result = { ...nothing, path: 'before' };
    expect(() => ne.ne_uri_resolve(absolute, {}, result)).toThrow(wrongType);
    expect(result).toEqual({ ...nothing, path: 'before' });
  });

  test('resolves many segments', () => {
    const up = '../'.repeat(2_000);
    expect(ne.ne_uri_resolve(parse(`http://h/${'a/'.repeat(2_001)}b`), parse(`${up}c`), {}).path).toBe('/a/c');
    expect(ne.ne_uri_resolve(parse('http://h/'), parse(`${up}c`), {}).path).toBe('/c');
  });
});

describe('ne_uri_cmp', () => {
  test.each([
    ['http://example.com/', 'http://example.com/'],
    ['http://example.com/', 'HTTP://EXAMPLE.com/'],
    ['http://example.com/', 'http://example.com'],
    ['', ''],
    ['/a?b#c', '/a?b#c'],
  ])('returns 0 for %j and %j', (one, other) => {
    expect(ne.ne_uri_cmp(parse(one), parse(other))).toBe(0);
  });

  test.each([
    ['http://h/a', 'http://h/b'],
    ['http://h/A', 'http://h/a'],
    ['http://a/', 'http://b/'],
    ['http://h/', 'https://h/'],
    ['/a?a', '/a?b'],
    ['/a?a', '/a?A'],
    ['/a#a', '/a#b'],
    ['http://a@h/', 'http://b@h/'],
    ['http://h/a', '/a'],
    ['/a?', '/a'],
    ['/a#', '/a'],
    ['http://@h/', 'http://h/'],
    ['http://h:80/', 'http://h/'],
    ['http://h:80/', 'http://h:81/'],
  ])('orders %j and %j', (one, other) => {
    const [there, back] = [ne.ne_uri_cmp(parse(one), parse(other)), ne.ne_uri_cmp(parse(other), parse(one))];
    expect([Math.sign(there) * Math.sign(back)]).toEqual([-1]);
  });

  test('accepts missing fields', () => {
    expect(ne.ne_uri_cmp({}, {})).toBe(0);
    expect(ne.ne_uri_cmp({}, nothing)).toBe(0);
    expect(ne.ne_uri_cmp({ path: '/' }, {})).toBeLessThan(0);
    expect(ne.ne_uri_cmp({}, { path: '/' })).toBeGreaterThan(0);
    for (const field of ['scheme', 'host', 'userinfo', 'query', 'fragment'] as const)
      expect([field, ne.ne_uri_cmp({ [field]: 'x' }, {}) === 0]).toEqual([field, false]);
  });
});

describe('ne_uri_copy, ne_uri_free', () => {
  test('sets all fields of the copy', () => {
    const full = { scheme: 's', host: 'h', userinfo: 'u', port: 1, path: 'p', query: 'q', fragment: 'f' };
    const dest = { path: 'before', more: 'stays' };
    expect(ne.ne_uri_copy(dest, full)).toBe(dest);
    expect(dest).toEqual({ ...full, more: 'stays' });
    expect(ne.ne_uri_copy(dest, { path: '', query: undefined as unknown as null })).toBe(dest);
    expect(dest).toEqual({ ...nothing, path: '', more: 'stays' });
    expect(ne.ne_uri_copy(full, full)).toEqual({
      scheme: 's',
      host: 'h',
      userinfo: 'u',
      port: 1,
      path: 'p',
      query: 'q',
      fragment: 'f',
    });
  });

  test('leaves the destination unchanged after a rejected copy', () => {
    const dest = { path: 'before' };
    expect(() => ne.ne_uri_copy(dest, { path: '/', port: 65536 })).toThrow(outOfRange);
    expect(() => ne.ne_uri_copy(dest, { path: '/', host: 'a\0b' })).toThrow(wrongValue);
    expect(dest).toEqual({ path: 'before' });
  });

  test('clears all fields of a freed URI', () => {
    const uri = { ...parse('http://u@h:81/a?b#c'), more: 'stays' };
    expect(result(() => ne.ne_uri_free(uri))).toBeUndefined();
    expect(uri).toEqual({ ...nothing, more: 'stays' });
    ne.ne_uri_free(uri);
    expect(uri).toEqual({ ...nothing, more: 'stays' });
  });
});

test.each([
  ['http', 80],
  ['https', 443],
  ['HTTP', 80],
  ['Https', 443],
  ['ftp', 0],
  ['', 0],
  ['http:', 0],
  ['httpss', 0],
  ['x'.repeat(100_000), 0],
])('returns for the scheme %.10j the default port %d', (scheme, port) => {
  expect(ne.ne_uri_defaultport(scheme)).toBe(port);
});

describe('ne_path_escape', () => {
  test.each([
    ['', ''],
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a b', '/a%20b'],
    ['/azAZ09-._~', '/azAZ09-._~'],
    ['/100%', '/100%25'],
    ['/%20', '/%2520'],
    ['/a?b#c', '/a%3fb%23c'],
    ['/[a]', '/%5ba%5d'],
    ['/<">\\^`{|}', '/%3c%22%3e%5c%5e%60%7b%7c%7d'],
    ['/\u00e4\u20ac\ud83d\ude00', '/%c3%a4%e2%82%ac%f0%9f%98%80'],
    ['/\x01\x7f\r\n\t', '/%01%7f%0d%0a%09'],
    ['\ud800', '%ef%bf%bd'],
    [' '.repeat(100_000), '%20'.repeat(100_000)],
  ])('escapes %.30j as %.30j', (path, escaped) => {
    expect(ne.ne_path_escape(path)).toBe(escaped);
    const flags = neonSince(35) ? ne.NE_PATH_NONPC : ne.NE_PATH_NONRES;
    expect(ne.ne_path_escapef(path, flags)).toBe(escaped);
    if (!path.includes('\ud800')) expect(ne.ne_path_unescape(escaped)).toBe(path);
  });

  test('keeps the characters that are valid in a path since neon 0.35', () => {
    const allowed = "/:@!$&'()*+,;=";
    const escaped = '/%3a%40%21%24%26%27%28%29%2a%2b%2c%3b%3d';
    expect(ne.ne_path_escape(allowed)).toBe(neonSince(35) ? allowed : escaped);
    expect(ne.ne_path_escapef(allowed, ne.NE_PATH_NONRES)).toBe(escaped);
    expect(ne.ne_path_escapef(allowed, ne.NE_PATH_NONPC)).toBe(allowed);
    expect(ne.ne_path_escapef(allowed, ne.NE_PATH_NONPC | ne.NE_PATH_NONRES)).toBe(escaped);
  });

  test('escapes by flags', () => {
    const path = '/a%20b c?d:\u00e4';
    expect(ne.ne_path_escapef(path, 0)).toBe(path);
    expect(ne.ne_path_escapef(path, ne.NE_PATH_NONURI)).toBe('/a%20b%20c?d:%c3%a4');
    expect(ne.ne_path_escapef(path, ne.NE_PATH_NONRES)).toBe('/a%2520b%20c%3fd%3a%c3%a4');
    expect(ne.ne_path_escapef(path, ne.NE_PATH_NONPC)).toBe(neonSince(35) ? '/a%2520b%20c%3fd:%c3%a4' : path);
    expect(ne.ne_path_escapef(path, 2 ** 32 - 8)).toBe(path); // unknown flags
  });
});

describe('paths of bytes', () => {
  const latin1 = Buffer.from('/caf\xe9/b', 'latin1');
  const dec = Buffer.from('/CAF\xe9', 'latin1');

  test('escapes bytes that are not UTF-8, and gives them back', () => {
    expect(ne.ne_path_escape(latin1)).toBe('/caf%e9/b');
    expect(ne.ne_path_escapef(latin1, ne.NE_PATH_NONRES)).toBe('/caf%e9/b');
    const plain = ne.ne_path_unescape(Buffer.from('/caf%E9/b'));
    expect(plain).toBeInstanceOf(Uint8Array);
    expect(plain!.equals(latin1)).toBe(true);
    expect(ne.ne_path_unescape(Buffer.from('%'))).toBeNull();
    expect(ne.ne_path_unescape(new Uint8Array(0))).toEqual(Buffer.alloc(0));
  });

  test('compares them and finds their parents', () => {
    expect(ne.ne_path_parent(latin1)!.equals(Buffer.from('/caf\xe9/', 'latin1'))).toBe(true);
    expect(ne.ne_path_parent(Buffer.from('/'))).toBeNull();
    expect(ne.ne_path_compare(dec, Buffer.from('/caf\xe9/', 'latin1'))).toBe(0);
    expect(ne.ne_path_compare(dec, Buffer.from('/caf\xe8', 'latin1'))).not.toBe(0);
    expect(ne.ne_path_childof(Buffer.from('/caf\xe9', 'latin1'), latin1)).not.toBe(0);
    expect(ne.ne_path_childof(Buffer.from('/caf\xe8', 'latin1'), latin1)).toBe(0);
    expect(ne.ne_path_has_trailing_slash(Buffer.from([0xe9, 0x2f]))).not.toBe(0);
  });
});

describe('ne_path_unescape', () => {
  test.each([
    ['', ''],
    ['/a%20b', '/a b'],
    ['%2F%2f', '//'],
    ['%c3%A4', '\u00e4'],
    ['+', '+'],
    ['\u00e4', '\u00e4'],
    ['%25%32%30', '%20'],
    ['/a%00b', '/a'],
    ['%00', ''],
    ['%ff%fe', '\ufffd\ufffd'],
    ['%20'.repeat(100_000), ' '.repeat(100_000)],
  ])('unescapes %.30j as %.30j', (path, plain) => {
    expect(ne.ne_path_unescape(path)).toBe(plain);
  });

  test.each(['%', '/a%', '%1', '%1g', '%g1', '%%20', '% 20', '%-1', '/a%2', '%c3%', '%\u00e41'])(
    'returns null for %j',
    (path) => {
      expect(ne.ne_path_unescape(path)).toBeNull();
    },
  );
});

test.each([
  ['/', null],
  ['', null],
  ['a', null],
  ['a/', null],
  ['/a', '/'],
  ['/a/', '/'],
  ['/a/b', '/a/'],
  ['/a/b/', '/a/'],
  ['a/b', 'a/'],
  ['//', '/'],
  ['///', '//'],
  ['/a//', '/a/'],
  ['/\u00e4/\u20ac', '/\u00e4/'],
  [`/${'a'.repeat(1_000_000)}/b`, `/${'a'.repeat(1_000_000)}/`],
])('returns for the path %.20j the parent %.20j', (path, parent) => {
  expect(ne.ne_path_parent(path)).toBe(parent);
});

test.each([
  ['', false],
  ['/', true],
  ['a', false],
  ['/a/', true],
  ['/a', false],
  ['/a/\u00e4', false],
  ['\u00e4/', true],
  [`${'a'.repeat(1_000_000)}/`, true],
])('reports whether %.20j has a trailing slash', (path, expected) => {
  expect(ne.ne_path_has_trailing_slash(path) !== 0).toBe(expected);
});

describe('ne_path_compare', () => {
  test.each([
    ['', ''],
    ['', '/'],
    ['/a', '/a'],
    ['/a', '/a/'],
    ['/a/', '/a'],
    ['/a', '/A'],
    ['/\u00e4', '/\u00e4/'],
    ['/'.repeat(100_000), '/'.repeat(100_000)],
  ])('returns 0 for %.20j and %.20j', (one, other) => {
    expect(ne.ne_path_compare(one, other)).toBe(0);
  });

  test.each([
    ['', 'a'],
    ['/a', '/b'],
    ['/a', '/a/b'],
    ['/a//', '/a'],
    ['/a//', '/a/'],
    ['/a', '/ab'],
    ['/\u00e4', '/\u00c4'],
    ['/%61', '/a'],
  ])('orders %j and %j', (one, other) => {
    expect(Math.sign(ne.ne_path_compare(one, other)) * Math.sign(ne.ne_path_compare(other, one))).toBe(-1);
  });
});

test.each([
  ['/', '/a', true],
  ['/a/', '/a/b', true],
  ['/a/', '/a/b/c/', true],
  ['/A/', '/a/b', true],
  ['', '/a', true],
  ['/a', '/ab', true],
  ['/a/', '/a/', false],
  ['/a/', '/a', false],
  ['/a/b', '/a/', false],
  ['/a/', '/b/c', false],
  ['/a/', '/ab/c', false],
  ['', '', false],
  ['/\u00e4/', '/\u00e4/b', true],
  ['/\u00e4/', '/\u00f6/b', false],
  ['/a/', `/a/${'b'.repeat(1_000_000)}`, true],
])('reports whether %.20j has the child %.20j', (parent, child, expected) => {
  expect(ne.ne_path_childof(parent, child) !== 0).toBe(expected);
});
