/** Tests of strings (ne_string.h): tokens, base64, hashes, parameters, comparisons. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { features, versions } from 'libneon';
import * as ne from 'libneon/ne';
import { describeWith } from '../../servers/packages.js';
import { testPki } from '../../servers/pki.js';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import { testServers } from '../../support/servers.js';

const serve = testServers();

/** All tokens of a text, each with the text that remains after the token. */
function split(text: string, next: (str: { value: string | null }) => string | null): [string | null, string | null][] {
  const str: { value: string | null } = { value: text };
  const found: [string | null, string | null][] = [];
  while (str.value !== null && found.length < 100) {
    const before = str.value;
    found.push([next(str), str.value]);
    if (str.value === before) break;
  }
  return found;
}

describe('ne_token', () => {
  test.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['', ['']],
    ['alone', ['alone']],
    [',', ['', '']],
    [',,x,', ['', '', 'x', '']],
    ['ä,€,\u{1f600}', ['ä', '€', '\u{1f600}']],
    ['"a,b",c', ['"a', 'b"', 'c']],
  ])('splits %j', (text, tokens) => {
    expect(split(text, (str) => ne.ne_token(str, ',')).map(([token]) => token)).toEqual(tokens);
  });

  test('stores the rest in the object, which keeps its other fields', () => {
    const str = { value: 'one;two', other: 1 };
    expect(ne.ne_token(str, ';')).toBe('one');
    expect(str).toEqual({ value: 'two', other: 1 });
    expect(ne.ne_token(str, ';')).toBe('two');
    expect(str).toEqual({ value: null, other: 1 });
  });

  test('rejects a call after the last token', () => {
    const str = { value: 'one' };
    ne.ne_token(str, ',');
    for (let i = 0; i < 3; i++) expect(() => ne.ne_token(str, ',')).toThrow(wrongType);
    expect(str).toEqual({ value: null });
  });

  test('throws the error of a getter', () => {
    const reason = new Error('the reason');
    const str = {
      get value(): string {
        throw reason;
      },
      set value(_: string) {},
    };
    expect(() => ne.ne_token(str, ',')).toThrow(reason);
    expect(() => ne.ne_token(Object.freeze({ value: 'a,b' }), ',')).toThrow(wrongValue);
  });
});

