/**
 * Tries random responses: valid ones by a grammar, and mutations of them. A valid response must be taken as it is
 * meant. A mutated response may be refused, but all surfaces must agree about it, and the next answer must be right.
 */
import { gzipSync } from 'node:zlib';
import { rawServer, response, type Step } from '../../servers/raw.js';
import { lockGranted } from '../../support/lock-responses.js';
import { below, pick, type Random } from '../../support/random.js';
import { allSurfaces, isCoded, settled, textOf, type Answer, type Client, type Settled } from '../clients.js';
import type { Kind, Trial } from '../kind.js';

/** A response with its meaning. */
interface Meant {
  readonly method: string;
  readonly bytes: Buffer;
  readonly status: number;
  readonly body: string;
  /** The body as it is sent, if it is compressed. Only the classes inflate it. */
  readonly compressed?: string;
  /** Whether the end of the connection ends the body. */
  readonly untilClose?: boolean;
}

const chance = (random: Random, probability: number): boolean => random() < probability;
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789 \t<>"&;,=:\u00e9';
const text = (random: Random, length: number): string =>
  Array.from({ length }, () => letters[below(random, letters.length)]).join('');

/** A body of a random length; now and then as long as several buffers of neon. */
function bodyOf(random: Random): string {
  const length = pick(random, [0, 1, 5, 100, 4095, 4096, 8191, 8192, 8193, 20_000]);
  const piece = Buffer.from(text(random, 61)).toString('latin1');
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

const statuses = [200, 201, 202, 203, 206, 207, 226, 299, 300, 400, 403, 404, 409, 410, 412, 418, 422, 423, 424, 429];
const errors = [500, 501, 502, 503, 504, 505, 507, 599];

/** Fields that change nothing about the framing, in odd but valid forms. */
function fieldsOf(random: Random): string[] {
  const plain = [
    'Server: test/1 (a comment)',
    'X-Empty:',
    'X-Space:    a    b   ',
    `X-Long: ${'v'.repeat(below(random, 4000))}`,
    'x-lower: value',
    'X-Colon: a:b:c',
    'Set-Cookie: a=1; Path=/; Expires=Wed, 21 Oct 2030 07:28:00 GMT',
    'Set-Cookie: b=2',
    'ETag: "x,y"',
    'X-Latin: caf\u00e9',
    'Content-Type: text/plain; charset="utf-8"',
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Vary: *',
    'Date: not a date',
    'Last-Modified: Wed, 99 Foo 0000 99:99:99 XYZ',
    'Content-Range: bytes 0-1/2',
    'Retry-After: -1',
    'WWW-Authenticate: Unknown x',
    'X-Folded: one\r\n two\r\n\tthree',
  ];
  return Array.from({ length: below(random, 8) }, () => pick(random, plain));
}

/** Interim responses, which a client reads over. */
function interimOf(random: Random): string {
  const some = [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 102 Processing\r\nX-A: b\r\n\r\n',
    'HTTP/1.1 103 \r\nLink: </a>\r\n\r\n',
  ];
  return chance(random, 0.2) ? Array.from({ length: 1 + below(random, 3) }, () => pick(random, some)).join('') : '';
}

/** Chunks of random sizes, with extensions and trailers. */
function chunksOf(random: Random, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + below(random, pick(random, [1, 16, 5000, 100_000])));
    const hex = chance(random, 0.5) ? size.toString(16) : `000${size.toString(16).toUpperCase()}`;
    const extension = chance(random, 0.1) ? ';name="a b"' : '';
    parts.push(Buffer.from(`${hex}${extension}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
    if (parts.length > 3000) {
      const rest = body.subarray(at);
      if (rest.length > 0) parts.push(Buffer.from(`${rest.length.toString(16)}\r\n`), rest, Buffer.from('\r\n'));
      break;
    }
  }
  parts.push(Buffer.from(chance(random, 0.2) ? '0\r\nX-Trailer: late\r\n\r\n' : '0\r\n\r\n'));
  return Buffer.concat(parts);
}

/** A valid response to a plain request. */
function grammar(random: Random): Meant {
  const method = pick(random, ['GET', 'GET', 'GET', 'HEAD', 'PUT', 'REPORT', 'DELETE']);
  const status = pick(random, chance(random, 0.8) ? statuses : errors);
  const bare = method === 'HEAD';
  const content = bare ? '' : bodyOf(random);
  const bytes = Buffer.from(content, 'latin1');
  const fields = fieldsOf(random);
  const form = pick(random, ['length', 'length', 'chunked', 'close']);
  const reason = pick(random, [' OK', ' ', ' A long reason: phrase', ' caf\u00e9']);
  const coded = chance(random, 0.1) && bytes.length > 0 ? gzipSync(bytes) : undefined;
  const sent = coded ?? bytes;
  if (coded) fields.push('Content-Encoding: gzip');
  if (form === 'length')
    fields.splice(below(random, fields.length + 1), 0, `Content-Length: ${bare ? 9 : sent.length}`);
  if (form === 'chunked') fields.push(pick(random, ['Transfer-Encoding: chunked', 'transfer-encoding:\tCHUNKED']));
  if (form === 'close') fields.push('Connection: close');
  const head = `${interimOf(random)}HTTP/1.1 ${status}${reason}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const rest = bare ? Buffer.alloc(0) : form === 'chunked' ? chunksOf(random, sent) : sent;
  return {
    method,
    status,
    body: content,
    untilClose: form === 'close',
    ...(coded && { compressed: coded.toString('latin1') }),
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), rest]),
  };
}

