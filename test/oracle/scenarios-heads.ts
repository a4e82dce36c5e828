/** Lists scenarios with status lines and header fields. */
import { response } from '../servers/raw.js';
import { answers, connectionEach, gets, type NamedScenario } from './scenario.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const end = 'Content-Length: 5\r\n\r\nhello';
const two = response('two');

/** Fields to send before the Content-Length. */
const fields = (count: number): string => Array.from({ length: count }, (_, i) => `X-${i}: ${i}\r\n`).join('');
/** A header field of this number of bytes, not counting the line end. */
const line = (bytes: number): string => `X-Long: ${'y'.repeat(bytes - 8)}\r\n`;

/** Responses on one connection. */
function kept(about: string, ...texts: readonly string[]): NamedScenario {
  return { twin: 'dispatch', about, args: gets(texts.length), server: { connections: [answers(...texts)] } };
}

/** Responses, each on its own connection. */
function each(about: string, ...texts: readonly string[]): NamedScenario {
  return { twin: 'dispatch', about, args: gets(texts.length), server: { connections: connectionEach(...texts) } };
}

export const heads: readonly NamedScenario[] = [
  kept(
    'interim responses',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX-Interim: a\r\n\r\n${response('one')}`,
    `HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX-Interim: b\r\n\r\n${two}`,
  ),
  each(
    'too many interim responses, and a truncated one',
    'HTTP/1.1 102 Processing\r\n\r\n'.repeat(128) + two,
    'HTTP/1.1 102 Processing\r\n\r\n'.repeat(127) + two,
    'HTTP/1.1 102 Processing\r\nX-Interim: a',
    'HTTP/1.1 102 Processing\r\n\r\n',
  ),

  kept(
    'folded fields',
    `${ok}X-Folded: one\r\n two\r\n\t three \r\nX-Empty:\r\n \r\nX-Next: \r\n four\r\n${end}`,
    `${ok} first\r\n${end}`,
  ),
  each('folded fields with an overlong value', `${ok}X-Folded: a\r\n${` ${'z'.repeat(1000)}\r\n`.repeat(9)}${end}`),
  kept('the maximum number of fields', `${ok}${fields(98)}${end}`, two),
  each('too many fields', `${ok}${fields(99)}${end}`, `${ok}${fields(150)}${end}`, two),
  kept('the maximum number of trailers', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n${fields(99)}\r\n`, two),
  each('too many trailers', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n${fields(100)}\r\n`, two),
  kept('a line of the maximum length', `${ok}${line(4094)}${end}`, two),
  each('an overlong line', `${ok}${line(4095)}${end}`, `${ok}${line(20_000)}${end}`, two),
  each(
    'a long status line',
    `HTTP/1.1 200 ${'y'.repeat(4081)}\r\n${end}`,
    `HTTP/1.1 200 ${'y'.repeat(4082)}\r\n${end}`,
  ),
  kept('a repeated field that grows too long', `${ok}${line(3000).repeat(5)}${end}`, two),

  kept(
    'unusual fields',
    `${ok}X-Empty:\r\nX-Blank: \t \r\nno colon\r\nX-Space : a\r\nX-Tab\t:\tb\t\r\nX-Colons:: c:d\r\n: no name\r\nX two: e\r\n${end}`,
    `${ok}x-CaSe: a\r\nX-Case:b\r\nX-Utf: \u00e9\u20ac\r\nX-Control: \u0001\u007f\r\n${end}`,
    `${ok}X-Nul: a\0b\r\nX-\0: c\r\n${end}`,
    `${ok}X-Return: a\rb\r\nX-Returns: c\r\r\n${end}`,
  ),
  kept('lines without a carriage return', `HTTP/1.1 200 OK\nX-Bare: a\n${end.replaceAll('\r', '')}`, two),

  kept(
    'unusual status lines',
    `HTTP/1.1 200\r\n${end}`,
    `HTTP/1.1 200 \r\n${end}`,
    `HTTP/1.1   404   Not  here \r\n${end}`,
    `garbage HTTP/1.1 200 OK\r\n${end}`,
    `HTTP/2.0 200 OK\r\n${end}`,
    `HTTP/01.10 999 N\u00f6 \u0007\r\n${end}`,
    `HTTP/1.1 000 Nothing\r\n${end}`,
  ),
  each(
    'invalid status lines',
    ...[
      'http/1.1 200 OK',
      'HTTP/1 200 OK',
      'HTTP/1.1 20',
      'HTTP/1.1 2000',
      'HTTP/1.1 2x0',
      'HTTP/1.1',
      'ICY 200 OK',
      '',
    ].map((status) => `${status}\r\n${end}`),
    'hello',
    '\r\n',
    '<html>no head at all</html>\n',
  ),
  {
    twin: 'dispatch',
    about: 'the status line of a radio station',
    args: ['GET / icy', 'GET /', 'GET /'],
    server: { connections: connectionEach('ICY 200 OK\r\n\r\nmusic', 'ICY 404 \r\n\r\nsilence', 'ICY 20\r\n\r\nnone') },
  },
];
