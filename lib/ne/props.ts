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

/** The name of a property; `nspace` null, or missing, is no namespace. */
export interface ne_propname {
  readonly nspace?: string | null;
  readonly name: string;
}

/**
 * One operation of ne_proppatch: sets a property (`ne_propset`, also where `type` is missing) to a value, which is XML
 * and goes into the request as it is, or removes it (`ne_propremove`).
 */
export interface ne_proppatch_operation {
  readonly name: ne_propname;
  readonly type?: number;
  readonly value?: string;
}

/**
 * Called for each resource of a response, while that is read. The result set is destroyed when the callback returns, or
 * its promise settles.
 */
export type ne_props_result = (uri: ne_uri, results: ne_prop_result_set) => Nothing;

/** Called for each property of a result set; `value` is null when it could not be had, and `status` tells why. */
export type ne_propset_iterator = (
  pname: Required<ne_propname>,
  value: string | null,
  status: ne_status,
) => number | undefined | void;

/** Called when the results of a resource begin. Returns their private value; null is none. */
export type ne_props_create_complex = (uri: ne_uri) => unknown;

/** Called with that when the results are freed. */
export type ne_props_destroy_complex = (complex: unknown) => Nothing;

/**
 * Fetches these properties (null: all) of a resource, and of those below it as `depth` (`NE_DEPTH_*`) tells; `results`
 * is called for each. Returns an `NE_*` code.
 *
 * @throws what `results` threw; `ERR_INVALID_ARG_VALUE` for a name or namespace that would not be well-formed XML
 */
export const ne_simple_propfind: (
  sess: ne_session,
  path: string,
  depth: number,
  props: readonly ne_propname[] | null,
  results: ne_props_result,
) => number = native('ne_simple_propfind');

/** Fetches the names of the properties of resources: those of their result sets. Returns an `NE_*` code. */
export const ne_propnames: (sess: ne_session, path: string, depth: number, results: ne_props_result) => number =
  native('ne_propnames');

/**
 * Sets and removes properties of a resource: all of them, or none. Returns an `NE_*` code.
 *
 * @throws `ERR_INVALID_ARG_VALUE` for a name, namespace or value that would not be well-formed XML
 */
export const ne_proppatch: (sess: ne_session, path: string, ops: readonly ne_proppatch_operation[]) => number =
  native('ne_proppatch');

/** Creates a PROPFIND request, which is sent once. It counts as a live request of the session. */
export const ne_propfind_create: (sess: ne_session, path: string, depth: number) => ne_propfind_handler =
  native('ne_propfind_create');

/**
 * The parser of the response, for handlers of properties whose value is XML; the parent state of a property is
 * `NE_207_STATE_PROP`, and states begin above `NE_PROPS_STATE_TOP`. It belongs to the handler: to destroy it, or to
 * parse anything else with it, is `ERR_NEON_BORROWED`.
 */
export const ne_propfind_get_parser: (handler: ne_propfind_handler) => ne_xml_parser = native('ne_propfind_get_parser');

/** The request, to add headers to. It belongs to the handler: to destroy or to send it is `ERR_NEON_BORROWED`. */
export const ne_propfind_get_request: (handler: ne_propfind_handler) => ne_request = native('ne_propfind_get_request');

/** Sets who makes a private value for each result set, and who is told when that is freed; null is nobody. */
export const ne_propfind_set_private: (
  handler: ne_propfind_handler,
  creator: ne_props_create_complex | null,
  destructor: ne_props_destroy_complex | null,
) => void = native('ne_propfind_set_private');

/** The private value of the resource whose results are being parsed, or null. */
export const ne_propfind_current_private: (handler: ne_propfind_handler) => unknown =
  native('ne_propfind_current_private');

/**
 * Sends the request for all properties; `result` is called for each resource. Returns an `NE_*` code.
 *
 * @throws what a callback threw; `ERR_NEON_INVALID_STATE` when the request was sent already
 */
export const ne_propfind_allprop: (handler: ne_propfind_handler, result: ne_props_result) => number =
  native('ne_propfind_allprop');

/** The same for these properties. */
export const ne_propfind_named: (
  handler: ne_propfind_handler,
  names: readonly ne_propname[],
  result: ne_props_result,
) => number = native('ne_propfind_named');

/**
 * Frees a handler, with its request and its parser.
 *
 * @throws what the destructor threw, when a resource's results were not complete; `ERR_NEON_REENTRANT` inside a
 * callback of the handler
 */
export const ne_propfind_destroy: (handler: ne_propfind_handler) => void = native('ne_propfind_destroy');

/** The value of a property: XML, without the element itself; null when the server did not give it. */
export const ne_propset_value: (set: ne_prop_result_set, propname: ne_propname) => string | null =
  native('ne_propset_value');

/** The status with which the server gave a property, or did not; null when it did not speak of it. */
export const ne_propset_status: (set: ne_prop_result_set, propname: ne_propname) => ne_status | null =
  native('ne_propset_status');

/** The language of a property, or null; neon 0.32 to 0.37 do not find `xml:lang`, so it is null with them. */
export const ne_propset_lang: (set: ne_prop_result_set, propname: ne_propname) => string | null =
  native('ne_propset_lang');

/** The private value of a result set, which the creator returned, or null. */
export const ne_propset_private: (set: ne_prop_result_set) => unknown = native('ne_propset_private');

/**
 * Calls `iterator` for each property of a result set, until it returns something else than 0 or nothing; returns what it
 * returned last.
 */
export const ne_propset_iterate: (set: ne_prop_result_set, iterator: ne_propset_iterator) => number =
  native('ne_propset_iterate');
