/**
 * `libneon`: the classes, idiomatic for Node, a thin layer over `libneon/ne` and `libneon/ne/promises`.
 *
 * @module
 */
export type { CallOptions } from './core/abort.js';
export type { AclEntry, Principal, Privilege } from './classes/acl.js';
export type { AuthOptions, AuthProtocol, Challenge, Credentials, CredentialsProvider } from './classes/auth.js';
export { Certificate, ClientCertificate, type DigestAlgorithm } from './classes/certificate.js';
export type { DecompressOptions } from './classes/decompress.js';
export type { ArgumentErrorCode, ErrorCode, NeonErrorCode, ResultCode, SystemErrorCode } from './core/error-codes.js';
export {
  type CertificateFailure,
  type FailedResponse,
  NeonError,
  type ResourceFailure,
  type ResponseHeaders,
} from './core/errors.js';
export type { AnyText } from './core/text.js';
export type { Body, BodyProvider, DescriptorBody, FileBody } from './classes/body.js';
export type { Entry, EntryError, PropertyStatus } from './classes/propfind-batch.js';
export { type Depth, type Entries, Listing, type PropfindOptions, type PropNamesOptions } from './classes/propfind.js';
export type { XmlElement } from './classes/markup.js';
export type { MkcolOptions } from './classes/collections.js';
export type { ListOptions, Quota, Resource } from './classes/resource.js';
export type { DiscoverLocksOptions } from './classes/lock-manager.js';
export {
  type DiscoveredLock,
  Lock,
  type LockDepth,
  type LockFields,
  type LockOptions,
  type LockReference,
  type LockScope,
  LockStore,
  type RefreshOptions,
  type WithLockOptions,
} from './classes/locks.js';
export { SessionPool, type SessionPoolOptions } from './classes/pool.js';
export type {
  ActiveLock,
  LiveProperties,
  LockEntry,
  Properties,
  PropertyName,
  QualifiedName,
} from './classes/properties.js';
export type { PropertyChanges, PropertyValue } from './classes/proppatch.js';
export type { ProxyOptions, ProxyServer } from './classes/proxy.js';
export type { RedirectOptions } from './classes/redirect.js';
export type { BlockingOptions, CommonOptions, HeadersInit, HeaderValue } from './classes/call-options.js';
export { type MethodName, Request, type RequestFlag, type RequestOptions } from './classes/request.js';
export { type BodyOptions, Response } from './classes/response.js';
export type { XmlHandlers } from './classes/xml-events.js';
export { type Scheme, Session, type SessionFlag, type SessionOptions } from './classes/session.js';
export type { CloseOptions, DestroyOptions } from './classes/session-source.js';
export type { ProgressEvent, StatusEvent } from './classes/status.js';
export type { CertificateVerifier, ClientCertificateProvider, ProtocolVersion, TLSOptions } from './classes/tls.js';
export type { ByteRange, Capabilities, CopyOptions } from './classes/methods.js';
export { escapePath, path, type Target } from './classes/target.js';
export type { PartialUpdate, PatchRangeOptions } from './classes/patch-range.js';
export type { PutTreeOptions } from './classes/put-tree.js';
export { TreeError, type TreeFailure, type TreeOptions, type TreeProgress, type TreeResult } from './classes/tree.js';
export type { WalkOptions } from './classes/walk.js';
export type { Authority, TrustOptions } from './classes/trust.js';
export { type Features, features, type Versions, versions } from './classes/versions.js';
