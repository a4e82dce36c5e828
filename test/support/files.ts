/** Files, pipes and descriptors that are removed after the running test. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestFiles {
  /** The path of a file of this name, which need not exist. */
  path(name: string): string;
  /** Opens a file. Its descriptor is closed after the test if it is still open. */
  open(file: string, flags: string | number): number;
  close(fd: number): void;
  /** A descriptor that reads a file with this content. */
  holding(content: string | Uint8Array): number;
  /** Calls `call` with the descriptor of a new file; returns the result of the call and the content of the file. */
  filledBy<T>(call: (fd: number) => T | Promise<T>): Promise<{ result: T; content: string }>;
  /** Both ends of a pipe; the reading end does not block. */
  pipe(writing?: number): { from: number; to: number };
}

export function testFiles(): TestFiles {
  let folder: string;
  let count: number;
  const descriptors = new Set<number>();
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'libneon-files-'));
    count = 0;
  });
  afterEach(() => {
    descriptors.forEach((fd) => closeSync(fd));
    descriptors.clear();
    rmSync(folder, { recursive: true, force: true });
  });

  const files: TestFiles = {
    path: (name) => path.join(folder, name),
    open: (file, flags) => {
      const fd = openSync(file, flags);
      descriptors.add(fd);
      return fd;
    },
    close: (fd) => {
      descriptors.delete(fd);
      closeSync(fd);
    },
    holding: (content) => {
      const file = files.path(`given-${++count}`);
      writeFileSync(file, content);
      return files.open(file, 'r');
    },
    filledBy: async (call) => {
      const file = files.path(`filled-${++count}`);
      const fd = files.open(file, 'w');
      const result = await call(fd);
      files.close(fd);
      return { result, content: readFileSync(file, 'utf8') };
    },
    pipe: (writing = constants.O_WRONLY) => {
      const fifo = files.path(`fifo-${++count}`);
      execFileSync('mkfifo', [fifo]);
      return { from: files.open(fifo, constants.O_RDONLY | constants.O_NONBLOCK), to: files.open(fifo, writing) };
    },
  };
  return files;
}
