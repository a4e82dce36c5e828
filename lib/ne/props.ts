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
 * returns or, if the callback returns a promise, when the promise settles.
 */
export type ne_props_result = (uri: ne_uri, results: ne_prop_result_set) => Nothing;

/**
 * Called for each property of a result set. `value` is null when the server did not return a value; `status` then says
 * why. Any result other than 0 or nothing ends the iteration.
 */
export type ne_propset_iterator = (
  pname: Required<ne_propname>,
  value: string | null,
  status: ne_status,
) => number | undefined | void;

/** Called when the results of a resource begin. The callback returns the private value of the result set, or null. */
export type ne_props_create_complex = (uri: ne_uri) => unknown;

/** Called with the private value when the results of a resource are freed. */
export type ne_props_destroy_complex = (complex: unknown) => Nothing;

/**
 * Fetches properties of a resource, and of the resources below it. neon calls `results` for each resource.
 *
 * @param path the path of the resource, URI-escaped
 * @param depth `NE_DEPTH_ZERO`, `NE_DEPTH_ONE` or `NE_DEPTH_INFINITE`
 * @param props the properties to fetch; null for all
 * @returns an `NE_*` code
 * @throws the exception of `results`; `ERR_INVALID_ARG_VALUE` for a name or namespace that would make the request's XML
 *   malformed
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
 * Fetches the names of the properties of a resource, and of the resources below it. The result sets have names without
 * values.
 *
 * @returns an `NE_*` code
 * @throws the exception of `results`
 */
export const ne_propnames: (sess: ne_session, path: string, depth: number, results: ne_props_result) => number =
  native('ne_propnames');

/**
 * Sets and removes properties of a resource. The server applies either all operations or none of them.
 *
 * @returns an `NE_*` code
 * @throws `ERR_INVALID_ARG_VALUE` for a name, namespace or value that would make the request's XML malformed
 */
export const ne_proppatch: (sess: ne_session, path: string, ops: readonly ne_proppatch_operation[]) => number =
  native('ne_proppatch');

/** Creates a PROPFIND request, which can be sent once. The request counts as a live request of the session. */
export const ne_propfind_create: (sess: ne_session, path: string, depth: number) => ne_propfind_handler =
  native('ne_propfind_create');

/**
 * Returns the XML parser of the response. Push handlers on the parser for properties whose values are XML.
 *
 * The parent state of a property is `NE_207_STATE_PROP`. The handlers must use states above `NE_PROPS_STATE_TOP`. The
 * parser belongs to `handler`: destroying the parser, or parsing another document with it, throws `ERR_NEON_BORROWED`.
 */
export const ne_propfind_get_parser: (handler: ne_propfind_handler) => ne_xml_parser = native('ne_propfind_get_parser');

/**
 * Returns the request of a handler, so that headers can be added. The request belongs to `handler`: destroying or
 * sending the request throws `ERR_NEON_BORROWED`.
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
 * @throws the exception of a callback; `ERR_NEON_INVALID_STATE` when the request has already been sent
 */
export const ne_propfind_allprop: (handler: ne_propfind_handler, result: ne_props_result) => number =
  native('ne_propfind_allprop');

/**
 * Sends the request for the properties in `names`, and calls `result` for each resource.
 *
 * @returns an `NE_*` code
 * @throws the exception of a callback; `ERR_NEON_INVALID_STATE` when the request has already been sent;
 *   `ERR_INVALID_ARG_VALUE` for a name or namespace that would make the request's XML malformed
 */
export const ne_propfind_named: (
  handler: ne_propfind_handler,
  names: readonly ne_propname[],
  result: ne_props_result,
) => number = native('ne_propfind_named');

/**
 * Frees a handler with its request and its parser.
 *
 * @throws the exception of the `destructor` callback, which neon calls in this function when the results of a resource
 *   are incomplete; `ERR_NEON_REENTRANT` inside a callback of the handler
 */
export const ne_propfind_destroy: (handler: ne_propfind_handler) => void = native('ne_propfind_destroy');

/**
 * Returns the value of a property: the XML inside the property's element.
 *
 * @returns null when the server did not return the property
 */
export const ne_propset_value: (set: ne_prop_result_set, propname: ne_propname) => string | null =
  native('ne_propset_value');

/**
 * Returns the status of a property, which says why the server did or did not return the property.
 *
 * @returns null when the response does not mention the property
 */
export const ne_propset_status: (set: ne_prop_result_set, propname: ne_propname) => ne_status | null =
  native('ne_propset_status');

/**
 * Returns the language of a property, or null. The result is always null with neon 0.32 to 0.37, which do not find
 * `xml:lang`.
 */
export const ne_propset_lang: (set: ne_prop_result_set, propname: ne_propname) => string | null =
  native('ne_propset_lang');

/** Returns the private value that the `creator` callback returned for a result set, or null. */
export const ne_propset_private: (set: ne_prop_result_set) => unknown = native('ne_propset_private');

/**
 * Calls `iterator` for each property of a result set, until `iterator` returns a result other than 0 or nothing.
 *
 * @returns the result that ended the iteration, or 0 when the iteration reached the last property
 */
export const ne_propset_iterate: (set: ne_prop_result_set, iterator: ne_propset_iterator) => number =
  native('ne_propset_iterate');
