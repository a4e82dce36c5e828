/**
 * Right uses that the types must accept, with the types of their results. `tsc` checks them against the sources, and
 * `test/package/types.test.ts` against the packed declarations. Nothing here runs.
 */
import type { Readable } from 'node:stream';
import {
  type ArgumentErrorCode,
  type Entry,
  type ErrorCode,
  features,
  type Lock,
  NeonError,
  type NeonErrorCode,
  path,
  type PropertyName,
  type Resource,
  type Response,
  Session,
  SessionPool,
  TreeError,
  versions,
  type XmlElement,
} from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { AuthType, createClient, type FileStat } from 'libneon/webdav';

/** True if two types are equal. Unlike assignability, this also tells `any` from any other type. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Accepts a value only if its type is exactly `Expected`. */
function is<Expected>(): <Actual>(
  value: Actual,
  ...equal: Equal<Actual, Expected> extends true ? [] : [never]
) => void {
  return () => undefined;
}

export async function sessions(): Promise<void> {
  await using session = Session.open(new URL('https://localhost/'), {
    userAgent: 'example/1.0',
    headers: new Map([['x-a', '1']]),
    flags: { persist: true },
    auth: [{ username: 'a', password: 'b', protocols: 'digest' }],
    tls: { minVersion: 'TLSv1.2', verify: (_certificate, failures) => failures.includes('expired') },
    redirect: 'follow',
  });
  is<'http' | 'https'>()(session.scheme);
  is<Response>()(await session.get('/', { headers: { accept: ['text/html', 'text/plain'] }, timeout: 1000 }));
  is<Response>()(session.getSync('/', { headers: [['x-a', '1']] }));
  is<Response>()(await session.request('BASELINE-CONTROL', path`a/${1}`));
  await session.put('/a.txt', new Uint8Array(3));
  await session.put('/a.txt', { file: '/etc/hostname' });
  session.on('status', ({ type }) => {
    is<'lookup' | 'connecting' | 'connected' | 'handshake' | 'sending' | 'receiving' | 'disconnected'>()(type);
  });
  using request = session.createRequest('PATCH', '/a.txt');
  is<Response>()(await request.setHeader('If-Match', '"1"').setFlag('expect100', true).dispatch());
  await using pool = new SessionPool('http://localhost/', { connections: 2 });
  is<Resource[]>()(await pool.list('/'));
  is<boolean>()(await pool.exists('/'));
}

export async function responses(response: Response): Promise<void> {
  is<number>()(response.status);
  is<string | undefined>()(response.headers['content-type']);
  is<readonly string[] | undefined>()(response.headers['set-cookie']);
  is<string>()(await response.text());
  is<Buffer>()(response.bytesSync());
  is<Readable>()(response.body);
  is<unknown>()(await response.json());
  const headers: Headers = new Headers([...response.headers]);
  console.log(headers);
}

export async function webdav(session: Session): Promise<void> {
  const props: PropertyName[] = ['displayname', 'getlastmodified', 'quota-used-bytes', '{urn:example}color'];
  for await (const entry of session.propfind('/', { depth: 1, props })) {
    is<Entry>()(entry);
    if (entry.error !== undefined) continue;
    is<Date | null | undefined>()(entry.props.getlastmodified);
    is<string | undefined>()(entry.props.displayname);
    is<readonly string[] | undefined>()(entry.props.resourcetype);
    is<string | XmlElement | undefined>()(entry.props['{urn:example}color']);
    is<unknown>()(entry.props['quota-used-bytes']);
  }
  is<Lock>()(
    await session.lock('/a.txt', { depth: 'infinity', scope: 'shared', owner: { xml: '<D:href>a</D:href>' } }),
  );
  is<number>()(await session.withLock('/a.txt', async () => 5));
  await session.proppatch('/a.txt', { set: { '{urn:example}color': 'red' }, remove: ['displayname'] });
  is<Response | undefined>()(await session.mkcol('/a/b', { recursive: true }));
  is<Response>()(await session.mkcol('/a'));
}

/** The codes of errors are a union, so that a `switch` can have a case for each. */
export function errors(error: unknown): string {
  if (error instanceof TreeError) is<'ERR_NEON_TREE'>()(error.code);
  if (!(error instanceof NeonError)) return '';
  is<NeonErrorCode>()(error.code);
  const everyCode: ErrorCode = error.code;
  const argument: ArgumentErrorCode = 'ERR_INVALID_ARG_TYPE';
  switch (error.code) {
    case 'NE_LOOKUP':
    case 'ENOENT':
      return argument;
    case 'ERR_NEON_STATUS':
      is<number | undefined>()(error.response?.status);
      return everyCode;
    case 'ERR_NEON_CERTIFICATE':
      return error.certificateFailures?.includes('expired') ? 'expired' : '';
    default:
      return error.code;
  }
}

export async function functions(): Promise<void> {
  const session = ne.ne_session_create('http', 'localhost', 80);
  is<ne.ne_session>()(session);
  const request = ne.ne_request_create(session, 'GET', '/');
  is<number>()(ne.ne_request_dispatch(request));
  is<number>()(await promises.ne_request_dispatch(request, { timeout: 100 }));
  is<number>()(ne.NE_OK);
  is<string>()(versions.neon);
  is<boolean>()(features.sharedLane);
  const client = createClient('http://localhost/', { authType: AuthType.Password, username: 'a', password: 'b' });
  const files = await client.getDirectoryContents('/');
  if (Array.isArray(files)) is<FileStat[]>()(files);
}
