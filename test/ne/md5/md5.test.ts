/** Tests of ne_md5.h: contexts, streams, and digests as text. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { versions } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { neonError, outOfRange, wrongValue } from '../../support/expect.js';
import { projectRoot } from '../../servers/start.js';
import { runNode } from '../../support/child.js';
import { neonSince } from '../../support/neon.js';
import { surfaces } from '../../support/surfaces.js';

const invalidState = neonError('ERR_NEON_INVALID_STATE');
const newContext = (): ne.ne_md5_ctx => ne.ne_md5_create_ctx()!;
const md5 = (data: string | Uint8Array): string => createHash('md5').update(data).digest('hex');

/** RFC 1321, appendix A.5. */
const suite: [string, string][] = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
];

describe.each(suite)('the digest of %j', (text, digest) => {
  test('comes from the whole text', () => {
    const ctx = newContext();
    ne.ne_md5_process_bytes(text, ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(digest);
  });

  test('comes from bytes', () => {
    const ctx = newContext();
    ne.ne_md5_process_bytes(Buffer.from(text), ctx);
    expect(ne.ne_md5_finish_ctx(ctx)).toEqual(Buffer.from(digest, 'hex'));
  });

  test('comes from single bytes', () => {
    const ctx = newContext();
    for (const byte of Buffer.from(text)) ne.ne_md5_process_bytes(Uint8Array.of(byte), ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(digest);
  });

  test('comes from whole blocks and the rest', () => {
    const ctx = newContext();
    const whole = text.length - (text.length % 64);
    ne.ne_md5_process_block(text.slice(0, whole), ctx);
    ne.ne_md5_process_bytes(text.slice(whole), ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(digest);
  });
});

test('digests blocks and bytes in any order', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 31) & 255));
  for (const sizes of [
    [64, 64, 1, 64, 63, 64],
    [1, 64, 64],
    [64, 10, 128, 54, 64, 192],
    [63, 64, 64, 1, 64],
  ]) {
    const ctx = newContext();
    let at = 0;
    for (const size of sizes) {
      const part = bytes.subarray(at, (at += size));
      if (size % 64 === 0) ne.ne_md5_process_block(part, ctx);
      else ne.ne_md5_process_bytes(part, ctx);
    }
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5(bytes.subarray(0, at)));
  }
});

test('digests all lengths up to three blocks, and ten million bytes', () => {
  const bytes = Buffer.alloc(200, 'length');
  for (let length = 0; length <= bytes.length; length++) {
    const ctx = newContext();
    ne.ne_md5_process_bytes(bytes.subarray(0, length), ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5(bytes.subarray(0, length)));
  }
  const much = Buffer.alloc(10_000_001, 'much');
  const ctx = newContext();
  ne.ne_md5_process_bytes(much, ctx);
  expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5(much));
});

