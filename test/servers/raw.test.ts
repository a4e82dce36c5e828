/** Tests the scripted servers: their steps, their records of connections, and TLS. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { dial, fetchOnce, readAll } from './client.js';
import { describeWith } from './packages.js';
import { pem, testPki } from './pki.js';
import {
  chunkedResponse,
  clientHelloServer,
  fixedServer,
  fullBacklogServer,
  inPieces,
  rawServer,
  response,
  silentServer,
  type RawServer,
  type RawServerOptions,
} from './raw.js';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(options: RawServerOptions): Promise<RawServer> {
  const server = await rawServer(options);
  running.push(server);
  return server;
}

function urlOf({ port }: { port: number }): string {
  return `http://127.0.0.1:${port}/`;
}

describe('the steps of a connection', () => {
  test('read, answer and record a request', async () => {
    const server = await start({
      connections: [[{ read: 'request' }, { send: response('hello', { headers: { 'X-A': 'b' } }) }]],
    });
    const answer = await fetchOnce(urlOf(server), { method: 'PUT', headers: { 'Content-Length': '4' } }, 'body');

    expect(answer).toMatchObject({ status: 200, headers: { 'x-a': 'b', 'content-length': '5' } });
    expect(answer.body.toString()).toBe('hello');
    const [record] = await server.waitForClosed(1);
    expect(record?.received.toString()).toMatch(/^PUT \/ HTTP\/1\.1\r\n[^]*\r\n\r\nbody$/);
    expect(record).toMatchObject({
      requests: 1,
      clientClose: 'fin',
      error: null,
      receivedTotal: record?.received.length,
    });
    expect(record?.sentTotal).toBe(response('hello', { headers: { 'X-A': 'b' } }).length);
  });

  test('read a chunked body to its end', async () => {
    const server = await start({
      connections: [[{ read: 'request' }, { send: chunkedResponse(['one', 'two']) }]],
    });
    const answer = await fetchOnce(
      urlOf(server),
      { method: 'PUT', headers: { 'Transfer-Encoding': 'chunked' } },
      'x'.repeat(70000),
    );
    expect(answer.body.toString()).toBe('onetwo');
    const [record] = await server.waitForClosed(1);
    expect(record?.received.subarray(-5).toString()).toBe('0\r\n\r\n');
  });

  test('read the head and the body separately', async () => {
    const steps = [
      { read: 'head' },
      { send: 'HTTP/1.1 100 Continue\r\n\r\n' },
      { read: 'body' },
      { send: response('') },
    ] as const;
    const server = await start({ connections: [steps] });
    const socket = await dial(server.port);
    socket.write('PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\n');
    const [interim] = (await once(socket, 'data')) as [Buffer];
    expect(interim.toString()).toContain('100 Continue');
    socket.write('abc');
    expect(await readAll(socket)).toContain('200 OK');
  });

  test('serve several requests on one connection, then close', async () => {
    const server = await start({
      connections: [[{ repeat: 2, steps: [{ read: 'request' }, { send: response('x') }] }]],
    });
    const socket = await dial(server.port);
    socket.write('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
    expect(await readAll(socket)).toBe(response('x') + response('x'));
    const [record] = await server.waitForClosed(1);
    expect(record?.requests).toBe(2);
  });

  test('read bytes and text up to a mark, and send pieces with pauses', async () => {
    const server = await start({
      connections: [
        [{ readUntil: 'mark' }, { readBytes: 3 }, ...inPieces('abcdef', 2, 5), { send: Uint8Array.of(0, 255) }],
      ],
    });
    const socket = await dial(server.port);
    socket.write('so far mark123');
    const blocks: Buffer[] = [];
    socket.on('data', (block: Buffer) => blocks.push(block));
    await once(socket, 'close');
    expect(Buffer.concat(blocks)).toEqual(Buffer.from('abcdef\x00\xff', 'latin1'));
    expect(blocks.length).toBeGreaterThanOrEqual(3);
  });

  test('end when a request ends early', async () => {
    const server = await start({ connections: [[{ read: 'request' }, { send: 'never' }]] });
    const socket = await dial(server.port);
    socket.end('GET / HT');
    expect(await readAll(socket)).toBe('');
    const [record] = await server.waitForClosed(1);
    expect(record).toMatchObject({ requests: 0, clientClose: 'fin' });
  });

  test('keep only the given number of bytes', async () => {
    const server = await start({ connections: [[{ read: 'request' }, { send: response('') }]], keep: 10 });
    await fetchOnce(urlOf(server), { method: 'PUT', headers: { 'Content-Length': '100000' } }, 'x'.repeat(100000));
    const [record] = await server.waitForClosed(1);
    expect(record?.received).toHaveLength(10);
    expect(record?.receivedTotal).toBeGreaterThan(100000);
  });
});

describe('the connections after the listed ones', () => {
  test('are refused', async () => {
    const server = await start({ connections: [[{ read: 'request' }, { send: response('') }]] });
    await fetchOnce(urlOf(server));
    await expect(fetchOnce(urlOf(server))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('are refused from the start when none is listed', async () => {
    const server = await start({ connections: [] });
    await expect(fetchOnce(urlOf(server))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('are closed', async () => {
    const server = await start({ connections: [], rest: 'close' });
    expect(await readAll((await dial(server.port)).resume())).toBe('');
  });

  test('repeat the last one', async () => {
    const server = await start({ connections: [[], [{ send: 'second' }]], rest: 'repeat-last' });
    const texts = [];
    for (let i = 0; i < 3; i++) texts.push(await readAll(await dial(server.port)));
    expect(texts).toEqual(['', 'second', 'second']);
    await server.waitForConnections(3);
  });
});

describe('the end of a connection', () => {
  test('resets at the client', async () => {
    const server = await start({ connections: [[{ read: 'request' }, { close: 'rst' }]] });
    await expect(fetchOnce(urlOf(server))).rejects.toMatchObject({ code: 'ECONNRESET' });
    const [record] = await server.waitForClosed(1);
    expect(record?.clientClose).toBeNull();
  });

  test('closes one direction with a FIN', async () => {
    const server = await start({ connections: [[{ send: 'bye' }, { close: 'fin' }]] });
    const socket = await dial(server.port);
    socket.allowHalfOpen = true;
    socket.resume();
    await once(socket, 'end');
    expect(await server.openCount()).toBe(1);
    socket.end('late');
    const [record] = await server.waitForClosed(1);
    expect(record?.received.toString()).toBe('late');
  });

  test('is recorded with its kind and time', async () => {
    const server = await start({ connections: [[{ hang: 'reading' }]], rest: 'repeat-last' });
    const polite = await dial(server.port);
    const rude = await dial(server.port);
    await server.waitForConnections(2);
    expect(await server.openCount()).toBe(2);
    const before = Date.now();
    polite.destroy();
    rude.resetAndDestroy();
    const records = await server.waitForClosed(2);
    expect(records.map(({ clientClose }) => clientClose)).toEqual(['fin', 'rst']);
    for (const { clientClosedAt } of records) expect((clientClosedAt ?? 0) - before).toBeLessThan(1000);
  });

  test('waits for the release of a stalled upload', async () => {
    const server = await start({ connections: [[{ read: 'head' }, { hang: true }]] });
    const socket = await dial(server.port);
    socket.write('PUT / HTTP/1.1\r\nContent-Length: 64000000\r\n\r\n');
    await server.waitForRequests(1);
    socket.write(Buffer.alloc(64_000_000));
    await sleep(300);
    expect(socket.writableNeedDrain).toBe(true);
    socket.end();
    await expect(server.waitForClosed(1, 100)).rejects.toThrow('0 of 1 closed');
    await server.release();
    const [record] = await server.waitForClosed(1);
    expect(record?.receivedTotal).toBeGreaterThan(64_000_000);
  });

  test('stops an endless response', async () => {
    const server = await start({ connections: [[{ read: 'request' }, { streamForever: 65536 }]] });
    const socket = await dial(server.port);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    const [record] = await server.waitForClosed(1);
    expect(record?.clientClose).not.toBeNull();
    expect(record?.sentTotal).toBeGreaterThan(65536);
  });

  test('stops an endless repetition', async () => {
    const server = await start({
      connections: [[{ repeat: 'forever', steps: [{ send: 'tick\n' }, { delay: 5 }] }]],
    });
    const socket = await dial(server.port);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await server.waitForClosed(1);
  });

  test('has no counterpart when a full backlog neither accepts nor refuses', async () => {
    const server = await fullBacklogServer();
    running.push(server);
    const outcome = await Promise.race([
      dial(server.port).then(
        () => 'accepted',
        () => 'refused',
      ),
      sleep(300, 'nothing'),
    ]);
    expect(outcome).toBe('nothing');
  });
});

test('responds with fixed bytes, pipelined or not', async () => {
  const server = await fixedServer(response('fixed'));
  running.push(server);
  const socket = await dial(server.port);
  socket.write('GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HT');
  await server.waitForRequests(2);
  socket.end('TP/1.1\r\n\r\n');
  expect(await readAll(socket)).toBe(response('fixed').repeat(3));
});

describeWith('openssl', 'TLS', () => {
  const pki = testPki();
  const identity = { key: pem(pki.server.key), cert: pem(pki.server.cert) };
  const ca = pem(pki.ca.cert);
  const exchange = [{ read: 'request' }, { send: response('secret') }] as const;

  test('serves and records decrypted bytes', async () => {
    const server = await start({ connections: [exchange], tls: identity });
    const answer = await fetchOnce(`https://localhost:${server.port}/x`, { ca, family: 4 });
    expect(answer.body.toString()).toBe('secret');
    const [record] = await server.waitForClosed(1);
    expect(record?.received.toString()).toContain('GET /x HTTP/1.1');
    expect(record?.tls).toEqual({
      protocol: 'TLSv1.3',
      servername: 'localhost',
      alpn: null,
      clientCertificate: null,
    });
  });

  test('requests a client certificate', async () => {
    const server = await start({
      connections: [exchange],
      tls: { ...identity, requestCert: true, maxVersion: 'TLSv1.2' },
    });
    const client = { key: pem(pki.client.key), cert: pem(pki.client.cert) };
    await fetchOnce(`https://127.0.0.1:${server.port}/`, { ca, ...client });
    const [record] = await server.waitForClosed(1);
    expect(record?.tls).toMatchObject({ protocol: 'TLSv1.2', clientCertificate: 'Test Client' });
  });

  test('records a handshake that the client aborted', async () => {
    const server = await start({ connections: [exchange], tls: identity });
    await expect(fetchOnce(`https://127.0.0.1:${server.port}/`, { ca: pem(pki.otherCa.cert) })).rejects.toThrow();
    const [record] = await server.waitForClosed(1);
    expect(record).toMatchObject({
      tls: null,
      clientClose: 'fin',
      error: 'the client left during the TLS handshake',
    });
  });

  test('starts at a step of the script', async () => {
    const connection = [
      { read: 'head' },
      { send: 'HTTP/1.1 200 OK\r\n\r\n' },
      { startTls: true },
      ...exchange,
    ] as const;
    const server = await start({ connections: [connection], tls: identity });
    const socket = await dial(server.port);
    socket.write('CONNECT localhost:443 HTTP/1.1\r\n\r\n');
    await once(socket, 'data');
    const secure = tls.connect({ socket, ca, servername: 'localhost' });
    secure.write('GET / HTTP/1.1\r\n\r\n');
    expect(await readAll(secure)).toBe(response('secret'));
  });

  test.each(['fin', 'truncate'] as const)('closes with %s', async (close) => {
    const server = await start({
      connections: [[{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\ncut' }, { close }]],
      tls: identity,
    });
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', ca });
    socket.on('error', () => {});
    const seen: string[] = [];
    socket.enableTrace = () => {};
    socket.on('end', () => seen.push('end'));
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect(await readAll(socket)).toContain('cut');
    expect(await server.waitForClosed(1)).toHaveLength(1);
  });

  test.each([
    ['a silent server', silentServer],
    ['a server that only reads the ClientHello', clientHelloServer],
  ])('leaves the handshake of %s open', async (_, begin) => {
    const server = await begin();
    running.push(server);
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', ca });
    socket.on('error', () => {});
    const outcome = await Promise.race([
      once(socket, 'secureConnect').then(() => 'secure'),
      once(socket, 'close').then(() => 'closed'),
      sleep(200, 'nothing'),
    ]);
    expect(outcome).toBe('nothing');
    expect((await server.connections())[0]?.receivedTotal).toBeGreaterThan(100);
    socket.destroy();
    await server.release();
    await server.waitForClosed(1);
  });
});
