import { abortable, type CallOptions, type Stop } from '../core/abort.js';
import { NeonError, type ErrorContext } from '../core/errors.js';
import type { Live } from './live-set.js';
import type { ne_session } from '../ne/handles.js';
import type { RequestOwner } from './request.js';

/** Which call an error belongs to. @internal */
export type CallContext = Required<Pick<ErrorContext, 'method' | 'target' | 'origin'>>;

/**
 * Runs a call of the addon's on a session, after what the session was given before; live meanwhile. Its timeout began at
 * `since`, which is now unless given. @internal
 */
export async function runCall<T>(
  owner: RequestOwner,
  context: CallContext,
  start: (session: ne_session) => Promise<T>,
  options: CallOptions,
  since?: number,
): Promise<T> {
  owner.requireOpen();
  let stop: Stop = () => undefined;
  const item: Live = { description: `${context.method} ${context.target}`, end: (reason) => stop(reason) };
  owner.live.add(item);
  try {
    return await abortable(
      () => start(owner.handle),
      options,
      (given) => (stop = given),
      since,
    );
  } catch (error) {
    throw NeonError.within(error, context);
  } finally {
    owner.live.delete(item);
  }
}

/** The same, blocking. @internal */
export function runCallSync<T>(owner: RequestOwner, context: CallContext, start: (session: ne_session) => T): T {
  owner.requireOpen();
  try {
    return start(owner.handle);
  } catch (error) {
    throw NeonError.within(error, context);
  }
}
