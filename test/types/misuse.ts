/**
 * Misuses that the types must refuse. Each one names TypeScript's error for the next line. `tsc` fails when a misuse is
 * accepted, and `test/package/types.test.ts` checks the numbers against the packed declarations. Nothing here runs.
 */
import {
  Certificate,
  escapePath,
  features,
  type Listing,
  type Lock,
  NeonError,
  type Properties,
  type Request,
  type Response,
  Session,
  SessionPool,
  type SessionOptions,
} from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { createClient } from 'libneon/webdav';

/** Misuses of sessions and pools, and of their options. */
export async function sessions(session: Session, pool: SessionPool): Promise<void> {
  // @ts-expect-error 2345: a scheme other than http and https
  new Session('ftp', 'localhost', 21);
  // @ts-expect-error 2345: a port as text
  new Session('http', 'localhost', '80');
  // @ts-expect-error 2554: no host and port
  new Session('http');
  // @ts-expect-error 2353: an unknown option
  Session.open('http://localhost/', { timeout: 1000 });
  // @ts-expect-error 2322: a time limit as text
  Session.open('http://localhost/', { readTimeout: '10s' });
  // @ts-expect-error 2561: an unknown flag
  Session.open('http://localhost/', { flags: { persistent: true } });
  // @ts-expect-error 2820: an unknown version of TLS
  Session.open('https://localhost/', { tls: { minVersion: 'TLSv9' } });
  // @ts-expect-error 2322: an unknown protocol of authentication
  Session.open('http://localhost/', { auth: { username: 'a', password: 'b', protocols: 'bearer' } });
  // @ts-expect-error 2322: a user name without a password
  Session.open('http://localhost/', { auth: { username: 'a' } });
  // @ts-expect-error 2322: an unknown way to treat redirects
  Session.open('http://localhost/', { redirect: 'auto' });
  // @ts-expect-error 2561: an option with the name of another package
  new SessionPool('http://localhost/', { maxConnections: 4 });
  // @ts-expect-error 2540: a field that only the library sets
  session.scheme = 'https';
  // @ts-expect-error 2339: pools have no blocking methods
  pool.getSync('/');
  // @ts-expect-error 2345: an unknown flag of a session
  session.setFlag('keepAlive', true);
  // @ts-expect-error 2345: an unknown event
  session.on('error', () => undefined);
  // @ts-expect-error 2322: a proxy that is only a port
  const options: SessionOptions = { proxy: 8080 };
  await session.close(options as object);
}

/** Misuses of requests and responses. */
export async function requests(session: Session, request: Request, response: Response): Promise<void> {
  // @ts-expect-error 2554: no target
  await session.get();
  // @ts-expect-error 2345: a target that is a number
  await session.get(42);
  // @ts-expect-error 2554: no body
  await session.put('/a.txt');
  // @ts-expect-error 2322: a body that is a plain object
  await session.put('/a.txt', { text: 'hello' });
  // @ts-expect-error 2322: the value of a header is a boolean
  await session.get('/', { headers: { 'x-flag': true } });
  // @ts-expect-error 2353: a blocking call has no signal
  session.getSync('/', { signal: new AbortController().signal });
  // @ts-expect-error 2353: a blocking call has no time limit
  session.requestSync('GET', '/', { timeout: 10 });
  // @ts-expect-error 2740: a controller instead of its signal
  await session.get('/', { signal: new AbortController() });
  // @ts-expect-error 2345: the value of a header that is a number
  request.setHeader('Content-Length', 5);
  // @ts-expect-error 2345: an unknown flag of a request
  request.setFlag('expect-100', true);
  // @ts-expect-error 2339: a promise is not a response
  console.log(session.get('/').status);
  // @ts-expect-error 2542: headers of responses cannot change
  response.headers['x-own'] = 'mine';
  // @ts-expect-error 2554: a range of bytes is missing
  await session.getRange('/a.txt');
  // @ts-expect-error 2673: only the library makes requests
  new (request.constructor as typeof Request)('GET', '/');
}

/** Misuses of WebDAV: listings, properties, locks and access control. */
export async function webdav(session: Session, lock: Lock, listing: Listing, props: Properties): Promise<void> {
  // @ts-expect-error 2322: an unknown depth
  session.propfind('/', { depth: 2 });
  // @ts-expect-error 2322: names of properties in one text
  session.propfind('/', { props: 'displayname' });
  // @ts-expect-error 2322: the depth of a lock cannot be 1
  await session.lock('/a.txt', { depth: 1 });
  // @ts-expect-error 2322: an unknown scope of a lock
  await session.lock('/a.txt', { scope: 'read' });
  // @ts-expect-error 2345: a token alone does not identify a lock
  await session.unlock(lock.token);
  // @ts-expect-error 2322: the value of a property is a number
  await session.proppatch('/a.txt', { set: { '{urn:example}size': 5 } });
  // @ts-expect-error 2322: an unknown privilege
  await session.setAcl('/a.txt', [{ principal: 'all', grant: ['execute'] }]);
  // @ts-expect-error 2488: the members of a listing need "for await"
  for (const entry of listing) console.log(entry);
  // @ts-expect-error 18047: the date of a property may be null
  if (props.getlastmodified !== undefined) console.log(props.getlastmodified.getTime());
  // @ts-expect-error 2339: a property outside of DAV: may be an element
  console.log(props['{urn:example}color']!.toUpperCase());
  // @ts-expect-error 2345: names of a path are text
  escapePath(['a', 'b']);
}

/** Misuses of errors and facts. */
export function errors(error: NeonError): boolean {
  // @ts-expect-error 2367: a code that no error has
  if (error.code === 'ERR_NEON_BUZY') return true;
  // @ts-expect-error 2345: an error with a code that does not exist
  new NeonError('text', 'ERR_NEON_OTHER');
  // @ts-expect-error 2339: a field of fetch() that is named reasonPhrase here
  console.log(error.response?.statusText);
  // @ts-expect-error 2554: a certificate needs a handle
  new Certificate();
  // @ts-expect-error 2540: the features of the loaded neon cannot change
  features.sharedLane = true;
  return false;
}

/** Misuses of the C functions, and of the interface of npm `webdav`. */
export async function functions(session: ne.ne_session, request: ne.ne_request): Promise<void> {
  // @ts-expect-error 2345: a request is not a session
  ne.ne_session_destroy(request);
  // @ts-expect-error 2345: a session is not a request
  await promises.ne_request_dispatch(session);
  // @ts-expect-error 2554: the path is missing
  ne.ne_request_create(session, 'GET');
  // @ts-expect-error 2339: a function that neon does not have
  ne.ne_session_open(session);
  // @ts-expect-error 2339: only functions that wait have promises
  await promises.ne_path_escape('/');
  // @ts-expect-error 2540: a constant
  ne.NE_OK = 1;
  // @ts-expect-error 2322: a way to authenticate that does not exist
  createClient('http://localhost/', { authType: 5 });
  // @ts-expect-error 2322: a format that does not exist
  await createClient('http://localhost/').getFileContents('/a.txt', { format: 'json' });
}