describe('contexts', () => {
  test('copies a context that then differs from the original', () => {
    const ctx = newContext();
    ne.ne_md5_process_bytes('one ', ctx);
    const copy = ne.ne_md5_dup_ctx(ctx)!;
    expect(copy).not.toBe(ctx);
    ne.ne_md5_process_bytes('two', ctx);
    ne.ne_md5_process_bytes('three', copy);
    ne.ne_md5_process_block('x'.repeat(64), copy);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5('one two'));
    ne.ne_md5_destroy_ctx(ctx);
    expect(ne.ne_md5_finish_ascii(copy)).toBe(md5(`one three${'x'.repeat(64)}`));
  });

  test('starts again after a reset', () => {
    const ctx = newContext();
    ne.ne_md5_process_bytes('forgotten', ctx);
    ne.ne_md5_reset_ctx(ctx);
    ne.ne_md5_process_bytes('abc', ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5('abc'));
    for (let i = 0; i < 3; i++) {
      ne.ne_md5_reset_ctx(ctx);
      ne.ne_md5_process_block('y'.repeat(64), ctx);
      ne.ne_md5_process_bytes('abc', ctx);
      expect(ne.ne_md5_finish_ctx(ctx).toString('hex')).toBe(md5(`${'y'.repeat(64)}abc`));
    }
  });

  test.each([
    ['ne_md5_finish_ctx', () => ne.ne_md5_finish_ctx],
    ['ne_md5_finish_ascii', () => ne.ne_md5_finish_ascii],
  ])('accepts only a reset after %s', (_, finish) => {
    const ctx = newContext();
    finish()(ctx);
    const uses: (() => unknown)[] = [
      () => ne.ne_md5_process_bytes('a', ctx),
      () => ne.ne_md5_process_bytes('', ctx),
      () => ne.ne_md5_process_block('x'.repeat(64), ctx),
      () => ne.ne_md5_finish_ctx(ctx),
      () => ne.ne_md5_finish_ascii(ctx),
      () => ne.ne_md5_read_ctx(ctx),
      () => ne.ne_md5_dup_ctx(ctx),
    ];
    for (const use of uses) expect(use).toThrow(invalidState);
    ne.ne_md5_reset_ctx(ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5(''));
    ne.ne_md5_destroy_ctx(ctx);
    for (const use of [...uses, () => ne.ne_md5_reset_ctx(ctx), () => ne.ne_md5_destroy_ctx(ctx)])
      expect(use).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('stays usable after it rejected a block', () => {
    const ctx = newContext();
    for (const size of [1, 63, 65, 127])
      expect(() => ne.ne_md5_process_block(Buffer.alloc(size), ctx)).toThrow(outOfRange);
    ne.ne_md5_process_block('', ctx);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5(''));
  });

  test('returns its known state, or null with OpenSSL from neon 0.35 on', () => {
    const ctx = newContext();
    const start = '0123456789abcdeffedcba9876543210'; // RFC 1321, section 3.3
    const hidden = versions.tls?.startsWith('OpenSSL') === true && neonSince(35);
    expect(ne.ne_md5_read_ctx(ctx)?.toString('hex')).toBe(hidden ? undefined : start);
    ne.ne_md5_process_bytes('part of a block', ctx);
    expect(ne.ne_md5_read_ctx(ctx)?.toString('hex')).toBe(hidden ? undefined : start);
    ne.ne_md5_reset_ctx(ctx);
    ne.ne_md5_process_block('x'.repeat(64), ctx);
    expect(ne.ne_md5_read_ctx(ctx)?.toString('hex')).not.toBe(start);
    expect(ne.ne_md5_finish_ascii(ctx)).toBe(md5('x'.repeat(64)));
  });

  test('collects unreachable contexts', async () => {
    const program = `
      const ne = require('libneon/ne');
      const { setImmediate: turn } = require('node:timers/promises');
      (async () => {
        const registry = new FinalizationRegistry(() => collected++);
        let collected = 0;
        for (let i = 0; i < 1000; i++) {
          const ctx = ne.ne_md5_create_ctx();
          ne.ne_md5_process_bytes('abc', ctx);
          if (i % 2) ne.ne_md5_finish_ascii(ctx);
          registry.register(ctx, i);
        }
        for (let i = 0; i < 100 && collected < 990; i++) { await turn(); gc(); }
        console.log(collected >= 990);
      })();`;
    expect(await runNode(['--expose-gc', '-e', program])).toEqual({ stdout: 'true\n', stderr: '', exit: 0 });
  });
});

test.each([
  ['00000000000000000000000000000000', Buffer.alloc(16)],
  ['0123456789abcdeffedcba9876543210', Buffer.from('0123456789abcdeffedcba9876543210', 'hex')],
  ['ffffffffffffffffffffffffffffffff', Buffer.alloc(16, 255)],
])('converts %s between text and bytes', (text, bytes) => {
  expect(ne.ne_md5_to_ascii(bytes)).toBe(text);
  expect(ne.ne_ascii_to_md5(text)).toEqual(bytes);
  expect(ne.ne_ascii_to_md5(text.toUpperCase())).toEqual(bytes);
});

test('rejects an invalid digest', () => {
  for (const size of [0, 15, 17, 32]) expect(() => ne.ne_md5_to_ascii(new Uint8Array(size))).toThrow(outOfRange);
  for (const text of ['', 'abc', '0'.repeat(31), '0'.repeat(33), ' '.repeat(32), 'g'.repeat(32), 'ä'.repeat(16)])
    expect(() => ne.ne_ascii_to_md5(text)).toThrow(wrongValue);
});

