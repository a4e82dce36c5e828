/** `npm start`: requests to a WebDAV server on every surface, blocking and with promises, step by step. */
import { parseArgs } from 'node:util';
import { type NeonError, type Response, Session, versions } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { type Nephele, startNephele } from './server.js';
import { connection, failing, heading, paint, step } from './steps.js';

const usage = `usage: npm start [-- URL]
  without URL  starts a WebDAV server (nephele) on a free port here, and sends it OPTIONS, PUT, GET, PROPFIND and DELETE
  with URL     (http or https) sends OPTIONS, HEAD and GET to that server, and so nothing that changes it
               (SSL_CERT_FILE=ca.pem npm start -- https://… trusts an authority of your own)
Exits with 1 when a step fails.`;

interface Wanted {
  method: string;
  target: string;
  headers?: Record<string, string>;
  body?: string;
}
type Answer = [status: number, reason: string | null, size: number];

const query = '<propfind xmlns="DAV:"><prop><getcontentlength/><getlastmodified/></prop></propfind>';
const everything: Wanted[] = [
  { method: 'OPTIONS', target: '/' },
  { method: 'PUT', target: '/tour.txt', body: 'Hello, neon!\n' },
  { method: 'GET', target: '/tour.txt' },
  { method: 'PROPFIND', target: '/', headers: { Depth: '1', 'Content-Type': 'application/xml' }, body: query },
  { method: 'DELETE', target: '/tour.txt' },
];
const safe = (target: string): Wanted[] => ['OPTIONS', 'HEAD', 'GET'].map((method) => ({ method, target }));
const options = { connectTimeout: 15, readTimeout: 30 };

/** OPTIONS and HEAD are not for every server; any other status of 400 or more is a failure. */
const told =
  ({ method }: Wanted) =>
  ([status, reason, size]: Answer): string => {
    const optional = (method === 'OPTIONS' || method === 'HEAD') && (status === 405 || status === 501);
    if (status >= 400 && !optional) throw new Error(`the server answered ${status} ${reason ?? ''}`);
    return `${status} ${reason ?? ''}, ${size} bytes${connection()}`;
  };

/** `libneon/ne`, or with the dispatch of `libneon/ne/promises`. */
async function handles(url: URL, all: Wanted[], dispatch: (req: ne.ne_request) => number | Promise<number>) {
  const scheme = url.protocol.slice(0, -1);
  const port = Number(url.port) || (scheme === 'https' ? 443 : 80);
  const open = (): ne.ne_session => ne.ne_session_create(scheme, url.hostname, port);
  const sess = await step('ne_session_create', open, ne.ne_get_server_hostport);
  if (scheme === 'https') ne.ne_ssl_trust_default_ca(sess);
  ne.ne_set_connect_timeout(sess, options.connectTimeout);
  ne.ne_set_read_timeout(sess, options.readTimeout);
  const send = async ({ method, target, headers = {}, body }: Wanted): Promise<Answer> => {
    const req = ne.ne_request_create(sess, method, target);
    for (const [name, value] of Object.entries(headers)) ne.ne_add_request_header(req, name, value);
    if (body !== undefined) ne.ne_set_request_body_buffer(req, body);
    let size = 0;
    ne.ne_add_response_body_reader(req, ne.ne_accept_always, (block) => void (size += block.length));
    const result = await dispatch(req);
    const { code, reason_phrase } = ne.ne_get_status(req);
    ne.ne_request_destroy(req);
    const name = Object.keys(ne).find((key) => /^NE_[A-Z]+$/.test(key) && ne[key as 'NE_OK'] === result);
    if (result !== ne.NE_OK) throw new Error(`ne_request_dispatch returned ${name}: ${ne.ne_get_error(sess)}`);
    return [code, reason_phrase, size];
  };
  for (const it of all) await step(`${it.method} ${it.target}`, () => send(it), told(it));
  const req = ne.ne_request_create(sess, 'GET', '/');
  await failing('ne_session_destroy', 'ERR_NEON_LIVE_REQUESTS', () => ne.ne_session_destroy(sess));
  await step('ne_request_destroy', () => ne.ne_request_destroy(req));
  await step('ne_session_destroy', () => ne.ne_session_destroy(sess));
}

/** `libneon`, by `requestSync` or `request`. */
async function classes(url: URL, all: Wanted[], send: (session: Session, it: Wanted) => Response | Promise<Response>) {
  const open = (): Session => Session.open(url, options);
  const session = await step('Session.open', open, ({ hostport }) => hostport);
  const answer = async (it: Wanted): Promise<Answer> => {
    const response = await send(session, it);
    return [response.status, response.reasonPhrase, (await response.bytes()).length];
  };
  for (const it of all) await step(`${it.method} ${it.target}`, () => answer(it), told(it));
  const request = session.createRequest('GET', '/');
  await failing('session.destroy', 'ERR_NEON_LIVE_REQUESTS', () => session.destroy());
  await step('request.destroy', () => request.destroy());
  await step('session.close', () => session.close());
}

/** The first request pays for the connection; the next ones find it open. */
async function reuse(url: URL, { method, target }: Wanted) {
  using session = Session.open(url, options);
  const send = (): Response => session.requestSync(method, target);
  for (let i = 1; i <= 4; i++) await step(`${method} ${target}`, send, () => `request ${i}${connection()}`);
  await step('closeConnection', () => session.closeConnection());
  await step(`${method} ${target}`, send, () => `request 5${connection()}`);
}

/** Nobody listens on port 1. */
async function down() {
  using session = new Session('http', '127.0.0.1', 1, options);
  await failing('session.requestSync', 'NE_CONNECT', () => session.requestSync('GET', '/'));
  await failing('session.request', 'NE_CONNECT', () => session.request('GET', '/'));
}

async function tour(url: URL, all: Wanted[]) {
  heading("libneon/ne: neon's C API, blocking");
  await handles(url, all, ne.ne_request_dispatch);
  heading('libneon/ne/promises: the same, dispatched on a thread of the session');
  await handles(url, all, promises.ne_request_dispatch);
  heading('libneon: classes, blocking');
  await classes(url, all, (session, { method, target, ...rest }) => session.requestSync(method, target, rest));
  heading('libneon: classes, with promises');
  await classes(url, all, (session, { method, target, ...rest }) => session.request(method, target, rest));
  heading('One session, one connection');
  await reuse(url, all[0]!);
  heading('A server that is down');
  await down();
}

async function main(): Promise<void> {
  const help = { type: 'boolean', short: 'h' } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help } });
  if (values.help) {
    console.log(usage);
    return;
  }
  const [named, extra] = positionals;
  if (extra !== undefined) throw new Error(`There is no use for the argument ${extra}`);
  if (named !== undefined && (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol)))
    throw new Error(`${named} is not a URL of http or https`);

  const { libneon, neon, tls } = versions;
  console.log(paint('bold', `libneon ${libneon} on neon ${neon}, ${tls ?? 'no TLS'}, Node ${process.versions.node}`));
  if (named !== undefined) {
    const url = new URL(named);
    await tour(url, safe(url.pathname + url.search));
  } else {
    const start = (): Promise<Nephele> => startNephele();
    const server = await step('start nephele', start, ({ origin }) => origin);
    await tour(new URL(server.origin), everything).finally(() => server.stop());
  }
  console.log('\nEverything worked.');
}

main().catch((error: unknown) => {
  const { code, message } = error as NeonError;
  console.error(`\n${paint('red', `Failed: ${code ? `${code}: ` : ''}${message}`)}`);
  process.exitCode = 1;
});
