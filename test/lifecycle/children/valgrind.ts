/** valgrind.js PORT SILENT TLSPORT CA: tries all areas of the package briefly under valgrind. Needs --expose-gc. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Session } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { collect, report, times, turn } from './tools.js';
import { webdav } from './valgrind-dav.js';

const [, , portText, silentText, tlsPortText, ca] = process.argv;
const [port, silent, tlsPort] = [portText, silentText, tlsPortText].map(Number) as [number, number, number];
const host = 'localhost';

void main();

async function main(): Promise<void> {
  functions();
  await functionsLater();
  await classes();
  await overTls();
  await webdav(host, port);
  await aborts();
  dropped();
  for (let i = 0; i < 5; i++, await turn()) collect();
  report({ done: true });
}

function functions(): void {
  const session = ne.ne_session_create('http', host, port);
  ne.ne_set_useragent(session, 'test/1');
  const request = ne.ne_request_create(session, 'PUT', '/echo');
  ne.ne_set_request_body_buffer(request, 'x'.repeat(100_000));
  let length = 0;
  ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void (length += block.length));
  assert.equal(ne.ne_request_dispatch(request), ne.NE_OK);
  assert.equal(length, 100_000);
  const name = { value: '' };
  const value = { value: '' };
  for (let cursor = null; (cursor = ne.ne_response_header_iterate(request, cursor, name, value)););
  ne.ne_request_destroy(request);
  const thrower = ne.ne_request_create(session, 'GET', '/large');
  ne.ne_add_response_body_reader(thrower, ne.ne_accept_always, () => {
    throw new Error('thrown on purpose');
  });
  assert.throws(() => ne.ne_request_dispatch(thrower), { message: 'thrown on purpose' });
  ne.ne_request_destroy(thrower);
  ne.ne_session_destroy(session);
}

async function functionsLater(): Promise<void> {
  const session = ne.ne_session_create('http', host, port);
  const request = await promises.ne_request_create(session, 'GET', '/chunked');
  assert.equal(await promises.ne_begin_request(request), ne.NE_OK);
  const block = Buffer.alloc(50_000);
  while ((await promises.ne_read_response_block(request, block)) > 0);
  assert.equal(await promises.ne_end_request(request), ne.NE_OK);
  await promises.ne_request_destroy(request);
  const reading = ne.ne_request_create(session, 'GET', '/large');
  let length = 0;
  ne.ne_add_response_body_reader(
    reading,
    () => 1,
    async (read) => {
      await turn();
      length += read.length;
    },
  );
  assert.equal(await promises.ne_request_dispatch(reading), ne.NE_OK);
  assert.equal(length, 300_000);
  const half = await promises.ne_request_create(session, 'GET', '/large');
  assert.equal(await promises.ne_begin_request(half), ne.NE_OK);
  await promises.ne_request_destroy(half);
  ne.ne_request_destroy(reading);
  await promises.ne_session_destroy(session);
}

async function classes(): Promise<void> {
  await using session = new Session('http', host, port);
  const answers = await Promise.all(times(10, () => session.request('GET', '/small', { headers: { 'X-A': 'b' } })));
  for (const answer of answers) assert.equal(await answer.text(), 'hello\n');
  assert.equal((await (await session.request('GET', '/large')).bytes()).length, 300_000);
  let length = 0;
  for await (const block of (await session.request('GET', '/chunked')).body) length += (block as Buffer).length;
  assert.equal(length, 300_006);
  const value = { xml: '<D:href>/x</D:href>' };
  await session.proppatch('/small', [{ set: { '{urn:x}a': '<&>', displayname: value } }, { remove: ['getetag'] }]);
  session.setAclSync('/small', [{ principal: { property: '{urn:x}a' }, grant: ['read'] }]);
  await assert.rejects(session.proppatch('/small', { set: { a: { xml: '<' } } }), { code: 'ERR_INVALID_ARG_VALUE' });
  await assert.rejects(session.proppatch('/cut', { remove: ['a'] }), { code: 'NE_ERROR' });
  (await session.request('GET', '/endless')).cancel();
  await assert.rejects(session.request('GET', '/cut'), { code: 'NE_ERROR' });
}

async function overTls(): Promise<void> {
  using session = new Session('https', host, tlsPort, { tls: { ca: readFileSync(ca!), trustDefaultCA: false } });
  assert.equal(await (await session.request('GET', '/small')).text(), 'hello\n');
  assert.equal(session.requestSync('GET', '/large').bytesSync().length, 300_000);
}

async function aborts(): Promise<void> {
  const controller = new AbortController();
  const sessions = times(5, () => new Session('http', host, silent));
  const waiting = sessions.flatMap((session) => times(2, () => session.request('GET', '/', controller)));
  const settled = Promise.allSettled(waiting);
  await sleep(300);
  controller.abort();
  for (const { status } of await settled) assert.equal(status, 'rejected');
  for (const session of sessions) session.destroy({ force: true });
  const late = new Session('http', host, silent);
  await assert.rejects(late.request('GET', '/', { timeout: 200 }), { code: 'NE_TIMEOUT' });
  await assert.rejects(late.setAcl('/', [], { timeout: 200 }), { code: 'NE_TIMEOUT' });
  late.destroy();
}

function dropped(): void {
  const session = ne.ne_session_create('http', host, port);
  const request = ne.ne_request_create(session, 'GET', '/large');
  ne.ne_add_response_body_reader(
    request,
    () => (session ? 1 : 0),
    () => (request ? 0 : 1),
  );
  assert.equal(ne.ne_begin_request(request), ne.NE_OK);
  assert(ne.ne_read_response_block(request, Buffer.alloc(1000)) > 0);
}