describe('ne_qtoken', () => {
  test.each([
    ['a,b', ['a', 'b']],
    ['"a,b",c', ['"a,b"', 'c']],
    ["a'b,c'd,'e'", ["a'b,c'd", "'e'"]],
    [`"it's",x`, [`"it's"`, 'x']],
    ['""', ['""']],
    ['', ['']],
    ['"€,"€,x', ['"€,"€', 'x']],
  ])('splits %j', (text, tokens) => {
    expect(split(text, (str) => ne.ne_qtoken(str, ',', '"\'')).map(([token]) => token)).toEqual(tokens);
  });

  test.each(['"', 'a"b', `"a'`, `x,"open`])('returns null for the open quote in %j', (text) => {
    const found = split(text, (str) => ne.ne_qtoken(str, ',', '"\''));
    const [token, rest] = found.at(-1)!;
    expect(token).toBeNull();
    expect(text.endsWith(rest!)).toBe(true);
    expect(rest).toMatch(/"/);
  });

  test('splits as ne_token does without quotes', () => {
    expect(split('"a,b"', (str) => ne.ne_qtoken(str, ',', ''))).toEqual([
      ['"a', 'b"'],
      ['b"', null],
    ]);
  });

  test('rejects a call after the last token', () => {
    const str = { value: 'one' };
    ne.ne_qtoken(str, ',', '"');
    expect(() => ne.ne_qtoken(str, ',', '"')).toThrow(wrongType);
  });
});

test.each([
  ['  text \t', ' \t', 'text'],
  ['text', ' ', 'text'],
  ['a b', ' ', 'a b'],
  ['   ', ' ', ''],
  ['', ' ', ''],
  ['text', '', 'text'],
  ['<<€>>', '<>', '€'],
])('shaves %j of %j with ne_shave', (text, whitespace, expected) => {
  expect(ne.ne_shave(text, whitespace)).toBe(expected);
});

test.each([
  ['text ~', 'text ~'],
  ['a\tb\r\nc\x7f', 'a b  c '],
  ['ä€', '     '], // a space for each byte
  ['', ''],
])('cleans %j with ne_strclean', (text, expected) => {
  expect(ne.ne_strclean(text)).toBe(expected);
});

test('concatenates with ne_concat', () => {
  expect(ne.ne_concat('alone')).toBe('alone');
  expect(ne.ne_concat('')).toBe('');
  expect(ne.ne_concat('a', '', 'ä€', 'b')).toBe('aä€b');
  expect(ne.ne_concat('', ...Array<string>(1000).fill('xy'))).toBe('xy'.repeat(1000));
  expect(() => ne.ne_concat('a', 1 as unknown as string)).toThrow(wrongType);
  expect(() => ne.ne_concat('a', 'b\0')).toThrow(wrongValue);
});

test('quotes bytes with ne_strnqdup', () => {
  expect(ne.ne_strnqdup('text ~')).toBe('text ~');
  expect(ne.ne_strnqdup('')).toBe('');
  expect(ne.ne_strnqdup(Buffer.from([0, 10, 31, 32, 126, 127, 128, 255]))).toBe('\\x00\\x0a\\x1f ~\\x7f\\x80\\xff');
  expect(ne.ne_strnqdup('\\€')).toBe('\\\\xe2\\x82\\xac');
});

describe('base64', () => {
  /** RFC 4648, section 10. */
  const vectors: [string, string][] = [
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ];
  test.each(vectors)('encodes %j as %j', (text, base64) => {
    expect(ne.ne_base64(text)).toBe(base64);
    expect(ne.ne_base64(Buffer.from(text))).toBe(base64);
    expect(ne.ne_unbase64(base64)).toEqual(text === '' ? null : Buffer.from(text));
  });

  test('encodes and decodes all bytes at all lengths', () => {
    const bytes = Buffer.from(Array.from({ length: 768 }, (_, i) => (i * 7 + (i >> 8)) & 255));
    for (let length = 1; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length);
      expect(ne.ne_base64(part)).toBe(part.toString('base64'));
      expect(ne.ne_unbase64(part.toString('base64'))).toEqual(part);
    }
  });

  test('encodes and decodes five million bytes', () => {
    const bytes = Buffer.alloc(5_000_001, 'much');
    const base64 = ne.ne_base64(bytes);
    expect(base64 === bytes.toString('base64')).toBe(true);
    expect(ne.ne_unbase64(base64)!.equals(bytes)).toBe(true);
  });

  test.each(['Z', 'Zg', 'Zg=', '=', '====', 'Z===', 'Zg=a', 'Zg==\n', 'Zm9v\n', 'Zm 9', 'Zm-_', 'Zmé=', '€€€€', '(ö)'])(
    'returns null for %j',
    (junk) => {
      expect(ne.ne_unbase64(junk)).toBeNull();
    },
  );

  test('decodes or rejects any text', () => {
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      const junk = String.fromCodePoint(
        ...Array.from({ length: i % 9 }, (_, at) => ((i * (at + 3) * 2654435761) >>> 7) % 384 || 1),
      );
      const bytes = ne.ne_unbase64(junk);
      if (bytes === null) continue;
      accepted++;
      expect(junk).toMatch(/^[A-Za-z0-9+/=]+$/);
      expect(bytes.length).toBeGreaterThan(0);
    }
    expect(accepted).toBeLessThan(20_000);
  });

  test('rejects input whose result is too long for a string', () => {
    expect(() => ne.ne_base64(new Uint8Array(402_653_167))).toThrow(outOfRange);
    expect(() => ne.ne_strnqdup(new Uint8Array(134_217_723))).toThrow(outOfRange);
  });
});

