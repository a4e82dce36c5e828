/** The events of neon's notifier: the event `'status'`, and the option `onProgress`. */
import { native } from '../core/native.js';
import {
  ne_status_connected,
  ne_status_connecting,
  ne_status_disconnected,
  ne_status_handshake,
  ne_status_lookup,
  ne_status_recving,
  ne_status_sending,
} from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';

/**
 * An event of a session (`ne_notify_status`), such as a lookup, a connection, or progress of a body. If newer progress
 * arrives before earlier progress is reported, only the newer progress is reported.
 */
export interface StatusEvent {
  /** The kind of event: `ne_status_lookup` to `ne_status_disconnected`. */
  readonly type: 'lookup' | 'connecting' | 'connected' | 'handshake' | 'sending' | 'receiving' | 'disconnected';
  /** The host name of the server or the proxy, if neon reports it; undefined for progress. */
  readonly hostname?: string | undefined;
  /** The network address that neon connects to: for `connecting`. */
  readonly address?: string | undefined;
  /** The bytes of the body so far: for `sending` and `receiving`. */
  readonly progress?: number | undefined;
  /** The length of the body in bytes; undefined when it is unknown. */
  readonly total?: number | undefined;
}

/** The progress of a body. */
export interface ProgressEvent {
  /** `'sending'` for the body of the request, `'receiving'` for the body of the response. */
  readonly type: 'sending' | 'receiving';
  /** The bytes so far. */
  readonly progress: number;
  /** The length of the body in bytes; undefined when it is unknown. */
  readonly total: number | undefined;
}

/** The watch on the progress of one operation. @internal */
export interface ProgressWatch {
  /** Notes that the operation was started, with this identity. */
  readonly started: (operation: number) => void;
  /** Stops watching; must be called exactly once. Progress made before the call is still reported. */
  readonly stop: () => void;
}

type OnStatus = (
  status: number,
  hostname: string,
  address: string,
  progress: number,
  total: number,
  operation: number,
) => void;

const watchStatus: (session: ne_session) => void = native('watchStatus');
const enableStatus: (session: ne_session, onStatus: OnStatus | null) => void = native('enableStatus');

const types: Readonly<Record<number, StatusEvent['type']>> = {
  [ne_status_lookup]: 'lookup',
  [ne_status_connecting]: 'connecting',
  [ne_status_connected]: 'connected',
  [ne_status_handshake]: 'handshake',
  [ne_status_sending]: 'sending',
  [ne_status_recving]: 'receiving',
  [ne_status_disconnected]: 'disconnected',
};

/** Passes the events of a session to a listener. Progress events also go to the calls that caused them. @internal */
export class StatusEmitter {
  readonly #session: ne_session;
  readonly #progress = new Map<number, (event: ProgressEvent) => void>();
  #emit: ((event: StatusEvent) => void) | undefined;
  #watches = 0;
  #ended = false;

  constructor(session: ne_session) {
    this.#session = session;
    watchStatus(session);
  }

  /** Passes all further events to `emit`. If `emit` is undefined, events are no longer passed on. */
  listen(emit: ((event: StatusEvent) => void) | undefined): void {
    this.#emit = emit;
    this.#enable();
  }

  /**
   * Reports the progress of one operation to `onProgress`. Must be called before the operation starts. Afterwards,
   * `started` must be called with the number of the operation.
   */
  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    let number: number | undefined;
    this.#watches++;
    this.#enable();
    return {
      started: (operation) => this.#progress.set((number = operation), onProgress),
      stop: () =>
        void setImmediate(() => {
          if (number !== undefined) this.#progress.delete(number);
          this.#watches--;
          this.#enable();
        }),
    };
  }

  /** Called when the session is about to be destroyed. Earlier events are still passed on. */
  end(): void {
    this.#ended = true;
  }

  #enable(): void {
    if (this.#ended) return;
    enableStatus(this.#session, this.#emit || this.#watches > 0 ? this.#onStatus : null);
  }

  readonly #onStatus: OnStatus = (status, hostname, address, progress, total, operation) => {
    const type = types[status];
    if (type === undefined) return;
    if (type !== 'sending' && type !== 'receiving') {
      this.#emit?.({ type, ...(hostname && { hostname }), ...(address && { address }) });
      return;
    }
    const event: ProgressEvent = { type, progress, total: total < 0 ? undefined : total };
    this.#progress.get(operation)?.(event);
    this.#emit?.(event);
  };
}
