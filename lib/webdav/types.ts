/** The types of `libneon/webdav`: those of version 5 of the npm package `webdav`, by the same names. */
import type { Readable, Writable } from 'node:stream';

import type { SessionPoolOptions } from '../classes/pool.js';

/** A value without a known type, as `JSON.parse` returns it. The types of npm `webdav` use it in the same places. */
export type Untyped = ReturnType<typeof JSON.parse>;

/** The value of an `Authorization` header. */
export type AuthHeader = string;

/** How the client authenticates itself. */
export enum AuthType {
  /** Basic first; Digest if the server asks for it. */
  Auto = 'auto',
  /** Digest (RFC 7616), with MD5 or SHA-256. */
  Digest = 'digest',
  /** No authentication. */
  None = 'none',
  /** Basic (RFC 7617), with every request. */
  Password = 'password',
  /** A token, such as a bearer token, with every request. */
  Token = 'token',
}

/** The reasons why the client refuses a call; see {@link WebDAVRefusal}. */
export enum ErrorCode {
  /** The data has no length: it is neither text nor bytes. */
  DataTypeNoLength = 'data-type-no-length',
  /** There is no such `authType`, or its credentials are missing. */
  InvalidAuthType = 'invalid-auth-type',
  /** The option `format` is neither `'binary'` nor `'text'`. */
  InvalidOutputFormat = 'invalid-output-format',
  /** A link cannot contain the credentials of this `authType`. */
  LinkUnsupportedAuthType = 'link-unsupported-auth',
  /** The range of a partial update is not a range. */
  InvalidUpdateRange = 'invalid-update-range',
  /** The server, or this package, does not support the call. */
  NotSupported = 'not-supported',
}

/** Bytes. */
export type BufferLike = Uint8Array | ArrayBuffer;

/** The headers of a response. */
export interface HeadersLike {
  /** Returns the value of a header; null if there is none. */
  get(name: string): string | null;
  /** Calls a function with each header. The names are in lower case. */
  forEach(callback: (value: string, key: string) => void): void;
}

/** A request, as `fetch` describes it. */
export interface Request {
  /** The headers. */
  readonly headers: HeadersLike;
  /** The method. */
  readonly method: string;
  /** The URL. */
  readonly url: string;
}

/** A response, as `fetch` describes it. Its body can be read once. */
export interface Response {
  /** The headers. */
  readonly headers: HeadersLike;
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  /** The status code. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText: string;
  /** The URL that the response is from, after redirects. */
  readonly url: string;
  /** Resolves to the body. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** Resolves to the body, parsed as JSON. */
  json(): Promise<Untyped>;
  /** Resolves to the body, decoded as UTF-8. */
  text(): Promise<string>;
}

/** A stream that data can be read from, such as a `Readable` of Node. */
export interface ReadableLike {
  /** Adds a listener. */
  on(event: string | symbol, listener: (...args: Untyped[]) => void): this;
  /** Adds a listener that is called once. */
  once(event: string | symbol, listener: (...args: Untyped[]) => void): this;
  /** Emits an event. */
  emit(event: string | symbol, ...args: Untyped[]): boolean;
  /** Writes everything to another stream. */
  pipe(destination: Untyped, options?: { end?: boolean }): Untyped;
  /** Ends the stream. */
  destroy(error?: Error): void;
}

/** A stream that data can be written to, such as a `Writable` of Node. */
export interface WritableLike {
  /** Adds a listener. */
  on(event: string | symbol, listener: (...args: Untyped[]) => void): this;
  /** Adds a listener that is called once. */
  once(event: string | symbol, listener: (...args: Untyped[]) => void): this;
  /** Emits an event. */
  emit(event: string | symbol, ...args: Untyped[]): boolean;
  /** Writes a block. */
  write(chunk: Untyped, callback?: (error: Error | null | undefined) => void): boolean;
  /** Ends the data. */
  end(callback?: () => void): this;
  /** Ends the stream. */
  destroy(error?: Error): this;
}

/** Headers by name. */
export interface Headers {
  [key: string]: string;
}

/** What a request sends: text, bytes, a stream, or an object that becomes JSON. */
export type RequestDataPayload = string | Uint8Array | ArrayBuffer | Record<string, Untyped>;

