/**
 * stream-exit.js PORT CA COUNT DELAY: streams a large body over TLS in 24 sessions. The process exits DELAY
 * milliseconds after the first COUNT sessions start to stream. The other sessions may still be in the handshake.
 */
import { readFileSync } from 'node:fs';
import { Session } from '../../../lib/index.js';
import { reportEnding, times } from './tools.js';

const [, , port, ca, count, delay] = process.argv;
const tls = { ca: readFileSync(ca!), trustDefaultCA: false };
let streaming = 0;
let received = 0;

for (const session of times(24, () => new Session('https', 'localhost', Number(port), { tls }))) void stream(session);

async function stream(session: Session): Promise<void> {
  const response = await session.request('GET', '/');
  if (++streaming === Number(count)) setTimeout(exit, Number(delay));
  for await (const block of response.body) received += (block as Buffer).length;
}

function exit(): void {
  reportEnding({ streaming, received });
  process.exit(0);
}
