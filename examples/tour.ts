/**
 * Implements `npm start`: sends plain requests to a WebDAV server by three entry points, and then shows what is special
 * about this package, step by step.
 */
import { parseArgs } from 'node:util';
import { type NeonError, type Response, Session, versions } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { type Nephele, startNephele } from './server.js';
import { abort, blocking, locking, tree, upload } from './special.js';
import { connection, failing, heading, paint, step } from './steps.js';

const usage = `usage: npm start [-- URL]
  without URL  starts a WebDAV server (nephele) on a free local port, and shows everything
  with URL     (http or https) sends only OPTIONS, HEAD and GET to that server, which change nothing
               (SSL_CERT_FILE=ca.pem npm start -- https://… trusts a private authority)
Exits with 1 when a step fails.`;

interface Message {
  method: string;
  target: string;
  headers?: Record<string, string>;
  body?: string;
}
type Reply = [status: number, reason: string | null, size: number];

const query = '<propfind xmlns="DAV:"><prop><getcontentlength/><getlastmodified/></prop></propfind>';
const everything: Message[] = [
  { method: 'OPTIONS', target: '/' },
  { method: 'PUT', target: '/tour.txt', body: 'Hello, neon!\n' },
  { method: 'GET', target: '/tour.txt' },
  { method: 'PROPFIND', target: '/', headers: { Depth: '1', 'Content-Type': 'application/xml' }, body: query },
  { method: 'DELETE', target: '/tour.txt' },
];
const safe = (target: string): Message[] => ['OPTIONS', 'HEAD', 'GET'].map((method) => ({ method, target }));
const options = { connectTimeout: 15_000, readTimeout: 30_000 };

/**
 * Describes a response. Throws if the status is 400 or more, except for 405 and 501 in response to OPTIONS and HEAD,
 * which are optional for servers.
 */
const describe =
  ({ method }: Message) =>
  ([status, reason, size]: Reply): string => {
    const optional = (method === 'OPTIONS' || method === 'HEAD') && (status === 405 || status === 501);
    if (status >= 400 && !optional) throw new Error(`the server responded ${status} ${reason ?? ''}`);
    return `${status} ${reason ?? ''}, ${size} bytes${connection()}`;
  };

