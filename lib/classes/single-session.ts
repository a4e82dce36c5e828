/** The source of a session: the session itself, which has one connection. */
import type { ne_session } from '../ne/handles.js';
import type { CallDefaults } from './call-options.js';
import { type Hold, Holds, unreadBody } from './hold.js';
import type { Live } from './live-set.js';
import { type LockSet, shareLocks } from './lock-set.js';
import { type LentSession, type Run, SessionSource } from './session-source.js';
import { type ProgressEvent, type ProgressWatch, StatusEmitter, type StatusEvent } from './status.js';

/** The source of a `Session`. It lends itself to each call immediately. @internal */
export class SingleSession extends SessionSource implements LentSession {
  readonly noun = 'session';
  readonly handle: ne_session;
  readonly #status: StatusEmitter;
  /** The calls that have no result yet, in the order in which they were started. */
  readonly #calls = new Set<Live>();
  readonly #holds: Holds;

  constructor(handle: ne_session, origin: string, base: URL | undefined, defaults: CallDefaults) {
    super(origin, base, defaults);
    this.handle = handle;
    this.#holds = new Holds(defaults.limits, (hold) => this.#onChange(hold));
    this.#status = new StatusEmitter(handle);
  }

  /** Never waits: the session's thread runs the calls in order. */
  obtain(run: Run): true {
    this.#calls.add(run);
    this.#readAhead();
    return true;
  }

  keep(hold: Hold): void {
    this.live.add(hold);
    this.#holds.add(hold);
    this.#readAhead();
  }

  release(hold: Hold): void {
    this.live.delete(hold);
    this.#holds.delete(hold);
  }

  done(run: Run): void {
    this.release(run);
    this.#calls.delete(run);
    this.#readAhead();
  }

  /** Makes the holds read ahead while other calls wait. */
  #readAhead(): void {
    if (this.#holds.size > 0) this.#holds.readAhead(({ run }) => this.#calls.size > (this.#calls.has(run) ? 1 : 0));
  }

  #onChange(hold: Hold): void {
    if (hold.isOver) {
      this.#holds.delete(hold);
      this.#readAhead();
    } else if (this.#holds.blocks(hold)) {
      this.#refuseCalls(hold);
    }
  }

  /** Refuses the waiting calls. The newest is refused first, so that none of them can begin. */
  #refuseCalls(hold: Hold): void {
    const calls = [...this.#calls].reverse().filter((call) => call !== hold.run);
    for (const call of calls) call.end(unreadBody([hold], this.noun, this.limits.maxUnreadBytes));
  }

  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    return this.#status.watch(onProgress);
  }

  listen(emit: ((event: StatusEvent) => void) | undefined): void {
    this.#status.listen(emit);
  }

  /** Tells the emitter of `'status'` events that the handle is about to be destroyed. */
  stopEvents(): void {
    this.#status.end();
  }

  lend(run: Run, counted: boolean): this {
    if (counted) this.live.add(run);
    return this;
  }

  protected shareSet(set: LockSet): void {
    shareLocks(set, this.handle);
  }
}
