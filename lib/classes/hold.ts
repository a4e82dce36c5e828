/** Calls and bodies that occupy a session for as long as their caller reads, while other calls wait for the session. */
import { NeonError } from '../core/errors.js';
import type { Live } from './live-set.js';

/** The reader of a response that is still arriving: the caller of a body, or the loop over a listing. @internal */
export interface Reader {
  /** Whether the session's thread has stopped because the unread bytes have reached the limit. */
  readonly isFull: boolean;
  /** A count that grows whenever the caller reads. */
  readonly reads: number;
}

/**
 * A call, or the body of a response, that occupies a session for as long as its caller reads. While other calls wait
 * for the session, the unread rest is received into memory, so that the session becomes free. @internal
 */
export interface Hold extends Live, Reader {
  /**
   * The call itself or, for a body, the call whose response has the body. This call does not count as waiting for the
   * session.
   */
  readonly run: Live;
  /** The status of the response that has the body; undefined for a call. */
  readonly status?: number | undefined;
  readonly isUnread: boolean;
  /** Whether the session's thread is done with the call or body. */
  readonly isOver: boolean;
  /**
   * Receives up to `bytes` bytes more than the caller has read. A body calls `onChange` when the body becomes full or
   * over, but only after `readAhead` has returned. A body that is full already calls `onChange` again.
   */
  readAhead(bytes: number, onChange: (hold: Hold) => void): void;
  /** Ends the reading ahead, since no call waits any more. */
  stopReadingAhead(): void;
}

/**
 * The holds of a session or pool. While other calls wait for a hold, the hold reads ahead. A hold *blocks* the waiting
 * calls when the hold is full and its caller does not read: the caller never touched the body, or has read nothing for
 * `patience`. One such caller is a loop that reads a body and awaits another call of the session in each turn. Without
 * this rule, the loop and the call would wait for each other for ever.
 *
 * A timer looks for callers that do not read. The timer runs only while calls wait for a hold, and keeps the process
 * alive as long as it runs.
 * @internal
 */
export class Holds {
  readonly #maxUnreadBytes: number;
  /** In milliseconds. */
  readonly #patience: number;
  readonly #changed: (hold: Hold) => void;
  /**
   * For each hold: its number of reads at the last look, and whether that look found the hold full and not read since
   * the previous look.
   */
  readonly #looks = new Map<Hold, { reads: number; stopped: boolean }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param changed is called when a hold is full or over, or has begun to block */
  constructor({ maxUnreadBytes, patience }: ReadingLimits, changed: (hold: Hold) => void) {
    this.#maxUnreadBytes = maxUnreadBytes;
    this.#patience = patience;
    this.#changed = (hold) => {
      if (this.#looks.has(hold)) changed(hold);
    };
  }

  [Symbol.iterator](): IterableIterator<Hold> {
    return this.#looks.keys();
  }

  add(hold: Hold): void {
    this.#looks.set(hold, { reads: hold.reads, stopped: false });
  }

  delete(hold: Hold): void {
    this.#looks.delete(hold);
    if (this.#looks.size === 0) this.#stopLooking();
  }

  /** Makes each hold read ahead if other calls wait for it; otherwise makes the hold stop reading ahead. */
  readAhead(isAwaited: (hold: Hold) => boolean): void {
    if (this.#looks.size === 0) return;
    let any = false;
    for (const hold of this) {
      const awaited = isAwaited(hold);
      any ||= awaited;
      if (awaited) hold.readAhead(this.#maxUnreadBytes, this.#changed);
      else hold.stopReadingAhead();
    }
    if (any) this.#timer ??= setInterval(() => this.#look(), this.#patience);
    else this.#stopLooking();
  }

  blocks(hold: Hold): boolean {
    const look = this.#looks.get(hold);
    return hold.isFull && (hold.isUnread || (look !== undefined && look.stopped && look.reads === hold.reads));
  }

  #look(): void {
    for (const [hold, look] of this.#looks) {
      look.stopped = hold.isFull && look.reads === hold.reads;
      look.reads = hold.reads;
      if (look.stopped) this.#changed(hold);
      else hold.readAhead(this.#maxUnreadBytes, this.#changed);
    }
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const look of this.#looks.values()) look.stopped = false;
  }
}

/** How long other calls wait for a response that is not read. @internal */
export interface ReadingLimits {
  /** How many bytes of a body may be received without being read, while other calls wait for the session. */
  readonly maxUnreadBytes: number;
  /** How long the caller may go without reading, in milliseconds, while `maxUnreadBytes` bytes are unread. */
  readonly patience: number;
}

/**
 * The error of a call that waits while the bodies in `unread` occupy the session, or all sessions of the pool.
 * @internal
 */
export function unreadBody(unread: readonly Hold[], owner: 'session' | 'pool', maxUnreadBytes: number): NeonError {
  const named = unread.slice(0, 3).map(({ description, status }) => description + (status ? ` (${status})` : ''));
  const names = named.join(', ') + (unread.length > named.length ? ', …' : '');
  const one = unread.length === 1;
  const kept = owner === 'session' ? 'session' : one ? "pool's only session" : `pool's ${unread.length} sessions`;
  const state = unread.every(({ isUnread }) => isUnread) ? 'unread' : 'not being read';
  return new NeonError(
    `The ${one ? 'body' : 'bodies'} of ${names} ${one ? `is ${state} and keeps` : `are ${state} and keep`} the ${kept}: ` +
      `read ${one ? 'it' : 'them'}, cancel() ${one ? 'it' : 'them'}, or raise "maxUnreadBytes" (${maxUnreadBytes})`,
    'ERR_NEON_UNREAD_BODY',
  );
}
