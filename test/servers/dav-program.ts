/** Provides the code that all WebDAV servers share when they start a program with one port and one scratch folder. */
import path from 'node:path';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';
import type { ProgramOptions } from './supervise-child.js';

/** A running WebDAV server. */
export interface DavServer extends RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The path of an empty, writable collection. The path is percent-encoded and ends with a slash. */
  readonly root: string;
  /**
   * The folder whose files are the members of `root`, under their own names. Null if the server stores members in
   * another way.
   */
  readonly files: string | null;
}

/** The program to run on a port, and the place of its collection. */
export interface DavProgram extends Pick<ProgramOptions, 'command' | 'args' | 'env' | 'logs'> {
  /** Default `'/'`. */
  readonly root?: string;
  /** The folder of the collection; default null. */
  readonly files?: string;
}

/**
 * Starts a program on a free port. `prepare` creates files in the scratch folder; the folder is removed with the
 * server.
 */
export function startDavProgram(
  name: string,
  prepare: (port: number, scratch: string) => DavProgram,
): Promise<DavServer> {
  return withFreePorts(1, async ([port]) => {
    const scratch = scratchDirectory(name);
    const { root = '/', files = null, ...program } = prepare(port!, scratch);
    const log = path.join(scratch, 'output.log');
    const child = await startProgram({ ...program, ports: [port!], log, scratch });
    const origin = `http://127.0.0.1:${port}`;
    return { port: port!, origin, root, files, pid: child.pid, stop: () => child.stop() };
  });
}
