/**
 * A server of neon's own sockets, one client after the other, and its clients, all at a time. neon does not listen: it
 * accepts from a descriptor that somebody else made. Here that is this program's first half, and the second half
 * inherits it, as a service that systemd starts does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

const LISTENER = 3; // where the child finds the descriptor, after its standard ones
const TEXT_SIZE = 4096;

function fail(socket: ne.ne_socket, what: string): never {
  throw new Error(`${what}: ${ne.ne_sock_error(socket)}`);
}

/** Answers lines until a client says `stop`. Blocking: this process does nothing else. */
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

/** Says a line and gives the answer. */
async function say(port: number, text: string): Promise<string> {
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

/** Node tells it nowhere else. */
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
  listener.close(); // the child has its own
  const answers = await Promise.all(['Ann', 'Bob', 'Cid'].map((name) => say(port, name)));
  console.log(answers.join(', '));
  console.log(await say(port, 'stop'));
  await once(child, 'exit');
}

if (process.argv[2] === 'serve') serve();
else void main();
