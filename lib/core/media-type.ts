/** Reads the header `Content-Type`, as Node's `MIMEType` and the MIME Sniffing standard read it. */
import { MIMEType } from 'node:util';

/**
 * The charset of a `Content-Type`. Undefined if the header is missing, is not a media type, or has no charset. Most
 * responses have none, so `MIMEType` reads only headers that contain the word.
 */
export function charsetOf(contentType: string | null | undefined): string | undefined {
  return contentType && /charset/i.test(contentType)
    ? (parsed(contentType)?.params.get('charset') ?? undefined)
    : undefined;
}

/** Whether a `Content-Type` means XML: `text/xml`, `application/xml` or a type that ends with `+xml`. */
export function isXml(contentType: string | undefined): boolean {
  return contentType !== undefined && /^xml$|\+xml$/.test(parsed(contentType)?.subtype ?? '');
}

function parsed(contentType: string): MIMEType | undefined {
  try {
    return new MIMEType(contentType);
  } catch {
    return undefined;
  }
}
