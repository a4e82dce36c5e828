/**
 * Implements a server and its clients with neon's own sockets. The clients run at the same time, but the server handles
 * one client after another. neon cannot listen: it accepts connections from a descriptor that another program created.
 * In this example the parent process creates the descriptor. The server is a child process that inherits the
 * descriptor, like a service started by systemd.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

const LISTENER = 3; // the child's first descriptor after stdin, stdout and stderr
const TEXT_SIZE = 4096;

function fail(socket: ne.ne_socket, action: string): never {
  throw new Error(`${action}: ${ne.ne_sock_error(socket)}`);
}

/** Responds to lines until a client sends `stop`. Blocks, because this process has no other work. */
function serve(): void {
  const line = Buffer.alloc(TEXT_SIZE);
  for (let stopped = false; !stopped;) {
    const socket = ne.ne_sock_create();
    if (ne.ne_sock_accept(socket, LISTENER) !== 0) fail(socket, 'accept');
    for (let size; !stopped && (size = ne.ne_sock_readline(socket, line)) > 0;) {
      const text = line.toString('utf8', 0, size).trimEnd();
      stopped = text === 'stop';
      ne.ne_sock_fullwritev(socket, [stopped ? 'goodbye' : 'hello, ', stopped ? '' : text, '\n']);
    }
    ne.ne_sock_close(socket);
  }
}

/** Sends a line and returns the response. */
async function send(port: number, text: string): Promise<string> {
  const socket = ne.ne_sock_create();
  const address = ne.ne_addr_first(await promises.ne_addr_resolve('127.0.0.1', 0));
  const line = Buffer.alloc(TEXT_SIZE);
  try {
    if ((await promises.ne_sock_connect(socket, address, port)) !== 0) fail(socket, 'connect');
    await promises.ne_sock_fullwrite(socket, `${text}\n`);
    const size = await promises.ne_sock_readline(socket, line, { timeout: 5000 });
    return size > 0 ? line.toString('utf8', 0, size).trimEnd() : fail(socket, 'read');
  } finally {
    await promises.ne_sock_close(socket);
  }
}

/** Returns the descriptor of a server, which Node exposes only in the internal `_handle`. */
function descriptorOf(server: Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}

async function main(): Promise<void> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const child = spawn(process.execPath, [__filename, 'serve'], {
    stdio: ['ignore', 'inherit', 'inherit', descriptorOf(listener)],
  });
  listener.close(); // the child has its own descriptor
  const answers = await Promise.all(['Ann', 'Bob', 'Cid'].map((name) => send(port, name)));
  console.log(answers.join(', '));
  console.log(await send(port, 'stop'));
  await once(child, 'exit');
}

if (process.argv[2] === 'serve') serve();
else void main();