/** The options of every method. */
export interface WebDAVMethodOptions {
  /** Sent in place of the body that the method would send. */
  data?: RequestDataPayload | undefined;
  /** Headers that take precedence over all others. */
  headers?: Headers | undefined;
  /** Aborts the request. The method then rejects with an error whose name is `'AbortError'`. */
  signal?: AbortSignal | undefined;
}

/** The options of {@link WebDAVClient.createDirectory}. */
export interface CreateDirectoryOptions extends WebDAVMethodOptions {
  /** Whether to create missing parents, too. Default false. */
  recursive?: boolean | undefined;
}

/** The options of {@link WebDAVClient.createReadStream}. */
export interface CreateReadStreamOptions extends WebDAVMethodOptions {
  /** Is called with the response. */
  callback?: ((response: Response) => void) | undefined;
  /** The first and the last byte to read, counted from 0. Default: the whole file. */
  range?:
    | {
        /** The first byte. */
        start: number;
        /** The last byte. Default: the end of the file. */
        end?: number | undefined;
      }
    | undefined;
}

/** A callback that receives the response to an upload. */
export type CreateWriteStreamCallback = (response: Response) => void;

/** The options of {@link WebDAVClient.createWriteStream}. */
export interface CreateWriteStreamOptions extends WebDAVMethodOptions {
  /** Whether to replace a file that exists. Default true. */
  overwrite?: boolean | undefined;
}

/** The properties that a server reports with one status. */
export interface DAVPropStat {
  /** The properties. */
  prop: DAVResultResponseProps;
  /** A status line: `'HTTP/1.1 200 OK'`. */
  status: string;
  /** A text for humans. */
  responsedescription?: string;
}

/** What all responses of a multi-status document have. */
export interface DAVResultBaseResponse {
  /** The resource, as the server writes it. */
  href: string;
  /** A text for humans. */
  responsedescription?: string;
}

/** A response with properties. */
export interface DAVResultPropstatResponse extends DAVResultBaseResponse {
  /** The properties. */
  propstat: DAVPropStat;
}

/** A response that has only a status. */
export interface DAVResultStatusResponse extends DAVResultBaseResponse {
  /** A status line. */
  status: string;
}

/** One response of a multi-status document. */
export type DAVResultResponse = DAVResultBaseResponse &
  Partial<DAVResultPropstatResponse> &
  Partial<DAVResultStatusResponse>;

/** Properties by their local names. */
export interface DAVResultResponseProps {
  /** The display name. */
  displayname: string;
  /** The type of the resource; a collection has the key `collection`. */
  resourcetype: {
    /** Exists for a collection. */
    collection?: unknown;
  };
  /** When the resource was modified, as in the header `Last-Modified`. */
  getlastmodified?: string;
  /** The entity tag. */
  getetag?: string;
  /** The length in bytes. */
  getcontentlength?: string;
  /** The media type. */
  getcontenttype?: string;
  /** The free space, in bytes. */
  'quota-available-bytes'?: string | number;
  /** The used space, in bytes. */
  'quota-used-bytes'?: string | number;
  [additionalProp: string]: unknown;
}

/** A multi-status document. */
export interface DAVResult {
  /** The root element. */
  multistatus: {
    /** The responses, one for each resource. */
    response: DAVResultResponse[];
  };
}

/** A multi-status element before {@link parseXML} makes its responses an array. */
export interface DAVResultRawMultistatus {
  /** The responses. */
  response: DAVResultResponse | [DAVResultResponse];
}

/** A multi-status document before {@link parseXML} makes its responses an array. */
export interface DAVResultRaw {
  /** The root element. */
  multistatus: '' | DAVResultRawMultistatus | [DAVResultRawMultistatus];
}

/** What is known about Digest authentication. */
export interface DigestContext {
  /** The user. */
  username: string;
  /** The password. */
  password: string;
  /** How many requests have used the nonce. */
  nc: number;
  /** The algorithm. */
  algorithm: string;
  /** Whether the server has sent a challenge. */
  hasDigestAuth: boolean;
  /** The client's nonce. */
  cnonce?: string;
  /** The server's nonce. */
  nonce?: string;
  /** The realm. */
  realm?: string;
  /** The quality of protection. */
  qop?: string;
  /** A text that goes back to the server. */
  opaque?: string;
  /** The hash of user, realm and password. */
  ha1?: string;
}