describe('ne_strhash', () => {
  /** RFC 1321, appendix A.5; FIPS 180-4 and its examples. */
  const abc: [keyof typeof ne, string][] = [
    ['NE_HASH_MD5', '900150983cd24fb0d6963f7d28e17f72'],
    ['NE_HASH_SHA1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['NE_HASH_SHA256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'NE_HASH_SHA512',
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    ],
    ['NE_HASH_SHA512_256', '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23'],
  ];
  const long =
    'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu';
  const ofLong: Record<string, string> = {
    NE_HASH_MD5: '03dd8807a93175fb062dfb55dc7d359c',
    NE_HASH_SHA1: 'a49b2446a02c645bf419f995b67091253a04a259',
    NE_HASH_SHA256: 'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    NE_HASH_SHA512:
      '8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909',
    NE_HASH_SHA512_256: '3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a',
  };
  const has = (name: string): boolean =>
    name === 'NE_HASH_SHA1'
      ? features.functions['ne_strlower'] === true
      : name !== 'NE_HASH_SHA512_256' || versions.tls?.startsWith('GnuTLS') !== true;

  test.each(abc.map(([name, digest]) => ({ name, digest })))('computes $name', ({ name, digest }) => {
    const flags = ne[name] as number;
    if (!has(name)) {
      expect(ne.ne_strhash(flags, 'abc')).toBeNull();
      return;
    }
    expect(ne.ne_strhash(flags, 'abc')).toBe(digest);
    expect(ne.ne_strhash(flags, 'a', '', 'b', 'c')).toBe(digest);
    expect(ne.ne_strhash(flags, long)).toBe(ofLong[name]);
    expect(ne.ne_strhash(flags, ...long.match(/./g)!)).toBe(ofLong[name]);
    expect(ne.ne_strhash(flags)).toBe(ne.ne_strhash(flags, ''));
    const pairs = digest.match(/../g)!;
    expect(ne.ne_strhash(flags | ne.NE_HASH_COLON, 'abc')).toBe(pairs.join(':'));
    expect(ne.ne_strhash(flags | ne.NE_HASH_SPACE, 'abc')).toBe(pairs.join(' '));
  });

  test('hashes text as UTF-8', () => {
    const digest = createHash('sha256').update('ä€').digest('hex');
    expect(ne.ne_strhash(ne.NE_HASH_SHA256, 'ä€')).toBe(digest);
  });

  test.each([0, 6, 7, 8, 15, ne.NE_HASH_COLON, ne.NE_HASH_SPACE, 6 | ne.NE_HASH_COLON])(
    'returns null for flags %d without an algorithm',
    (flags) => {
      expect(ne.ne_strhash(flags, 'abc')).toBeNull();
      expect(ne.ne_strhash(ne.NE_HASH_MD5, 'abc')).toBe(abc[0]![1]); // the failure had no effect
    },
  );

  test('checks all strings first', () => {
    expect(() => ne.ne_strhash(ne.NE_HASH_MD5, 'a', 1 as unknown as string)).toThrow(wrongType);
    expect(() => ne.ne_strhash(ne.NE_HASH_MD5, 'a', 'b\0c')).toThrow(wrongValue);
  });
});

describe('ne_strparam', () => {
  test.each([
    ['UTF-8', null, 'plain-text_1.0~', null],
    ['UTF-8', 'en', '', null],
    ['UTF-8', null, '£ rates', "UTF-8''%c2%a3%20rates"], // RFC 5987, section 3.2.2
    ['utf-8', '', '£ and € rates', "utf-8''%c2%a3%20and%20%e2%82%ac%20rates"],
    ['iso-8859-1', 'en', '£ rates', "iso-8859-1'en'%a3%20rates"],
    ['ISO-8859-1', null, 'ÿ', "ISO-8859-1''%ff"],
    ['UTF-8', 'de-DE', 'a b', "UTF-8'de-DE'a%20b"],
    [
      'UTF-8',
      null,
      '\'()*,/:;<=>?@[\\]{}%"\t\r\n\x7f',
      "UTF-8''%27%28%29%2a%2c%2f%3a%3b%3c%3d%3e%3f%40%5b%5c%5d%7b%7d%25%22%09%0d%0a%7f",
    ],
    ['UTF-8', null, '!#$&+-.^_`|~ ', "UTF-8''!#$&+-.^_`|~%20"],
  ])('formats (%j, %j, %j)', (charset, lang, value, expected) => {
    expect(ne.ne_strparam(charset, lang, value)).toBe(expected);
  });

  test('rejects characters outside the character set', async () => {
    for (const value of ['€', 'Ā', '\u{1f600}', '£\ud800']) {
      const failure = await failureOf(() => ne.ne_strparam('ISO-8859-1', null, value));
      expect(failure).toEqual(wrongValue);
      expect(failure.message).toContain('"value"');
    }
    expect(() => ne.ne_strparam('ISO-8859-1', null, 'a\0')).toThrow(wrongValue);
  });
});

