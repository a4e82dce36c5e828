/** The failures in a multi-status document (RFC 4918, section 13). */
import type { ResourceFailure } from '../core/errors.js';
import * as ne from '../ne/index.js';
import { propertyKey } from './properties.js';

/** The failures that a multi-status document reports. @internal */
export interface Failures {
  readonly list: readonly ResourceFailure[];
  /** The list in words; undefined when nothing failed. */
  readonly text: string | undefined;
}

/** Reads the failures in a multi-status document. @internal */
export function failuresIn(document: Uint8Array): Failures {
  const list: ResourceFailure[] = [];
  let properties: (string | null)[] = [];
  const note = (
    href: unknown,
    property: string | null,
    status: ne.ne_status | null,
    description: string | null,
  ): void => {
    if (!status || status.klass === 2) return;
    const reasonPhrase = status.reason_phrase ?? '';
    // Versions of neon differ in the white space that they leave.
    const text = description?.trim() ?? null;
    list.push({ href: String(href), property, status: status.code, reasonPhrase, description: text });
  };
  const parser = ne.ne_xml_create();
  const multistatus = ne.ne_207_create(parser, { path: '/' });
  ne.ne_207_set_response_handlers(
    multistatus,
    ({ path }) => path,
    (href, status, description) => note(href, null, status, description),
  );
  ne.ne_207_set_propstat_handlers(
    multistatus,
    (href) => {
      properties = [];
      return href;
    },
    (href, status, description) => {
      for (const property of properties.length > 0 ? properties : [null]) note(href, property, status, description);
    },
  );
  // The parser skips the content of elements that are declined.
  const noteProperty = (parent: number, nspace: string, name: string): number => {
    if (parent === ne.NE_207_STATE_PROP) properties.push(propertyKey(nspace, name));
    return ne.NE_XML_DECLINE;
  };
  ne.ne_xml_push_handler(parser, noteProperty, null, null);
  const parsed = document.length > 0 && ne.ne_xml_parse(parser, document) === 0 && ne.ne_xml_parse(parser, null) === 0;
  const error = document.length > 0 ? ne.ne_xml_get_error(parser).trim() : 'it is empty';
  ne.ne_xml_destroy(parser);
  ne.ne_207_destroy(multistatus);
  if (!parsed) return { list, text: `the 207 response is not a multi-status document: ${error}` };
  return { list, text: list.length > 0 ? list.map(inWords).join(', ') : undefined };
}

function inWords({ href, property, status, reasonPhrase, description }: ResourceFailure): string {
  const subject = property === null ? href : `${href} ${property}`;
  return `${subject}: ${status} ${reasonPhrase}${description === null ? '' : ` (${description})`}`;
}
