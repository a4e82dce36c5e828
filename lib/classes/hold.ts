/** Calls and bodies that occupy a session for as long as their caller reads, while other calls wait for it. */
import { NeonError } from '../core/errors.js';
import type { Live } from './live-set.js';

/**
 * A call, or the body of a response, that occupies a session for as long as its caller reads. While other calls wait
 * for the session, the unread rest is received into memory, so that the session becomes free. @internal
 */
export interface Hold extends Live {
  /** The call itself, or the call whose response has the body. This call does not count as waiting for the session. */
  readonly run: Live;
  /** The status of the response, once that has arrived. */
  readonly status?: number | undefined;
  readonly isUnread: boolean;
  /** Whether the session's thread has stopped because the unread bytes have reached the limit. */
  readonly isFull: boolean;
  /** Whether the session's thread is done with the call or body. */
  readonly isOver: boolean;
  /**
   * Receives up to `bytes` more than the caller has read. A body calls `onChange` when it becomes full or over, but
   * never during this call. A body that is full already calls `onChange` again.
   */
  readAhead(bytes: number, onChange: (hold: Hold) => void): void;
  /** Ends the reading ahead, since no call waits any more. */
  stopReadingAhead(): void;
}

/**
 * The error of a call that waits while the bodies in `unread` occupy the session, or all sessions of the pool.
 * @internal
 */
export function unreadBody(unread: readonly Hold[], owner: 'session' | 'pool', maxUnreadBytes: number): NeonError {
  const named = unread.slice(0, 3).map(({ description, status }) => `${description} (${status})`);
  const names = named.join(', ') + (unread.length > named.length ? ', …' : '');
  const one = unread.length === 1;
  const kept = owner === 'session' ? 'session' : one ? "pool's only session" : `pool's ${unread.length} sessions`;
  return new NeonError(
    `The ${one ? 'body' : 'bodies'} of ${names} ${one ? 'is unread and keeps' : 'are unread and keep'} the ${kept}: ` +
      `read ${one ? 'it' : 'them'}, cancel() ${one ? 'it' : 'them'}, or raise "maxUnreadBytes" (${maxUnreadBytes})`,
    'ERR_NEON_UNREAD_BODY',
  );
}
