/** Implements one connection of a scripted server. */
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { ConnectionRecord, RawServerOptions, RawTls, Step, TlsRecord } from './raw.js';

const KEEP = 1 << 20;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Thrown when the client has closed. It ends the script of the connection. */
class ClientGone extends Error {}

/** Plays steps on an accepted socket, which must be paused, and records the client's actions. */
export class RawConnection {
  requests = 0;
  closedAt: number | null = null;

  private readonly openedAt = Date.now();
  private readonly received: Buffer[] = [];
  private receivedTotal = 0;
  private clientClose: 'fin' | 'rst' | null = null;
  private clientClosedAt: number | null = null;
  private tls: TlsRecord | null = null;
  private error: string | null = null;

  /** The stream that steps use. This is the TCP socket, or a TLS socket over it once TLS has started. */
  private stream: Socket;
  /** Received bytes that no step has read yet. */
  private unread: Buffer = Buffer.alloc(0);
  /** The body that the last head announced. */
  private announced: { length: number } | 'chunked' = { length: 0 };
  private draining = false;
  private stalled = false;
  private wake: (() => void) | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly options: Pick<RawServerOptions, 'tls' | 'keep'>,
    private readonly changed: () => void,
  ) {
    this.stream = socket;
    this.listen(socket);
    socket.on('close', () => this.closed());
  }

  /** The record of the connection so far. */
  record(): ConnectionRecord {
    const { openedAt, receivedTotal, requests, clientClose, clientClosedAt, closedAt, tls, error } = this;
    const received = Buffer.concat(this.received);
    const sentTotal = this.stream.bytesWritten;
    return {
      openedAt,
      received,
      receivedTotal,
      sentTotal,
      requests,
      clientClose,
      clientClosedAt,
      closedAt,
      tls,
      error,
    };
  }

  /** Plays the steps and closes the connection. Then reads until the client closes it, too. */
  async play(steps: readonly Step[]): Promise<void> {
    try {
      if (this.options.tls && !steps.some((step) => 'startTls' in step)) await this.startTls(this.options.tls);
      await this.take(steps);
    } catch (error) {
      if (!(error instanceof ClientGone)) this.error = error instanceof Error ? error.message : String(error);
    }
    this.stream.end();
    this.drain();
  }

  /** Sends the same bytes after each head of a request, as fast as possible. */
  serveFixed(answer: Buffer): void {
    let tail = '';
    this.socket.on('data', (data: Buffer) => {
      const heads = (tail + data.toString('latin1')).split('\r\n\r\n');
      tail = heads.pop() as string;
      for (const _ of heads) this.socket.write(answer);
      this.requests += heads.length;
      this.changed();
    });
    this.socket.once('end', () => this.socket.end());
    this.drain();
  }

  /** Destroys the connection. */
  abandon(): void {
    this.socket.destroy();
  }

  /** Ends a `{ hang: true }`. */
  release(): void {
    this.stalled = false;
    this.notify();
  }

  private async take(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ('read' in step) await this.read(step.read);
      else if ('readUntil' in step) await this.readUntil(Buffer.from(step.readUntil));
      else if ('readBytes' in step) await this.skip(step.readBytes);
      else if ('send' in step) await this.send(step.send);
      else if ('streamForever' in step) await this.streamForever(step.streamForever);
      else if ('delay' in step) await sleep(step.delay);
      else if ('startTls' in step) await this.startTls(this.options.tls ?? {});
      else if ('close' in step) await this.close(step.close);
      else if ('hang' in step) await this.hang(step.hang);
      else for (let i = 0; step.repeat === 'forever' || i < step.repeat; i++) await this.take(step.steps);
    }
  }

  private async read(part: 'request' | 'head' | 'body' | 'client-hello'): Promise<void> {
    if (part === 'client-hello') return this.readTlsRecord();
    if (part !== 'body') await this.readHead();
    if (part === 'request') await this.readBody();
    if (part === 'body') return this.readBody();
    this.requests++;
    this.changed();
  }

  private async readHead(): Promise<void> {
    const head = (await this.readUntil(HEAD_END)).toString('latin1');
    const length = /^content-length:[ \t]*(\d+)/im.exec(head)?.[1];
    this.announced = /^transfer-encoding:.*chunked/im.test(head) ? 'chunked' : { length: Number(length ?? 0) };
  }

  private async readBody(): Promise<void> {
    if (this.announced !== 'chunked') return this.skip(this.announced.length);
    for (;;) {
      const size = parseInt((await this.readUntil(Buffer.from('\r\n'))).toString('latin1'), 16);
      if (size === 0 || Number.isNaN(size)) break;
      await this.skip(size + 2);
    }
    while ((await this.readUntil(Buffer.from('\r\n'))).length > 2);
  }

  private async readTlsRecord(): Promise<void> {
    const header = await this.readBytes(5);
    await this.skip(header.readUInt16BE(3));
  }

  private async readUntil(delimiter: Buffer): Promise<Buffer> {
    let end = -1;
    while ((end = this.unread.indexOf(delimiter)) < 0) await this.more();
    return this.readBytes(end + delimiter.length);
  }

  private async readBytes(count: number): Promise<Buffer> {
    while (this.unread.length < count) await this.more();
    const bytes = this.unread.subarray(0, count);
    this.unread = this.unread.subarray(count);
    return bytes;
  }

  private async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.unread.length === 0) await this.more();
      left -= (await this.readBytes(Math.min(left, this.unread.length))).length;
    }
  }

  /** Waits for more bytes. The socket is paused at all other times, so the script controls how much is read. */
  private async more(): Promise<void> {
    if (this.isGone()) throw new ClientGone();
    const before = this.unread.length;
    this.stream.resume();
    while (this.unread.length === before && !this.isGone()) await this.nextEvent();
    this.stream.pause();
  }

  private async send(bytes: string | Uint8Array): Promise<void> {
    if (this.isGone() || this.stream.destroyed) throw new ClientGone();
    if (!this.stream.write(bytes)) await this.untilDrained();
  }

  /** Sends blocks until the client closes. Reads at the same time, to detect the close. */
  private async streamForever(size: number): Promise<void> {
    const block = Buffer.alloc(size, 'x');
    this.drain();
    for (;;) {
      await this.send(block);
      await nextTurn();
    }
  }

  private async untilDrained(): Promise<void> {
    const drained = (): void => this.notify();
    this.stream.on('drain', drained);
    while (this.stream.writableNeedDrain && !this.isGone() && !this.stream.destroyed) await this.nextEvent();
    this.stream.off('drain', drained);
  }

  private async close(how: 'fin' | 'truncate' | 'rst'): Promise<void> {
    if (how === 'rst') this.socket.resetAndDestroy();
    else if (how === 'truncate') this.socket.end();
    else this.stream.end();
    await this.readOn();
  }

  private async hang(how: true | 'reading'): Promise<void> {
    this.stalled = how === true;
    await this.untilReleased();
    await this.readOn();
  }

  private async untilReleased(): Promise<void> {
    while (this.stalled && !this.isGone()) await this.nextEvent();
  }

  private async readOn(): Promise<never> {
    this.drain();
    while (!this.isGone()) await this.nextEvent();
    throw new ClientGone();
  }

  /** Starts to read and discard everything that arrives. Later steps do not see these bytes. */
  private drain(): void {
    this.draining = true;
    this.unread = Buffer.alloc(0);
    this.stream.resume();
  }

  private async startTls(options: RawTls): Promise<void> {
    const { requestCert = false, ALPNProtocols, ...context } = options;
    const secureContext = createSecureContext(context);
    const alpn = ALPNProtocols && { ALPNProtocols };
    const stream = new TLSSocket(this.socket, {
      isServer: true,
      secureContext,
      requestCert,
      rejectUnauthorized: false,
      ...alpn,
    });
    stream.allowHalfOpen = true;
    stream.pause();
    this.stream = stream;
    this.listen(stream);

    stream.once('secure', () => {
      this.tls = settledBy(stream);
      this.notify();
    });
    while (this.tls === null) {
      if (this.isGone()) this.handshakeFailed();
      await this.nextEvent();
    }
  }

  private handshakeFailed(): never {
    this.error ??= 'the client left during the TLS handshake';
    this.socket.destroy();
    throw new ClientGone();
  }

  private listen(stream: Socket): void {
    stream.on('data', (data: Buffer) => this.arrived(data));
    stream.on('end', () => this.left('fin'));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') this.left('rst');
      else this.error ??= error.message;
    });
  }

  private arrived(data: Buffer): void {
    const room = (this.options.keep ?? KEEP) - this.receivedTotal;
    if (room > 0) this.received.push(data.subarray(0, room));
    this.receivedTotal += data.length;
    if (!this.draining) this.unread = this.unread.length === 0 ? data : Buffer.concat([this.unread, data]);
    this.notify();
  }

  private left(how: 'fin' | 'rst'): void {
    this.clientClose ??= how;
    this.clientClosedAt ??= Date.now();
    this.notify();
  }

  private closed(): void {
    this.closedAt = Date.now();
    this.notify();
  }

  private isGone(): boolean {
    return this.clientClose !== null || this.closedAt !== null;
  }

  private nextEvent(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private notify(): void {
    this.wake?.();
    this.wake = null;
    this.changed();
  }
}

function settledBy(stream: TLSSocket): TlsRecord {
  const subject = stream.getPeerCertificate().subject as { CN?: string } | undefined;
  return {
    protocol: stream.getProtocol(),
    servername: stream.servername || null,
    alpn: stream.alpnProtocol || null,
    clientCertificate: subject?.CN ?? null,
  };
}
