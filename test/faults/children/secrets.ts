/**
 * secrets.js OPTIONS: uses a secret in one way, and writes everything that a program might log to standard output:
 * errors, inspected objects, strings. Then drops everything and writes a heap snapshot. NODE_DEBUG goes to standard
 * error. The secret is masked in OPTIONS, so that only its uses can put it into the heap.
 */
import { readFileSync, writeSync } from 'node:fs';
import { format, inspect } from 'node:util';
import { writeHeapSnapshot } from 'node:v8';
import { ClientCertificate, Session, SessionPool, type SessionOptions } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { collect, turn } from '../../lifecycle/children/tools.js';

/** The options of the script. */
export interface SecretOptions {
  readonly use: Use;
  readonly port: number;
  /** The secret, each character shifted by one. */
  readonly masked: string;
  readonly snapshot: string;
  /** A PKCS#12 file that the secret does not open. */
  readonly p12: string;
}

const { use, port, masked, snapshot, p12 } = JSON.parse(process.argv[2]!) as SecretOptions;
const secretOf = (): string => String.fromCharCode(...Array.from(masked, (character) => character.charCodeAt(0) - 1));
const host = '127.0.0.1';

/** Writes a value in every form in which a program might log it. */
function log(value: unknown): void {
  const forms = [
    () => inspect(value, { depth: Infinity, showHidden: true, getters: false }),
    () => String(value),
    () => format('%s %j %o', value, value, value),
    () => JSON.stringify(value),
    () => (value as Error).stack,
    () => inspect((value as Error).cause, { depth: Infinity }),
  ];
  for (const form of forms) {
    let text: string;
    try {
      text = String(form());
    } catch {
      continue; // not every value has every form
    }
    writeSync(1, `${text}\n`);
  }
}

async function tried(call: () => unknown): Promise<void> {
  try {
    log(await call());
  } catch (error) {
    log(error);
  }
}

/** Sends requests of both forms that succeed, fail and are refused. */
async function requests(given: SessionOptions): Promise<void> {
  const options = { ...given, readTimeout: 1000 };
  const session = new Session('http', host, port, options);
  const pool = new SessionPool(`http://${host}:${port}/`, options);
  for (const call of [
    () => session.request('GET', '/first'),
    () => session.get('/second'),
    () => session.getSync('/third'),
    () => session.propfind('/fourth'),
    () => session.put('/fifth', 'body', { timeout: 1 }),
    () => pool.get('/sixth'),
  ])
    await tried(call);
  log(session);
  log(pool);
  log(session.handle);
  log(session.createRequest('GET', '/', { headers: { 'X-A': 'b' } }));
  session.destroy({ force: true });
  pool.destroy({ force: true });
}

const uses = {
  password: () => requests({ auth: { username: 'user', password: secretOf() } }),
  'password for Basic only': () => requests({ auth: { username: 'user', password: secretOf(), protocols: ['basic'] } }),
  'password from a callback': () =>
    requests({
      auth: { provide: ({ attempt }) => (attempt > 1 ? null : { username: 'user', password: secretOf() }) },
    }),
  'proxy password': () => requests({ proxy: { host, port }, proxyAuth: { username: 'user', password: secretOf() } }),
  'SOCKS password': () => requests({ proxy: { type: 'socks5', host, port, username: 'user', password: secretOf() } }),
  'Authorization header': () => requests({ headers: { Authorization: `Basic ${secretOf()}` } }),
  'authorization header in lower case': () => requests({ headers: { authorization: `Bearer ${secretOf()}` } }),
  'Cookie header': () => requests({ headers: { Cookie: `session=${secretOf()}` } }),
  'wrong type of a password': () =>
    tried(() => new Session('http', host, port, { auth: { username: 'user', password: [secretOf()] as never } })),
  'password that is too long': () =>
    tried(() => new Session('http', host, port, { auth: { username: 'user', password: secretOf().repeat(100) } })),
  'URL with a password': async () => {
    await tried(() => Session.open(`http://user:${secretOf()}@${host}:${port}/`));
    await tried(() => new SessionPool(`http://user:${secretOf()}@${host}:${port}/`));
    const session = new Session('http', host, port);
    await tried(() => session.get(`http://user:${secretOf()}@${host}:${port}/a`));
    await tried(() => session.copy('/a', `http://user:${secretOf()}@${host}:${port}/b`));
    session.destroy({ force: true });
  },
  passphrase: async () => {
    await tried(() => new Session('https', host, port, { tls: { pfx: readFileSync(p12), passphrase: secretOf() } }));
    await tried(() => ClientCertificate.read(p12, secretOf()));
  },
  'ne, password': async () => {
    for (const dispatch of [ne.ne_request_dispatch, promises.ne_request_dispatch]) {
      const session = ne.ne_session_create('http', host, port);
      ne.ne_set_server_auth(session, (_, attempt) => (attempt > 0 ? 1 : { username: 'user', password: secretOf() }));
      const request = ne.ne_request_create(session, 'GET', '/');
      await tried(() => dispatch(request));
      log(ne.ne_get_error(session));
      log(session);
      log(request);
      ne.ne_request_destroy(request);
      await promises.ne_session_destroy(session);
    }
  },
} satisfies Record<string, () => Promise<void>>;

export type Use = keyof typeof uses;

void (async () => {
  await uses[use]();
  for (let i = 0; i < 10; i++) {
    collect();
    await turn();
  }
  writeHeapSnapshot(snapshot);
  process.exit(0);
})();
