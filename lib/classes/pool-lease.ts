import { types } from 'node:util';

import type { CallOptions, Stop } from '../core/abort.js';
import { NeonError, type ErrorContext } from '../core/errors.js';
import { type Live, LiveSet } from './live-set.js';
import * as ne from '../ne/index.js';
import { ne_close_connection } from '../ne/promises.js';
import type { Hop } from './redirect.js';
import { Request, type RequestOwner } from './request.js';
import type { Response } from './response.js';
import type { Session } from './session.js';
import type { ProgressEvent, ProgressWatch } from './status.js';

/** Something that a pool gives a session of its own: it waits for it, has it, and is over when nothing of it is live. */
export class Lease implements Live, RequestOwner {
  readonly description: string;
  readonly context: ErrorContext;
  /** The request, and its response while that is being read. */
  readonly live = new LiveSet();
  session: Session | undefined;
  /** Whether the whole response arrived at once. */
  whole = false;

  /** Ends its waiting with a session. */
  begin: (session: Session) => void = () => undefined;
  /** Ends its waiting without one. */
  refuse: Stop = () => undefined;

  constructor(
    readonly origin: string,
    readonly inflate: number,
    method: string,
    target: string,
  ) {
    this.description = `${method} ${target}`;
    this.context = { method, target, origin };
  }

  get handle(): ne.ne_session {
    return this.#session().handle;
  }

  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    return this.#session().watchProgress(onProgress);
  }

  requireOpen(): void {
    // The pool asks before; a request that it took goes on while it is closing.
  }

  /** What it is going to send stays as it is now. */
  keepBody(): void {
    // It sends nothing that could change.
  }

  end({ message, code }: NeonError): void {
    const reason = new NeonError(message, code, this.context);
    this.refuse(reason);
    this.live.end(reason);
  }

  #session(): Session {
    if (!this.session) throw new Error('A request is dispatched when it has a session');
    return this.session;
  }
}

/** One request and its response. */
export class RequestLease extends Lease {
  readonly request: Request;

  constructor(
    origin: string,
    inflate: number,
    hop: Hop,
    readonly responded: NonNullable<RequestOwner['responded']>,
  ) {
    const { method, target } = hop;
    super(origin, inflate, method, target);
    this.request = new Request(this, method, target, hop);
  }

  override keepBody(): void {
    const { body } = this.request;
    if (types.isUint8Array(body)) this.request.body = Buffer.from(body);
  }

  async run(since: number, limits: CallOptions): Promise<Response> {
    const response = await this.request.dispatchSince(since, limits);
    this.whole = this.live.size === 1; // the request itself; a body that is arriving would be live, too
    return response;
  }
}

/** Whether the session's thread is still inside C, after an abort or a cancelled body. */
export function inUse({ handle }: Session): boolean {
  try {
    ne.ne_get_session_flag(handle, ne.NE_SESSFLAG_PERSIST);
    return false;
  } catch {
    return true;
  }
}

/** Waits until it is not. The connection of what was aborted is closed in any case. */
export function outOfUse({ handle }: Session): Promise<void> {
  return ne_close_connection(handle).catch(() => undefined);
}
