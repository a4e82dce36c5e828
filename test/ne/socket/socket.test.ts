/** Tests of sockets (ne_socket.h): conversations, timeouts, states, aborts. */
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, realpathSync, rmSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { fullBacklogServer } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange, result, wrongType, wrongValue } from '../../support/expect.js';
import { testListeners } from '../../support/listener.js';
import { accepted, connectedTo, loopback, restOf, testPairs } from '../../support/sockets.js';
import { answering, sessionWith, testServers } from '../../support/servers.js';
import { fetchBody, surfaces } from '../../support/surfaces.js';

const serve = testServers();
const listen = testListeners();
const pair = testPairs();
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const destroyed = neonError('ERR_NEON_DESTROYED');
const busy = neonError('ERR_NEON_BUSY');

/** The text in a buffer before its first null byte. */
const textIn = (buffer: Buffer): string => buffer.toString('utf8', 0, buffer.indexOf(0));

describe.each(surfaces)('$surface', ({ io }) => {
  test('reads and writes on both ends', async () => {
    const listener = await listen();
    const [client, server] = [ne.ne_sock_create(), ne.ne_sock_create()];
    expect([ne.ne_sock_fd(client), ne.ne_sock_error(client)]).toEqual([-1, '']);
    expect(await io.ne_sock_connect(client, loopback(), listener.port)).toBe(0);
    expect(await io.ne_sock_accept(server, listener.fd)).toBe(0);
    expect(ne.ne_sock_fd(client)).toBeGreaterThan(2);
    expect(await io.ne_sock_fullwrite(client, 'first line\nsecönd\nrest')).toBe(0);
    const buffer = Buffer.alloc(100);
    expect(await io.ne_sock_block(server, 5)).toBe(0);
    expect(await io.ne_sock_readline(server, buffer)).toBe(11);
    expect(textIn(buffer)).toBe('first line\n');
    expect(await io.ne_sock_peek(server, buffer.fill(1))).toBe(12);
    expect(buffer.toString('utf8', 0, 13)).toBe('secönd\nrest\u0001');
    expect(await io.ne_sock_readline(server, buffer)).toBe(8);
    expect(textIn(buffer)).toBe('secönd\n');
    expect(await io.ne_sock_read(server, buffer.subarray(0, 2))).toBe(2);
    expect(await io.ne_sock_fullread(server, buffer.subarray(2, 4))).toBe(0);
    expect(buffer.toString('utf8', 0, 4)).toBe('rest');
    expect(await io.ne_sock_fullwritev(server, ['', 'one ', Buffer.from('two'), new Uint8Array(0), ' three'])).toBe(0);
    expect(await io.ne_sock_shutdown(server, ne.NE_SOCK_SEND)).toBe(0);
    expect(await restOf(client)).toBe('one two three');
    expect(ne.ne_sock_error(client)).toBe('Connection closed');
    expect([await io.ne_sock_close(client), await io.ne_sock_close(server)]).toEqual([0, 0]);
  });

  test('connects over IPv6', async () => {
    const listener = await listen({ host: '::1' });
    const [client, server, port] = [ne.ne_sock_create(), ne.ne_sock_create(), { value: 0 }];
    const six = ne.ne_iaddr_parse('::1', ne.ne_iaddr_ipv6)!;
    expect(await io.ne_sock_connect(client, six, listener.port)).toBe(0);
    expect(await io.ne_sock_accept(server, listener.fd)).toBe(0);
    const peer = ne.ne_sock_peer(client, port)!;
    expect([ne.ne_iaddr_print(peer), ne.ne_iaddr_cmp(peer, six), port.value]).toEqual(['::1', 0, listener.port]);
    expect(await io.ne_sock_fullwrite(client, 'six')).toBe(0);
    expect(await io.ne_sock_close(client)).toBe(0);
    expect(await restOf(server)).toBe('six');
  });

  test('sends many bytes in both directions', async () => {
    const { client, server } = await pair();
    const bytes = Buffer.alloc(
      3_000_000,
      Uint8Array.from({ length: 251 }, (_, index) => index),
    );
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const received = Buffer.alloc(bytes.length);
      // One end always uses a promise and runs on another thread, so the other end may block this thread.
      const sending = promises.ne_sock_fullwrite(from, bytes);
      expect(await io.ne_sock_fullread(to, received)).toBe(0);
      expect(await sending).toBe(0);
      expect(received.equals(bytes)).toBe(true);
      const blocks = Array.from({ length: 1000 }, (_, index) => bytes.subarray(index * 3000, (index + 1) * 3000));
      const receiving = promises.ne_sock_fullread(to, received.fill(0));
      expect(await io.ne_sock_fullwritev(from, blocks)).toBe(0);
      expect(await receiving).toBe(0);
      expect(received.equals(bytes)).toBe(true);
    }
  });

  test('rejects lines that do not fit', async () => {
    const { client, server } = await pair();
    ne.ne_sock_fullwrite(client, 'four\nfive\n');
    expect(await io.ne_sock_readline(server, Buffer.alloc(5))).toBe(ne.NE_SOCK_ERROR);
    expect(ne.ne_sock_error(server)).toBe('Line too long');
    const buffer = Buffer.alloc(8, 1);
    expect(await io.ne_sock_readline(server, buffer)).toBe(5);
    expect([...buffer]).toEqual([...Buffer.from('four\n\0'), 1, 1]);
    expect(await io.ne_sock_readline(server, Buffer.alloc(1))).toBe(ne.NE_SOCK_ERROR);
    expect(await io.ne_sock_readline(server, buffer)).toBe(5);
    ne.ne_sock_fullwrite(client, 'x'.repeat(5000));
    await sleep(20);
    expect(await io.ne_sock_readline(server, Buffer.alloc(10_000))).toBe(ne.NE_SOCK_ERROR);
    const rest = Buffer.alloc(5000);
    expect(await io.ne_sock_fullread(server, rest)).toBe(0);
    expect(rest.toString()).toBe('x'.repeat(5000));
  });

  test('leaves the rest of the buffer unchanged', async () => {
    const { client, server } = await pair();
    ne.ne_sock_fullwrite(client, 'abc');
    const buffer = Buffer.alloc(6, 7);
    expect(await io.ne_sock_read(server, buffer.subarray(1))).toBe(3);
    expect([...buffer]).toEqual([7, 97, 98, 99, 7, 7]);
  });

  test('writes nothing', async () => {
    const { client, server } = await pair();
    expect(await io.ne_sock_fullwrite(client, '')).toBe(0);
    expect(await io.ne_sock_fullwritev(client, ['', new Uint8Array(0)])).toBe(0);
    expect(await io.ne_sock_close(client)).toBe(0);
    expect(await restOf(server)).toBe('');
  });

  test('reports a peer that closes or resets', async () => {
    const { client, server } = await pair();
    ne.ne_sock_fullwrite(client, 'ab');
    ne.ne_sock_close(client);
    const buffer = Buffer.alloc(4);
    expect(await io.ne_sock_fullread(server, buffer)).toBe(ne.NE_SOCK_CLOSED);
    expect(await io.ne_sock_read(server, buffer)).toBe(ne.NE_SOCK_CLOSED);
    expect(await io.ne_sock_peek(server, buffer)).toBe(ne.NE_SOCK_CLOSED);
    expect(await io.ne_sock_readline(server, buffer)).toBe(ne.NE_SOCK_CLOSED);
    const second = connectedTo(await serve({ connections: [[{ readBytes: 1 }, { close: 'rst' }]] }));
    ne.ne_sock_fullwrite(second, 'x');
    expect(await io.ne_sock_read(second, buffer)).toBe(ne.NE_SOCK_RESET);
    expect(ne.ne_sock_error(second)).toBe('Connection reset by peer');
    expect(await io.ne_sock_fullwrite(second, 'x')).toBe(ne.NE_SOCK_CLOSED);
  });

  test('shuts down one direction, then the other', async () => {
    const { client, server } = await pair();
    expect(await io.ne_sock_shutdown(client, ne.NE_SOCK_SEND)).toBe(0);
    expect(await io.ne_sock_fullwrite(client, 'x')).toBe(ne.NE_SOCK_CLOSED);
    expect(await io.ne_sock_read(server, Buffer.alloc(1))).toBe(ne.NE_SOCK_CLOSED);
    ne.ne_sock_fullwrite(server, 'back');
    const buffer = Buffer.alloc(4);
    expect(await io.ne_sock_fullread(client, buffer)).toBe(0);
    expect(buffer.toString()).toBe('back');
    expect(await io.ne_sock_shutdown(client, ne.NE_SOCK_RECV)).toBe(0);
    expect(await io.ne_sock_read(client, buffer)).toBe(ne.NE_SOCK_CLOSED);
    const both = await pair();
    expect(await io.ne_sock_shutdown(both.client, ne.NE_SOCK_BOTH)).toBe(0);
    expect(await io.ne_sock_read(both.client, buffer)).toBe(ne.NE_SOCK_CLOSED);
  });

  test('connects again after a refused connection', async () => {
    const listener = await listen();
    await listener.close();
    const socket = ne.ne_sock_create();
    expect(await io.ne_sock_connect(socket, loopback(), listener.port)).toBe(ne.NE_SOCK_ERROR);
    expect([ne.ne_sock_error(socket), ne.ne_sock_fd(socket)]).toEqual(['Connection refused', -1]);
    expect(await io.ne_sock_connect(socket, loopback(), (await listen()).port)).toBe(0);
  });

  test('connects from a local address and port', async () => {
    const [listener, socket, port] = [await listen(), ne.ne_sock_create(), { value: 0 }];
    const local = ne.ne_iaddr_parse('127.0.0.9', ne.ne_iaddr_ipv4)!;
    ne.ne_sock_prebind(socket, local, 0);
    ne.ne_iaddr_free(local); // the socket has a copy
    expect(await io.ne_sock_connect(socket, loopback(), listener.port)).toBe(0);
    const peer = ne.ne_sock_peer(await accepted(listener), port)!;
    expect(ne.ne_iaddr_print(peer)).toBe('127.0.0.9');
    const again = ne.ne_sock_create();
    ne.ne_sock_close(socket);
    ne.ne_sock_prebind(again, null, port.value); // the port is in TIME_WAIT for 127.0.0.9 only
    expect(await io.ne_sock_connect(again, loopback(), listener.port)).toBe(0);
    const second = { value: 0 };
    ne.ne_sock_peer(await accepted(listener), second);
    expect(second).toEqual(port);
    const foreign = ne.ne_sock_create();
    ne.ne_sock_prebind(foreign, ne.ne_iaddr_parse('192.0.2.1', ne.ne_iaddr_ipv4), 0);
    expect(await io.ne_sock_connect(foreign, loopback(), listener.port)).toBe(ne.NE_SOCK_ERROR);
    // An address of another family is ignored.
    const other = ne.ne_sock_create();
    ne.ne_sock_prebind(other, ne.ne_iaddr_parse('::1', ne.ne_iaddr_ipv6), 0);
    expect(await io.ne_sock_connect(other, loopback(), listener.port)).toBe(0);
  });

  test('times out in a read', async () => {
    const { server } = await pair();
    ne.ne_sock_read_timeout(server, 1);
    const start = performance.now();
    expect(await io.ne_sock_read(server, Buffer.alloc(1))).toBe(ne.NE_SOCK_TIMEOUT);
    expect(await io.ne_sock_block(server, 1)).toBe(ne.NE_SOCK_TIMEOUT);
    expect(performance.now() - start).toBeGreaterThan(1900);
    expect(performance.now() - start).toBeLessThan(4000);
  });

  test('times out in a connect', async () => {
    const backlog = await fullBacklogServer();
    const socket = ne.ne_sock_create();
    ne.ne_sock_connect_timeout(socket, 1);
    expect(await io.ne_sock_connect(socket, loopback(), backlog.port)).toBe(ne.NE_SOCK_TIMEOUT);
    expect(ne.ne_sock_error(socket)).toBe('Connection timed out');
    await backlog.stop();
    ne.ne_sock_connect_timeout(socket, 0);
    expect(await io.ne_sock_connect(socket, loopback(), (await listen()).port)).toBe(0);
  });

  test('ends writing to a peer that does not read at the read timeout', async () => {
    const { client } = await pair();
    ne.ne_sock_read_timeout(client, 1);
    expect(await io.ne_sock_fullwrite(client, Buffer.alloc(30_000_000))).toBe(ne.NE_SOCK_TIMEOUT);
    expect(ne.ne_sock_error(client)).toBe('Connection timed out: no data moved for 1 seconds');
    expect(await failureOf(() => io.ne_sock_read(client, Buffer.alloc(1)))).toEqual(invalidState);
    expect(await io.ne_sock_close(client)).toBe(0);
  });

  test('waits in an accept, and fails on a descriptor that is not a listener', async () => {
    const listener = await listen();
    setTimeout(() => connectedTo(listener), 50);
    expect(await promises.ne_sock_accept(ne.ne_sock_create(), listener.fd)).toBe(0);
    const socket = ne.ne_sock_create();
    const file = openSync(__filename, 'r');
    expect(await io.ne_sock_accept(socket, file)).toBe(-1);
    expect(ne.ne_sock_error(socket)).toBe('Socket operation on non-socket');
    closeSync(file);
    expect(await io.ne_sock_accept(socket, 2 ** 31 - 1)).toBe(-1);
    expect(ne.ne_sock_error(socket)).toBe('Bad file descriptor');
    const { client } = await pair();
    expect(await io.ne_sock_accept(socket, ne.ne_sock_fd(client))).toBe(-1);
    expect(ne.ne_sock_error(socket)).toBe('Invalid argument');
    connectedTo(listener);
    expect(await io.ne_sock_accept(socket, listener.fd)).toBe(0);
  });

  test('returns no peer for a connection of another family', async () => {
    const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-socket-'));
    try {
      const listener = await listen({ path: path.join(folder, 'socket') });
      const client = connect(path.join(folder, 'socket'));
      await once(client, 'connect'); // otherwise the client would send its data only after a blocking read
      const socket = ne.ne_sock_create();
      expect(await promises.ne_sock_accept(socket, listener.fd)).toBe(0);
      const port = { value: 7 };
      expect(ne.ne_sock_peer(socket, port)).toBeNull();
      expect([port.value, ne.ne_sock_error(socket)]).toEqual([7, 'Socket family not supported']);
      client.end('hello');
      const buffer = Buffer.alloc(5);
      expect(await io.ne_sock_fullread(socket, buffer)).toBe(0);
      expect(buffer.toString()).toBe('hello');
      client.destroy();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const calls: [string, (socket: ne.ne_socket) => Promise<unknown>][] = [
    ['ne_sock_read', (socket) => io.ne_sock_read(socket, Buffer.alloc(1))],
    ['ne_sock_peek', (socket) => io.ne_sock_peek(socket, Buffer.alloc(1))],
    ['ne_sock_readline', (socket) => io.ne_sock_readline(socket, Buffer.alloc(1))],
    ['ne_sock_fullread', (socket) => io.ne_sock_fullread(socket, Buffer.alloc(1))],
    ['ne_sock_block', (socket) => io.ne_sock_block(socket, 1)],
    ['ne_sock_fullwrite', (socket) => io.ne_sock_fullwrite(socket, 'x')],
    ['ne_sock_fullwritev', (socket) => io.ne_sock_fullwritev(socket, [''])],
    ['ne_sock_shutdown', (socket) => io.ne_sock_shutdown(socket, ne.NE_SOCK_BOTH)],
    ['ne_sock_proxy', (socket) => io.ne_sock_proxy(socket, ne.NE_SOCK_SOCKSV5, null, 'host', 80, null, null)],
    ['ne_sock_accept_ssl', (socket) => io.ne_sock_accept_ssl(socket, ne.ne_ssl_context_create(1)!)],
    ['ne_sock_connect_ssl', (socket) => io.ne_sock_connect_ssl(socket, ne.ne_ssl_context_create(0)!)],
  ];

  test.each(calls)('rejects %s before a connection and after close', async (_, call) => {
    const socket = ne.ne_sock_create();
    expect(await failureOf(() => call(socket))).toEqual(invalidState);
    expect(await io.ne_sock_close(socket)).toBe(0);
    expect(await failureOf(() => call(socket))).toEqual(destroyed);
  });

  test('refuses a second connect or accept', async () => {
    const { client, server, listener } = await pair();
    for (const socket of [client, server]) {
      const fd = ne.ne_sock_fd(socket);
      expect(await failureOf(() => io.ne_sock_connect(socket, loopback(), listener.port))).toEqual(invalidState);
      expect(await failureOf(() => io.ne_sock_accept(socket, listener.fd))).toEqual(invalidState);
      expect(ne.ne_sock_fd(socket)).toBe(fd);
    }
    ne.ne_sock_fullwrite(client, 'goes on');
    ne.ne_sock_close(client);
    expect(await restOf(server)).toBe('goes on');
  });

  test('rejects invalid arguments', async () => {
    const { client } = await pair();
    const any = <T>(value: unknown): T => value as T;
    const refused: [Error, () => Promise<unknown>][] = [
      [wrongType, () => io.ne_sock_connect(any(null), loopback(), 80)],
      [wrongType, () => io.ne_sock_connect(client, any(client), 80)],
      [outOfRange, () => io.ne_sock_connect(client, loopback(), 65_536)],
      [outOfRange, () => io.ne_sock_connect(client, loopback(), -1)],
      [outOfRange, () => io.ne_sock_accept(ne.ne_sock_create(), -1)],
      [wrongType, () => io.ne_sock_accept(ne.ne_sock_create(), any('0'))],
      [wrongType, () => io.ne_sock_read(client, any('text'))],
      [wrongType, () => io.ne_sock_read(client, any(new Uint16Array(4)))],
      [wrongValue, () => io.ne_sock_read(client, new Uint8Array(0))],
      [wrongValue, () => io.ne_sock_peek(client, new Uint8Array(0))],
      [wrongValue, () => io.ne_sock_readline(client, new Uint8Array(0))],
      [wrongValue, () => io.ne_sock_fullread(client, new Uint8Array(0))],
      [outOfRange, () => io.ne_sock_block(client, 0)],
      [outOfRange, () => io.ne_sock_block(client, -1)],
      [outOfRange, () => io.ne_sock_block(client, 2_147_484)],
      [wrongType, () => io.ne_sock_fullwrite(client, any(1))],
      [wrongType, () => io.ne_sock_fullwritev(client, any('text'))],
      [wrongType, () => io.ne_sock_fullwritev(client, ['x', any(null)])],
      [wrongValue, () => io.ne_sock_fullwritev(client, [])],
      [outOfRange, () => io.ne_sock_fullwritev(client, Array<string>(1025).fill('x'))],
      [outOfRange, () => io.ne_sock_shutdown(client, 0)],
      [outOfRange, () => io.ne_sock_shutdown(client, 4)],
      [wrongType, () => io.ne_sock_close(any({}))],
    ];
    for (const [error, call] of refused) expect([String(call), await failureOf(call)]).toEqual([String(call), error]);
  });
});

test('rejects invalid arguments of functions that do not block', () => {
  const socket = ne.ne_sock_create();
  const any = <T>(value: unknown): T => value as T;
  for (const seconds of [0, -1, 2_147_484, 1.5, NaN])
    expect(() => ne.ne_sock_read_timeout(socket, seconds)).toThrow(outOfRange);
  expect(() => ne.ne_sock_connect_timeout(socket, -1)).toThrow(outOfRange);
  expect(() => ne.ne_sock_prebind(socket, null, 65_536)).toThrow(outOfRange);
  expect(() => ne.ne_sock_prebind(socket, any(socket), 0)).toThrow(wrongType);
  expect(() => ne.ne_sock_peer(socket, any(null))).toThrow(wrongType);
  expect(() => ne.ne_sock_sessid(socket, null, any(null))).toThrow(wrongType);
  expect(() => ne.ne_sock_fd(any(loopback()))).toThrow(wrongType);
  expect(result(() => ne.ne_sock_peer(socket, { value: 0 }))).toBeNull();
  expect(ne.ne_sock_error(socket)).toBe('Bad file descriptor');
  expect([ne.ne_sock_cipher(socket), ne.ne_sock_sessid(socket, null, {})]).toEqual([null, -1]);
});

test('undoes with ne_sock_exit no more than ne_sock_init did for its caller', async () => {
  const server = await serve(answering());
  expect([ne.ne_sock_init(), ne.ne_sock_init()]).toEqual([0, 0]);
  expect(Array.from({ length: 5 }, () => ne.ne_sock_exit())).toEqual(Array(5).fill(undefined));
  for (const { io } of surfaces) expect(await fetchBody(io, sessionWith(server), 'GET', '/')).toBe('hello');
  expect(ne.ne_sock_init()).toBe(0);
});

test('formats the error text', () => {
  const socket = ne.ne_sock_create();
  ne.ne_sock_set_error(socket, '%s: %d%% of %x', 'näme', 12, 255);
  expect(ne.ne_sock_error(socket)).toBe('näme: 12% of ff');
  ne.ne_sock_set_error(socket, '%s', 'x'.repeat(1000));
  expect(ne.ne_sock_error(socket)).toBe('x'.repeat(191));
  expect(() => ne.ne_sock_set_error(socket, '%n')).toThrow(wrongValue);
  ne.ne_sock_close(socket);
  expect(() => ne.ne_sock_set_error(socket, '%n')).toThrow(destroyed);
});

describe('calls with promises', () => {
  test('runs calls on one socket in order without awaiting', async () => {
    const listener = await listen();
    const [client, server] = [ne.ne_sock_create(), ne.ne_sock_create()];
    const buffer = Buffer.alloc(4);
    const calls = [
      promises.ne_sock_connect(client, loopback(), listener.port),
      promises.ne_sock_fullwrite(client, 'ping'),
      promises.ne_sock_fullread(client, buffer),
      promises.ne_sock_close(client),
      promises.ne_sock_accept(server, listener.fd),
      promises.ne_sock_fullread(server, Buffer.alloc(4)),
      promises.ne_sock_fullwrite(server, 'pong'),
      promises.ne_sock_read(server, Buffer.alloc(1)),
    ];
    expect(() => ne.ne_sock_fd(client)).toThrow(destroyed);
    expect(await Promise.all(calls)).toEqual([0, 0, 0, 0, 0, 0, 0, ne.NE_SOCK_CLOSED]);
    expect(buffer.toString()).toBe('pong');
  });

  test('makes the socket busy and keeps the error of the call that settled last', async () => {
    const { client, server } = await pair();
    ne.ne_sock_set_error(server, 'before');
    const reading = promises.ne_sock_read(server, Buffer.alloc(1));
    const sync: (() => unknown)[] = [
      () => ne.ne_sock_read(server, Buffer.alloc(1)),
      () => ne.ne_sock_fullwrite(server, 'x'),
      () => ne.ne_sock_read_timeout(server, 1),
      () => ne.ne_sock_set_error(server, 'x'),
      () => ne.ne_sock_fd(server),
      () => ne.ne_sock_peer(server, {}),
      () => ne.ne_sock_cipher(server),
      () => ne.ne_sock_close(server),
    ];
    for (const call of sync) expect(call).toThrow(busy);
    expect(() => ne.ne_sock_fd(server)).toThrow('Promises of this socket are pending');
    expect(ne.ne_sock_error(server)).toBe('before');
    ne.ne_sock_close(client);
    expect(await reading).toBe(ne.NE_SOCK_CLOSED);
    expect(ne.ne_sock_error(server)).toBe('Connection closed');
  });

  test('rejects a read whose buffer is transferred meanwhile', async () => {
    const { client, server } = await pair();
    const buffer = new Uint8Array(8);
    const reading = promises.ne_sock_read(server, buffer);
    structuredClone(buffer, { transfer: [buffer.buffer] });
    ne.ne_sock_fullwrite(client, 'x');
    expect(await failureOf(() => reading)).toEqual(invalidState);
  });

  test('copies the address of a connect', async () => {
    const listener = await listen();
    const [socket, address] = [ne.ne_sock_create(), loopback()];
    const connecting = promises.ne_sock_connect(socket, address, listener.port);
    ne.ne_iaddr_free(address);
    expect(await connecting).toBe(0);
  });

  test('uses many sockets at a time', async () => {
    const listener = await listen();
    const each = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const [client, server] = [ne.ne_sock_create(), ne.ne_sock_create()];
        await promises.ne_sock_connect(client, loopback(), listener.port);
        await promises.ne_sock_fullwrite(client, `${index}\n`);
        await promises.ne_sock_accept(server, listener.fd);
        const buffer = Buffer.alloc(10);
        await promises.ne_sock_readline(server, buffer);
        await Promise.all([promises.ne_sock_close(client), promises.ne_sock_close(server)]);
        return Number.parseInt(textIn(buffer));
      }),
    );
    expect(each.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });
});

