/** The methods of sessions in both forms, so that suites run from one table over them. */
import type { Session } from 'libneon';

/** What exists in both forms. */
export type Method =
  | 'get' | 'head' | 'put' | 'post' | 'delete' | 'mkcol' | 'copy' | 'move' | 'options' | 'getModTime' | 'getRange'
  | 'proppatch' | 'setAcl'; // prettier-ignore

/** The methods of both forms. What a blocking one throws, its promise rejects with. */
export type Methods = {
  readonly [N in Method]: (...values: Parameters<Session[N]>) => Promise<Awaited<ReturnType<Session[N]>>>;
};

function methods(session: Session, suffix: '' | 'Sync'): Methods {
  return new Proxy({} as Methods, {
    get:
      (_, name: Method) =>
      async (...values: unknown[]) =>
        (session[`${name}${suffix}`] as (...values: unknown[]) => unknown)(...values),
  });
}

export const forms: [form: string, of: (session: Session) => Methods][] = [
  ['promises', (session) => methods(session, '')],
  ['blocking', (session) => methods(session, 'Sync')],
];
