import type { Body } from './body.js';
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import type { ne_session } from '../ne/handles.js';
import type { RawResponse } from './response.js';

type Send<R> = (
  session: ne_session,
  target: string,
  headers: readonly string[],
  flags: readonly number[],
  content: readonly object[],
) => R;

/** The addon's functions, and the methods of their requests. */
const methods = { PROPPATCH: 'proppatch', ACL: 'setAcl' } as const;

/** A request body that a function of neon's writes, which makes and sends the request, too. */
export class ComposedRequest {
  readonly #name: (typeof methods)[keyof typeof methods];
  readonly #content: readonly object[];

  constructor(method: keyof typeof methods, content: readonly object[]) {
    this.#name = methods[method];
    this.#content = content;
  }

  /** In the place of any other body: nobody but a request looks at it. */
  static body(method: keyof typeof methods, content: readonly object[]): Body {
    return new ComposedRequest(method, content) as unknown as Body;
  }

  send(session: ne_session, target: string, headers: readonly string[], flags: readonly number[]): Promise<RawResponse> {
    const send = addon.async[this.#name] as unknown as Send<Promise<RawResponse>>;
    return send(session, target, headers, flags, this.#content);
  }

  sendSync(session: ne_session, target: string, headers: readonly string[], flags: readonly number[]): RawResponse {
    return native<Send<RawResponse>>(this.#name)(session, target, headers, flags, this.#content);
  }
}
