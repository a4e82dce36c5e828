/** Streams of whole files. They are sent in the same way as `{ file }`. */
import fs from 'node:fs';

import { isInstance } from '../core/objects.js';
import type { FileBody } from './body.js';

/** The fields of a file stream that Node's types do not declare. */
interface FileStream extends fs.ReadStream {
  readonly start: number | undefined;
  readonly end: number;
  readonly autoClose: boolean;
  readonly flags: string;
}

/**
 * If a body is an untouched stream of a whole file, destroys the stream and returns the file. Returns undefined for any
 * other body. The stream must not be open yet, and must read with the functions of `node:fs`. @internal
 */
export function takeWholeFile(body: unknown): FileBody | undefined {
  if (!isInstance(body, fs.ReadStream) || body.constructor !== fs.ReadStream) return undefined;
  const stream = body as FileStream;
  const untouched =
    stream.pending && !stream.destroyed && stream.readableFlowing === null && stream.readableEncoding === null;
  const { path, start = 0, end, flags, autoClose } = stream;
  if (!untouched || typeof path !== 'string' || start !== 0 || end !== Infinity || flags !== 'r' || !autoClose)
    return undefined;
  if (!readsByNode(stream) || !mayBeRegular(path)) return undefined;
  stream.on('error', () => undefined); // the request reports the error
  stream.destroy();
  return { file: path };
}

/**
 * Whether a stream reads with the functions of `node:fs`. Its option `fs` may replace them with those of another file
 * system.
 */
function readsByNode(stream: object): boolean {
  const key = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kFs');
  return key !== undefined && (stream as Record<symbol, unknown>)[key] === fs;
}

/**
 * Whether a path may lead to a regular file. If it leads to a pipe or device, the bytes can be read only once. The
 * stream must then read them, because it is about to open the path.
 */
function mayBeRegular(path: string): boolean {
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  } catch {
    return true;
  }
}
