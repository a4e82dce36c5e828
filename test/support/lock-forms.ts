/** A table of the session's lock methods. It covers the blocking methods and the methods that return promises. */
import { type Lock, Session } from 'libneon';

type SessionCall =
  | 'lock'
  | 'unlock'
  | 'refreshLock'
  | 'discoverLocks'
  | 'request'
  | 'put'
  | 'delete'
  | 'mkcol'
  | 'copy'
  | 'move'
  | 'proppatch'
  | 'setAcl';

/** The lock methods of a session, by name. Each returns a promise, even for a blocking method. */
export type LockCalls = {
  readonly [N in SessionCall]: (...values: Parameters<Session[N]>) => Promise<Awaited<ReturnType<Session[N]>>>;
} & {
  withLock<T>(target: string, action: (lock: Lock) => T): Promise<Awaited<T>>;
  refresh(lock: Lock): Promise<number | null>;
  unlockLock(lock: Lock): Promise<void>;
  dispose(lock: Lock): Promise<void>;
};

type Methods = Record<string, (...values: unknown[]) => unknown>;

function calls(session: Session, suffix: '' | 'Sync'): LockCalls {
  const of =
    (object: unknown, name: string) =>
    async (...values: unknown[]): Promise<unknown> =>
      ((object as Methods)[name + suffix] as (...values: unknown[]) => unknown).apply(object, values);
  const own: Record<string, unknown> = {
    refresh: (lock: Lock) => of(lock, 'refresh')(),
    unlockLock: (lock: Lock) => of(lock, 'unlock')(),
    dispose: async (lock: Lock) => (suffix ? lock[Symbol.dispose]() : lock[Symbol.asyncDispose]()),
  };
  return new Proxy({} as LockCalls, { get: (_, name: string) => own[name] ?? of(session, name) });
}

/** Both forms. */
export const lockForms: readonly { form: string; blocking: boolean; calls: (session: Session) => LockCalls }[] = [
  { form: 'promises', blocking: false, calls: (session) => calls(session, '') },
  { form: 'blocking', blocking: true, calls: (session) => calls(session, 'Sync') },
];

/**
 * A session with the flag `connauth`, so that scripts run in order. Without this flag, neon would open a new connection
 * for each LOCK.
 */
export const lockSession = ({ port }: { port: number }): Session =>
  Session.open(`http://127.0.0.1:${port}/c/`, { flags: { connauth: true } });

/** A session that sends nothing. */
export const nowhere = (): Session => Session.open('http://127.0.0.1:1/');
