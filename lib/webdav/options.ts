/** The names of the options of each method. Other options are refused. */
import type { Known } from '../core/options.js';
import type {
  CopyFileOptions,
  CreateDirectoryOptions,
  CreateReadStreamOptions,
  CreateWriteStreamOptions,
  GetDirectoryContentsOptions,
  GetFileContentsOptions,
  GetQuotaOptions,
  LockOptions,
  MoveFileOptions,
  PutFileContentsOptions,
  RequestOptionsCustom,
  StatOptions,
  WebDAVClientOptions,
  WebDAVMethodOptions,
} from './types.js';

export const methodOptions: Known<WebDAVMethodOptions> = { data: true, headers: true, signal: true };

export const moveOptions: Known<MoveFileOptions> = { ...methodOptions, overwrite: true };
export const copyOptions: Known<CopyFileOptions> = { ...moveOptions, shallow: true };
export const directoryOptions: Known<CreateDirectoryOptions> = { ...methodOptions, recursive: true };
export const readStreamOptions: Known<CreateReadStreamOptions> = { ...methodOptions, callback: true, range: true };
export const writeStreamOptions: Known<CreateWriteStreamOptions> = { ...methodOptions, overwrite: true };
export const lockOptions: Known<LockOptions> = { ...methodOptions, refreshToken: true, timeout: true };
/** The options of `stat` and `search`. */
export const statOptions: Known<StatOptions> = { ...methodOptions, details: true };
export const quotaOptions: Known<GetQuotaOptions> = { ...statOptions, path: true };
export const listOptions: Known<GetDirectoryContentsOptions & { readonly details: unknown }> = {
  ...statOptions,
  deep: true,
  glob: true,
  includeSelf: true,
};
export const getOptions: Known<GetFileContentsOptions> = { ...statOptions, format: true, onDownloadProgress: true };
export const putOptions: Known<PutFileContentsOptions> = {
  ...methodOptions,
  contentLength: true,
  overwrite: true,
  onUploadProgress: true,
};
export const customOptions: Known<RequestOptionsCustom> = {
  ...methodOptions,
  httpAgent: true,
  httpsAgent: true,
  maxRedirects: true,
  method: true,
  onDownloadProgress: true,
  onUploadProgress: true,
  transformResponse: true,
  url: true,
  withCredentials: true,
};
export const clientOptions: Known<WebDAVClientOptions> = {
  attributeNamePrefix: true,
  authType: true,
  remoteBasePath: true,
  contactHref: true,
  entityDecoder: true,
  ha1: true,
  headers: true,
  httpAgent: true,
  httpsAgent: true,
  maxBodyLength: true,
  maxContentLength: true,
  password: true,
  pool: true,
  token: true,
  username: true,
  withCredentials: true,
};
