/** Shows neon's own steps, blocking: create a session and a request, dispatch the request, destroy both. */
import * as ne from 'libneon/ne';
import { startNephele } from './server.js';

async function main(): Promise<void> {
  const url = new URL(process.argv[2] ?? (await startNephele()).origin);
  const scheme = url.protocol.slice(0, -1);
  const sess = ne.ne_session_create(scheme, url.hostname, Number(url.port) || (scheme === 'https' ? 443 : 80));
  if (scheme === 'https') ne.ne_ssl_trust_default_ca(sess);
  ne.ne_set_useragent(sess, 'first-ne/1.0');

  const req = ne.ne_request_create(sess, 'OPTIONS', url.pathname);
  const result = ne.ne_request_dispatch(req);
  if (result === ne.NE_OK) {
    const { code, reason_phrase } = ne.ne_get_status(req);
    console.log(`${url.href}: ${code} ${reason_phrase ?? ''}`);
    console.log(`methods: ${ne.ne_get_response_header(req, 'Allow') ?? 'the server does not say'}`);
  } else {
    console.error(`error ${result}: ${ne.ne_get_error(sess)}`);
    process.exitCode = 1;
  }

  ne.ne_request_destroy(req);
  ne.ne_session_destroy(sess);
}

void main();