describe('aborted calls', () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  type Blocking = (socket: ne.ne_socket, options: promises.CallOptions) => Promise<unknown>;
  const blocking: [string, Blocking][] = [
    ['ne_sock_read', (socket, options) => promises.ne_sock_read(socket, Buffer.alloc(1), options)],
    ['ne_sock_peek', (socket, options) => promises.ne_sock_peek(socket, Buffer.alloc(1), options)],
    ['ne_sock_readline', (socket, options) => promises.ne_sock_readline(socket, Buffer.alloc(9), options)],
    ['ne_sock_fullread', (socket, options) => promises.ne_sock_fullread(socket, Buffer.alloc(9), options)],
    ['ne_sock_block', (socket, options) => promises.ne_sock_block(socket, 100, options)],
    ['ne_sock_fullwrite', (socket, options) => promises.ne_sock_fullwrite(socket, Buffer.alloc(30_000_000), options)],
    [
      'ne_sock_fullwritev',
      (socket, options) =>
        promises.ne_sock_fullwritev(socket, Array<Buffer>(30).fill(Buffer.alloc(1_000_000)), options),
    ],
    [
      'ne_sock_proxy',
      (socket, options) => promises.ne_sock_proxy(socket, ne.NE_SOCK_SOCKSV5, null, 'h', 80, null, null, options),
    ],
    [
      'ne_sock_connect_ssl',
      (socket, options) => promises.ne_sock_connect_ssl(socket, ne.ne_ssl_context_create(0)!, options),
    ],
    [
      'ne_sock_accept_ssl',
      (socket, options) => promises.ne_sock_accept_ssl(socket, ne.ne_ssl_context_create(1)!, options),
    ],
  ];

  test.each(blocking)('rejects %s on abort', async (_, call) => {
    const { client, server } = await pair();
    const controller = new AbortController();
    const calling = failureOf(() => call(client, { signal: controller.signal }));
    const queued = failureOf(() => promises.ne_sock_read(client, Buffer.alloc(1)));
    await sleep(200);
    const reason = new Error('the reason');
    const start = performance.now();
    controller.abort(reason);
    expect(await calling).toBe(reason);
    expect(await queued).toEqual(invalidState);
    expect(performance.now() - start).toBeLessThan(1000);
    await promises.ne_sock_read(server, Buffer.alloc(1)); // receives data that was sent before the abort, or the end
    expect(() => ne.ne_sock_fullwrite(client, 'x')).toThrow(invalidState);
    expect(() => ne.ne_sock_fullwrite(client, 'x')).toThrow('it can only be closed');
    expect(ne.ne_sock_close(client)).toBe(0);
  });

  test.each(blocking)('rejects %s at its timeout', async (_, call) => {
    const { client } = await pair();
    const start = performance.now();
    expect(await failureOf(() => call(client, { timeout: 50 }))).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(performance.now() - start).toBeLessThan(1000);
    expect(await promises.ne_sock_close(client)).toBe(0);
  });

  test('closes the connection', async () => {
    const { client, server } = await pair();
    const controller = new AbortController();
    const reading = failureOf(() => promises.ne_sock_read(client, Buffer.alloc(1), { signal: controller.signal }));
    const waiting = promises.ne_sock_read(server, Buffer.alloc(1));
    await sleep(300); // until both calls are reading: aborting a queued call would leave the connection open
    controller.abort();
    expect(await waiting).toBe(ne.NE_SOCK_CLOSED);
    expect(await reading).toMatchObject({ name: 'AbortError' });
  });

  test('leaves the listener and the socket open in ne_sock_accept', async () => {
    const listener = await listen();
    const before = descriptors();
    for (let round = 0; round < 10; round++) {
      const socket = ne.ne_sock_create();
      const controller = new AbortController();
      const accepting = failureOf(() => promises.ne_sock_accept(socket, listener.fd, { signal: controller.signal }));
      await sleep(5);
      controller.abort();
      expect(await accepting).toMatchObject({ name: 'AbortError' });
      const client = connectedTo(listener);
      expect(await promises.ne_sock_accept(socket, listener.fd)).toBe(0);
      await Promise.all([promises.ne_sock_close(socket), promises.ne_sock_close(client)]);
    }
    for (let waited = 0; descriptors() > before && waited < 2000; waited += 20) await sleep(20);
    expect(descriptors()).toBeLessThanOrEqual(before);
  });

  test('rejects ne_sock_connect on abort and at its timeout', async () => {
    const backlog = await fullBacklogServer();
    const controller = new AbortController();
    const socket = ne.ne_sock_create();
    ne.ne_sock_connect_timeout(socket, 1);
    const connecting = failureOf(() =>
      promises.ne_sock_connect(socket, loopback(), backlog.port, { signal: controller.signal }),
    );
    await sleep(20);
    controller.abort();
    expect(await connecting).toMatchObject({ name: 'AbortError' });
    const late = failureOf(() => promises.ne_sock_connect(socket, loopback(), backlog.port, { timeout: 50 }));
    expect(await late).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    // The next connect starts only after the previous attempt has ended in C.
    expect(await promises.ne_sock_connect(socket, loopback(), (await listen()).port)).toBe(0);
    await backlog.stop();
  });

  test('rejects before the call and in the queue', async () => {
    const { client, server } = await pair();
    expect(
      await failureOf(() => promises.ne_sock_read(client, Buffer.alloc(1), { signal: AbortSignal.abort() })),
    ).toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    const first = promises.ne_sock_read(client, Buffer.alloc(1));
    const second = failureOf(() => promises.ne_sock_read(client, Buffer.alloc(1), { signal: controller.signal }));
    controller.abort();
    expect(await second).toMatchObject({ name: 'AbortError' });
    ne.ne_sock_fullwrite(server, 'x');
    expect(await first).toBe(1);
    ne.ne_sock_fullwrite(server, 'y');
    expect(await promises.ne_sock_read(client, Buffer.alloc(1))).toBe(1);
  });
});
