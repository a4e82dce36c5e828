/** Implements the twin of socket.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText, type Io } from './twin.js';

const receivers = {
  line: 'ne_sock_readline',
  read: 'ne_sock_read',
  peek: 'ne_sock_peek',
  full: 'ne_sock_fullread',
} as const;

runMain(async (io, port, commands) => {
  const address = ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;
  const [socket, peerPort] = [ne.ne_sock_create(), { value: 0 }];
  ne.ne_sock_connect_timeout(socket, 10);
  printResult(socket, 'connect', await io.ne_sock_connect(socket, address, port));
  const peer = ne.ne_sock_peer(socket, peerPort)!;
  console.log(`peer=${ne.ne_iaddr_print(peer)}:${peerPort.value}`);
  for (const line of commands) {
    const [, command, rest] = /^(\w+) ([^]*)$/.exec(line)!;
    await run(io, socket, command!, rest!);
  }
  printText('last error', ne.ne_sock_error(socket));
  printText('cipher', ne.ne_sock_cipher(socket));
  printNumber('close', await io.ne_sock_close(socket));
  ne.ne_iaddr_free(peer);
  ne.ne_iaddr_free(address);
});

function printResult(socket: ne.ne_socket, command: string, result: number): void {
  printNumber(command, result);
  if (result < 0) printText('error', ne.ne_sock_error(socket));
}

async function run(io: Io, socket: ne.ne_socket, command: string, rest: string): Promise<void> {
  const print = (result: number): void => printResult(socket, command, result);
  if (command === 'write') print(await io.ne_sock_fullwrite(socket, rest));
  else if (command === 'vector') print(await io.ne_sock_fullwritev(socket, rest.split('|')));
  else if (command === 'block') print(await io.ne_sock_block(socket, Number(rest)));
  else if (command === 'timeout') ne.ne_sock_read_timeout(socket, Number(rest));
  else if (command === 'shutdown') print(await io.ne_sock_shutdown(socket, Number(rest)));
  else if (command === 'socks') print(await useProxy(io, socket, rest));
  else await receive(io, socket, command as keyof typeof receivers, Number(rest));
}

async function receive(io: Io, socket: ne.ne_socket, command: keyof typeof receivers, size: number): Promise<void> {
  const buffer = Buffer.alloc(size + 1);
  const result = await io[receivers[command]](socket, buffer.subarray(0, size));
  printResult(socket, command, result);
  if (result >= 0) printText('bytes', buffer.toString('utf8', 0, buffer.indexOf(0)));
}

async function useProxy(io: Io, socket: ne.ne_socket, values: string): Promise<number> {
  const [version, host, user, password] = values.split(' ') as [string, string, string, string];
  const address = ne.ne_iaddr_parse(host, ne.ne_iaddr_ipv4);
  const name = address === null ? host : null;
  const optional = (text: string): string | null => (text === '-' ? null : text);
  return io.ne_sock_proxy(socket, Number(version), address, name, 8080, optional(user), optional(password));
}
