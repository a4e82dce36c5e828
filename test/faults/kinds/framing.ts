/**
 * Tries desynchronised connections: responses that leave bytes on the connection, end early, or are given up in the
 * middle. What is left on the connection must never be the answer to the next request.
 */
import { rawServer, response, type Step } from '../../servers/raw.js';
import { lockGranted } from '../../support/lock-responses.js';
import { marked, markedListing } from '../../support/marks.js';
import { allSurfaces, isCoded, settled, textOf, type Answer, type Client, type Surface } from '../clients.js';
import type { Kind, Trial } from '../kind.js';

/** An operation, and a response to it that carries a mark. */
interface Operation {
  readonly name: string;
  readonly response: (mark: string) => string;
  readonly run: (client: Client) => Promise<Answer>;
  readonly markOf: (answer: Answer) => string | undefined;
}

const operations: readonly Operation[] = [
  {
    name: 'GET',
    response: (mark) => response(mark),
    run: (client) => client.request('GET', '/next'),
    markOf: ({ body }) => body,
  },
  {
    name: 'PUT',
    response: marked,
    run: (client) => client.request('PUT', '/next', { body: 'body' }),
    markOf: ({ mark }) => mark,
  },
  {
    name: 'HEAD',
    response: (mark) => `HTTP/1.1 200 OK\r\nX-Mark: ${mark}\r\nContent-Length: 5\r\n\r\n`,
    run: (client) => client.request('HEAD', '/next'),
    markOf: ({ mark }) => mark,
  },
  {
    name: 'PROPFIND',
    response: markedListing,
    run: (client) => client.propfind('/next'),
    markOf: ({ body }) => /^\/(\w+)=/.exec(body)?.[1],
  },
  {
    name: 'LOCK',
    response: (mark) => lockGranted(`urn:${mark}`),
    run: (client) => client.lock('/next'),
    markOf: ({ body }) => body.slice('urn:'.length),
  },
];

/** The start of a connection, and how the client uses it. */
interface Case {
  readonly name: string;
  /** Sends the first request. */
  readonly first: (client: Client) => Promise<unknown>;
  /** What the server sends after the first request. `stale` is a response with the mark of the operation. */
  readonly steps: (stale: string) => readonly Step[];
  /**
   * Whether the C API promises the answer, too. C takes waiting bytes for the next answer when the server alone is at
   * fault; the classes do not.
   */
  readonly everywhere: boolean;
}

const get = (client: Client): Promise<unknown> => client.request('GET', '/first');
const methodOf =
  (method: string) =>
  (client: Client): Promise<unknown> =>
    client.request(method, '/first');

const ok = 'HTTP/1.1 200 OK\r\n';
const chunkedHead = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
/** The head of a long body whose rest looks like a response. */
const longHead = (length: number): string => `${ok}Content-Length: ${length}\r\n\r\n`;
const start = 'x'.repeat(70_000);

/** Sends text in one write. */
const sends =
  (text: (stale: string) => string) =>
  (stale: string): Step[] => [{ send: text(stale) }];

const serverAtFault = (name: string, text: (stale: string) => string, first: Case['first'] = get): Case => ({
  name,
  first,
  steps: sends(text),
  everywhere: false,
});

/** Cases in which the response is faulty in itself, so that neon, too, closes the connection. */
const closedByNeon = (name: string, text: (stale: string) => string): Case => ({
  name,
  first: get,
  steps: sends(text),
  everywhere: true,
});

/** The body of a response that the client gives up, with a complete response inside it. */
const givenUp = (stale: string): Step[] => [
  { send: longHead(start.length + stale.length) + start },
  { delay: 30 },
  { send: stale },
];

const giveUp = (client: Client): Promise<unknown> => client.abandon('/first');

