/** Implements the twin of auth.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText, type Io } from './twin.js';

runMain(async (io, port, [kind, mask, count = '', ...targets]) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  const protocol = Number(mask);
  const [attempts = 0, length = 0] = count.split(':').map(Number);
  const answer = answering(attempts, length);
  const creds: ne.ne_auth_creds = (realm, attempt) => {
    printText('server', realm);
    printNumber('attempt', attempt);
    return answer(attempt);
  };
  if (kind === 'set') ne.ne_set_server_auth(session, creds);
  if (kind === 'add') ne.ne_add_server_auth(session, protocol, creds);
  if (kind === 'both')
    ne.ne_add_auth(session, protocol, (attempt, asked, realm, buflen) => {
      printText('either', realm);
      printNumber('attempt', attempt);
      printNumber('protocol', asked);
      printNumber('buflen', buflen);
      return answer(attempt);
    });
  for (const target of targets) {
    if (target === 'forget') ne.ne_forget_auth(session);
    else await get(io, session, target);
  }
  await io.ne_session_destroy(session);
});

/** Supplies credentials until the last attempt, and then refuses. Without a length, only the last password is right. */
function answering(attempts: number, length: number): (attempt: number) => ne.ne_credentials_answer {
  return (attempt) => {
    if (attempt >= attempts) return attempt;
    if (length > 0) return { username: 'u'.repeat(length), password: 'p'.repeat(length) };
    return { username: 'alice', password: attempt + 1 === attempts ? 'secret' : 'wrong' };
  };
}

async function get(io: Io, session: ne.ne_session, target: string): Promise<void> {
  const request = ne.ne_request_create(session, 'GET', target);
  printNumber('dispatch', await io.ne_request_dispatch(request));
  printText('error', ne.ne_get_error(session));
  printStatus(request);
  await io.ne_request_destroy(request);
}
