/**
 * `node negotiate-child.js URL [PORT]`: gets a URL three times with Negotiate, and writes the outcomes as JSON.
 * Authenticates to the server or, with PORT, to the proxy on that port of localhost. The environment determines the
 * Kerberos user. Any server certificate is accepted.
 */
import { type NeonError, Session, type SessionOptions } from 'libneon';
import * as ne from 'libneon/ne';

async function main(url: string, proxyPort: number | undefined): Promise<unknown> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const results: unknown[] = [];
  const negotiate = { protocols: 'negotiate' } as const;
  const options: SessionOptions = proxyPort
    ? { proxy: { host: 'localhost', port: proxyPort }, proxyAuth: negotiate }
    : { auth: negotiate };
  await using session = new Session(scheme, hostname, Number(port), { ...options, tls: { verify: () => true } });
  for (const get of [() => session.request('GET', pathname), async () => session.requestSync('GET', pathname)]) {
    const result = await get().then(
      async (response) => [response.status, await response.text()],
      (error: unknown) => [(error as NeonError).code, (error as NeonError).message],
    );
    results.push(result);
  }
  const plain = ne.ne_session_create(scheme, hostname, Number(port));
  if (proxyPort) {
    ne.ne_session_proxy(plain, 'localhost', proxyPort);
    ne.ne_add_proxy_auth(plain, ne.NE_AUTH_GSSAPI, null);
  } else ne.ne_add_server_auth(plain, ne.NE_AUTH_GSSAPI, null);
  ne.ne_ssl_set_verify(plain, () => 0);
  const request = ne.ne_request_create(plain, 'GET', pathname);
  results.push([ne.ne_request_dispatch(request), ne.ne_get_status(request).code]);
  ne.ne_request_destroy(request);
  ne.ne_session_destroy(plain);
  return results;
}

const [, , url = '', proxyPort] = process.argv;
main(url, proxyPort === undefined ? undefined : Number(proxyPort)).then(
  (results) => console.log(JSON.stringify(results)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
