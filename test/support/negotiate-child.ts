/** A program that gets a URL three times by Negotiate, and writes what came of it. Its environment says who it is. */
import type { NeonError} from 'libneon';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';

async function main(url: string): Promise<unknown> {
  const { port, pathname } = new URL(url);
  const results: unknown[] = [];
  await using session = new Session('http', 'localhost', Number(port), { auth: { protocols: 'negotiate' } });
  for (const get of [() => session.request('GET', pathname), async () => session.requestSync('GET', pathname)]) {
    const result = await get().then(
      async (response) => [response.status, await response.text()],
      (error: unknown) => [(error as NeonError).code, (error as NeonError).message],
    );
    results.push(result);
  }
  const plain = ne.ne_session_create('http', 'localhost', Number(port));
  ne.ne_add_server_auth(plain, ne.NE_AUTH_GSSAPI, null);
  const request = ne.ne_request_create(plain, 'GET', pathname);
  results.push([ne.ne_request_dispatch(request), ne.ne_get_status(request).code]);
  ne.ne_request_destroy(request);
  ne.ne_session_destroy(plain);
  return results;
}

main(process.argv[2] as string).then(
  (results) => console.log(JSON.stringify(results)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
