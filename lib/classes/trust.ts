/** The authorities that a session trusts: the options `tls.ca` and `tls.trustDefaultCA`. */
import { readFileSync } from 'node:fs';

import { isArray, isInstance } from '../core/objects.js';
import { Certificate, certificatesOf, textOf } from './certificate.js';
import { invalidValue } from '../core/errors.js';
import { native } from '../core/native.js';
import type { ne_session } from '../ne/handles.js';
import { ne_ssl_trust_cert } from '../ne/session.js';
import { ne_ssl_cert_free } from '../ne/ssl.js';

/** An authority that is trusted: a certificate, or the PEM text of one or more certificates. */
export type Authority = string | Uint8Array | Certificate;

/** The authorities that a TLS session trusts. */
export interface TrustOptions {
  /** Authorities to trust in addition to the default authorities. In C: `ne_ssl_trust_cert`. */
  ca?: Authority | readonly Authority[] | undefined;
  /**
   * Whether to trust the default authorities of the system (`ne_ssl_trust_default_ca`), and the authorities in the file
   * `NODE_EXTRA_CA_CERTS`. Default true.
   */
  trustDefaultCA?: boolean | undefined;
}

const trustDefaultLater: (session: ne_session) => void = native('trustDefaultLater');

/**
 * Makes a session trust the authorities that the options name. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for invalid options
 */
export function trust(session: ne_session, { ca = [], trustDefaultCA = true }: TrustOptions = {}): void {
  for (const authority of isArray(ca) ? ca : [ca]) {
    if (isInstance(authority, Certificate)) ne_ssl_trust_cert(session, authority.handle);
    else if (trustPem(session, textOf('ca', authority)) === 0)
      throw invalidValue('The "ca" option holds no certificate in PEM form');
  }
  if (!trustDefaultCA) return;
  trustDefaultLater(session);
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra) trustExtra(session, extra);
}

/** Trusts each certificate of a PEM text; returns the number of certificates. */
function trustPem(session: ne_session, text: string): number {
  let count = 0;
  for (const certificate of certificatesOf(text)) {
    ne_ssl_trust_cert(session, certificate);
    ne_ssl_cert_free(certificate);
    count++;
  }
  return count;
}

/** Trusts the extra certificates up to the first certificate that cannot be read, as Node does. */
function trustExtra(session: ne_session, file: string): void {
  try {
    trustPem(session, readExtra(file));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_INVALID_ARG_VALUE') throw error;
  }
}

const extras = new Map<string, string>();

/** Returns the text of a file; each file is read only once. */
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
