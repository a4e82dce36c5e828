/** The XML parser: the API of ne_xml.h. */
import { native, withoutSurplus } from '../core/native.js';
import type { ne_xml_parser } from './handles.js';

/**
 * The result of a callback: a number or nothing. Nothing counts as 0. On the promise surface the callback may return a
 * promise, and neon waits until the promise settles.
 */
export type XmlResult = number | undefined | void | Promise<number | undefined | void>;

/**
 * Called at the start of an element. To accept the element, the callback returns a state for it (more than 0).
 * `NE_XML_DECLINE` (or nothing) offers the element to the next handler. `NE_XML_ABORT` aborts the parse.
 *
 * @param parent the state of the parent element
 * @param nspace the namespace of the element, or `''` if it has none
 * @param name the local name of the element
 * @param atts the attributes as name, value, name, value, …, for {@link ne_xml_get_attr}
 */
export type ne_xml_startelm_cb = (parent: number, nspace: string, name: string, atts: string[]) => XmlResult;

/** Called with the text in an element, in pieces of any size. To abort the parse, return true or a non-zero number. */
export type ne_xml_cdata_cb = (state: number, cdata: string) => XmlResult;

/** Called at the end of an element. To abort the parse, return true or a non-zero number. */
export type ne_xml_endelm_cb = (state: number, nspace: string, name: string) => XmlResult;

/** Creates an XML parser. */
export const ne_xml_create: () => ne_xml_parser = native('ne_xml_create');

/**
 * Pushes a handler on the parser's stack. neon offers each element first to the handler of its parent element, and then
 * to the handlers after it. The first handler that accepts an element also receives its text and its end.
 */
export const ne_xml_push_handler: (
  p: ne_xml_parser,
  startelm: ne_xml_startelm_cb,
  cdata: ne_xml_cdata_cb | null,
  endelm: ne_xml_endelm_cb | null,
) => void = native('ne_xml_push_handler');

/** Returns 0 if parsing has not failed, otherwise the result of the last ne_xml_parse. */
export const ne_xml_failed: (p: ne_xml_parser) => number = native('ne_xml_failed');

/** Sets the parser's error text. C truncates the text to 2047 bytes. */
export const ne_xml_set_error: (p: ne_xml_parser, msg: string) => void = native('ne_xml_set_error');

/** Returns the parser's error text. */
export const ne_xml_get_error: (p: ne_xml_parser) => string = native('ne_xml_get_error');

/**
 * Parses a block of a document.
 *
 * @param block a part of the document, of any size; an empty block, or null, ends the document
 * @returns 0, more than 0 on a syntax error, or the result of the callback that aborted the parse
 * @throws any exception that a callback throws, which makes the parser fail; `ERR_NEON_REENTRANT` inside a callback of
 *   this parser, `ERR_NEON_BUSY` while a promise uses the parser, `ERR_OUT_OF_RANGE` for a block of 2 GiB or more
 * @example
 * ```ts
 * const parser = ne_xml_create();
 * ne_xml_push_handler(parser, (parent, nspace, name) => parent + 1, null, null);
 * ne_xml_parse(parser, '<a><b/></a>');
 * ne_xml_parse(parser, null);
 * ne_xml_destroy(parser);
 * ```
 */
export const ne_xml_parse: (p: ne_xml_parser, block: string | Uint8Array | null) => number = native('ne_xml_parse');

/**
 * Parses a block of a document, as {@link ne_xml_parse} does. To parse a response body, pass this function as the
 * reader, and a parser, to ne_add_response_body_reader or ne_decompress_reader.
 *
 * @returns as {@link ne_xml_parse}
 */
export const ne_xml_parse_v: (p: ne_xml_parser, block: string | Uint8Array | null) => number = withoutSurplus(
  'ne_xml_parse_v',
  (p, block) => ne_xml_parse(p, block),
);

/** Returns the number of the current line. */
export const ne_xml_currentline: (p: ne_xml_parser) => number = native('ne_xml_currentline');

/** Returns the encoding that the document declares, or null until the parser has read the declaration. */
export const ne_xml_doc_encoding: (p: ne_xml_parser) => string | null = native('ne_xml_doc_encoding');

/**
 * Sets the encoding of the document, which replaces any encoding that the document declares. Requires neon 0.36 or
 * later.
 *
 * @returns 0, or non-zero for an unknown encoding
 * @throws `ERR_NEON_INVALID_STATE` once a block has been parsed, `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_xml_set_encoding: (p: ne_xml_parser, encoding: string) => number = native('ne_xml_set_encoding');

/**
 * Returns the value of an attribute, or null.
 *
 * @param attrs the attributes that the start callback received
 * @param nspace the namespace of the attribute; null for an attribute without a prefix
 * @throws `ERR_NEON_INVALID_STATE` outside a start callback of this parser
 */
export const ne_xml_get_attr: (
  p: ne_xml_parser,
  attrs: readonly string[],
  nspace: string | null,
  name: string,
) => string | null = native('ne_xml_get_attr');

/**
 * Returns the namespace of a prefix, or null when the prefix is not declared.
 *
 * @param prefix the prefix, or null for the default namespace. The default namespace may be `''`
 * @throws `ERR_NEON_INVALID_STATE` outside a start callback of this parser
 */
export const ne_xml_resolve_nspace: (p: ne_xml_parser, prefix: string | null) => string | null =
  native('ne_xml_resolve_nspace');

/**
 * Frees an XML parser. The XML parser and its 207 parser may be freed in either order.
 *
 * @throws `ERR_NEON_REENTRANT` inside a callback of the parser, `ERR_NEON_BUSY` while a promise uses the parser
 */
export const ne_xml_destroy: (p: ne_xml_parser) => void = native('ne_xml_destroy');

/** An entry of a map that assigns numbers to element names. */
export interface ne_xml_idmap {
  /** The namespace of the element. */
  readonly nspace: string;
  /** The local name of the element. */
  readonly name: string;
  /** The number that stands for the element. */
  readonly id: number;
}

/** Returns the `id` of the first entry with this namespace and name, or 0. */
export const ne_xml_mapid: (map: readonly ne_xml_idmap[], nspace: string, name: string) => number =
  native('ne_xml_mapid');