/** The space of an account. */
export interface DiskQuota {
  /** The used space, in bytes. */
  used: number;
  /** The free space. */
  available: DiskQuotaAvailable;
}

/** The free space in bytes, or why there is no number. */
export type DiskQuotaAvailable = 'unknown' | 'unlimited' | number;

/** A file or directory. */
export interface FileStat {
  /** The path, unescaped, without the path of the client's URL: `'/folder/file.txt'`. */
  filename: string;
  /** The last segment of the path. */
  basename: string;
  /** When it was modified, as the server writes it. */
  lastmod: string;
  /** The size in bytes; 0 for directories. */
  size: number;
  /** What it is. */
  type: 'file' | 'directory';
  /** The entity tag without quotation marks; null if there is none. */
  etag: string | null;
  /** The media type, for files. */
  mime?: string;
  /** All properties, if `details` was set. */
  props?: DAVResultResponseProps;
}

/** The result of a search. */
export interface SearchResult {
  /** Whether the server left results out. */
  truncated: boolean;
  /** What was found. */
  results: FileStat[];
}

/** What a server says that it supports. */
export interface DAVCompliance {
  /** The items of the header `DAV`. */
  compliance: string[];
  /** The header `Server`. */
  server: string;
}

/** The options of {@link WebDAVClient.getDirectoryContents} without `details`. */
export interface GetDirectoryContentsOptions extends WebDAVMethodOptions {
  /** Whether to list the whole tree. Default false. */
  deep?: boolean | undefined;
  /** A pattern, as for `minimatch`. A pattern without a slash is for the last segment of the path. */
  glob?: string | undefined;
  /** Whether to include the directory itself. Default false. */
  includeSelf?: boolean | undefined;
}

/** The options of {@link WebDAVClient.getDirectoryContents}, for a result with the head of the response. */
export interface GetDirectoryContentsOptionsWithDetails extends GetDirectoryContentsOptions {
  /** Whether to return the head of the response and all properties. */
  details: true;
}

/** The options of {@link WebDAVClient.getDirectoryContents}, for a plain result. */
export interface GetDirectoryContentsOptionsWithoutDetails extends GetDirectoryContentsOptions {
  /** Whether to return the head of the response and all properties. Default false. */
  details?: false | undefined;
}

/** The options of {@link WebDAVClient.getFileContents}. */
export interface GetFileContentsOptions extends WebDAVMethodOptions {
  /** Whether to return the head of the response. Default false. */
  details?: boolean | undefined;
  /** Whether to return a Buffer or text. Default `'binary'`. */
  format?: 'binary' | 'text' | undefined;
  /** Is called while the body arrives. */
  onDownloadProgress?: ProgressEventCallback | undefined;
}

/** The options of {@link WebDAVClient.getQuota}. */
export interface GetQuotaOptions extends WebDAVMethodOptions {
  /** Whether to return the head of the response. Default false. */
  details?: boolean | undefined;
  /** The path to ask for, already escaped. Default `'/'`. */
  path?: string | undefined;
}

/** The options of {@link WebDAVClient.moveFile}. */
export interface MoveFileOptions extends WebDAVMethodOptions {
  /** Whether to replace a destination that exists. Default true. */
  overwrite?: boolean | undefined;
}

/** The options of {@link WebDAVClient.copyFile}. */
export interface CopyFileOptions extends MoveFileOptions {
  /** Whether to copy a directory without its members. Default false. */
  shallow?: boolean | undefined;
}

/** The options of {@link WebDAVClient.lock}. */
export interface LockOptions extends WebDAVMethodOptions {
  /** The token of a lock to refresh. Default: a new lock. */
  refreshToken?: string | undefined;
  /** The header `Timeout`: `'Second-600'`. */
  timeout?: string | undefined;
}

/** A lock. */
export interface LockResponse {
  /** How long the lock lasts: `'Second-600'` or `'Infinite'`. */
  serverTimeout: string;
  /** The token, for {@link WebDAVClient.unlock}. */
  token: string;
}

/** A token, as OAuth servers return it. */
export interface OAuthToken {
  /** The token itself. */
  access_token: string;
  /** The first word of the `Authorization` header: `'Bearer'`. */
  token_type: string;
  /** The token to obtain new tokens; not used. */
  refresh_token?: string;
}

