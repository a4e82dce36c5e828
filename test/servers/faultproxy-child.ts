/** Implements the process behind `faultProxy`. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { serveParent } from './child.js';
import type { Fault, FaultProxyOptions } from './faultproxy.js';

/** A promise that never settles. */
const never = new Promise<never>(() => {});

/** A limited rate is kept by sending a slice of the body at this interval, in milliseconds. */
const SLICE = 50;

serveParent<FaultProxyOptions, { port: number }, FaultProxyOptions, null>(async ({ target, fault }) => {
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (client) => relay(client, target, fault));
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    started: { port: (proxy.address() as AddressInfo).port },
    answer: (next) => {
      ({ fault, target } = next);
      return null;
    },
  };
});

function relay(client: Socket, target: number, fault: Fault): void {
  client.on('error', () => {});
  if (fault === 'refuse') return void client.resetAndDestroy();

  const server = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  server.on('error', () => client.destroy());
  server.on('close', () => client.destroySoon());
  client.on('close', () => server.destroy());
  void upstream(client, server, fault).catch(() => {});
  void downstream(server, client, fault).catch(() => client.destroy());
}

async function upstream(client: Socket, server: Socket, fault: Fault): Promise<void> {
  const own = faultOf('request', fault);
  const limit = typeof fault === 'object' && 'stallUpload' in fault ? fault.stallUpload : cutAfter(own);
  let passed = 0;
  for await (const block of client as AsyncIterable<Buffer>) {
    const rest = limit - passed;
    if (typeof own === 'object' && 'corrupt' in own) invert(block, own.corrupt - passed);
    await write(server, block.subarray(0, Math.max(0, rest)));
    passed += block.length;
    if (block.length >= rest) {
      if (typeof own === 'object' && 'fin' in own) server.end();
      await cut(client, own);
    }
  }
  server.end();
}

async function downstream(server: Socket, client: Socket, fault: Fault): Promise<void> {
  const own = faultOf('response', fault);
  let passed = 0;
  for await (const block of server as AsyncIterable<Buffer>) {
    const rest = cutAfter(own) - passed;
    await pass(block.subarray(0, Math.max(0, rest)), passed, client, own);
    passed += block.length;
    if (block.length >= rest) await cut(client, own);
  }
  client.end();
}

/** The fault, if it concerns the data of this direction. */
function faultOf(direction: 'request' | 'response', fault: Fault): Fault {
  const of = typeof fault === 'object' && 'of' in fault ? 'request' : 'response';
  return of === direction ? fault : 'none';
}

async function pass(block: Buffer, offset: number, client: Socket, fault: Fault): Promise<void> {
  if (fault === 'split') return passInPieces(client, block, 1, 0);
  if (typeof fault === 'object' && 'rate' in fault)
    return passInPieces(client, block, Math.ceil((fault.rate * SLICE) / 1000), SLICE);
  if (typeof fault === 'object' && 'latency' in fault) await sleep(fault.latency);
  if (typeof fault === 'object' && 'corrupt' in fault) invert(block, fault.corrupt - offset);
  await write(client, block);
}

async function passInPieces(client: Socket, block: Buffer, size: number, pause: number): Promise<void> {
  for (let start = 0; start < block.length && !client.destroyed; start += size) {
    await write(client, block.subarray(start, start + size));
    await (pause === 0 ? nextTurn() : sleep(pause));
  }
}

/** Cuts the connection to the client and stops reading from the server. */
async function cut(client: Socket, fault: Fault): Promise<never> {
  await sleep(20); // the bytes sent so far arrive before the cut
  if (typeof fault === 'object' && 'rst' in fault) client.resetAndDestroy();
  if (typeof fault === 'object' && 'fin' in fault) client.end();
  return never;
}

function cutAfter(fault: Fault): number {
  if (typeof fault === 'string') return Infinity;
  if ('rst' in fault) return fault.rst;
  if ('fin' in fault) return fault.fin;
  return 'silence' in fault ? fault.silence : Infinity;
}

function invert(block: Buffer, index: number): void {
  const byte = block[index];
  if (byte !== undefined) block[index] = byte ^ 0xff;
}

async function write(to: Socket, block: Buffer): Promise<void> {
  if (block.length > 0 && !to.destroyed && !to.write(block)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
}
