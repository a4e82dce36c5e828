/** The live items of a session or pool: `close()` waits for them, `destroy({ force: true })` ends them. */
import { NeonError } from '../core/errors.js';

/** Keeps a session from being destroyed: a request, a call on its way, a body still to be read. @internal */
export interface Live {
  /** `"GET /path"` */
  readonly description: string;
  /** Ends it, when the session is destroyed by force. */
  end(reason: NeonError): void;
}

/** The live items of a session, of a pool, or of one lease of a pool. @internal */
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

  /** Ends everything, each item with an error of its own, which will name its request. */
  end({ message, code, origin }: NeonError): void {
    // The newest first: ending a call that runs lets the next one begin.
    for (const item of [...this.#items].reverse())
      item.end(new NeonError(message, code, origin === undefined ? {} : { origin }));
    for (const item of [...this.#items]) this.delete(item);
  }

  /** Resolves when nothing is live any more. */
  empty(): Promise<void> {
    return this.#items.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
