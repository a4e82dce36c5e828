/** Requests whose bodies neon composes: PROPPATCH and ACL. */
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import type { ne_session } from '../ne/handles.js';
import { type CallSettings, composedOptions } from './call-options.js';
import { type Convert, RequestCall } from './request-call.js';
import type { RawResponse } from './head.js';

type Send<R> = (session: ne_session, target: string, options: string, content: readonly object[]) => R;

/** The addon's functions, by the methods of their requests. */
const functions = { PROPPATCH: 'proppatch', ACL: 'setAcl' } as const;

/** A request whose body is composed by neon. One neon function composes the body and sends the request. @internal */
export class ComposedRequest<Result> extends RequestCall<Result> {
  readonly #content: readonly object[];

  /** @param content the arguments from which neon composes the body: operations of PROPPATCH, or entries of an ACL */
  constructor(
    override readonly method: keyof typeof functions,
    target: string,
    content: readonly object[],
    flags: readonly number[],
    convert: Convert<Result>,
  ) {
    super(method, target, undefined, flags, convert);
    this.#content = content;
  }

  override send(session: ne_session, settings: CallSettings): void {
    const send = addon.async[functions[this.method]] as unknown as Send<void>;
    send(session, this.target, composedOptions(settings, this.flags), this.#content);
  }

  override sendSync(session: ne_session, settings: CallSettings): RawResponse {
    const send = native<Send<RawResponse>>(functions[this.method]);
    return send(session, this.target, composedOptions(settings, this.flags), this.#content);
  }

  protected override to(target: string): ComposedRequest<Result> {
    return new ComposedRequest(this.method, target, this.#content, this.flags, this.convert as Convert<Result>);
  }
}
