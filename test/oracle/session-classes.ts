/** The twin of session.c, with the classes. */
import { NeonError, type Response, Session } from 'libneon';
import * as ne from 'libneon/ne';
import { sayNumber, sayText } from './twin.js';

const [, , surface, port] = process.argv;
play(surface === 'promises').catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

async function play(promises: boolean): Promise<void> {
  const session = Session.open(`http://127.0.0.1:${port}`, { decompress: false });
  sayText('scheme', session.scheme);
  sayText('hostport', session.hostport);

  const request = session.createRequest('GET', '/path?query=1');
  let response: Response | undefined;
  let result: number = ne.NE_OK;
  try {
    response = promises ? await request.dispatch() : request.dispatchSync();
  } catch (error) {
    if (!(error instanceof NeonError) || error.errno === undefined) throw error;
    result = error.errno;
  }
  sayNumber('dispatch', result);
  sayText('error', ne.ne_get_error(session.handle));
  sayStatus(response);
  for (const name of ['X-Twin', 'x-twin', 'X-Absent']) sayText(name, response?.headers[name.toLowerCase()] ?? null);

  request.destroy();
  session.destroy();
}

function sayStatus(response: Response | undefined): void {
  const { httpVersion, status, reasonPhrase } = response ?? { httpVersion: '0.0', status: 0, reasonPhrase: null };
  console.log(`status=${httpVersion} ${status} ${Math.floor(status / 100)}`);
  sayText('reason', reasonPhrase);
}
