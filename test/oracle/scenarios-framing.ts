/** Lists scenarios about the end of response bodies. */
import { chunkedResponse, response } from '../servers/raw.js';
import { answers, connectionEach, gets, type NamedScenario } from './scenario.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const two = response('two');

/** Responses that each make their connection unusable. */
function spoiled(about: string, ...texts: readonly string[]): NamedScenario {
  return { twin: 'dispatch', about, args: gets(texts.length), server: { connections: connectionEach(...texts) } };
}

export const framing: readonly NamedScenario[] = [
  {
    twin: 'dispatch',
    about: 'HEAD with the length of a body that is not sent',
    args: ['HEAD / 2xx', 'HEAD /chunked', 'GET /'],
    server: { connections: [answers(`${ok}Content-Length: 95\r\n\r\n`, chunked, two)] },
  },
  {
    twin: 'dispatch',
    about: '204 and 304 with a Content-Length',
    args: gets(3),
    server: {
      connections: [
        answers(
          'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
          'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "x"\r\n\r\n',
          two,
        ),
      ],
    },
  },
  {
    twin: 'dispatch',
    about: 'chunks with extensions, sizes in upper case and with zeros, and trailers',
    args: gets(2),
    server: {
      connections: [
        answers(
          `${chunked}A;name=value\r\n0123456789\r\n0001F ; x="y"\r\n${'z'.repeat(31)}\r\n00\r\nX-Trailer: late\r\nx-trailer:\tlater\r\n\r\n`,
          two,
        ),
      ],
    },
  },
  {
    twin: 'dispatch',
    about: 'a big chunked body between others',
    args: gets(3),
    server: {
      connections: [
        answers(chunkedResponse(Array<string>(40).fill('0123456789'.repeat(999))), chunkedResponse([]), two),
      ],
    },
  },
  spoiled(
    'invalid chunk sizes',
    ...['', 'x', '-1', 'FFFFFFFFFF', 'FFFFFFFFFFFFFFFFFFFFFFF', ';'].map(
      (size) => `${chunked}${size}\r\nhello\r\n0\r\n\r\n`,
    ),
    `${chunked}5\r\nhello\r\nnone\r\n`,
  ),
  {
    twin: 'dispatch',
    about: 'unusual chunk sizes that C accepts',
    args: gets(2),
    server: { connections: [answers(`${chunked}0x5\r\nhello\r\n \t+3;\r\none\r\n0 \r\n\r\n`, two)] },
  },
  spoiled(
    'chunks without their ends',
    `${chunked}5\r\nhello!\r\n0\r\n\r\n`,
    `${chunked}5\r\nhello\n\n0\r\n\r\n`,
    `${chunked}5\r\nhel\r\n0\r\n\r\n`,
  ),
  spoiled(
    'truncated chunked bodies',
    chunked,
    `${chunked}5`,
    `${chunked}5\r\nhel`,
    `${chunked}5\r\nhello`,
    `${chunked}5\r\nhello\r\n`,
    `${chunked}5\r\nhello\r\n0\r\n`,
    `${chunked}5\r\nhello\r\n0\r\nX-Trailer: la`,
  ),
  spoiled('a Content-Length beyond the body', `${ok}Content-Length: 10\r\n\r\nhello`, `${ok}Content-Length: 1\r\n\r\n`),
  spoiled(
    'sizes far beyond the body',
    `${chunked}FFFFFFFF\r\nhello`,
    `${ok}Content-Length: 9223372036854775806\r\n\r\nhello`,
  ),
  spoiled(
    'overlong lines of a chunked body',
    `${chunked}5;${'x'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
    `${chunked}5\r\nhello\r\n0\r\nX-Trailer: ${'y'.repeat(5000)}\r\n\r\n`,
  ),
  spoiled(
    'an invalid Content-Length',
    ...['-5', '5x', 'x', '', '0x5', '5, 6', '99999999999999999999'].map(
      (length) => `${ok}Content-Length: ${length}\r\n\r\nhello`,
    ),
  ),
  spoiled(
    'a repeated Content-Length',
    `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
  ),
  {
    twin: 'dispatch',
    about: 'unusual forms of a Content-Length that C accepts',
    args: gets(3),
    server: {
      connections: [answers(`${ok}Content-Length:+5\r\n\r\nhello`, `${ok}Content-Length: \t 003 \r\n\r\none`, two)],
    },
  },
  spoiled(
    'bodies until the end of the connection',
    `${ok}\r\nuntil the end`,
    `${ok}\r\n`,
    'HTTP/1.0 200 OK\r\n\r\nalso',
  ),
  spoiled(
    'Transfer-Encoding and Content-Length together',
    `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ),
  {
    twin: 'dispatch',
    about: 'Transfer-Encoding: identity',
    args: gets(3),
    server: {
      connections: [
        answers(
          `${ok}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`,
          `${ok}Transfer-Encoding: IDENTITY\r\n\r\nuntil the end`,
        ),
        answers(two),
      ],
    },
  },
  spoiled(
    'unknown transfer codings',
    ...['gzip', 'gzip, chunked', '', 'chunked, chunked'].map(
      (coding) => `${ok}Transfer-Encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ),
  ),
];