test('describes error numbers with ne_strerror', () => {
  const { ENOENT, EINVAL } = constants.errno;
  expect(ne.ne_strerror(ENOENT)).toBe('No such file or directory');
  expect(ne.ne_strerror(EINVAL)).toBe('Invalid argument');
  for (const number of [99_999, -1, 2 ** 31 - 1, -(2 ** 31)])
    expect(ne.ne_strerror(number)).toMatch(/\bnknown error\b|Unknown error/);
  for (let number = -200; number < 200; number++) expect(ne.ne_strerror(number)).not.toBe('');
});

describe('comparisons', () => {
  test.each([
    ['a', 'A', 0],
    ['Content-Type', 'content-TYPE', 0],
    ['', '', 0],
    ['a', 'b', -1],
    ['b', 'A', 1],
    ['a', 'ab', -1],
    ['ab', 'a', 1],
    ['[', 'a', -1],
    ['ä', 'Ä', 1], // not ASCII, so they differ
    ['ä', 'ä', 0],
  ])('compares %j and %j', (one, other, sign) => {
    expect(Math.sign(ne.ne_strcasecmp(one, other))).toBe(sign);
    expect(Math.sign(ne.ne_strncasecmp(one, other, 100))).toBe(sign);
    expect(ne.ne_strncasecmp(one, other, Number.MAX_SAFE_INTEGER)).toBe(ne.ne_strcasecmp(one, other));
    expect(ne.ne_strncasecmp(one, other, 0)).toBe(0);
  });

  test('compares the first bytes', () => {
    expect(ne.ne_strncasecmp('abcX', 'ABCY', 3)).toBe(0);
    expect(ne.ne_strncasecmp('abcX', 'ABCY', 4)).toBeLessThan(0);
    expect(ne.ne_strncasecmp('abc', 'abcdef', 3)).toBe(0);
    expect(ne.ne_strncasecmp('abc', 'abcdef', 4)).toBeLessThan(0);
  });
});

test('converts with ne_tolower', () => {
  expect(ne.ne_tolower('A')).toBe('a');
  expect(ne.ne_tolower('[')).toBe('[');
  for (let code = 0; code < 256; code++) {
    const isUpper = code >= 65 && code <= 90;
    expect(ne.ne_tolower(code)).toBe(isUpper ? code + 32 : code);
    if (code > 0 && code < 128)
      expect(ne.ne_tolower(String.fromCharCode(code))).toBe(String.fromCharCode(code).toLowerCase());
  }
});

