/** Where versions of neon differ. */
import { versions } from 'libneon';
import * as ne from 'libneon/ne';

/** Whether the loaded neon is 0.`minor` or newer. */
export function neonSince(minor: number): boolean {
  return Number(versions.neon.split('.')[1]) >= minor;
}

/** What a session to an address in digits begins with: newer ones look nothing up. */
export const lookupEvents: readonly number[] = neonSince(34) ? [] : [ne.ne_status_lookup];

/** Before the text of an error of TLS. */
export const tlsErrorPrefix = neonSince(37) ? 'SSL error: ' : '';
