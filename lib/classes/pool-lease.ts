/** Leases of the sessions of a pool. */
import type { NeonError } from '../core/errors.js';
import type { ne_session } from '../ne/handles.js';
import type { Hold } from './hold.js';
import { type Live, LiveSet } from './live-set.js';
import type { Session } from './session.js';
import type { LentSession, Run } from './session-source.js';
import type { ProgressEvent, ProgressWatch } from './status.js';

/** The pool as its leases see it. @internal */
export interface Lessor {
  readonly live: LiveSet;
  /** Returns an idle session. If all are in use, returns a new session, or undefined if the pool is at its maximum. */
  take(): Session | undefined;
  /** Puts a lease at the end of the queue. */
  enqueue(lease: Lease): void;
  dequeue(lease: Lease): void;
  /** Called when the call of the lease, or its response body, starts to occupy the session while the caller reads. */
  keep(lease: Lease, hold: Hold): void;
  release(hold: Hold): void;
  /** Ends a lease when nothing in it is live any more, and takes its session back. */
  over(lease: Lease): Promise<void>;
}

/**
 * Lends a session of a pool to one call. The lease is created before a session is available. It ends when the call is
 * over and the body of its response is no longer live. @internal
 */
export class Lease implements Live, LentSession {
  readonly description: string;
  readonly live: LiveSet;
  /** The session; undefined until the call gets a session. */
  session: Session | undefined;
  /** Whether the call can no longer be inside C: it succeeded, and no response body is still arriving. */
  finished = false;

  /** The call, while it waits for a session. */
  #waiting: Run | undefined;
  readonly #lessor: Lessor;

  constructor(lessor: Lessor, run: Run) {
    this.#lessor = lessor;
    this.live = new LiveSet(lessor.live, () => void lessor.over(this));
    this.description = run.description;
    this.live.add(run);
  }

  get handle(): ne_session {
    return this.#leased().handle;
  }

  get isUnread(): boolean {
    return this.live.isUnread;
  }

  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    return this.#leased().watchProgress(onProgress);
  }

  obtain(run: Run): boolean {
    this.session = this.#lessor.take();
    if (this.session) return true;
    this.#waiting = run;
    this.#lessor.enqueue(this);
    return false;
  }

  /** Gives the session to the waiting call. */
  begin(session: Session): void {
    this.session = session;
    const run = this.#leave();
    run?.resume();
  }

  /** Leaves the queue; returns the call that waited. */
  #leave(): Run | undefined {
    const run = this.#waiting;
    this.#waiting = undefined;
    if (run) this.#lessor.dequeue(this);
    return run;
  }

  keep(hold: Hold): void {
    this.live.add(hold);
    this.#lessor.keep(this, hold);
  }

  release(hold: Hold): void {
    this.live.delete(hold);
    this.#lessor.release(hold);
  }

  done(run: Run): void {
    this.#leave();
    this.release(run);
  }

  succeeded(): void {
    this.finished = this.live.size === 1; // only the call itself is live: no body is still arriving
  }

  end(reason: NeonError): void {
    this.live.end(reason);
  }

  #leased(): Session {
    if (!this.session) throw new Error('A call runs when it has a session');
    return this.session;
  }
}
