/** The parts of the tour that show what is special about this package. Each needs the server of the tour. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Session, SessionPool } from 'libneon';
import { failing, loop, step, watched } from './steps.js';

const FOLDERS = 10;
const FILES = 15;
const LENGTH = 32 * 1024 * 1024;

/** Lists a tree with a pool, and shows that the event loop keeps ticking. */
export async function tree(origin: string): Promise<void> {
  const pool = new SessionPool(`${origin}/tree/`, { connections: 8 });
  try {
    const folders = Array.from({ length: FOLDERS }, (_, index) => `folder-${index}/`);
    const fill = async (): Promise<void> => {
      await pool.mkcol('');
      await Promise.all(folders.map((folder) => pool.mkcol(folder)));
      const names = folders.flatMap((folder) => Array.from({ length: FILES }, (_, index) => `${folder}${index}.txt`));
      await Promise.all(names.map((name) => pool.put(name, name)));
    };
    await step('pool.put', fill, () => `${FOLDERS} collections with ${FILES} files each, 8 connections`);

    const count = async (): Promise<number> => {
      let resources = 0;
      for await (const { type } of pool.walk('')) if (type === 'file') resources++;
      return resources;
    };
    await step(
      'pool.walk',
      () => watched(count),
      (seen) => `${seen.result} files; ${loop(seen)}`,
    );
  } finally {
    await pool.close();
  }
}

/** Shows that a second session cannot write to a locked resource, and that the first session can. */
export async function locking(origin: string): Promise<void> {
  const [ours, theirs] = [Session.open(origin), Session.open(origin)];
  const status = ({ status }: { status: number }): string => `status ${status}`;
  try {
    const lock = await step(
      'ours.lock',
      () => ours.lock('/locked.txt', { owner: 'the tour', duration: 60_000 }),
      ({ token, duration }) => `${token.slice(0, 24)}… for ${Math.round((duration ?? 0) / 1000)} s`,
    );
    await failing('theirs.put', 'ERR_NEON_STATUS', () => theirs.put('/locked.txt', 'theirs'));
    await step('ours.put', () => ours.put('/locked.txt', 'ours'), status);
    await step('lock.unlock', () => lock.unlock());
    await step('theirs.put', () => theirs.put('/locked.txt', 'theirs'), status);
    await step('theirs.delete', () => theirs.delete('/locked.txt'), status);
  } finally {
    await Promise.all([ours.close(), theirs.close()]);
  }
}

/** Uploads a large file, whose bytes do not pass through JavaScript. Returns its target. */
export async function upload(origin: string): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-tour-'));
  const file = path.join(folder, 'large.bin');
  const session = Session.open(origin);
  let reports = 0;
  const onProgress = (): number => reports++;
  try {
    writeFileSync(file, '');
    truncateSync(file, LENGTH);
    await step(
      'session.put',
      () => watched(() => session.put('/large.bin', { file }, { onProgress })),
      (seen) => `${LENGTH / 2 ** 20} MiB, ${reports} reports of progress; ${loop(seen)}`,
    );
    return '/large.bin';
  } finally {
    await session.close();
    rmSync(folder, { recursive: true });
  }
}

/** Downloads the file without promises, and removes it. */
export async function blocking(origin: string, target: string): Promise<void> {
  const session = Session.open(origin);
  try {
    await step(
      'session.getSync',
      () => watched(() => session.getSync(target).bytesSync().length),
      (seen) => `${seen.result / 2 ** 20} MiB; ${loop(seen)}`,
    );
    await step(
      'session.deleteSync',
      () => session.deleteSync(target),
      ({ status }) => `status ${status}`,
    );
  } finally {
    session.destroy();
  }
}

/** Aborts a request to a server that never responds, and waits until that server sees the end of the connection. */
export async function abort(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = new Session('http', '127.0.0.1', (server.address() as AddressInfo).port);
  try {
    const controller = new AbortController();
    const response = session.request('GET', '/', { signal: controller.signal }).catch((error: unknown) => error);
    const [socket] = (await once(server, 'connection')) as [Socket];
    await step(
      'GET /',
      () => once(socket, 'data'),
      () => 'the server has the request, and does not respond',
    );
    const ended = once(socket.resume(), 'end');
    controller.abort();
    await step(
      'controller.abort',
      () => response,
      (error) => `the promise rejects with ${(error as Error).name}`,
    );
    await step(
      'server',
      () => ended,
      () => 'the server sees the end of the connection',
    );
    socket.destroy();
  } finally {
    await session.close();
    server.close();
  }
}
