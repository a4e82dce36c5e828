/** The methods of sessions in both forms, so that suites run from one table over them. */
import { type Response, Session, SessionPool } from 'libneon';

/** The methods that exist in both forms. */
export type Method =
  | 'get' | 'head' | 'put' | 'post' | 'delete' | 'mkcol' | 'copy' | 'move' | 'options' | 'getModTime' | 'getRange'
  | 'proppatch' | 'setAcl'; // prettier-ignore

/** The methods of both forms. The promise of a blocking method rejects with the error that it throws. */
export type Methods = {
  readonly [N in Method]: (...values: Parameters<Session[N]>) => Promise<Awaited<ReturnType<Session[N]>>>;
};

type Client = Session | SessionPool;

function methods(client: Client, suffix: '' | 'Sync'): Methods {
  return new Proxy({} as Methods, {
    get:
      (_, name: Method) =>
      async (...values: unknown[]) =>
        (client as Session)[`${name}${suffix}`](...(values as [never, never, never])),
  });
}

/** Both forms of sessions. */
export const forms: [form: string, of: (session: Session) => Methods][] = [
  ['promises', (session) => methods(session, '')],
  ['blocking', (session) => methods(session, 'Sync')],
];

/** All clients that have these methods. */
export const clients: [form: string, connect: (url: string) => Client, of: (client: Client) => Methods][] = [
  ['promises', (url) => Session.open(url), (client) => methods(client, '')],
  ['blocking', (url) => Session.open(url), (client) => methods(client, 'Sync')],
  ['pool', (url) => new SessionPool(url), (client) => methods(client, '')],
];

/** The two ways to send a request of any method, by name. */
export const requestForms: [
  form: string,
  send: (session: Session, ...values: Parameters<Session['request']>) => Promise<Response>,
][] = [
  ['request', (session, ...values) => session.request(...values)],
  ['requestSync', async (session, ...values) => session.requestSync(...values)],
];
