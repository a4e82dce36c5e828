/**
 * `libneon`: the classes, idiomatic for Node, thin over `libneon/ne` and `libneon/ne/promises`.
 *
 * @module
 */
export type { CallOptions } from './abort.js';
export type { AuthOptions, AuthProtocol, Challenge, Credentials, CredentialsProvider } from './auth.js';
export { NeonError } from './errors.js';
export type { Body, BodyProvider, DescriptorBody, FileBody } from './body.js';
export { SessionPool, type SessionPoolOptions } from './pool.js';
export type { ProxyOptions, ProxyServer } from './proxy.js';
export { type HeadersInit, Request, type RequestFlag, type RequestOptions } from './request.js';
export { type BodyOptions, Response } from './response.js';
export { Session, type SessionFlag, type SessionOptions } from './session.js';
export type { ProgressEvent, StatusEvent } from './status.js';
export type { TrustOptions } from './trust.js';
export { type Features, features, type Versions, versions } from './versions.js';
