/** Multi-status documents in the form of npm `webdav`, from text and from responses. */
import { NeonError } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import { eventMask, parseBytes } from '../classes/xml-events.js';
import { DocumentBuilder, keepDisplayName, type QualifiedNames, type Tree } from './document.js';
import { unsupported } from './errors.js';
import type { DavResponse } from './response.js';
import type { DAVResult, DAVResultResponse, WebDAVEntityDecoderOptions, WebDAVParsingContext } from './types.js';

/**
 * Parses a multi-status document: the text of a response to PROPFIND, for example. The document must be well-formed,
 * and its prefixes must be declared. A blank line before the XML declaration is ignored. In C: `ne_xml_parse`.
 *
 * Rejects with an `Error` if the root element is not `multistatus`, and with a `NeonError` if the document is not
 * well-formed. The code of the latter is `NE_ERROR`.
 *
 * @param context how values are converted. Default: as by a client without options
 * @example
 * ```ts
 * const response = await client.customRequest('/', { method: 'PROPFIND', headers: { Depth: '0' } });
 * const { multistatus } = await parseXML(await response.text());
 * console.log(multistatus.response[0].propstat?.prop);
 * ```
 */
// eslint-disable-next-line @typescript-eslint/require-await -- exceptions must become rejections
export async function parseXML(xml: string, context: WebDAVParsingContext = defaultContext()): Promise<DAVResult> {
  refuseLimits(context.entityDecoder);
  const text = xml.trimStart();
  const builder = new DocumentBuilder(context, context.clarkNotationProps ? qualifiedNames(text) : undefined);
  const failure = parseBytes(Buffer.from(text), eventMask(builder), 'utf-8', builder, () => false);
  return resultOf(builder, failure === null ? undefined : new NeonError(failure, 'NE_ERROR'));
}

/** Parses the body of a response, off the JavaScript thread if it is long. */
export async function readMultistatus(response: DavResponse, context: WebDAVParsingContext): Promise<DAVResult> {
  return resultOf(...(await readDocument(response, context)));
}

/** Parses the body of a response. The failure is why the document is not well-formed. */
export async function readDocument(
  response: DavResponse,
  context: WebDAVParsingContext,
): Promise<[builder: DocumentBuilder, failure: NeonError | undefined]> {
  const builder = new DocumentBuilder(context);
  try {
    await response.parse(builder);
  } catch (error) {
    if (!(error instanceof NeonError && error.code === 'NE_ERROR')) throw error;
    return [builder, error];
  }
  return [builder, undefined];
}

/**
 * Refuses limits of entity references: neon's parser cannot count them.
 *
 * @throws {@link WebDAVRefusal}
 */
export function refuseLimits(options: WebDAVEntityDecoderOptions | undefined): void {
  const { maxTotalExpansions = 0, maxExpandedLength = 0 } = options?.limit ?? {};
  if (maxTotalExpansions === 0 && maxExpandedLength === 0) return;
  throw unsupported('The option "entityDecoder" is not supported: the parser of neon limits entities itself. Omit it');
}

/** How values are converted by a client without options. */
export function defaultContext(): WebDAVParsingContext {
  return { attributeNamePrefix: '@', attributeParsers: [], tagParsers: [keepDisplayName] };
}

/**
 * Converts a document.
 *
 * @throws an `Error` if the root element is not `multistatus`, and the failure of the parser
 */
export function resultOf(builder: DocumentBuilder, failure: NeonError | undefined): DAVResult {
  if (builder.root !== 'multistatus')
    throw new Error('Invalid response: No root multistatus found', failure && { cause: failure });
  if (failure) throw failure;
  const { multistatus } = builder.result;
  const responses = isObject(multistatus) ? (multistatus as Tree)['response'] : undefined;
  const list = responses === undefined ? [] : Array.isArray(responses) ? (responses as unknown[]) : [responses];
  return {
    multistatus: { ...(isObject(multistatus) ? multistatus : {}), response: list.map(normalisedResponse) },
  };
}

/** A response with one status or one propstat; the first of several counts, as in npm `webdav`. */
function normalisedResponse(response: unknown): DAVResultResponse {
  const fields: Tree = isObject(response) ? { ...response } : {};
  if (fields['status']) {
    fields['status'] = firstOf(fields['status']);
  } else {
    const propstat = firstOf(fields['propstat']);
    const found: Tree = isObject(propstat) ? { ...propstat } : {};
    found['prop'] = firstOf(found['prop']);
    fields['propstat'] = found;
  }
  return fields as unknown as DAVResultResponse;
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value);

/**
 * Finds the start tags of a well-formed document. Text, comments, CDATA, processing instructions and a document type
 * contain none.
 */
function* qualifiedNames(xml: string): Generator<QualifiedNames> {
  const pattern =
    /<(?:!--[^]*?-->|!\[CDATA\[[^]*?\]\]>|\?[^]*?\?>|!DOCTYPE(?:[^[>]|\[[^\]]*\])*>|([^\s/>!?]+)((?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*))/g;
  for (const [, name, attributes = ''] of xml.matchAll(pattern)) {
    if (name === undefined) continue;
    yield {
      name,
      attributes: Array.from(attributes.matchAll(/([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')/g), ([, one = '']) => one),
    };
  }
}