/** The progress of a body. */
export interface ProgressEvent {
  /** The bytes so far. */
  loaded: number;
  /** The length in bytes; 0 when it is unknown. */
  total: number;
}

/** A callback for the progress of a body. */
export type ProgressEventCallback = (e: ProgressEvent) => void;
/** The progress of an upload. */
export type UploadProgress = ProgressEvent;
/** A callback for the progress of an upload. */
export type UploadProgressCallback = ProgressEventCallback;

/** The options of {@link WebDAVClient.putFileContents}. */
export interface PutFileContentsOptions extends WebDAVMethodOptions {
  /** The length in bytes to announce. A boolean is accepted: the length of text and bytes is always announced. */
  contentLength?: boolean | number | undefined;
  /** Whether to replace a file that exists. Default true. */
  overwrite?: boolean | undefined;
  /** Is called while the body is sent. */
  onUploadProgress?: UploadProgressCallback | undefined;
}

/** What the options of {@link WebDAVClient.customRequest} and {@link RequestOptions} have in common. */
export interface RequestOptionsBase {
  /** The body. */
  data?: RequestDataPayload | undefined;
  /** The headers. */
  headers?: Headers | undefined;
  /** An agent of Node; see {@link WebDAVClientOptions.httpAgent}. Refused here: agents belong to a client. */
  httpAgent?: Untyped;
  /** An agent of Node; see {@link WebDAVClientOptions.httpsAgent}. Refused here: agents belong to a client. */
  httpsAgent?: Untyped;
  /** How many redirects to follow: an integer >= 0. Default 20. */
  maxRedirects?: number | undefined;
  /** The method. */
  method: string;
  /** Is called while the body of the response arrives. */
  onDownloadProgress?: ProgressEventCallback | undefined;
  /** Is called while the body of the request is sent. */
  onUploadProgress?: ProgressEventCallback | undefined;
  /** Aborts the request. */
  signal?: AbortSignal | undefined;
  /** Refused: npm `webdav` 5 never calls these functions. */
  transformResponse?: ((value: Untyped) => Untyped)[] | undefined;
  /** The URL. Default: the path, below the client's URL. */
  url?: string | undefined;
  /** Has a meaning only in browsers. */
  withCredentials?: boolean | undefined;
}

/** The options of {@link WebDAVClient.customRequest}. */
export type RequestOptionsCustom = RequestOptionsBase;

/** The options of a request to a URL. */
export interface RequestOptions extends RequestOptionsBase {
  /** The URL. */
  url: string;
}

/** The options of a request with Digest authentication. */
export interface RequestOptionsWithState extends RequestOptions {
  /** The state of the authentication. */
  _digest?: DigestContext;
}

/** The data of a response. */
export type ResponseData = string | Uint8Array | ArrayBuffer | object | Untyped[];

/** A result with the head of its response. */
export interface ResponseDataDetailed<T> {
  /** The result. */
  data: T;
  /** The headers of the response. */
  headers: Headers;
  /** The status code. */
  status: number;
  /** The reason phrase. */
  statusText: string;
}

/** Decides whether a status is a success. */
export interface ResponseStatusValidator {
  (status: number): boolean;
}

/** The options of {@link WebDAVClient.stat}. */
export interface StatOptions extends WebDAVMethodOptions {
  /** Whether to return the head of the response and all properties. Default false. */
  details?: boolean | undefined;
}

/** The options of {@link WebDAVClient.search}. `data` is the query. */
export interface SearchOptions extends WebDAVMethodOptions {
  /** Whether to return the head of the response and all properties. Default false. */
  details?: boolean | undefined;
}

/**
 * A client of one server: the interface of npm `webdav` 5. Paths are unescaped, and relative to the client's URL. All
 * methods that return a promise reject with a {@link WebDAVClientError} when the status is 400 or higher, with an error
 * named `'AbortError'` after an abort, and with a `NeonError` or {@link WebDAVRequestError} when there is no
 * response.
 */
