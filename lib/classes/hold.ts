/** Holds: calls and bodies that occupy a session while their caller reads, so that other calls have to wait. */
import { NeonError } from '../core/errors.js';
import type { Live } from './live-set.js';

/** The progress of a caller who reads a body or iterates a listing, while the response is still arriving. @internal */
export interface Reader {
  /** Whether the session's thread has stopped because the unread bytes have reached the limit. */
  readonly isFull: boolean;
  /** A count that grows whenever the caller reads. */
  readonly reads: number;
}

/**
 * A call or a response body that occupies a session while its caller reads. If other calls are waiting for the session,
 * the rest of the response is received into memory. The session then becomes free. @internal
 */
export interface Hold extends Live, Reader {
  /**
   * For a call, the call itself. For a body, the call that received the response. This call is not one of the waiting
   * calls.
   */
  readonly run: Live;
  /** For a body, the status of its response; undefined for a call. */
  readonly status?: number | undefined;
  readonly isUnread: boolean;
  /** Whether the session's thread has finished with the call or body. */
  readonly isOver: boolean;
  /**
   * Receives into memory up to `bytes` bytes that the caller has not read yet. When a body becomes full or over, it
   * calls `onChange`, but never before this method has returned. If the body was already full, it calls `onChange`
   * again.
   */
  readAhead(bytes: number, onChange: (hold: Hold) => void): void;
  /** Stops reading ahead, because no other call is waiting any longer. */
  stopReadingAhead(): void;
}

/**
 * The holds of a session or pool. A hold reads ahead while other calls wait for it. It *blocks* these calls when it is
 * full and its caller does not read. The caller does not read if it has never touched the body, or has read nothing for
 * `patience`.
 *
 * An example is a loop that reads a body and, in each turn, awaits another call of the same session. Unless the call is
 * refused, the loop and the call wait for each other for ever.
 *
 * A timer detects callers that do not read. It runs only while calls wait for a hold. While it runs, it keeps the
 * process alive.
 * @internal
 */
export class Holds {
  readonly #maxUnreadBytes: number;
  /** In milliseconds. */
  readonly #patience: number;
  readonly #changed: (hold: Hold) => void;
  readonly #looks = new Map<Hold, Look>();
  #timer: NodeJS.Timeout | undefined;

  /** @param changed is called when a hold becomes full or over, or begins to block */
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

  get size(): number {
    return this.#looks.size;
  }

  add(hold: Hold): void {
    this.#looks.set(hold, { reads: hold.reads, since: performance.now(), awaited: false });
  }

  delete(hold: Hold): void {
    this.#looks.delete(hold);
    if (this.#looks.size === 0) this.#stopLooking();
  }

  /** Makes each hold read ahead if other calls wait for it, and stop reading ahead if not. */
  readAhead(isAwaited: (hold: Hold) => boolean): void {
    if (this.#looks.size === 0) return;
    let any = false;
    for (const [hold, look] of this.#looks) {
      const awaited = isAwaited(hold);
      if (awaited && !look.awaited) note(look, hold);
      look.awaited = awaited;
      any ||= awaited;
      if (awaited) hold.readAhead(this.#maxUnreadBytes, this.#changed);
      else hold.stopReadingAhead();
    }
    if (any) this.#timer ??= setInterval(() => this.#look(), Math.ceil(this.#patience / 4));
    else this.#stopLooking();
  }

  blocks(hold: Hold): boolean {
    const look = this.#looks.get(hold);
    if (!look || !hold.isFull) return false;
    return hold.isUnread || (look.reads === hold.reads && performance.now() - look.since >= this.#patience);
  }

  #look(): void {
    for (const [hold, look] of this.#looks) {
      if (!look.awaited) continue;
      if (!hold.isFull || look.reads !== hold.reads) {
        note(look, hold);
      } else if (this.blocks(hold)) {
        this.#changed(hold);
      }
    }
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The state of a hold, as the timer saw it last. */
interface Look {
  /** The number of reads. */
  reads: number;
  /** The time of `performance.now()` at which the hold was last seen with another number of reads, or not full. */
  since: number;
  /** Whether other calls wait for the hold. */
  awaited: boolean;
}

/** Notes that the caller of the hold reads, or has still time to read. */
function note(look: Look, { reads }: Hold): void {
  look.reads = reads;
  look.since = performance.now();
}

/** Limits how long other calls wait for a response that is not being read. @internal */
export interface ReadingLimits {
  /** How many bytes of a body may be received without being read, while other calls wait for the session. */
  readonly maxUnreadBytes: number;
  /** How long the caller may go without reading, in milliseconds, while `maxUnreadBytes` bytes are unread. */
  readonly patience: number;
}

/**
 * Returns the error for calls that cannot run: the bodies in `unread` occupy the session, or all sessions of the pool.
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
