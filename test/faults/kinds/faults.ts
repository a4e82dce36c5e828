/**
 * Puts a proxy between client and server that resets, closes, stalls or flips a byte at an offset of the request or the
 * response. A call must end with the right result or with an error, and the next call must be right.
 */
import { faultProxy, type Fault, type FaultProxy } from '../../servers/faultproxy.js';
import { pem, testPki } from '../../servers/pki.js';
import { rawServer, response, type RawServer, type Step } from '../../servers/raw.js';
import { bodyOf } from '../../support/bodies.js';
import { lockGranted } from '../../support/lock-responses.js';
import { below, pick, type Random } from '../../support/random.js';
import {
  allSurfaces,
  isCoded,
  settled,
  textOf,
  type Answer,
  type CallOptions,
  type Client,
  type Settled,
} from '../clients.js';
import type { Kind, Trial } from '../kind.js';

interface Operation {
  readonly name: string;
  readonly response: string;
  readonly run: (client: Client, options: Pick<CallOptions, 'timeout'>) => Promise<Answer>;
  readonly right: (answer: Answer) => boolean;
  /** The body that the server must have received when the call succeeds. */
  readonly sent?: string;
  /**
   * Whether the body ends where the connection ends. No client notices then that a connection ends early. So such a
   * connection only stalls, until the time limit ends it.
   */
  readonly untilClose?: boolean;
}

const download = bodyOf(6000).toString();
const upload = bodyOf(5000).toString();
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const entries = Array.from({ length: 20 }, (_, i) => `/dir/${i}`);
const multistatus = response(
  `<D:multistatus xmlns:D="DAV:">${entries
    .map(
      (href) =>
        `<D:response><D:href>${href}</D:href><D:propstat><D:prop><D:displayname>name</D:displayname></D:prop>` +
        '<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>',
    )
    .join('')}</D:multistatus>`,
  { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } },
);

const get = (client: Client, options: Pick<CallOptions, 'timeout'>): Promise<Answer> =>
  client.request('GET', '/a', options);
const isDownload = ({ status, body }: Answer): boolean => status === 200 && body === download;

const operations: readonly Operation[] = [
  { name: 'GET', response: response(download), run: get, right: isDownload },
  {
    name: 'GET, chunked',
    response: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(download.slice(0, 10))}${chunk(download.slice(10))}0\r\n\r\n`,
    run: get,
    right: isDownload,
  },
  {
    name: 'GET, until the end',
    response: `HTTP/1.1 200 OK\r\n\r\n${download}`,
    run: get,
    right: isDownload,
    untilClose: true,
  },
  {
    name: 'PUT',
    response: response('', { status: '201 Created' }),
    run: (client, options) => client.request('PUT', '/a', { ...options, body: upload }),
    right: ({ status }) => status === 201,
    sent: upload,
  },
  {
    name: 'PROPFIND',
    response: multistatus,
    run: (client, options) => client.propfind('/dir/', options),
    right: ({ body }) => body === entries.map((href) => `${href}=name`).join(),
  },
  {
    name: 'LOCK',
    response: lockGranted('urn:token'),
    run: (client, options) => client.lock('/a', options),
    right: ({ body }) => body === 'urn:token',
  },
];

/** The bytes that TLS adds before the first byte of the request or of the response, roughly. */
const HANDSHAKE = { request: 700, response: 3500 };

function faultFrom(random: Random, operation: Operation, tls: boolean, blocking: boolean): Fault {
  const { response: text, sent = '', untilClose = false } = operation;
  const direction = pick(random, ['request', 'response'] as const);
  const size = (direction === 'request' ? 150 + sent.length : text.length) + (tls ? HANDSHAKE[direction] : 0);
  const offset = below(random, Math.ceil(size * 1.1));
  // A blocking call waits a second for each stall.
  const stalls = random() < (blocking ? 0.05 : 0.25) || untilClose;
  const name = stalls ? 'silence' : pick(random, ['rst', 'fin', 'corrupt'] as const);
  return { [name]: offset, ...(direction === 'request' && { of: 'request' }) } as unknown as Fault;
}

/** The most calls of a trial that find no fault. */
const CALLS = 4;

const { ca, server: keys } = testPki();

/** Whether the server received the whole body of a request. */
async function hasReceived(server: RawServer, body: string): Promise<boolean> {
  return (await server.connections()).some(({ received }) => received.toString('latin1').includes(`\r\n\r\n${body}`));
}

async function carryOut(trial: Trial, proxy: FaultProxy): Promise<void> {
  const { random } = trial;
  const operation = pick(random, operations);
  const surface = pick(random, allSurfaces);
  const tls = random() < 0.4;
  const name = `${operation.name}, ${tls ? 'TLS' : 'TCP'}`;
  const exchange: Step[] = [{ read: 'request' }, { send: operation.response }];
  const steps: Step[] = operation.untilClose ? exchange : [{ repeat: 'forever', steps: exchange }];
  const server = await rawServer({
    connections: [steps],
    rest: 'repeat-last',
    ...(tls && { tls: { key: pem(keys.key), cert: pem(keys.cert) } }),
  });
  const client = surface.open({ port: proxy.port, ...(tls && { ca: pem(ca.cert) }) }, 1000);
  const fault = faultFrom(random, operation, tls, client.blocking);
  const flipped = 'corrupt' in (fault as object);
  try {
    await proxy.setFault(fault, server.port);
    const calls = [
      await settled(() => operation.run(client, { timeout: 'silence' in (fault as object) ? 150 : 1500 })),
    ];
    const stored = operation.sent === undefined || flipped || (await hasReceived(server, operation.sent));
    await proxy.setFault('none', server.port);
    // A fault beyond the first call on its connection may strike a later call. The call after that must be right.
    while (calls.length < CALLS && calls.at(-1)!.kind === 'value')
      calls.push(await settled(() => operation.run(client, { timeout: 1500 })));
    if (calls.at(-1)!.kind === 'error') {
      await client.limitReads(10); // so that a slow machine is no fault
      calls.push(await settled(() => operation.run(client, { timeout: 10_000 }), 12_000));
    }
    const detail = (): string => `${JSON.stringify(fault)}: ${calls.map(textOf).join('; then: ')}`;
    if (calls.some(({ kind: end }) => end === 'lost')) return trial.count(name, surface.surface, 'lost', detail());
    const isRight = (call: Settled<Answer>): boolean => call.kind === 'value' && operation.right(call.value);
    // TCP does not notice a flipped byte, so any result is possible. TLS does.
    const unnoticed = flipped && !tls;
    const right =
      calls.every((call) => (call.kind === 'error' ? isCoded(call.error) : unnoticed || isRight(call))) &&
      (calls[0]!.kind === 'error' || stored) &&
      isRight(calls.at(-1)!);
    trial.count(name, surface.surface, right ? 'right' : 'wrong', detail());
  } finally {
    client.close();
    await server.stop();
  }
}

export const kind: Kind = {
  about:
    'A connection that fails at any byte ends the call with the right result or an error, and the next call is right.',
  short: 200,
  processes: 6,
  async prepare() {
    const server = await rawServer({ connections: [], rest: 'close' });
    const proxy = await faultProxy(server.port);
    return (trial) => carryOut(trial, proxy);
  },
};
