import { native } from '../core/native.js';
import type { ne_xml_parser } from './handles.js';

/** What a callback may return: a number, or nothing for 0. On the promise surface it is waited for. */
export type XmlResult = number | undefined | void | Promise<number | undefined | void>;

/**
 * Called at the start of an element. `parent` is the state of the element that this one is in; `nspace` is `''` when the
 * element is in no namespace; `atts` holds name, value, name, value, …, and is for {@link ne_xml_get_attr}. Returns
 * the state of the element (more than 0), `NE_XML_DECLINE` (or nothing) to leave it to the next handler, or
 * `NE_XML_ABORT`.
 */
export type ne_xml_startelm_cb = (parent: number, nspace: string, name: string, atts: string[]) => XmlResult;

/** Called with text in an element, in pieces of any size. Anything but 0 or nothing aborts the parse. */
export type ne_xml_cdata_cb = (state: number, cdata: string) => XmlResult;

/** Called at the end of an element. Anything but 0 or nothing aborts the parse. */
export type ne_xml_endelm_cb = (state: number, nspace: string, name: string) => XmlResult;

/** Creates an XML parser. */
export const ne_xml_create: () => ne_xml_parser = native('ne_xml_create');

/**
 * Pushes a handler on the parser's stack. Each element is offered to the handlers in turn, from that of its parent on,
 * until one accepts it; that one is then given its text and its end.
 */
export const ne_xml_push_handler: (
  p: ne_xml_parser,
  startelm: ne_xml_startelm_cb,
  cdata: ne_xml_cdata_cb | null,
  endelm: ne_xml_endelm_cb | null,
) => void = native('ne_xml_push_handler');

/** 0 if all that was parsed is well, else what the last ne_xml_parse returned. */
export const ne_xml_failed: (p: ne_xml_parser) => number = native('ne_xml_failed');

/** Sets the parser's error text. C keeps the first 2047 bytes. */
export const ne_xml_set_error: (p: ne_xml_parser, msg: string) => void = native('ne_xml_set_error');

/** The parser's error text. */
export const ne_xml_get_error: (p: ne_xml_parser) => string = native('ne_xml_get_error');

/**
 * Parses a block of a document, given in pieces of any size; an empty block, or null, is the end of the document.
 * Returns 0, more than 0 on a syntax error, or what the callback returned that aborted the parse.
 *
 * @throws what a callback threw; the parser has failed then. `ERR_NEON_REENTRANT` inside a callback of this parser,
 * `ERR_NEON_BUSY` while a promise uses it, `ERR_OUT_OF_RANGE` on a block of 2 GiB or more
 */
export const ne_xml_parse: (p: ne_xml_parser, block: string | Uint8Array | null) => number = native('ne_xml_parse');

/** The same; to be given to ne_add_response_body_reader, together with the parser. */
export const ne_xml_parse_v = (p: ne_xml_parser, block: string | Uint8Array | null): number => ne_xml_parse(p, block);

/** The number of the line that is, or was last, parsed. */
export const ne_xml_currentline: (p: ne_xml_parser) => number = native('ne_xml_currentline');

/** The encoding that the document declares, or null when it declares none, or not yet. */
export const ne_xml_doc_encoding: (p: ne_xml_parser) => string | null = native('ne_xml_doc_encoding');

/**
 * Sets the encoding of the document, whatever it declares; returns 0, or non-zero on an encoding that is not known.
 * Needs neon 0.36.
 *
 * @throws `ERR_NEON_INVALID_STATE` once something was parsed, `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_xml_set_encoding: (p: ne_xml_parser, encoding: string) => number = native('ne_xml_set_encoding');

/**
 * The value of an attribute, or null. With `nspace` null, that of the attribute without prefix.
 *
 * @throws `ERR_NEON_INVALID_STATE` outside a start callback of this parser
 */
export const ne_xml_get_attr: (
  p: ne_xml_parser,
  attrs: readonly string[],
  nspace: string | null,
  name: string,
) => string | null = native('ne_xml_get_attr');

/**
 * The namespace of a prefix, or null when there is none; for null the default namespace, which may be `''`.
 *
 * @throws `ERR_NEON_INVALID_STATE` outside a start callback of this parser
 */
export const ne_xml_resolve_nspace: (p: ne_xml_parser, prefix: string | null) => string | null =
  native('ne_xml_resolve_nspace');

/**
 * Frees a parser. A 207 parser of it may be destroyed before or after.
 *
 * @throws `ERR_NEON_REENTRANT` inside a callback of it, `ERR_NEON_BUSY` while a promise uses it
 */
export const ne_xml_destroy: (p: ne_xml_parser) => void = native('ne_xml_destroy');

/** An entry of a map from names to numbers. */
export interface ne_xml_idmap {
  readonly nspace: string;
  readonly name: string;
  readonly id: number;
}

/** The `id` of the first entry with this namespace and name, or 0. */
export const ne_xml_mapid: (map: readonly ne_xml_idmap[], nspace: string, name: string) => number =
  native('ne_xml_mapid');
