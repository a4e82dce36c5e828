/** The methods of a client that lock and unlock. */
import { acceptXML, checked, requestOf, urlOf } from './call.js';
import type { Tree } from './document.js';
import { statusError } from './errors.js';
import { readDocument } from './multistatus.js';
import * as known from './options.js';
import { type Client, send } from './request.js';
import type { Headers, LockOptions, LockResponse, WebDAVMethodOptions } from './types.js';

/** Without a limit, or, for servers that do not allow that, for as long as the header can say. */
const defaultTimeout = 'Infinite, Second-4100000000';

export async function lock(client: Client, path: string, given?: LockOptions): Promise<LockResponse> {
  const options = checked(given, known.lockOptions);
  const { refreshToken, timeout = defaultTimeout } = options;
  const headers: Headers = { Accept: acceptXML, Timeout: timeout };
  // A refresh has no body (RFC 4918, section 9.10.2).
  if (!refreshToken) headers['Content-Type'] = 'application/xml; charset=utf-8';
  else headers['If'] = /^\s*[(<]/.test(refreshToken) ? conditionOf(refreshToken) : `(<${refreshToken}>)`;
  const call = { method: 'LOCK', headers, data: refreshToken ? undefined : lockInfo(client.contactHref) };
  const response = await send(client, requestOf(client, urlOf(client, path), call, options));
  // All text stays text: a token is not a number.
  const parsing = { attributeParsers: [], tagParsers: [() => undefined] };
  const [builder, failure] = await readDocument(response, parsing);
  if (failure && builder.root !== undefined) throw failure;
  const active = childOf(builder.result, 'prop', 'lockdiscovery', 'activelock');
  const [, granted] = /^\s*<([^>]+)>/.exec(response.headers.get('lock-token') ?? '') ?? [];
  const token = textOf(childOf(active, 'locktoken', 'href')) ?? granted;
  if (!token) throw statusError(response, 'No lock token received: ');
  return { token, serverTimeout: textOf(childOf(active, 'timeout')) as string };
}

export async function unlock(client: Client, path: string, token: string, given?: WebDAVMethodOptions): Promise<void> {
  const options = checked(given, known.methodOptions);
  const headers = { 'Lock-Token': token.startsWith('<') ? token : `<${token}>` };
  const response = await send(client, requestOf(client, urlOf(client, path), { method: 'UNLOCK', headers }, options));
  if (response.status !== 204 && response.status !== 200) throw statusError(response);
  response.cancel();
}

/** A token in angle brackets alone is not a condition yet. */
function conditionOf(text: string): string {
  return /^\s*<[^>]*>\s*$/.test(text) ? `(${text.trim()})` : text;
}

function lockInfo(owner: string): string {
  const href = owner.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>' +
    `<locktype><write/></locktype><owner><href>${href}</href></owner></lockinfo>\n`
  );
}

/** The descendant with these names; undefined if there is none, or if there are several. */
function childOf(tree: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (node, name) => (typeof node === 'object' && node !== null ? (node as Tree)[name] : undefined),
    tree,
  );
}

/** The text of an element, which is an object if it has attributes. */
function textOf(node: unknown): string | undefined {
  const text = childOf(node, 'text') ?? node;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