/** Uses `libneon/ne` with its blocking dispatch function, or with the dispatch function of `libneon/ne/promises`. */
async function handles(url: URL, all: Message[], dispatch: (req: ne.ne_request) => number | Promise<number>) {
  const scheme = url.protocol.slice(0, -1);
  const port = Number(url.port) || (scheme === 'https' ? 443 : 80);
  const open = (): ne.ne_session => ne.ne_session_create(scheme, url.hostname, port);
  const sess = await step('ne_session_create', open, ne.ne_get_server_hostport);
  if (scheme === 'https') ne.ne_ssl_trust_default_ca(sess);
  ne.ne_set_connect_timeout(sess, options.connectTimeout / 1000);
  ne.ne_set_read_timeout(sess, options.readTimeout / 1000);
  const send = async ({ method, target, headers = {}, body }: Message): Promise<Reply> => {
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
  for (const it of all) await step(`${it.method} ${it.target}`, () => send(it), describe(it));
  const req = ne.ne_request_create(sess, 'GET', '/');
  await failing('ne_session_destroy', 'ERR_NEON_LIVE_REQUESTS', () => ne.ne_session_destroy(sess));
  await step('ne_request_destroy', () => ne.ne_request_destroy(req));
  await step('ne_session_destroy', () => ne.ne_session_destroy(sess));
}

/** Uses `libneon`. */
async function classes(url: URL, all: Message[]) {
  const open = (): Session => Session.open(url, options);
  const session = await step('Session.open', open, ({ hostport }) => hostport);
  const answer = async ({ method, target, ...rest }: Message): Promise<Reply> => {
    const response = await session.request(method, target, rest);
    return [response.status, response.reasonPhrase, (await response.bytes()).length];
  };
  for (const it of all) await step(`${it.method} ${it.target}`, () => answer(it), describe(it));
  const request = session.createRequest('GET', '/');
  await failing('session.destroy', 'ERR_NEON_LIVE_REQUESTS', () => session.destroy());
  await step('request.destroy', () => request.destroy());
  await step('session.close', () => session.close());
}

/** Shows that the first request opens the connection, and that the following requests reuse it. */
async function reuse(url: URL, { method, target }: Message) {
  using session = Session.open(url, options);
  const send = (): Response => session.requestSync(method, target);
  for (let i = 1; i <= 4; i++) await step(`${method} ${target}`, send, () => `request ${i}${connection()}`);
  await step('closeConnection', () => session.closeConnection());
  await step(`${method} ${target}`, send, () => `request 5${connection()}`);
}

/** Fails to connect: nothing listens on port 1. */
async function down() {
  using session = new Session('http', '127.0.0.1', 1, options);
  await failing('session.requestSync', 'NE_CONNECT', () => session.requestSync('GET', '/'));
  await failing('session.request', 'NE_CONNECT', () => session.request('GET', '/'));
}

async function plain(url: URL, all: Message[]) {
  heading('libneon: classes');
  await classes(url, all);
  heading("libneon/ne: the same requests by neon's C API, blocking");
  await handles(url, all, ne.ne_request_dispatch);
  heading('libneon/ne/promises: the C API again, on a thread of the session');
  await handles(url, all, promises.ne_request_dispatch);
  heading('One session, one connection');
  await reuse(url, all[0]!);
  heading('A server that is down');
  await down();
}

async function special(origin: string) {
  heading('A tree is listed while the event loop keeps ticking');
  await tree(origin);
  heading('A second session respects a lock');
  await locking(origin);
  heading('An upload from a file reports its progress');
  const target = await upload(origin);
  heading('A blocking call is for scripts: the event loop stands still');
  await blocking(origin, target);
  heading('The server sees an abort');
  await abort();
}

const next = `
Read next
  README.md                     what the package is, how to install it, what it does not do
  docs/guide/first-steps.md     your first program
  docs/guide/from-c.md          coming from neon in C: a program, twice
  docs/guide/webdav.md          coming from npm webdav: change the import
  docs/guide/from-fetch.md      coming from fetch
  docs/guide/blocking.md        blocking calls or promises
  docs/guide/locks.md           two programs that write to the same files
  docs/guide/errors.md          errors by symptom
  examples/README.md            small programs to start from`;

async function main(): Promise<void> {
  const help = { type: 'boolean', short: 'h' } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help } });
  if (values.help) {
    console.log(usage);
    return;
  }
  const [named, extra] = positionals;
  if (extra !== undefined) throw new Error(`Unexpected argument: ${extra}`);
  if (named !== undefined && (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol)))
    throw new Error(`${named} is not a URL of http or https`);

  const { libneon, neon, tls } = versions;
  console.log(paint('bold', `libneon ${libneon} on neon ${neon}, ${tls ?? 'no TLS'}, Node ${process.versions.node}`));
  if (named !== undefined) {
    const url = new URL(named);
    await plain(url, safe(url.pathname + url.search));
  } else {
    const start = (): Promise<Nephele> => startNephele();
    const server = await step('start nephele', start, ({ origin }) => origin);
    try {
      await plain(new URL(server.origin), everything);
      await special(server.origin);
    } finally {
      await server.stop();
    }
  }
  console.log(`\n${paint('green', `Everything worked, in ${(performance.now() / 1000).toFixed(1)} s.`)}`);
  console.log(next);
}

main().catch((error: unknown) => {
  const { code, message } = error as NeonError;
  console.error(`\n${paint('red', `Failed: ${code ? `${code}: ` : ''}${message}`)}`);
  process.exitCode = 1;
});
