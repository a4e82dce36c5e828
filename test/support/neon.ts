/** Differences between versions of neon. */
import { versions } from 'libneon';
import * as ne from 'libneon/ne';

/** Whether the loaded neon is 0.`minor` or newer. */
export function neonSince(minor: number): boolean {
  return Number(versions.neon.split('.')[1]) >= minor;
}

/**
 * The status events before a session connects to a numeric address. neon 0.34 and later do not look up such addresses.
 */
export const lookupEvents: readonly number[] = neonSince(34) ? [] : [ne.ne_status_lookup];

/** The prefix of the text of a TLS error. */
export const tlsErrorPrefix = neonSince(37) ? 'SSL error: ' : '';

/** Whether the loaded neon uses GnuTLS. */
export const usesGnuTls = versions.tls?.startsWith('GnuTLS') ?? false;
