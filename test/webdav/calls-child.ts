/** Makes the calls of calls.ts on a server, with one of the packages, and reports their outcomes. */
import { serveParent } from '../servers/child.js';
import { calls, otherCalls, type Package } from './calls.js';

/** Which package makes the calls, and where. */
export interface Question {
  readonly package: 'webdav' | 'libneon/webdav';
  /** The URL of a directory that exists. The calls work in a new directory in it. */
  readonly url: string;
  /** The options of the client. */
  readonly options?: object;
  /** The names of the calls; all by default. */
  readonly names?: readonly string[];
}

/** The result of a call, or its error, in a form that can be compared. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** The outcomes, by the names of the calls. */
export type Outcomes = Readonly<Record<string, Outcome>>;

if (require.main === module)
  serveParent<undefined, null, Question, Outcomes>(async () => ({ started: null, answer: outcomes }));

async function outcomes({ package: name, url, options, names = Object.keys(calls) }: Question): Promise<Outcomes> {
  const used = (name === 'webdav' ? await import('webdav') : await import('libneon/webdav')) as unknown as Package;
  const parent = used.createClient(url, options);
  if (!(await parent.exists('/work'))) await parent.createDirectory('/work');
  const work = `${url.replace(/\/$/, '')}/work`;
  const given = { package: used, client: used.createClient(work, options), url: work, options };
  const found: Record<string, Outcome> = {};
  for (const call of names) {
    try {
      found[call] = { result: plain(await (calls[call] ?? otherCalls[call])?.(given)) };
    } catch (error) {
      found[call] = { error: plainError(error) };
    }
  }
  return found;
}

/** Copies a value, with marks for the types that the channel between processes does not keep. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { Buffer: value.toString('base64') };
  if (value instanceof Uint8Array) return { Uint8Array: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

function plainError(error: unknown): unknown {
  const { name, message, status, response, _info } = error as Error & {
    status?: number;
    response?: { status: number; statusText: string };
    _info?: { code?: string };
  };
  return { name, message, status, response: response && [response.status, response.statusText], info: _info };
}