export const cases: readonly Case[] = [
  serverAtFault('a second response', (stale) => response('hello') + stale),
  serverAtFault('a second response after an empty body', (stale) => response('') + stale),
  serverAtFault('a second response after chunks', (stale) => `${chunkedHead}5\r\nhello\r\n0\r\n\r\n${stale}`),
  serverAtFault('a second response after trailers', (stale) => `${chunkedHead}1\r\nh\r\n0\r\nX-T: 1\r\n\r\n${stale}`),
  serverAtFault('a body after HEAD', (stale) => longHead(stale.length) + stale, methodOf('HEAD')),
  serverAtFault('a chunked body after HEAD', (stale) => chunkedHead + stale, methodOf('HEAD')),
  serverAtFault(
    'a body after 204',
    (stale) => `HTTP/1.1 204 No Content\r\nContent-Length: ${stale.length}\r\n\r\n${stale}`,
  ),
  serverAtFault('a body after 304', (stale) => `HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n${stale}`),
  serverAtFault('a body after 205', (stale) => `HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n${stale}`),
  serverAtFault('a body longer than announced', (stale) => longHead(2) + `hi${stale}`),
  serverAtFault('white space before a second response', (stale) => `${response('hello')}\r\n\r\n${stale}`),
  serverAtFault('a second response of HTTP/1.0', (stale) => response('hello') + stale.replace('1.1', '1.0')),
  serverAtFault(
    'an interim response after the response',
    (stale) => `${response('hello')}HTTP/1.1 100 Continue\r\n\r\n${stale}`,
  ),
  serverAtFault('two more responses', (stale) => response('hello') + stale + stale),
  {
    name: 'a second response, then the end',
    first: get,
    steps: (stale) => [{ send: response('hello') + stale }, { close: 'fin' }],
    everywhere: false,
  },
  {
    name: 'a second response, then a reset',
    first: get,
    steps: (stale) => [{ send: response('hello') + stale }, { delay: 10 }, { close: 'rst' }],
    everywhere: false,
  },
  {
    name: 'the end of the connection',
    first: get,
    steps: () => [{ send: response('hello') }, { close: 'fin' }],
    everywhere: true,
  },
  closedByNeon('an invalid chunk size', (stale) => `${chunkedHead}x\r\n${stale}`),
  closedByNeon('a negative chunk size', (stale) => `${chunkedHead}-1\r\n${stale}`),
  closedByNeon('a chunk without its end', (stale) => `${chunkedHead}2\r\nhello${stale}`),
  closedByNeon('Connection: close', (stale) => `${ok}Connection: close\r\nContent-Length: 5\r\n\r\nhello${stale}`),
  closedByNeon('an invalid Content-Length', (stale) => `${ok}Content-Length: x5\r\n\r\nhello${stale}`),
  closedByNeon('different lengths', (stale) => `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello${stale}`),
  serverAtFault('a header line without a colon', (stale) => `${ok}nonsense\r\nContent-Length: 5\r\n\r\nhello${stale}`),
  closedByNeon('HTTP/1.0', (stale) => `HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello${stale}`),
  closedByNeon('an unknown status line', (stale) => `nonsense\r\n\r\n${stale}`),
  closedByNeon(
    'an overlong header',
    (stale) => `${ok}X: ${'y'.repeat(20_000)}\r\nContent-Length: 5\r\n\r\nhello${stale}`,
  ),
  closedByNeon(
    'too many headers',
    (stale) => `${ok}${'X: y\r\n'.repeat(20_000)}Content-Length: 5\r\n\r\nhello${stale}`,
  ),
  { name: 'a body that is given up', first: giveUp, steps: givenUp, everywhere: true },
  {
    name: 'a chunked body that is given up',
    first: giveUp,
    steps: (stale) => [
      { send: `${chunkedHead}${start.length.toString(16)}\r\n${start}\r\n` },
      { delay: 30 },
      { send: stale },
    ],
    everywhere: true,
  },
  {
    name: 'a body that stalls until the timeout',
    first: (client) => (client.blocking ? client.abandon('/first') : client.request('GET', '/first', { timeout: 30 })),
    steps: (stale) => [{ send: `${longHead(500_000)}hello` }, { delay: 60 }, { send: stale }],
    everywhere: true,
  },
];

/** Carries out a case: the first request, then the operation three times. */
async function carryOut(trial: Trial, place: Case, operation: Operation, surface: Surface): Promise<void> {
  const fresh = operation.response('fresh');
  const again: Step = { repeat: 'forever', steps: [{ read: 'request' }, { send: fresh }] };
  const server = await rawServer({
    connections: [[{ read: 'request' }, ...place.steps(operation.response('stale')), again], [again]],
    rest: 'repeat-last',
  });
  const client = surface.open(server);
  const name = `${operation.name} after ${place.name}`;
  try {
    const pulls = place.first === get && trial.random() < 0.5;
    const first = await settled(() => (pulls ? client.pull('/first') : place.first(client)));
    if (first.kind === 'lost') return trial.count(name, surface.surface, 'lost', 'the first request');
    if (!place.everywhere || trial.random() < 0.5) await new Promise((resolve) => setTimeout(resolve, 15));
    for (let i = 0; i < 3; i++) {
      const result = await settled(() => operation.run(client));
      if (result.kind === 'lost') return trial.count(name, surface.surface, 'lost', `request ${i + 2}`);
      const promised = surface.classes || place.everywhere;
      const good =
        result.kind === 'value'
          ? operation.markOf(result.value) === 'fresh' || !promised
          : !promised && isCoded(result.error);
      if (!good) return trial.count(name, surface.surface, 'wrong', `request ${i + 2}: ${textOf(result)}`);
    }
    trial.count(name, surface.surface, 'right');
  } finally {
    client.close();
    await server.stop();
  }
}

const all = cases.flatMap((place) =>
  operations.flatMap((operation) => allSurfaces.map((surface) => [place, operation, surface] as const)),
);

export const kind: Kind = {
  about: 'What a response leaves on its connection is never the answer to the next request.',
  short: all.length,
  prepare: () => (trial) => {
    const [place, operation, surface] = all[trial.number % all.length]!;
    return carryOut(trial, place, operation, surface);
  },
};
