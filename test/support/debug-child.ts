/** Enables neon's log and sends a request with credentials, for debug.test.ts. Arguments: `PORT MODE`. */
import { Session } from 'libneon';
import * as ne from 'libneon/ne';

const [, , port, mode] = process.argv as [string, string, string, string];

async function main(): Promise<void> {
  const auth = { username: 'the-user', password: 'the-password' };
  const session = new Session('http', '127.0.0.1', Number(port), mode === 'auth' ? { auth } : {});
  const plain = Buffer.from('the-user:the-password').toString('base64');
  const headers = { authorization: `Basic ${plain}`, COOKIE: 'id=cookie-2', 'x-seen': 'yes' };
  if (mode === 'auth') await session.request('GET', '/path').then((r) => r.text());
  if (mode === 'headers')
    await session.request('PUT', '/path', { headers, body: 'the-password' }).then((r) => r.text());
  if (mode === 'many') {
    process.stderr.cork(); // the first use of this stream makes the pipe non-blocking
    for (let i = 0; i < 30_000; i++) ne.ne_debug(ne.NE_DBG_LOCKS, '%s\n', `line ${i}`);
  }
  if (mode === 'ended') ne.ne_debug_init(null, 0);
  if (mode === 'other') ne.ne_debug_init(1, ne.NE_DBG_LOCKS);
  ne.ne_debug(ne.NE_DBG_LOCKS, '%s\n', 'via http://the-user:the-password@proxy.example.com:8080/a@b and on');
  ne.ne_debug(ne.NE_DBG_LOCKS, '%s\n', 'GET http://the-user:the-password@example.com/cookie: id=cookie-1');
  ne.ne_debug(ne.NE_DBG_LOCKS, '%s\n', 'no authorization, Authorization: Basic the-password');
  ne.ne_debug_init(null, 0);
  await session.close();
  process.stdout.write('done');
}

void main();
