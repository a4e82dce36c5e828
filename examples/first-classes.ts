/** Shows the classes: open a session, send requests, match an error by its code. */
import { NeonError, Session } from 'libneon';
import { startNephele } from './server.js';

async function main(): Promise<void> {
  const url = process.argv[2] ?? (await startNephele()).origin;
  const session = Session.open(url, { userAgent: 'first-classes/1.0', connectTimeout: 10_000 });

  const response = await session.request('GET', '');
  console.log(`GET: ${response.status} ${response.reasonPhrase}, ${(await response.bytes()).length} bytes`);
  for (const [name, value] of Object.entries(response.headers)) console.log(`  ${name}: ${value}`);

  const { status, reasonPhrase, headers } = session.requestSync('OPTIONS', '', { headers: { Accept: '*/*' } });
  console.log(`OPTIONS, blocking: ${status} ${reasonPhrase}, DAV: ${headers['dav'] ?? 'none'}`);
  await session.close();

  try {
    await session.request('GET', '');
  } catch (error) {
    if (!(error instanceof NeonError) || error.code !== 'ERR_NEON_DESTROYED') throw error;
    console.log(`after close: ${error.code}, ${error.message}`);
  }
}

void main();
