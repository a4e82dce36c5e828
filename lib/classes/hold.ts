/** Responses that have a session while other calls wait for it. */
import { NeonError } from '../core/errors.js';
import type { Live } from './live-set.js';

/**
 * A call, or the body of its response, that has a session for as long as its caller takes to read it. While other calls
 * wait for the session it is received into memory, so that the session gets free. @internal
 */
export interface Hold extends Live {
  /** The call, as long as that has no result. */
  readonly run: Live;
  /** The status of the response, once that has arrived. */
  readonly status?: number | undefined;
  readonly isUnread: boolean;
  /** The session's thread has stopped, since as many bytes wait to be read as may. */
  readonly isFull: boolean;
  /** The session's thread is done with it. */
  readonly isOver: boolean;
  /**
   * Receives up to `bytes` more than were read. `onChange` is called later, when it is full or over: each time this is
   * called, if it is full already.
   */
  readAhead(bytes: number, onChange: (hold: Hold) => void): void;
  /** No call waits any more. */
  stopReadingAhead(): void;
}

/** The error of a call that waits for sessions which these unread bodies have. @internal */
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
