/** The methods of sessions in both forms. A table of tests can therefore run with both. */
import { type Response, Session, SessionPool } from 'libneon';

/** Methods that send one HTTP or WebDAV request and return its response. */
export type Method =
  | 'get' | 'head' | 'put' | 'post' | 'delete' | 'mkcol' | 'copy' | 'move' | 'options' | 'getModTime' | 'getRange'
  | 'proppatch' | 'setAcl'; // prettier-ignore

/** All methods that exist in both forms. */
type AnyMethod =
  | Method
  | 'request' | 'propfind' | 'propNames' | 'list' | 'stat' | 'exists' | 'quota' | 'report' | 'search'
  | 'patchRange' | 'lock' | 'unlock' | 'refreshLock' | 'discoverLocks' | 'withLock'; // prettier-ignore

/** The methods, all with promises. If a blocking method throws, its promise rejects with the same error. */
export type Methods = {
  readonly [N in AnyMethod]: (...values: Parameters<Session[N]>) => Promise<Awaited<ReturnType<Session[N]>>>;
};

type Client = Session | SessionPool;

function methods(client: Client, suffix: '' | 'Sync'): Methods {
  const table = client as unknown as Record<string, (...values: unknown[]) => unknown>;
  return new Proxy({} as Methods, {
    get:
      (_, name: AnyMethod) =>
      async (...values: unknown[]) =>
        table[`${name}${suffix}`]!(...values),
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

/** Two ways to send a request with any method, each with its name. */
export const requestForms: [
  form: string,
  send: (session: Session, ...values: Parameters<Session['request']>) => Promise<Response>,
][] = [
  ['request', (session, ...values) => session.request(...values)],
  ['requestSync', async (session, ...values) => session.requestSync(...values)],
];
