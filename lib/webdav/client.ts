/** Creates clients: checks their options, and sets up authentication. */
import { invalidType, invalidValue } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import { requireKnown } from '../core/options.js';
import type { SessionPoolOptions } from '../classes/pool.js';
import { agentOptions } from './agents.js';
import { digestContext } from './digest.js';
import * as directories from './directories.js';
import { unsupported, WebDAVRefusal } from './errors.js';
import * as files from './files.js';
import * as locks from './locks.js';
import { defaultContext, refuseLimits } from './multistatus.js';
import { clientOptions } from './options.js';
import { pathOfURL } from './paths.js';
import { type Client, poolOf } from './request.js';
import {
  AuthType,
  ErrorCode,
  type GetDirectoryContentsOptions,
  type WebDAVClient,
  type WebDAVClientOptions,
} from './types.js';

/** The default of npm `webdav`. */
const defaultContact = 'https://github.com/perry-mitchell/webdav-client/blob/master/LOCK_CONTACT.md';
/** More than a pool has: streams that nobody reads at the moment keep theirs. */
const defaultConnections = 32;

/**
 * Creates a client of a WebDAV server, with the interface of npm `webdav` 5. Nothing is sent yet. Connections are
 * opened as needed, and closed when they have been idle for some seconds; there is nothing to close.
 *
 * @param remoteURL the URL that paths are relative to
 * @throws {@link WebDAVRefusal} for an unknown `authType` and for options that are not supported;
 *   `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for other invalid or unknown options
 * @example
 * ```ts
 * const client = createClient('https://dav.example.com/marie', { username: 'marie', password: 'secret' });
 * for (const { filename, size } of await client.getDirectoryContents('/')) console.log(filename, size);
 * ```
 */
export function createClient(remoteURL: string, options: WebDAVClientOptions = {}): WebDAVClient {
  const client = clientOf(remoteURL, options);
  return {
    copyFile: (...call) => directories.copyFile(client, ...call),
    createDirectory: (...call) => directories.createDirectory(client, ...call),
    createReadStream: (...call) => files.createReadStream(client, ...call),
    createWriteStream: (...call) => files.createWriteStream(client, ...call),
    customRequest: (...call) => files.customRequest(client, ...call),
    deleteFile: (...call) => directories.deleteFile(client, ...call),
    exists: (...call) => directories.exists(client, ...call),
    getDAVCompliance: (path) => directories.getDAVCompliance(client, path),
    getDirectoryContents: ((path: string, given?: GetDirectoryContentsOptions) =>
      directories.getDirectoryContents(client, path, given)) as WebDAVClient['getDirectoryContents'],
    getFileContents: (...call) => files.getFileContents(client, ...call),
    getFileDownloadLink: (filename) => files.getFileDownloadLink(client, filename),
    getFileUploadLink: (filename) => files.getFileUploadLink(client, filename),
    getHeaders: () => ({ ...client.headers }),
    getQuota: (...call) => directories.getQuota(client, ...call),
    lock: (...call) => locks.lock(client, ...call),
    moveFile: (...call) => directories.moveFile(client, ...call),
    partialUpdateFileContents: (...call) => files.partialUpdateFileContents(client, ...call),
    putFileContents: (...call) => files.putFileContents(client, ...call),
    registerAttributeParser: (parser) => {
      requireFunction('parser', parser);
      client.parsing.attributeParsers.push(parser);
    },
    registerTagParser: (parser) => {
      requireFunction('parser', parser);
      client.parsing.tagParsers.push(parser);
    },
    search: (...call) => directories.search(client, ...call),
    setHeaders: (headers) => {
      requireObject('headers', headers);
      client.headers = { ...headers };
    },
    stat: (...call) => directories.stat(client, ...call),
    unlock: (...call) => locks.unlock(client, ...call),
  };
}

function clientOf(remoteURL: string, options: WebDAVClientOptions): Client {
  if (typeof remoteURL !== 'string') throw invalidType('remoteURL', 'of type string', remoteURL);
  requireKnown(options, clientOptions);
  const { username, password, headers = {}, contactHref = defaultContact, remoteBasePath, token, ha1 } = options;
  requireObject('headers', headers);
  refuseLimits(options.entityDecoder);
  requireUnlimited('maxBodyLength', options.maxBodyLength);
  requireUnlimited('maxContentLength', options.maxContentLength);
  const client: Client = {
    authType: options.authType ?? (username || password ? AuthType.Password : AuthType.None),
    remoteBasePath,
    contactHref,
    ha1,
    headers: { ...headers },
    password,
    parsing: { ...defaultContext(), attributeNamePrefix: options.attributeNamePrefix ?? '@' },
    remotePath: pathOfURL(remoteURL),
    remoteURL,
    token,
    username,
    origin: URL.canParse(remoteURL) ? new URL(remoteURL).origin : undefined,
    pools: new Map(),
    poolOptions: poolOptions(options),
  };
  authenticate(client);
  // A pool checks its options when it is created.
  if (client.origin !== undefined && /^https?:/.test(client.origin)) poolOf(client, new URL(remoteURL));
  return client;
}

function authenticate(client: Client): void {
  const { authType, username, password, token, ha1 } = client;
  switch (authType) {
    case AuthType.None:
      return;
    case AuthType.Auto:
      if (username && password) client.headers['Authorization'] = basic(username, password);
      return;
    case AuthType.Password:
      client.headers['Authorization'] = basic(username, password);
      return;
    case AuthType.Digest:
      client.digest = digestContext(username ?? '', password ?? '', ha1);
      return;
    case AuthType.Token:
      if (!isObject(token))
        throw new WebDAVRefusal(ErrorCode.InvalidAuthType, 'Invalid auth type: the option "token" is missing');
      client.headers['Authorization'] = `${token.token_type} ${token.access_token}`;
      return;
    default:
      throw new WebDAVRefusal(ErrorCode.InvalidAuthType, `Invalid auth type: ${String(authType)}`);
  }
}

/** The value of the header for Basic. Text beyond Latin-1 is refused, as in npm `webdav`. */
function basic(username: string | undefined, password: string | undefined): string {
  const credentials = `${username ?? ''}:${password ?? ''}`;
  if (!/^[\0-\xff]*$/.test(credentials))
    throw invalidValue('The options "username" and "password" must be Latin-1 for Basic authentication');
  return `Basic ${Buffer.from(credentials, 'latin1').toString('base64')}`;
}

function poolOptions({ httpAgent, httpsAgent, pool = {} }: WebDAVClientOptions): SessionPoolOptions {
  requireObject('pool', pool);
  const http = agentOptions('httpAgent', httpAgent);
  const https = agentOptions('httpsAgent', httpsAgent);
  const tls = { ...https.tls, ...pool.tls };
  return {
    connections: defaultConnections,
    ...http,
    ...https,
    ...pool,
    ...(Object.keys(tls).length > 0 && { tls }),
  };
}

function requireUnlimited(name: string, limit: number | undefined): void {
  if (limit === undefined || limit === Infinity || limit === -1) return;
  throw unsupported(`The option "${name}" can only be Infinity: npm webdav 5 ignores it. Omit it`);
}

function requireObject(name: string, value: unknown): void {
  if (!isObject(value)) throw invalidType(name, 'of type object', value);
}

function requireFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}
