/**
 * `node trust-child.js PORT OPTIONS [CA]`: sends requests to https://localhost:PORT with three clients: the classes,
 * `libneon/ne` and Node. Prints as JSON whether each client trusts the server by default.
 */
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { Session, type TLSOptions } from 'libneon';
import * as ne from 'libneon/ne';

/** For each way to send a request: the status of the response, or the code or text of the error. */
export interface Trusted {
  readonly promise: unknown;
  readonly blocking: unknown;
  readonly functions: unknown;
  readonly node: unknown;
}

const [, , port = '', options = '{}', file] = process.argv;
const ca = file === undefined ? undefined : readFileSync(file);
const tls: TLSOptions = { ...(JSON.parse(options) as TLSOptions), ca };

async function withClasses(send: 'request' | 'requestSync'): Promise<unknown> {
  const session = new Session('https', 'localhost', Number(port), { tls });
  try {
    return (await session[send]('GET', '/')).status;
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    session.destroy({ force: true });
  }
}

function withFunctions(): unknown {
  const session = ne.ne_session_create('https', 'localhost', Number(port));
  ne.ne_ssl_trust_default_ca(session);
  const request = ne.ne_request_create(session, 'GET', '/');
  ne.ne_request_dispatch(request);
  const { code } = ne.ne_get_status(request);
  return code === 0 ? ne.ne_get_error(session) : code;
}

function withNode(): Promise<unknown> {
  return new Promise((resolve) => {
    get(`https://localhost:${port}/`, { agent: false, family: 4 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve('refused'));
  });
}

async function main(): Promise<void> {
  const trusted: Trusted = {
    promise: await withClasses('request'),
    blocking: await withClasses('requestSync'),
    functions: withFunctions(),
    node: await withNode(),
  };
  console.log(JSON.stringify(trusted));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
