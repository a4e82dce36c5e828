import { readFileSync } from 'node:fs';

import { Certificate, certificatesOf, textOf } from './certificate.js';
import { invalidValue } from '../core/errors.js';
import { native } from '../core/native.js';
import * as ne from '../ne/index.js';

/** A certificate, or PEM text of one or more. */
export type Authority = string | Uint8Array | Certificate;

/** Whom a TLS session trusts. */
export interface TrustOptions {
  /** Certificates that are trusted as authorities, beside the default ones. */
  ca?: Authority | readonly Authority[] | undefined;
  /** Trust the default authorities of the system, and those of `NODE_EXTRA_CA_CERTS`. Default true. */
  trustDefaultCA?: boolean | undefined;
}

const trustDefaultLater: (session: ne.ne_session) => void = native('trustDefaultLater');

/** Makes a session trust what the options say. */
export function trust(session: ne.ne_session, { ca = [], trustDefaultCA = true }: TrustOptions = {}): void {
  for (const authority of Array.isArray(ca) ? (ca as readonly Authority[]) : [ca as Authority]) {
    if (authority instanceof Certificate) ne.ne_ssl_trust_cert(session, authority.handle);
    else if (trustPem(session, textOf('ca', authority)) === 0)
      throw invalidValue('The "ca" option holds no certificate in PEM form');
  }
  if (!trustDefaultCA) return;
  trustDefaultLater(session);
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra) trustExtra(session, extra);
}

/** Trusts each certificate of a PEM text; returns how many there were. */
function trustPem(session: ne.ne_session, text: string): number {
  let count = 0;
  for (const certificate of certificatesOf(text)) {
    ne.ne_ssl_trust_cert(session, certificate);
    ne.ne_ssl_cert_free(certificate);
    count++;
  }
  return count;
}

/** Node goes on without the rest of its extra certificates when one cannot be read; so does this. */
function trustExtra(session: ne.ne_session, file: string): void {
  try {
    trustPem(session, readExtra(file));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_INVALID_ARG_VALUE') throw error;
  }
}

const extras = new Map<string, string>();

/** They are read once. */
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