describe.each(surfaces)('ne_md5_stream of $surface', ({ io, asynchronous }) => {
  let folder: string;
  const open = new Set<number>();
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'libneon-md5-'));
  });
  afterEach(() => {
    open.forEach((fd) => closeSync(fd));
    open.clear();
    rmSync(folder, { recursive: true, force: true });
  });

  function opened(name: string, flags: string | number = 'r'): number {
    const fd = openSync(name, flags);
    open.add(fd);
    return fd;
  }
  function close(fd: number): void {
    open.delete(fd);
    closeSync(fd);
  }
  function file(content: string | Uint8Array): number {
    const name = path.join(folder, 'file');
    writeFileSync(name, content);
    return opened(name);
  }
  /** Opens both ends of a pipe. Reads block unless `reading` contains O_NONBLOCK. */
  function pipe(reading = 0): { from: number; to: number } {
    const fifo = path.join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const both = opened(fifo, constants.O_RDWR); // so that opening one end does not wait for the other end
    const ends = { from: opened(fifo, constants.O_RDONLY | reading), to: opened(fifo, constants.O_WRONLY) };
    close(both);
    return ends;
  }
  async function digestOf(fd: number): Promise<string> {
    const out: { value?: Buffer } = {};
    expect(await io.ne_md5_stream(fd, out)).toBe(0);
    return ne.ne_md5_to_ascii(out.value!);
  }

  test.each(suite)('digests %j', async (text, digest) => {
    expect(await digestOf(file(text))).toBe(digest);
  });

  test.each([63, 64, 65, 4095, 4096, 4097, 65_535, 65_536, 65_537, 3_000_000])('digests %d bytes', async (size) => {
    const content = Buffer.alloc(size, 'some bytes');
    const fd = file(content);
    expect(await digestOf(fd)).toBe(md5(content));
    expect(fstatSync(fd).size).toBe(size); // the descriptor is still open, at the end of the file
    expect(readSync(fd, Buffer.alloc(1))).toBe(0);
    expect(await digestOf(fd)).toBe(md5(''));
  });

  test('reads from the position of the file', async () => {
    const fd = file('before|the rest');
    readSync(fd, Buffer.alloc(7), 0, 7, null);
    expect(await digestOf(fd)).toBe(md5('the rest'));
  });

  test('reads a pipe until it is closed', async () => {
    const { from, to } = pipe();
    writeSync(to, 'through a pipe');
    close(to);
    expect(await digestOf(from)).toBe(md5('through a pipe'));
  });

  test.each([
    ['a descriptor that is not open', () => 1_000_000],
    ['a descriptor that is open for writing only', () => opened(path.join(folder, 'new'), 'w')],
    ['a folder', () => opened(folder)],
    ['an empty pipe that must not block', () => pipe(constants.O_NONBLOCK).from],
  ])('returns 1 for %s and fills nothing', async (_, descriptor) => {
    const out: { value?: Buffer } = {};
    expect(await io.ne_md5_stream(descriptor(), out)).toBe(1);
    expect(out).toEqual({});
  });

  test('keeps the old value on failure and replaces it on success', async () => {
    const before = Buffer.from('before');
    const out = { value: before };
    expect(await io.ne_md5_stream(1_000_000, out)).toBe(1);
    expect(out.value).toBe(before);
    expect(await io.ne_md5_stream(opened('/dev/null'), out)).toBe(0);
    expect(out.value.toString('hex')).toBe(md5(''));
    expect(before.toString()).toBe('before');
  });

  if (!asynchronous) {
    test('runs in a worker that can be terminated', async () => {
      const { from } = pipe();
      const program = `require('libneon/ne').ne_md5_stream(${from}, {});`;
      const worker = new Worker(program, { eval: true });
      await new Promise((resolve) => worker.once('online', resolve));
      await sleep(100);
      const start = performance.now();
      await worker.terminate();
      expect(performance.now() - start).toBeLessThan(1000);
    });
    return;
  }

  test('reads a pipe that is written slowly', async () => {
    const { from, to } = pipe();
    const out: { value?: Buffer } = {};
    let settled = false;
    const reading = promises.ne_md5_stream(from, out).finally(() => (settled = true));
    for (const part of ['slowly ', 'written']) {
      await sleep(60);
      writeSync(to, part);
    }
    await sleep(60);
    expect(settled).toBe(false);
    close(to);
    expect(await reading).toBe(0);
    expect(ne.ne_md5_to_ascii(out.value!)).toBe(md5('slowly written'));
  });

  test('reads several streams at a time', async () => {
    const pipes = [pipe()];
    const waiting = promises.ne_md5_stream(pipes[0]!.from, {});
    const fds = [file('one'), opened('/dev/null'), opened('/dev/null')];
    expect(await Promise.all(fds.map(digestOf))).toEqual([md5('one'), md5(''), md5('')]);
    close(pipes[0]!.to);
    expect(await waiting).toBe(0);
  });

  test('reads a descriptor that is closed once the call has been made', async () => {
    const fd = file('the file');
    const out: { value?: Buffer } = {};
    const reading = promises.ne_md5_stream(fd, out);
    close(fd);
    const other = path.join(folder, 'other');
    writeFileSync(other, 'another file');
    expect(opened(other)).toBe(fd); // reuses the number
    expect(await reading).toBe(0);
    expect(ne.ne_md5_to_ascii(out.value!)).toBe(md5('the file'));
  });

  test('rejects at once on abort and reads no more', async () => {
    const { from, to } = pipe();
    const controller = new AbortController();
    const out = {};
    const reading = promises.ne_md5_stream(from, out, { signal: controller.signal });
    await sleep(30);
    controller.abort('the reason');
    await expect(reading).rejects.toBe('the reason');
    await sleep(100);
    writeSync(to, 'not for it');
    const buffer = Buffer.alloc(100);
    expect(readSync(from, buffer)).toBe(10);
    expect(out).toEqual({});
  });

  test('rejects on timeout', async () => {
    const { from } = pipe();
    await expect(promises.ne_md5_stream(from, {}, { timeout: 20 })).rejects.toEqual(
      neonError('NE_TIMEOUT', ne.NE_TIMEOUT),
    );
  });

  test('lets the process end while a call waits', async () => {
    const program = `
      require('libneon/ne/promises').ne_md5_stream(0, {}).then(() => console.log('never'));
      setTimeout(() => process.exit(7), 50);`;
    const child = spawn(process.execPath, ['-e', program], { cwd: projectRoot, stdio: 'pipe' });
    const [stdout, stderr, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    child.stdin.destroy();
    expect({ stdout, stderr, exit: exit as unknown }).toEqual({ stdout: '', stderr: '', exit: 7 });
  });
});
