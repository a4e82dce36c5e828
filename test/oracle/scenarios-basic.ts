/** Lists scenarios for the calls of ne_basic.h, ne_redirect.h and ne_compress.h. */
import { gzipSync } from 'node:zlib';
import { chunkedResponse, response, type Step } from '../servers/raw.js';
import { answers, type NamedScenario } from './scenario.js';

/** Calls that are made in turn on one connection. */
const calls = [
  'get /a',
  'put 20000 /a',
  'put 0 /a',
  'post text /a',
  'options /a',
  'options2 /a',
  'copy 1 2 /a /b',
  'copy 0 0 /a /b',
  'move 1 /a /b',
  'delete /a',
  'mkcol /a',
  'mkcol /a/',
  'type 1 /a',
  'gzip 100000 /a',
];
const ranges = ['range 2 4 /a', 'range 2 -1 /a'];

const of206 = (range: string): string =>
  response('cde', { status: '206 Partial Content', headers: { 'Content-Range': range } });
const multistatus =
  '<multistatus xmlns="DAV:"><response><href>/a/b</href><status>HTTP/1.1 423 Locked</status></response></multistatus>';

/** Responses to every request. A HEAD request receives only the head of the response. */
const complete: Record<string, string> = {
  'an empty 200': response(''),
  'a body': response('0123456789'.repeat(300)),
  chunks: chunkedResponse(['some', ' ', 'text'], { 'Content-Type': 'Text/HTML; a=b; charset="utf-8"' }),
  'a type without charset': response('x', { headers: { 'Content-Type': 'text/xml' } }),
  'an invalid type': response('x', { headers: { 'Content-Type': 'text' } }),
  'a 201': response('', { status: '201 Created' }),
  'a 204': 'HTTP/1.1 204 No Content\r\n\r\n',
  'a 206 of 2-4': of206('bytes 2-4/10'),
  'a 206 of 2-9': of206('bytes 2-9/10'),
  'a 206 of another range': of206('bytes 3-5/10'),
  'a 206 without range': response('cde', { status: '206 Partial Content' }),
  'a 207': response(multistatus, { status: '207 Multi-Status', headers: { 'Content-Type': 'text/xml' } }),
  'a 404': response('no', { status: '404 Not Found' }),
  'a 416': response('', { status: '416 Requested Range Not Satisfiable' }),
  'a date': response('', { headers: { 'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT' } }),
  'an invalid date': response('', { headers: { 'Last-Modified': 'Sun, 06 Nov 1994' } }),
  capabilities: response('', { headers: { DAV: '1,2, <http://apache.org/dav/propset/fs/1>,access-control' } }),
  'capabilities on two lines': 'HTTP/1.1 200 OK\r\nDAV: 1\r\nDAV: 2, 3\r\nContent-Length: 0\r\n\r\n',
  'no capability': response('', { headers: { DAV: '' } }),
};
/** Responses that end the connection. */
const broken: Record<string, string> = {
  'a truncated body': response('0123456789').slice(0, -5),
  'truncated chunks': chunkedResponse(['some', 'text']).slice(0, -9),
  'a response that is not HTTP': 'hello\r\n\r\n',
};

const repeating = (text: string): Step[] => [{ repeat: 'forever', steps: answers(text) }];
const headOf = (text: string): string => text.slice(0, text.indexOf('\r\n\r\n') + 4);

const plain = Object.entries(complete).flatMap(([about, text]): NamedScenario[] => [
  { twin: 'basic', about: `calls: ${about}`, args: calls, server: { connections: [repeating(text)] } },
  {
    twin: 'basic',
    about: `modtime: ${about}`,
    args: ['modtime /a'],
    server: { connections: [repeating(headOf(text))] },
  },
  // Each call uses its own session. On a shared session, C's next call would read the rest of this response.
  ...ranges.map((call): NamedScenario => ({
    twin: 'basic',
    about: `${call}: ${about}`,
    args: [call],
    server: { connections: [repeating(text)] },
  })),
]);
const breaks = Object.entries(broken).flatMap(([about, text]) =>
  ['get /a', 'delete /a', 'type 0 /a', 'gzip 100000 /a', 'post text /a'].map((call): NamedScenario => ({
    twin: 'basic',
    about: `${call}: ${about}`,
    args: [call],
    server: { connections: [answers(text)], rest: 'repeat-last' },
  })),
);

const locations: Record<string, string> = {
  'a URI': 'https://other.example:81/x%20y?z',
  'a path': '/x?y',
  'a relative path': 'x?y',
  'an empty location': '',
  'a host alone': 'http://other.example',
  'an invalid URI': 'http://[::1',
};
const redirects = Object.entries(locations).flatMap(([about, location]) =>
  (location === '/x?y' ? ['301', '302', '303', '307'] : ['302']).map((status): NamedScenario => {
    const answer = response('gone', { status: `${status} Gone Away`, headers: { Location: location } });
    return {
      twin: 'basic',
      about: `a ${status} to ${about}`,
      // After an invalid URI, JavaScript opens a new connection. Further requests would therefore differ from C's.
      args: ['redirect', 'get /a/b?c', ...(location.includes('[') ? [] : ['delete /d', 'gzip 10 /e'])],
      server: { connections: [answers(answer, answer, answer)] },
    };
  }),
);

/** Steps that send a gzip body in blocks of `size` bytes. */
function pieces(body: Buffer, size: number): Step[] {
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
  const blocks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
    body.subarray(i * size, (i + 1) * size),
  );
  return [{ read: 'request' }, { send: head }, ...blocks.flatMap((block): Step[] => [{ send: block }, { delay: 1 }])];
}

const zipped = gzipSync('text '.repeat(10_000));
const wrong = Buffer.from(zipped);
wrong[wrong.length - 7]! ^= 1;
const bodies: Record<string, Buffer> = {
  gzip: zipped,
  'truncated gzip': zipped.subarray(0, -30),
  'gzip without a checksum': zipped.subarray(0, -8),
  'gzip with a wrong checksum': wrong,
  'gzip followed by other bytes': Buffer.concat([zipped, Buffer.from('more')]),
  'half a gzip header': zipped.subarray(0, 6),
  'a body that is not gzip': Buffer.from('hello, this is no gzip'),
};
// Each body is sent at once. Otherwise, the inflated blocks would depend on how the network splits the body.
const compressed = Object.entries(bodies).map(([about, body]): NamedScenario => ({
  twin: 'basic',
  about: `${about}, whole`,
  args: ['gzip 1000000 /a'],
  server: { connections: [pieces(body, body.length)] },
}));

/** Every scenario of `basic`. */
export const basic: readonly NamedScenario[] = [
  ...plain,
  ...breaks,
  ...redirects,
  ...compressed,
  {
    twin: 'basic',
    about: 'a reader that aborts',
    readersRefuse: true,
    args: ['gzip 10000 /a'],
    server: { connections: [pieces(zipped, zipped.length)] },
  },
  {
    twin: 'basic',
    about: 'a destination as a path',
    args: ['rfc4918', 'copy 1 2 /a /b', 'move 0 /a /b'],
    server: { connections: [answers(response(''), response(''))] },
  },
  { twin: 'basic', about: 'no server', args: [...calls, ...ranges, 'modtime /a'], server: { connections: [] } },
];
