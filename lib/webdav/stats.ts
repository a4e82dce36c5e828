/** Converts properties to what the methods of the client resolve to. */
import { basename, escapePath, fileOf, normalised, unescaped } from './paths.js';
import type {
  DAVResult,
  DAVResultResponse,
  DAVResultResponseProps,
  DiskQuota,
  DiskQuotaAvailable,
  FileStat,
  SearchResult,
} from './types.js';

/**
 * Converts the properties of a file or directory to its stat.
 *
 * @param props the properties, as {@link parseXML} returns them
 * @param filename the path
 * @param isDetailed whether the stat has the properties, too. Default false
 */
export function prepareFileFromProps(props: DAVResultResponseProps, filename: string, isDetailed = false): FileStat {
  const {
    displayname,
    getlastmodified = null,
    getcontentlength = '0',
    resourcetype,
    getcontenttype,
    getetag,
  } = props as { readonly [Name in keyof DAVResultResponseProps]?: unknown };
  const isDirectory =
    typeof resourcetype === 'object' &&
    resourcetype !== null &&
    (resourcetype as { readonly collection?: unknown }).collection !== undefined;
  const stat: FileStat = {
    filename,
    basename: basename(filename),
    lastmod: getlastmodified as string,
    size: Number.parseInt(getcontentlength as string, 10),
    type: isDirectory ? 'directory' : 'file',
    etag: typeof getetag === 'string' ? getetag.replaceAll('"', '') : null,
  };
  if (!isDirectory) stat.mime = typeof getcontenttype === 'string' ? (getcontenttype.split(';', 1)[0] as string) : '';
  if (isDetailed) {
    if (displayname !== undefined) props.displayname = textOf(displayname);
    stat.props = props;
  }
  return stat;
}

/**
 * Converts the first response of a multi-status document to a stat.
 *
 * @param result the document
 * @param filename the path of the file or directory
 * @param isDetailed whether the stat has the properties, too. Default false
 * @throws an `Error` if there are no properties, and a {@link WebDAVClientError} if their status is 400 or higher
 */
export function parseStat(result: DAVResult, filename: string, isDetailed = false): FileStat {
  const propstat = (result.multistatus.response as readonly (DAVResultResponse | undefined)[])[0]?.propstat;
  if (typeof propstat?.status !== 'string') throw new Error('Failed getting item stat: bad response');
  requireSuccess(propstat.status);
  return prepareFileFromProps(propertiesOf(propstat.prop), normalised(filename), isDetailed);
}

/**
 * Converts a listing.
 *
 * @param base the unescaped path that hrefs begin with
 * @param isDetailed whether the stats have the properties, too
 * @throws a {@link WebDAVClientError} if the server reports only a status for a member
 */
export function parseListing(result: DAVResult, base: string, isDetailed: boolean): FileStat[] {
  return result.multistatus.response.map(({ href, propstat, status }) => {
    if (!propstat) throw failedMember(href, status ?? '');
    return prepareFileFromProps(propertiesOf(propstat.prop), fileOf(textOf(href), base), isDetailed);
  });
}

/** Converts the document of a search for the members of `path`. */
export function parseSearch(result: DAVResult, path: string, isDetailed: boolean): SearchResult {
  const target = escapePath(path).replace(/\/$/, '');
  const responses = result.multistatus.response;
  return {
    truncated: responses.some(
      ({ href, status, propstat }) =>
        codeOf(status ?? propstat?.status ?? '') === 507 && textOf(href).replace(/\/$/, '').endsWith(target),
    ),
    results: responses.flatMap(({ href, propstat }) =>
      propstat ? [prepareFileFromProps(propertiesOf(propstat.prop), unescaped(textOf(href)), isDetailed)] : [],
    ),
  };
}

/** Converts the quota of the first response; null if there is none. */
export function parseQuota(result: DAVResult): DiskQuota | null {
  const [response] = result.multistatus.response as readonly (DAVResultResponse | undefined)[];
  const { 'quota-used-bytes': used, 'quota-available-bytes': available } = propertiesOf(response?.propstat?.prop);
  if (used === undefined || available === undefined) return null;
  return { used: Number.parseInt(String(used), 10), available: translateDiskSpace(available) };
}

/**
 * Converts the property `quota-available-bytes`. Some servers report -1 or -2 for an unknown space, and -3 for an
 * unlimited one.
 */
export function translateDiskSpace(value: string | number): DiskQuotaAvailable {
  const number = Number.parseInt(String(value), 10);
  if (number === -3) return 'unlimited';
  return number === -1 || number === -2 ? 'unknown' : number;
}

/** The text of an element, which {@link parseXML} has converted if it looks like a number. */
const textOf = (value: unknown): string => String(value);

/** The properties of a `prop` element, which is not an object if it is empty. */
function propertiesOf(prop: DAVResultResponseProps | string | undefined): DAVResultResponseProps {
  return typeof prop === 'object' ? prop : ({} as DAVResultResponseProps);
}

function codeOf(statusLine: string): number {
  return Number.parseInt(statusLine.split(' ', 2)[1] ?? '', 10);
}

function requireSuccess(statusLine: string): void {
  const [, code = '', phrase] = statusLine.split(' ', 3);
  const status = Number.parseInt(code, 10);
  if (status >= 400) throw Object.assign(new Error(`Invalid response: ${status} ${phrase ?? ''}`), { status });
}

function failedMember(href: string, statusLine: string): Error {
  const [, code = '', ...phrase] = statusLine.split(' ');
  const message = `Invalid response: ${code} ${phrase.join(' ')} for the member ${href}`;
  return Object.assign(new Error(message), { status: Number.parseInt(code, 10) });
}
