/** Converts the data of a call to the body of a request. */
import { Readable } from 'node:stream';
import { types } from 'node:util';

import { invalidType } from '../core/errors.js';
import { isInstance } from '../core/objects.js';
import { WebDAVRefusal } from './errors.js';
import { type BufferLike, ErrorCode } from './types.js';

/** A body, and the media type that it has unless the caller names another. */
export interface RequestBody {
  readonly body: string | Uint8Array | Readable;
  readonly contentType?: string;
  /** Whether `contentType` takes precedence over the header of the caller. */
  readonly isJSON?: boolean;
}

/**
 * Converts data to a body, as npm `webdav` does. An object becomes JSON.
 *
 * @throws `ERR_INVALID_ARG_TYPE` for data that is neither text, bytes, a `Readable` nor an object
 */
export function bodyOf(data: unknown): RequestBody {
  if (typeof data === 'string') return { body: data, contentType: 'text/plain;charset=UTF-8' };
  const bytes = bytesOf(data);
  if (bytes) return { body: bytes };
  if (isInstance(data, Readable)) return { body: data };
  if (typeof data === 'object' && data !== null)
    return { body: JSON.stringify(data), contentType: 'application/json', isJSON: true };
  throw invalidType('data', 'of type string or object, or an instance of Uint8Array, ArrayBuffer or Readable', data);
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (types.isUint8Array(data)) return data;
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/**
 * Returns the length of text (in UTF-8) or bytes.
 *
 * @throws {@link WebDAVRefusal} for any other value
 */
export function calculateDataLength(data: string | BufferLike): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  const bytes = bytesOf(data);
  if (bytes) return bytes.byteLength;
  throw new WebDAVRefusal(ErrorCode.DataTypeNoLength, 'Cannot calculate data length: Invalid type');
}
