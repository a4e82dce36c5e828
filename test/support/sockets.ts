/** Sockets of neon on both ends of a connection. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { testListeners, type Listener } from './listener.js';

/** Both ends of a connection, and the listener that the client connected to. */
export interface Pair {
  readonly client: ne.ne_socket;
  readonly server: ne.ne_socket;
  readonly listener: Listener;
}

export const loopback = (): ne.ne_inet_addr => ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;

/** Creates a socket that is connected to a port on loopback. */
export function connectedTo({ port }: { port: number }): ne.ne_socket {
  const socket = ne.ne_sock_create();
  const result = ne.ne_sock_connect(socket, loopback(), port);
  if (result !== 0) throw new Error(ne.ne_sock_error(socket));
  return socket;
}

/** Accepts the next connection; returns its socket. */
export async function accepted({ fd }: Listener): Promise<ne.ne_socket> {
  const socket = ne.ne_sock_create();
  if ((await promises.ne_sock_accept(socket, fd)) !== 0) throw new Error(ne.ne_sock_error(socket));
  return socket;
}

/** Returns a function that connects two sockets for the running test. */
export function testPairs(): () => Promise<Pair> {
  const listen = testListeners();
  // Keeps the sockets alive until the end of the test. Otherwise the garbage collector could close them.
  const held: Pair[] = [];
  afterEach(() => {
    held.length = 0;
  });
  return async () => {
    const listener = await listen();
    const pair = { client: connectedTo(listener), server: await accepted(listener), listener };
    held.push(pair);
    return pair;
  };
}

/** The text that the other end sends until it closes. */
export async function restOf(socket: ne.ne_socket): Promise<string> {
  const blocks: Buffer[] = [];
  const block = Buffer.alloc(65_536);
  for (;;) {
    const count = await promises.ne_sock_read(socket, block);
    if (count === ne.NE_SOCK_CLOSED) return Buffer.concat(blocks).toString();
    if (count < 0) throw new Error(`ne_sock_read: ${count}: ${ne.ne_sock_error(socket)}`);
    blocks.push(Buffer.from(block.subarray(0, count)));
  }
}