export interface WebDAVClient {
  /** Copies a file or directory (COPY). */
  copyFile: (filename: string, destination: string, options?: CopyFileOptions) => Promise<void>;
  /** Creates a directory (MKCOL). */
  createDirectory: (path: string, options?: CreateDirectoryOptions) => Promise<void>;
  /** Returns a stream with the contents of a file. The request (GET) is sent at once. */
  createReadStream: (filename: string, options?: CreateReadStreamOptions) => Readable;
  /** Returns a stream whose data becomes the contents of a file. The request (PUT) is sent at once. */
  createWriteStream: (
    filename: string,
    options?: CreateWriteStreamOptions,
    callback?: CreateWriteStreamCallback,
  ) => Writable;
  /** Sends a request of any method, and resolves to its response. */
  customRequest: (path: string, requestOptions: RequestOptionsCustom) => Promise<Response>;
  /** Deletes a file or directory (DELETE). */
  deleteFile: (filename: string, options?: WebDAVMethodOptions) => Promise<void>;
  /** Resolves to whether a file or directory exists. */
  exists: (path: string, options?: WebDAVMethodOptions) => Promise<boolean>;
  /** Resolves to what the server says that it supports (OPTIONS). */
  getDAVCompliance: (path: string) => Promise<DAVCompliance>;
  /** Lists a directory (PROPFIND). Resolves to the stats with all properties, and the head of the response. */
  getDirectoryContents(
    path: string,
    options: GetDirectoryContentsOptionsWithDetails,
  ): Promise<ResponseDataDetailed<FileStat[]>>;
  /** Lists a directory (PROPFIND). */
  getDirectoryContents(path: string, options?: GetDirectoryContentsOptionsWithoutDetails): Promise<FileStat[]>;
  /** Resolves to the contents of a file (GET). */
  getFileContents: (
    filename: string,
    options?: GetFileContentsOptions,
  ) => Promise<BufferLike | string | ResponseDataDetailed<BufferLike | string>>;
  /** Returns the URL of a file, with the credentials of Basic authentication in it. */
  getFileDownloadLink: (filename: string) => string;
  /** Returns a URL to upload a file to, with the credentials of Basic authentication in it. */
  getFileUploadLink: (filename: string) => string;
  /** Returns the headers that all requests have. */
  getHeaders: () => Headers;
  /** Resolves to the quota; null if the server reports none. */
  getQuota: (options?: GetQuotaOptions) => Promise<DiskQuota | null | ResponseDataDetailed<DiskQuota | null>>;
  /** Locks a file or directory (LOCK). */
  lock: (path: string, options?: LockOptions) => Promise<LockResponse>;
  /** Moves a file or directory (MOVE). */
  moveFile: (filename: string, destinationFilename: string, options?: MoveFileOptions) => Promise<void>;
  /** Stores a file (PUT). Resolves to false if the file exists and `overwrite` is false. */
  putFileContents: (
    filename: string,
    data: string | BufferLike | ReadableLike,
    options?: PutFileContentsOptions,
  ) => Promise<boolean>;
  /** Replaces the bytes from `start` to `end`, both included, of a file. Only mod_dav and SabreDAV can do this. */
  partialUpdateFileContents: (
    filePath: string,
    start: number,
    end: number,
    data: string | BufferLike | ReadableLike,
    options?: WebDAVMethodOptions,
  ) => Promise<void>;
  /** Searches a directory (SEARCH, RFC 5323). */
  search: (path: string, options?: SearchOptions) => Promise<SearchResult | ResponseDataDetailed<SearchResult>>;
  /** Replaces the headers that all requests have, including `Authorization`. */
  setHeaders: (headers: Headers) => void;
  /** Resolves to what is known about a file or directory (PROPFIND). */
  stat: (path: string, options?: StatOptions) => Promise<FileStat | ResponseDataDetailed<FileStat>>;
  /** Removes a lock (UNLOCK). */
  unlock: (path: string, token: string, options?: WebDAVMethodOptions) => Promise<void>;
  /** Adds a function that converts the attributes of properties. */
  registerAttributeParser: (parser: WebDAVAttributeParser) => void;
  /** Adds a function that converts the text of properties. */
  registerTagParser: (parser: WebDAVTagParser) => void;
}

