/** Properties of resources, PROPFIND and PROPPATCH: the API of ne_props.h. */
import { native } from '../core/native.js';
import type {
  Nothing,
  ne_prop_result_set,
  ne_propfind_handler,
  ne_request,
  ne_session,
  ne_xml_parser,
} from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';

/** The name of a property. */
export interface ne_propname {
  /** The XML namespace; null or missing when the name has no namespace. */
  readonly nspace?: string | null;
  /** The local name. */
  readonly name: string;
}

/** One operation of {@link ne_proppatch}. */
export interface ne_proppatch_operation {
  /** The property to set or remove. */
  readonly name: ne_propname;
  /** `ne_propset` (the default) or `ne_propremove`. */
  readonly type?: number;
  /** The value to set: XML, which neon copies into the request unchanged. */
  readonly value?: string;
}

/**
 * Called for each resource of a response while neon reads the response. The result set is destroyed when the callback
 * ends. A callback that returns a promise ends when the promise settles.
 */
export type ne_props_result = (uri: ne_uri, results: ne_prop_result_set) => Nothing;

/**
 * Called for each property of a result set. `value` is null when the server did not return a value; `status` then gives
 * the reason. To end the iteration, return true or a non-zero number.
 */
export type ne_propset_iterator = (
  pname: Required<ne_propname>,
  value: string | null,
  status: ne_status,
) => number | undefined | void;

/**
 * Called when neon begins to parse the results of a resource. The callback returns the private value of the result set,
 * or null.
 */
export type ne_props_create_complex = (uri: ne_uri) => unknown;

/** Called with the private value when neon frees the results of a resource. */
export type ne_props_destroy_complex = (complex: unknown) => Nothing;

/**
 * Fetches properties of a resource, and of the resources below it. neon calls `results` for each resource.
 *
 * @param path the path of the resource, URI-escaped
 * @param depth `NE_DEPTH_ZERO`, `NE_DEPTH_ONE` or `NE_DEPTH_INFINITE`
 * @param props the properties to fetch; null for all
 * @returns an `NE_*` code
 * @throws any exception that `results` throws; `ERR_INVALID_ARG_VALUE` for a name or namespace that would make the
 *   request's XML malformed
 * @example
 * ```ts
 * const props = [{ nspace: 'DAV:', name: 'getcontentlength' }];
 * ne_simple_propfind(sess, '/', NE_DEPTH_ONE, props, (uri, results) => {
 *   console.log(uri.path, ne_propset_value(results, props[0]));
 * });
 * ```
 */
export const ne_simple_propfind: (
  sess: ne_session,
  path: string,
  depth: number,
  props: readonly ne_propname[] | null,
  results: ne_props_result,
) => number = native('ne_simple_propfind');

/**
 * Fetches the names of all properties of a resource, and of the resources below it. The result sets contain no values.
 *
 * @returns an `NE_*` code
 * @throws any exception that `results` throws
 */
export const ne_propnames: (sess: ne_session, path: string, depth: number, results: ne_props_result) => number =
  native('ne_propnames');

/**
 * Sets and removes properties of a resource. The server applies all operations or none.
 *
 * @returns an `NE_*` code
 * @throws `ERR_INVALID_ARG_VALUE` for a name, namespace or value that would make the request's XML malformed
 */
export const ne_proppatch: (sess: ne_session, path: string, ops: readonly ne_proppatch_operation[]) => number =
  native('ne_proppatch');

/**
 * Creates a PROPFIND request. The request can be sent only once. While it exists, it counts as one of the session's
 * live requests.
 */
export const ne_propfind_create: (sess: ne_session, path: string, depth: number) => ne_propfind_handler =
  native('ne_propfind_create');

/**
 * Returns the XML parser of the response. To read properties whose values contain XML, push handlers on this parser.
 *
 * The parent state of a property is `NE_207_STATE_PROP`. The handlers must use states above `NE_PROPS_STATE_TOP`. The
 * parser belongs to `handler`. An attempt to destroy the parser, or to parse another document with it, throws
 * `ERR_NEON_BORROWED`.
 */
export const ne_propfind_get_parser: (handler: ne_propfind_handler) => ne_xml_parser = native('ne_propfind_get_parser');

/**
 * Returns the request of a handler. The caller may add headers to it. The request belongs to `handler`: an attempt to
 * destroy or send the request throws `ERR_NEON_BORROWED`.
 */
export const ne_propfind_get_request: (handler: ne_propfind_handler) => ne_request = native('ne_propfind_get_request');

/** Sets the callbacks that create and destroy the private value of each result set. */
export const ne_propfind_set_private: (
  handler: ne_propfind_handler,
  creator: ne_props_create_complex | null,
  destructor: ne_props_destroy_complex | null,
) => void = native('ne_propfind_set_private');

/** Returns the private value of the resource whose results are being parsed, or null. */
export const ne_propfind_current_private: (handler: ne_propfind_handler) => unknown =
  native('ne_propfind_current_private');

/**
 * Sends the request for all properties, and calls `result` for each resource.
 *
 * @returns an `NE_*` code
 * @throws any exception that a callback throws; `ERR_NEON_INVALID_STATE` when the request has already been sent
 */
export const ne_propfind_allprop: (handler: ne_propfind_handler, result: ne_props_result) => number =
  native('ne_propfind_allprop');

/**
 * Sends the request for the properties in `names`, and calls `result` for each resource.
 *
 * @returns an `NE_*` code
 * @throws any exception that a callback throws; `ERR_NEON_INVALID_STATE` when the request has already been sent;
 *   `ERR_INVALID_ARG_VALUE` for a name or namespace that would make the request's XML malformed
 */
export const ne_propfind_named: (
  handler: ne_propfind_handler,
  names: readonly ne_propname[],
  result: ne_props_result,
) => number = native('ne_propfind_named');

/**
 * Frees a handler with its request and its parser. If the results of a resource are incomplete, neon calls `destructor`
 * during this call.
 *
 * @throws any exception that `destructor` throws; `ERR_NEON_REENTRANT` inside a callback of the handler
 */
export const ne_propfind_destroy: (handler: ne_propfind_handler) => void = native('ne_propfind_destroy');

/**
 * Returns the value of a property as XML: the content of the property's element.
 *
 * @returns null when the server did not return the property
 */
export const ne_propset_value: (set: ne_prop_result_set, propname: ne_propname) => string | null =
  native('ne_propset_value');

/**
 * Returns the status that the server gave for a property, such as 200 or 404.
 *
 * @returns null when the response does not mention the property
 */
export const ne_propset_status: (set: ne_prop_result_set, propname: ne_propname) => ne_status | null =
  native('ne_propset_status');

/**
 * Returns the language of a property, or null. neon 0.32 to 0.37 fail to find `xml:lang`, so with these versions the
 * result is always null.
 */
export const ne_propset_lang: (set: ne_prop_result_set, propname: ne_propname) => string | null =
  native('ne_propset_lang');

/** Returns the private value that the `creator` callback returned for a result set, or null. */
export const ne_propset_private: (set: ne_prop_result_set) => unknown = native('ne_propset_private');

/**
 * Calls `iterator` for each property of a result set. To end the iteration, `iterator` returns true or a non-zero
 * number.
 *
 * @returns the result that ended the iteration, or 0 when the iteration reached the last property
 */
export const ne_propset_iterate: (set: ne_prop_result_set, iterator: ne_propset_iterator) => number =
  native('ne_propset_iterate');
