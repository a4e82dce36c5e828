/** Response bodies that are compressed with gzip: the API of ne_compress.h. */
import { type Acceptor, acceptor } from '../core/acceptor.js';
import { native, surplus } from '../core/native.js';
import type { ne_decompress, ne_request, ne_xml_parser } from './handles.js';
import type { ne_accept_response, ne_block_reader } from './request.js';
import { ne_xml_parse_v } from './xml.js';

const requireRequest: (req: ne_request) => void = native('requireRequest');

const readByFunction: (req: ne_request, accept: Acceptor, reader: ne_block_reader) => ne_decompress =
  native('ne_decompress_reader');

const readByParser: (req: ne_request, accept: Acceptor, parser: unknown) => ne_decompress =
  native('decompressToParser');

/**
 * Adds a body reader as {@link ne_add_response_body_reader} does, and inflates bodies that are compressed with gzip.
 *
 * neon sends the header `Accept-Encoding: gzip` with the request, and inflates a body with `Content-Encoding: gzip`.
 * When the compressed data is malformed, the request fails with `NE_ERROR`.
 *
 * @returns a decompressor. Destroy the decompressor before the session. The request may be sent and destroyed before or
 *   after the decompressor is destroyed
 * @throws `ERR_NEON_INVALID_STATE` between ne_begin_request and ne_end_request
 */
export function ne_decompress_reader(
  req: ne_request,
  accpt: ne_accept_response,
  reader: ne_block_reader,
): ne_decompress;

/**
 * Inflates the response body and parses it as XML. Both steps run in C, and the body never reaches JavaScript. To
 * select this form, pass `ne_xml_parse_v` as the reader.
 */
export function ne_decompress_reader(
  req: ne_request,
  accpt: ne_accept_response,
  reader: typeof ne_xml_parse_v,
  userdata: ne_xml_parser,
): ne_decompress;

export function ne_decompress_reader(
  req: ne_request,
  accpt: ne_accept_response,
  reader: ne_block_reader | typeof ne_xml_parse_v,
  userdata?: ne_xml_parser,
): ne_decompress {
  requireRequest(req);
  const accept = acceptor(accpt, 'accpt');
  if (reader === ne_xml_parse_v) return readByParser(req, accept, userdata);
  if (arguments.length > 3) throw surplus('ne_decompress_reader');
  return readByFunction(req, accept, reader as ne_block_reader);
}

/**
 * Frees a decompressor. The body reader stays registered as long as the request exists.
 *
 * @throws `ERR_NEON_BUSY` while a promise of the request is pending, `ERR_NEON_REENTRANT` in a callback of a running
 *   call on the request
 */
export const ne_decompress_destroy: (ctx: ne_decompress) => void = native('ne_decompress_destroy');
