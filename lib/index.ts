/**
 * `libneon`: the classes, idiomatic for Node, thin over `libneon/ne` and `libneon/ne/promises`.
 *
 * @module
 */
export type { CallOptions } from './abort.js';
export type { AclEntry, Principal, Privilege } from './acl.js';
export type { AuthOptions, AuthProtocol, Challenge, Credentials, CredentialsProvider } from './auth.js';
export { Certificate, ClientCertificate, type DigestAlgorithm } from './certificate.js';
export type { DecompressOptions } from './decompress.js';
export { NeonError, type ResourceFailure } from './errors.js';
export type { Body, BodyProvider, DescriptorBody, FileBody } from './body.js';
export type { Entry, PropertyStatus } from './batch.js';
export { type Depth, Listing, type PropfindOptions, type PropNamesOptions } from './listing.js';
export type { DiscoverLocksOptions } from './lock-keeper.js';
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
} from './locks.js';
export { SessionPool, type SessionPoolOptions } from './pool.js';
export type { ActiveLock, LiveProperties, LockEntry, Properties } from './properties.js';
export type { PropertyChanges, PropertyValue } from './proppatch.js';
export type { ProxyOptions, ProxyServer } from './proxy.js';
export type { RedirectOptions } from './redirect.js';
export { type HeadersInit, Request, type RequestFlag, type RequestOptions } from './request.js';
export { type BodyOptions, Response } from './response.js';
export type { XmlHandlers } from './sax.js';
export { Session, type SessionFlag, type SessionOptions } from './session.js';
export type { ProgressEvent, StatusEvent } from './status.js';
export type {
  CertificateFailure,
  CertificateVerifier,
  ClientCertificateProvider,
  ProtocolVersion,
  TLSOptions,
} from './tls.js';
export type { ByteRange, Capabilities, CopyOptions } from './calls.js';
export type { Authority, TrustOptions } from './trust.js';
export { type Features, features, type Versions, versions } from './versions.js';
