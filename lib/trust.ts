import { readFileSync } from 'node:fs';

import { invalidType, invalidValue, NeonError } from './errors.js';
import { native } from './native.js';
import * as ne from './ne/index.js';

/** Whom a TLS session trusts. */
export interface TrustOptions {
  /** PEM text of one or more certificates that are trusted as authorities, beside the default ones. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Trust the default authorities of the system, and those of `NODE_EXTRA_CA_CERTS`. Default true. */
  trustDefaultCA?: boolean | undefined;
}

const trustDefaultLater: (session: ne.ne_session) => void = native('trustDefaultLater');

const pem = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([\s\S]+?)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Makes a session trust what the options say. */
export function trust(session: ne.ne_session, { ca = [], trustDefaultCA = true }: TrustOptions = {}): void {
  for (const text of Array.isArray(ca) ? (ca as readonly (string | Uint8Array)[]) : [ca as string | Uint8Array]) {
    const found = trustPem(session, textOf(text));
    if (found === 0) throw invalidValue('The "ca" option holds no certificate in PEM form');
  }
  if (!trustDefaultCA) return;
  trustDefaultLater(session);
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra) trustPem(session, readExtra(extra));
}

/** Trusts each certificate of a PEM text; returns how many there were. */
function trustPem(session: ne.ne_session, text: string): number {
  let count = 0;
  for (const [, base64 = ''] of text.matchAll(pem)) {
    const certificate = ne.ne_ssl_cert_import(base64.replace(/\s+/g, ''));
    if (!certificate) throw new NeonError('A trusted certificate could not be read', 'NE_ERROR');
    ne.ne_ssl_trust_cert(session, certificate);
    ne.ne_ssl_cert_free(certificate);
    count++;
  }
  return count;
}

function textOf(value: string | Uint8Array): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  throw invalidType('ca', 'of type string or an instance of Uint8Array, or an array of them', value);
}

const extras = new Map<string, string>();

/** Node reads its extra certificates once and goes on without them when that fails; so does this. */
function readExtra(file: string): string {
  let text = extras.get(file);
  if (text === undefined) {
    try {
      text = readFileSync(file, 'latin1');
    } catch {
      text = '';
    }
    extras.set(file, text);
  }
  return text;
}
