/** Tests of `NODE_DEBUG=libneon`, which enables the debugging log of neon. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { response } from '../../servers/raw.js';
import { runNode } from '../../support/child.js';
import { answering, exchange, keepAlive, testServers } from '../../support/servers.js';

const serve = testServers();
const script = path.join(__dirname, '../../support/debug-child.js');
const silent = 'libneon: NODE_DEBUG=libneon: this neon was built without debugging and says nothing\n';

async function run(port: number, mode: string, nodeDebug?: string): Promise<{ log: string; output: string }> {
  const { NODE_DEBUG: _, ...env } = process.env;
  const child = await runNode([script, String(port), mode], undefined, {
    ...env,
    ...(nodeDebug !== undefined && { NODE_DEBUG: nodeDebug }),
  });
  expect(child.exit).toBe(0);
  return { log: child.stderr, output: child.stdout };
}

/** Runs the program and returns only its log. */
const logOf = async (port: number, mode: string): Promise<string> => (await run(port, mode, 'libneon')).log;

/** Expects that a log contains no password, and nothing else that would authenticate a user. */
function expectNoCredentials(log: string): void {
  for (const secret of [
    'the-password',
    'cookie-1',
    'cookie-2',
    Buffer.from('the-user:the-password').toString('base64'),
  ])
    expect(log).not.toContain(secret);
  expect(log).not.toMatch(/H\(A1\)/i);
}

const unauthorized = (challenge: string): string =>
  response('', { status: '401 Unauthorized', headers: { 'WWW-Authenticate': challenge, 'Set-Cookie': 'id=cookie-1' } });
const digest = 'Digest realm="the realm", nonce="n", algorithm=MD5, qop="auth"';

test.each([
  ['Basic', 'Basic realm="the realm"'],
  ['Digest', digest],
])('logs %s authentication without credentials', async (_, challenge) => {
  const server = await serve({ connections: [[...exchange(unauthorized(challenge)), ...keepAlive()]] });
  const log = await logOf(server.port, 'auth');
  expectNoCredentials(log);
  expect(log).toContain('via http://...@proxy.example.com:8080/a@b and on\n');
  expect(log).toContain('GET http://...@example.com/cookie: ...\n');
  expect(log).toContain('no authorization, Authorization: ...\n');
  if (log.startsWith(silent)) return;
  expect(log).toContain('GET /path HTTP/1.1');
  expect(log).toMatch(/^Authorization: /m);
  expect(log).toMatch(/the realm/);
});

test('hides header fields with credentials in any spelling, and omits bodies', async () => {
  const server = await serve(answering(response('the-password', { headers: { 'Set-Cookie': 'id=cookie-1' } })));
  const log = await logOf(server.port, 'headers');
  expectNoCredentials(log);
  if (log.startsWith(silent)) return;
  expect(log).toMatch(/^authorization: \.\.\.$/m);
  expect(log).toMatch(/^COOKIE: \.\.\.$/m);
  expect(log).toMatch(/Set-Cookie: \.\.\.$/im);
  expect(log).toContain('x-seen: yes');
});

test.each([
  ['libneon', true],
  ['LibNeon', true],
  ['http,LIBNEON', true],
  ['libn*', true],
  ['*', true],
  ['', false],
  [undefined, false],
  ['libneon2', false],
  ['neon', false],
  ['other*,http', false],
])('writes the log or not with NODE_DEBUG=%s', async (value, on) => {
  const server = await serve(answering());
  const { log, output } = await run(server.port, 'plain', value);
  expect(log.includes('proxy.example.com')).toBe(on);
  expect(output).toBe('done');
});

test('lets the program end or redirect the log, which is then complete', async () => {
  const server = await serve(answering());
  expect(await logOf(server.port, 'ended')).not.toContain('proxy.example.com');
  const { log, output } = await run(server.port, 'other', 'libneon');
  expect(log).not.toContain('proxy.example.com');
  expect(output).toContain('via http://the-user:the-password@proxy.example.com:8080/a@b and on\n');
});

test('waits for a slow reader of the log', async () => {
  const env = { ...process.env, NODE_DEBUG: 'libneon' };
  const child = spawn(process.execPath, [script, '1', 'many'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await sleep(500); // by then the pipe and the stream of this process are full
  const log = await text(child.stderr);
  expect(log.match(/^line \d+$/gm)).toEqual(Array.from({ length: 30_000 }, (_, i) => `line ${i}`));
});
