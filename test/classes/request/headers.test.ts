/**
 * Tests headers set by callers. They replace the library's headers, match the framing of the body, and are sent once.
 */
import { openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type Body, type HeadersInit, Session } from 'libneon';
import { response } from '../../servers/raw.js';
import { scratchDirectory } from '../../servers/start.js';
import { failureOf, wrongType, wrongValue } from '../../support/expect.js';
import { requestForms } from '../../support/methods.js';
import { answering, openSession as open, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

/** The header fields of the only request that a session sent. */
async function fieldsSent(call: (session: Session) => Promise<unknown>, options = {}): Promise<string[]> {
  const server = await serve(answering());
  using session = Session.open(`http://127.0.0.1:${server.port}/`, options);
  await call(session);
  const [request = ''] = await receivedBy(server);
  return request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n').slice(1);
}

/** The values of the fields of this name. */
const valuesOf = (name: string, fields: readonly string[]): string[] =>
  fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).map((field) => field.slice(name.length + 2));

describe.each(requestForms)('%s', (_, send) => {
  test.each(['host', 'user-agent', 'connection', 'te', 'keep-alive'])(
    'replaces the %s of the library',
    async (name) => {
      const options = { userAgent: 'library/1' };
      const before = await fieldsSent((session) => send(session, 'GET', '/'), options);
      expect(valuesOf(name, before)).toHaveLength(1);
      const headers = { [name.toUpperCase()]: 'own' };
      const fields = await fieldsSent((session) => send(session, 'GET', '/', { headers }), options);
      expect(valuesOf(name, fields)).toEqual(['own']);
      expect(fields).toHaveLength(before.length);
    },
  );

  test('replaces the credentials of the session', async () => {
    const challenge = 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n';
    const answers = [challenge, response('one'), response('two')];
    const server = await serve({ connections: [answers.flatMap((send) => [{ read: 'request' }, { send }] as const)] });
    using session = Session.open(`http://127.0.0.1:${server.port}/`, {
      auth: { username: 'alice', password: 'secret' },
    });
    await send(session, 'GET', '/');
    await send(session, 'GET', '/', { headers: { Authorization: 'Bearer own' } });
    const requests = (await receivedBy(server))[0]!.split(/(?=GET )/);
    const sent = requests.map((request) => valuesOf('authorization', request.split('\r\n')));
    expect(sent).toEqual([[], [expect.stringMatching(/^Basic /)], ['Bearer own']]);
  });

  test('sends each value of an array, a number as text, and no field for undefined', async () => {
    const headers: HeadersInit = { 'X-Many': ['1', '2'], 'X-Number': 5, 'X-None': undefined };
    const fields = await fieldsSent((session) => send(session, 'GET', '/', { headers }));
    expect(fields.filter((field) => field.startsWith('X-'))).toEqual(['X-Many: 1', 'X-Many: 2', 'X-Number: 5']);
  });

  test('keeps fields that the caller gives twice', async () => {
    const headers: HeadersInit = [
      ['Host', 'a'],
      ['host', 'b'],
    ];
    const fields = await fieldsSent((session) => send(session, 'GET', '/', { headers }));
    expect(valuesOf('host', fields)).toEqual(['a', 'b']);
  });

  const file = path.join(scratchDirectory('headers'), 'file');
  writeFileSync(file, '12345');
  const bodies: readonly (readonly [string, Body])[] = [
    ['text', 'ü234'],
    ['bytes', Buffer.from('12345')],
    ['a file', { file }],
    ['a part of a file', { file, offset: 0, length: 5 }],
    ['a descriptor', { fd: openSync(file, 'r') }],
  ];

  test.each(bodies)('sends one Content-Length for %s', async (_name, body) => {
    const headers = { 'content-length': '5' };
    const fields = await fieldsSent((session) => send(session, 'PUT', '/', { headers, body }));
    expect(valuesOf('content-length', fields)).toEqual(['5']);
  });

  test.each([...bodies, ['no body', undefined]] as const)(
    'refuses a wrong Content-Length for %s',
    async (_name, body) => {
      const server = await serve(answering());
      using session = open(server);
      const failure = await failureOf(() => send(session, 'PUT', '/', { headers: { 'Content-Length': '4' }, body }));
      expect(failure).toEqual(wrongValue);
      expect((failure as Error).message).toMatch(/Content-Length announces 4 bytes, but the body has [05]/);
      expect(await receivedBy(server)).toEqual([]);
    },
  );

  test('refuses Transfer-Encoding', async () => {
    const server = await serve(answering());
    using session = open(server);
    const headers = { 'Transfer-Encoding': 'chunked' };
    expect(await failureOf(() => send(session, 'PUT', '/', { headers, body: 'x' }))).toEqual(wrongValue);
    expect(await receivedBy(server)).toEqual([]);
  });

  test.each(['x', 5, null, true])('refuses %p as headers', async (headers) => {
    const server = await serve(answering());
    using session = open(server);
    expect(await failureOf(() => send(session, 'GET', '/', { headers: headers as never }))).toEqual(wrongType);
  });
});

