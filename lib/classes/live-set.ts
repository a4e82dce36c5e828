/** The live items of a session or pool. `close()` waits for them; `destroy({ force: true })` ends them. */
import { NeonError } from '../core/errors.js';

/**
 * An item that keeps a session from being destroyed: a request, a call that is running, or a body that has not been
 * read to its end.
 * @internal
 */
export interface Live {
  /** `"GET /path"` */
  readonly description: string;
  /** Whether the item is a response body that the caller has not touched; `close()` does not wait for such a body. */
  readonly isUnread?: boolean | undefined;
  /** Ends the item. Called when the session is destroyed by force, or is closed while the item is an unread body. */
  end(reason: NeonError): void;
}

interface Waiting {
  readonly until: () => boolean;
  readonly resolve: () => void;
}

/** The live items of a session, of a pool, or of one lease of a pool. @internal */
export class LiveSet {
  readonly #items = new Set<Live>();
  readonly #outer: LiveSet | undefined;
  #onEmpty: (() => void) | undefined;
  #waiting: Waiting[] = [];

  /**
   * @param outer the set that contains the owner of this set as one of its items
   * @param onEmpty is called once, as soon as nothing in the set is live any more
   */
  constructor(outer?: LiveSet, onEmpty?: () => void) {
    this.#outer = outer;
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#items.size;
  }

  get descriptions(): string[] {
    return [...this.#items].map((item) => item.description);
  }

  /** Whether all live items are unread bodies. */
  get isUnread(): boolean {
    for (const { isUnread } of this.#items) if (!isUnread) return false;
    return true;
  }

  add(item: Live): void {
    this.#items.add(item);
  }

  delete(item: Live): void {
    if (this.#items.delete(item)) this.#wake();
  }

  /** Ends every item. Each item gets an error object of its own, to which the item's request can be added. */
  end({ message, code, origin }: NeonError): void {
    // Ends the newest item first. In the opposite order, ending a running call would let the next call begin.
    for (const item of [...this.#items].reverse())
      item.end(new NeonError(message, code, origin === undefined ? {} : { origin }));
    for (const item of [...this.#items]) this.delete(item);
  }

  /** Resolves when nothing is live any more, except for unread bodies. */
  unread(): Promise<void> {
    return this.#until(() => this.isUnread);
  }

  #until(until: () => boolean): Promise<void> {
    return until() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push({ until, resolve }));
  }

  #wake(): void {
    const onEmpty = this.#onEmpty;
    if (onEmpty && this.#items.size === 0) {
      this.#onEmpty = undefined;
      onEmpty();
    }
    const waiting = this.#waiting;
    if (waiting.length > 0) {
      this.#waiting = waiting.filter(({ until }) => !until());
      for (const item of waiting) if (!this.#waiting.includes(item)) item.resolve();
    }
    if (this.#outer) this.#outer.#wake();
  }
}