const names = ['a', 'b%20c', '%C3%A9', 'x%26y', 'd.txt'];

/** A valid multi-status document, in one of many forms. */
function multistatus(random: Random): Meant {
  const prefix = pick(random, ['D', 'd', 'ns0', '']);
  const tag = (name: string): string => (prefix === '' ? name : `${prefix}:${name}`);
  const entries = Array.from(
    { length: below(random, 6) },
    () => [pick(random, names), `n${below(random, 100)}`] as const,
  );
  const space = pick(random, ['', '\n', '\r\n  ', '<!-- a comment -->']);
  const body = entries
    .map(
      ([name, value]) =>
        `<${tag('response')}>${space}<${tag('href')}>/dir/${name}</${tag('href')}>${space}<${tag('propstat')}>` +
        `<${tag('prop')}><${tag('displayname')}>${pick(random, [value, `<![CDATA[${value}]]>`])}</${tag('displayname')}>` +
        `<x:other xmlns:x="urn:x">${text(random, 5).replace(/[<&]/g, '')}</x:other></${tag('prop')}>` +
        `<${tag('status')}>HTTP/1.1 200 OK</${tag('status')}></${tag('propstat')}></${tag('response')}>`,
    )
    .join(space);
  const attribute = prefix === '' ? 'xmlns="DAV:"' : `xmlns:${prefix}="DAV:"`;
  const start = pick(random, ['', '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8" ?>\n', '\ufeff']);
  const document = `${start}<${tag('multistatus')} ${attribute}>${space}${body}</${tag('multistatus')}>`;
  const type = pick(random, ['application/xml', 'text/xml; charset="utf-8"', 'application/xml; charset=utf-8']);
  const sent = Buffer.from(document);
  const chunked = chance(random, 0.4);
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${sent.length}`;
  const head = `${interimOf(random)}HTTP/1.1 207 Multi-Status\r\nContent-Type: ${type}\r\n${framing}\r\n\r\n`;
  return {
    method: 'PROPFIND',
    status: 207,
    body: entries.map(([name, value]) => `/dir/${name}=${value}`).join(),
    bytes: Buffer.concat([Buffer.from(head), chunked ? chunksOf(random, sent) : sent]),
  };
}

function lockResponse(random: Random): Meant {
  const token = pick(random, ['opaquelocktoken:f81d', 'urn:uuid:1', 'urn:x?y=z']);
  const timeout = pick(random, ['Second-60', 'Infinite', 'Second-4100000000']);
  const bytes = Buffer.from(lockGranted(token, { timeout, owner: pick(random, ['', 'me', '<x/>']) }));
  return { method: 'LOCK', status: 200, body: token, bytes };
}

/** A change to the bytes of a response. */
type Mutation = (random: Random, bytes: Buffer) => Buffer;

const joined = (...parts: readonly (Buffer | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

/** A position that is usually in the head, where changes have the most effect. */
function position(random: Random, bytes: Buffer): number {
  const head = bytes.indexOf('\r\n\r\n') + 6;
  return below(random, chance(random, 0.7) ? Math.min(head, bytes.length) : bytes.length);
}

const odd = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  '-',
  '0',
  '9',
  'f',
  '\xff',
  '\r\n\r\n',
  '<',
  '&',
  ']]>',
  '<!DOCTYPE a>',
];
const lines = [
  'Content-Length: 3',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 5, 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: identity',
  'Connection: close',
  'Content-Encoding: gzip',
  'Content-Encoding: br',
  'Upgrade: h2c',
  ' folded',
  'no colon',
  ': no name',
  'Name : space',
  'WWW-Authenticate: Basic realm="x"',
  'WWW-Authenticate: Digest realm="x", nonce="',
  'Location: ../x',
];

const mutations: readonly Mutation[] = [
  (random, bytes) => bytes.subarray(0, position(random, bytes)),
  (random, bytes) => bytes.subarray(0, Math.max(0, bytes.length - 1 - below(random, 5))),
  (random, bytes) => {
    const copy = Buffer.from(bytes);
    copy[position(random, bytes)] = below(random, 256);
    return copy;
  },
  (random, bytes) => {
    const at = position(random, bytes);
    return joined(bytes.subarray(0, at), pick(random, odd), bytes.subarray(at));
  },
  (random, bytes) => {
    const at = position(random, bytes);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 8)));
  },
  (random, bytes) => {
    const at = position(random, bytes);
    const end = Math.min(bytes.length, at + 1 + below(random, 60));
    return joined(bytes.subarray(0, end), bytes.subarray(at));
  },
  (random, bytes) => {
    const end = bytes.indexOf('\r\n');
    return joined(bytes.subarray(0, end + 2), `${pick(random, lines)}\r\n`, bytes.subarray(end + 2));
  },
  (_random, bytes) => joined(bytes, response('stale')),
  (random, bytes) => joined(text(random, 1 + below(random, 20)), bytes),
  (random, bytes) =>
    joined(pick(random, ['HTTP/1.1 101 Switching\r\n\r\n', 'HTTP/1.1 199 \r\n\r\n', '\r\n', 'ICY 200 OK\r\n']), bytes),
  (random, bytes) =>
    joined(
      pick(random, ['HTTP/2 ', 'HTTP/1.0 ', 'HTTP/0.9 ', 'HTTP/1.10 ', 'http/1.1 ', 'HTTP/1.1  ', 'HTTP/1.1']),
      bytes.subarray(9),
    ),
];

const run = (client: Client, method: string): Promise<Answer> => {
  if (method === 'PROPFIND') return client.propfind('/dir/');
  if (method === 'LOCK') return client.lock('/dir/x');
  return client.request(method, '/dir/x', method === 'PUT' ? { body: 'body' } : {});
};

/** Whether a result is as the response means it. */
const asMeant = (result: Settled<Answer>, { status, body, compressed = body }: Meant, inflated: boolean): boolean =>
  result.kind === 'value' && result.value.status === status && result.value.body === (inflated ? body : compressed);

async function carryOut(trial: Trial): Promise<void> {
  const { random } = trial;
  const meant = pick(random, [grammar, grammar, multistatus, lockResponse])(random);
  const mutated = chance(random, 0.6);
  let bytes = meant.bytes;
  const cut = mutated && chance(random, 0.2);
  if (cut) bytes = pick(random, mutations.slice(0, 2))(random, bytes);
  else for (let i = mutated ? 1 + below(random, 3) : 0; i > 0; i--) bytes = pick(random, mutations)(random, bytes);
  const split = chance(random, 0.2) && bytes.length > 1 ? 1 + below(random, bytes.length - 1) : 0;
  const sends: Step[] =
    split > 0 ? [{ send: bytes.subarray(0, split) }, { delay: 1 }, { send: bytes.subarray(split) }] : [{ send: bytes }];
  // A mutated response may announce more than it has. The connection therefore ends after it, in most trials.
  const closes = /Connection: close/.test(bytes.toString('latin1')) || (mutated && chance(random, 0.99));
  const next: Step = { repeat: 'forever', steps: [{ read: 'request' }, { send: response('next') }] };
  const operation = `${meant.method}, ${mutated ? 'mutated' : 'valid'}`;
  const results = new Map<string, string>();
  const shown = (): string =>
    `${JSON.stringify(bytes.toString('latin1').slice(0, 1200))}\n${JSON.stringify(Object.fromEntries(results), null, 1)}`;
  for (const surface of allSurfaces) {
    const server = await rawServer({
      connections: [[{ read: 'request' }, ...sends, ...(closes ? [{ close: 'fin' } as const] : [next])], [next]],
      rest: 'repeat-last',
    });
    const client = surface.open(server, 1000);
    try {
      const result = await settled(() => run(client, meant.method));
      results.set(surface.surface, textOf(result));
      if (result.kind === 'lost') trial.count(operation, surface.surface, 'lost', shown());
      else if (result.kind === 'error' && !isCoded(result.error))
        trial.count(operation, surface.surface, 'wrong', `an error without a code: ${shown()}`);
      else if (cut && result.kind === 'value' && !meant.untilClose)
        trial.count(operation, surface.surface, 'wrong', `a cut response counts as whole: ${shown()}`);
      else if (!mutated && !asMeant(result, meant, surface.classes))
        trial.count(operation, surface.surface, 'wrong', `not as meant: ${shown()}`);
      else {
        // No client can tell surplus bytes that arrive after it has sent a request from the answer to this request.
        if (split > 0) await new Promise((resolve) => setTimeout(resolve, 20));
        // C takes waiting bytes for the next answer; only valid responses leave none.
        const answer = await settled(() => client.request('GET', '/next'));
        results.set(`${surface.surface}, next`, textOf(answer));
        const good = answer.kind === 'value' && answer.value.body === 'next';
        if (answer.kind === 'lost') trial.count(operation, surface.surface, 'lost', shown());
        else if (!good && (surface.classes || !mutated))
          trial.count(operation, surface.surface, 'wrong', `the next answer: ${shown()}`);
        else trial.count(operation, surface.surface, 'right');
      }
    } finally {
      client.close();
      await server.stop();
    }
  }
  if (mutated) agree(trial, operation, results, shown);
}

/**
 * The promise form and the blocking form of a surface must take the same response alike. Of a response with several
 * faults, the form that receives it in smaller blocks may report another one. So only the codes of errors are compared.
 */
function agree(trial: Trial, operation: string, results: ReadonlyMap<string, string>, shown: () => string): void {
  const same = (one: string, other: string): boolean => {
    const plain = (name: string): string => (results.get(name) ?? '').replace(/^([A-Z_]+): [^]*/, '$1');
    return plain(one) === plain(other);
  };
  for (const [one, other] of [
    ['classes', 'classes, blocking'],
    ['libneon/ne', 'libneon/ne/promises'],
  ] as const)
    if (!same(one, other)) trial.count(operation, `${one} and ${other}`, 'wrong', `the forms differ: ${shown()}`);
    else trial.count(operation, `${one} and ${other}`, 'right');
}

export const kind: Kind = {
  about: 'A valid response is taken as it is meant; a broken one is refused alike by both forms of a surface.',
  short: 200,
  processes: 3,
  prepare: () => carryOut,
};