test('takes the length of a Blob', async () => {
  const body = new Blob(['12345']);
  const fields = await fieldsSent((session) => session.put('/', body, { headers: { 'Content-Length': 5 } }));
  expect(valuesOf('content-length', fields)).toEqual(['5']);
  const server = await serve(answering());
  await using session = open(server);
  expect(await failureOf(() => session.put('/', body, { headers: { 'Content-Length': 4 } }))).toEqual(wrongValue);
});

test('announces the length of a stream', async () => {
  const headers = { 'Content-Length': '5' };
  const fields = await fieldsSent((session) => session.put('/', Readable.from(['123', '45']), { headers }));
  expect(valuesOf('content-length', fields)).toEqual(['5']);
  expect(valuesOf('transfer-encoding', fields)).toEqual([]);
});

describe.each(['promise', 'blocking'])('a method with headers of its own (%s)', (form) => {
  const headers = { destination: 'own', OVERWRITE: 'own', Depth: 'own' };

  test('sends those of the caller once', async () => {
    const fields = await fieldsSent(async (session) =>
      form === 'promise' ? session.copy('/a', '/b', { headers }) : session.copySync('/a', '/b', { headers }),
    );
    for (const name of ['destination', 'overwrite', 'depth']) expect(valuesOf(name, fields)).toEqual(['own']);
  });

  test('sends the Range and the Content-Type of the caller once', async () => {
    const range = await fieldsSent(async (session) => {
      const options = { headers: { RANGE: 'bytes=1-2' } };
      const call = async (): Promise<unknown> =>
        form === 'promise'
          ? session.getRange('/', { start: 0, end: 1 }, options)
          : session.getRangeSync('/', { start: 0, end: 1 }, options);
      await failureOf(call); // fails because the response is not a 206
    });
    expect(valuesOf('range', range)).toEqual(['bytes=1-2']);
    const changes = [{ set: { name: 'value' } }];
    const type = await fieldsSent(async (session) => {
      const options = { headers: { 'content-type': 'text/xml' } };
      const call = async (): Promise<unknown> =>
        form === 'promise' ? session.proppatch('/', changes, options) : session.proppatchSync('/', changes, options);
      await call().catch(() => undefined); // fails because the response is not a multi-status document
    });
    expect(valuesOf('content-type', type)).toEqual(['text/xml']);
  });

  test('refuses a Content-Length for a body that is composed', async () => {
    const server = await serve(answering());
    await using session = open(server);
    const options = { headers: { 'Content-Length': '5' } };
    const changes = [{ set: { name: 'value' } }];
    const failure = await failureOf(async () =>
      form === 'promise' ? session.proppatch('/', changes, options) : session.proppatchSync('/', changes, options),
    );
    expect(failure).toEqual(wrongValue);
  });
});
