/** Shows neon's own steps without blocking: two sessions send requests at the same time, while the event loop runs. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { startNephele } from './server.js';

async function options(url: URL): Promise<string> {
  const scheme = url.protocol.slice(0, -1);
  const sess = ne.ne_session_create(scheme, url.hostname, Number(url.port) || (scheme === 'https' ? 443 : 80));
  if (scheme === 'https') ne.ne_ssl_trust_default_ca(sess);
  const req = ne.ne_request_create(sess, 'OPTIONS', url.pathname);
  try {
    const result = await promises.ne_request_dispatch(req, { timeout: 10_000 });
    if (result !== ne.NE_OK) throw new Error(ne.ne_get_error(sess));
    const { code, reason_phrase } = ne.ne_get_status(req);
    return `${code} ${reason_phrase ?? ''}`;
  } finally {
    // After a timeout the session stays busy until its thread has returned. The promise functions wait for the thread;
    // the blocking functions would throw.
    await promises.ne_request_destroy(req);
    await promises.ne_session_destroy(sess);
  }
}

async function main(): Promise<void> {
  const url = new URL(process.argv[2] ?? (await startNephele()).origin);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const answers = await Promise.all([options(url), options(url)]);
  clearInterval(timer);
  console.log(`${url.href}: ${answers.join(' and ')}`);
  console.log(`a timer of 1 ms fired ${turns} times meanwhile`);
}

void main();