describe('functions of newer versions of neon', () => {
  const unsupported = neonError('ERR_NEON_UNSUPPORTED');
  /** Expects the result if the loaded neon has the function, and ERR_NEON_UNSUPPORTED otherwise. */
  function expectOf(name: string, call: () => unknown, expected: unknown): void {
    if (features.functions[name]) expect(call()).toEqual(expected);
    else expect(call).toThrow(unsupported);
  }

  test('converts with ne_strlower and ne_strupper', () => {
    expectOf('ne_strlower', () => ne.ne_strlower('AbC-ÄZ09['), 'abc-Äz09[');
    expectOf('ne_strlower', () => ne.ne_strlower(''), '');
    expectOf('ne_strupper', () => ne.ne_strupper('aBc-äz09{'), 'ABC-äZ09{');
    expectOf('ne_strupper', () => ne.ne_strupper(''), '');
  });

  const { EINVAL, ERANGE } = constants.errno;
  test.each([
    ['0', 0, '', 0],
    ['ff', 255, '', 0],
    ['fF;x', 255, ';x', 0],
    ['1fffffffffffff', Number.MAX_SAFE_INTEGER, '', 0],
    ['g', 0, 'g', 0],
    ['00000000000000000000000001 2', 1, ' 2', 0],
    ['', -1, '', EINVAL],
    ['0x1', -1, '0x1', EINVAL],
    ['-1', -1, '-1', EINVAL],
    ['+1', -1, '+1', EINVAL],
    [' 1', -1, ' 1', EINVAL],
    ['€', -1, '€', EINVAL],
    ['fffffffffffffffff', -1, '', ERANGE],
  ])('parses %j with ne_strhextoul', (text, value, rest, errno) => {
    const end: { value?: string; errno?: number } = {};
    expectOf('ne_strhextoul', () => [ne.ne_strhextoul(text, end), end], [value, { value: rest, errno }]);
    expectOf('ne_strhextoul', () => ne.ne_strhextoul(text, null), value);
  });

  test.each(['20000000000000', 'fffffffffffffffe', 'ffffffffffffffff'])(
    'rejects %s, which is not an exact number',
    (text) => {
      const end = {};
      const failure = features.functions['ne_strhextoul'] ? outOfRange : unsupported;
      expect(() => ne.ne_strhextoul(text, end)).toThrow(failure);
      expect(end).toEqual({});
    },
  );

  test('fills a nonce with ne_mknonce', () => {
    const seen = new Set<string>();
    for (const size of [8, 16, 32, 255, 256]) {
      const nonce = Buffer.alloc(size);
      expectOf('ne_mknonce', () => ne.ne_mknonce(nonce, 0), 0);
      seen.add(nonce.toString('hex'));
      expect(/^0+$/.test(nonce.toString('hex'))).toBe(features.functions['ne_mknonce'] === false);
    }
    expect(seen.size).toBe(5);
    const middle = Buffer.alloc(30);
    expectOf('ne_mknonce', () => ne.ne_mknonce(middle.subarray(10, 20), 0), 0);
    expect([...middle.subarray(0, 10), ...middle.subarray(20)]).toEqual(Array(20).fill(0));
  });
});

test('handles long strings', () => {
  const long = 'aB'.repeat(10_000_000);
  const str = { value: `${long},${long}` };
  expect(ne.ne_token(str, ',') === long && str.value === long).toBe(true);
  expect(ne.ne_strclean(long) === long).toBe(true);
  expect(ne.ne_shave(` ${long} `, ' ') === long).toBe(true);
  expect(ne.ne_strcasecmp(long, long.toUpperCase())).toBe(0);
  expect(ne.ne_strparam('UTF-8', null, long)).toBeNull();
  expect(ne.ne_unbase64(long)!.length).toBe(15_000_000);
  expect(ne.ne_strhash(ne.NE_HASH_MD5, long)).toMatch(/^[0-9a-f]{32}$/);
});

describeWith('openssl', 'TLS connections', () => {
  const pki = testPki();
  const text = (file: string): string => readFileSync(file, 'utf8');
  const tls = { key: text(pki.server.key), cert: text(pki.server.cert) };

  test('continues after a hash with an unknown algorithm', async () => {
    // An unknown algorithm must not leave an error in OpenSSL's queue. OpenSSL has one queue per thread, and reads it
    // when a TLS connection ends.
    const untilClose = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello';
    const { port } = await serve({ connections: [[{ read: 'request' }, { send: untilClose }, { close: 'fin' }]], tls });
    const session = ne.ne_session_create('https', 'localhost', port);
    ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(pki.ca.cert)!);
    const request = ne.ne_request_create(session, 'GET', '/');
    const buffer = Buffer.alloc(10);
    expect([ne.ne_begin_request(request), ne.ne_get_error(session)]).toEqual([ne.NE_OK, '200 OK']);
    expect(ne.ne_read_response_block(request, buffer)).toBe(5);
    expect(ne.ne_strhash(15, 'abc')).toBeNull();
    expect([ne.ne_read_response_block(request, buffer), ne.ne_get_error(session)]).toEqual([0, '200 OK']);
    ne.ne_request_destroy(request);
  });
});
