/** Implements the twin of session.c with the classes. */
import { NeonError, type Response, Session } from 'libneon';
import * as ne from 'libneon/ne';
import { printNumber, printText } from './twin.js';

const [, , surface, port] = process.argv;
main(surface === 'promises').catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

async function main(promises: boolean): Promise<void> {
  const session = Session.open(`http://127.0.0.1:${port}`, { decompress: false });
  printText('scheme', session.scheme);
  printText('hostport', session.hostport);

  const request = session.createRequest('GET', '/path?query=1');
  let response: Response | undefined;
  let result: number = ne.NE_OK;
  try {
    response = promises ? await request.dispatch() : request.dispatchSync();
  } catch (error) {
    if (!(error instanceof NeonError) || error.result === undefined) throw error;
    result = error.result;
  }
  printNumber('dispatch', result);
  printText('error', ne.ne_get_error(session.handle));
  printStatus(response);
  for (const name of ['X-Twin', 'x-twin', 'X-Absent']) printText(name, response?.headers[name.toLowerCase()] ?? null);

  request.destroy();
  session.destroy();
}

function printStatus(response: Response | undefined): void {
  const { httpVersion, status, reasonPhrase } = response ?? { httpVersion: '0.0', status: 0, reasonPhrase: null };
  console.log(`status=${httpVersion} ${status} ${Math.floor(status / 100)}`);
  printText('reason', reasonPhrase);
}
