import { NeonError } from './errors.js';
import { native } from './native.js';
import type { ne_session } from './ne/handles.js';

/** The requests of this session whose handles are not destroyed, as `"GET /path"`. */
export const liveRequests: (sess: ne_session) => string[] = native('liveRequests');

/** Throws ERR_NEON_LIVE_REQUESTS, counting and naming them, when there are live requests. */
export function refuseWhileLive(live: readonly string[], owner: 'session' | 'pool' = 'session'): void {
  if (live.length === 0) return;
  const named = live.slice(0, 5).join(', ') + (live.length > 5 ? ', …' : '');
  throw new NeonError(
    `${live.length} ${live.length === 1 ? `request of this ${owner} is` : `requests of this ${owner} are`} live: ${named}`,
    'ERR_NEON_LIVE_REQUESTS',
  );
}

/** One thing that keeps a session from being destroyed: a request, a dispatch on its way, a body still to be read. */
export interface Live {
  /** `"GET /path"` */
  readonly description: string;
  /** Ends it, when the session is destroyed by force. */
  end(reason: NeonError): void;
}

/** What is live of one session of the classes, or of one request of a pool. */
export class LiveSet {
  readonly #items = new Set<Live>();
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#items.size;
  }

  get descriptions(): string[] {
    return [...this.#items].map((item) => item.description);
  }

  add(item: Live): void {
    this.#items.add(item);
  }

  delete(item: Live): void {
    if (!this.#items.delete(item) || this.#items.size > 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Ends everything. */
  end(reason: NeonError): void {
    // The newest first: ending a call that runs lets the next one begin.
    for (const item of [...this.#items].reverse()) item.end(reason);
    for (const item of [...this.#items]) this.delete(item);
  }

  /** Resolves when nothing is live any more. */
  empty(): Promise<void> {
    return this.#items.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