/** The state of a client. */
export interface WebDAVClientContext {
  /** How the client authenticates itself. */
  authType: AuthType;
  /** The path that hrefs begin with; see {@link WebDAVClientOptions.remoteBasePath}. */
  remoteBasePath?: string | undefined;
  /** The owner of locks. */
  contactHref: string;
  /** The state of Digest authentication. */
  digest?: DigestContext | undefined;
  /** The hash of user, realm and password. */
  ha1?: string | undefined;
  /** The headers that all requests have. */
  headers: Headers;
  /** An agent of Node. */
  httpAgent?: Untyped;
  /** An agent of Node. */
  httpsAgent?: Untyped;
  /** How properties are converted. */
  parsing: WebDAVParsingContext;
  /** The password. */
  password?: string | undefined;
  /** The path of the client's URL. */
  remotePath: string;
  /** The client's URL. */
  remoteURL: string;
  /** The token. */
  token?: OAuthToken | undefined;
  /** The user. */
  username?: string | undefined;
  /** Has a meaning only in browsers. */
  withCredentials?: boolean | undefined;
}

/** The error of a response whose status is 400 or higher: `Invalid response: 404 Not Found`. */
export interface WebDAVClientError extends Error {
  /** The status code. */
  status?: number;
  /** The response. */
  response?: Response;
}

/** The options of {@link createClient}. */
export interface WebDAVClientOptions {
  /** The text before the names of attributes in properties. Default `'@'`. */
  attributeNamePrefix?: string | undefined;
  /** How to authenticate. Default: Password if there is a user or password, otherwise None. */
  authType?: AuthType | undefined;
  /** The path that the server's hrefs begin with, if it is not the path of the client's URL. */
  remoteBasePath?: string | undefined;
  /** The URL that names the owner of locks. */
  contactHref?: string | undefined;
  /** Limits of entity references. Only 0 (no limit) is accepted: neon's parser has its own limits. */
  entityDecoder?: WebDAVEntityDecoderOptions | undefined;
  /** The hash of user, realm and password, in place of the password, for Digest. */
  ha1?: string | undefined;
  /** Headers for all requests. */
  headers?: Headers | undefined;
  /** An `http.Agent`. Only settings that do not matter here are accepted; see the guide. */
  httpAgent?: Untyped;
  /** An `https.Agent`. Its settings of TLS become those of the sessions, as far as there are such; see the guide. */
  httpsAgent?: Untyped;
  /** Only `Infinity` and -1 (no limit) are accepted. npm `webdav` 5 ignores the option. */
  maxBodyLength?: number | undefined;
  /** Only `Infinity` and -1 (no limit) are accepted. npm `webdav` 5 ignores the option. */
  maxContentLength?: number | undefined;
  /** The password. */
  password?: string | undefined;
  /**
   * The options of the session pool behind the client, such as `proxy`, `tls`, `readTimeout` and `connections`. npm
   * `webdav` does not have this option. Default: 32 connections.
   */
  pool?: SessionPoolOptions | undefined;
  /** The token, for {@link AuthType.Token}. */
  token?: OAuthToken | undefined;
  /** The user. */
  username?: string | undefined;
  /** Has a meaning only in browsers. */
  withCredentials?: boolean | undefined;
}

/**
 * Converts an attribute of a property. Undefined keeps the text. The unchanged text is converted as without this
 * function. Any other result becomes the value.
 */
export type WebDAVAttributeParser = (jPath: string, attributeValue: string) => unknown;

/**
 * Converts the text of a property. Undefined keeps the text. The unchanged text is converted as without this function.
 * Any other result becomes the value.
 */
export type WebDAVTagParser = (jPath: string, tagValue: string) => unknown;

/** Limits of entity references in XML. */
export interface WebDAVEntityDecoderOptions {
  /** The limits; 0 means no limit. */
  limit?:
    | {
        /** How many references may be replaced. */
        maxTotalExpansions?: number | undefined;
        /** How many characters the replacements may add. */
        maxExpandedLength?: number | undefined;
      }
    | undefined;
}

/** How {@link parseXML} converts properties. */
export interface WebDAVParsingContext {
  /** The text before the names of attributes. Default `'@'`. */
  attributeNamePrefix?: string | undefined;
  /** The functions that convert attributes. */
  attributeParsers: WebDAVAttributeParser[];
  /** Whether the names of properties are `{namespace}name`. Default false: only the local name. */
  clarkNotationProps?: boolean | undefined;
  /** Limits of entity references; see {@link WebDAVClientOptions.entityDecoder}. */
  entityDecoder?: WebDAVEntityDecoderOptions | undefined;
  /** The functions that convert text. */
  tagParsers: WebDAVTagParser[];
}
