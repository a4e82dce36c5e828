/** The failures of the client: their exit codes, and how to cure them. */
import { CommanderError } from 'commander';

import { NeonError } from '../index.js';

/** The exit codes, which docs/guide/cli.md explains. */
export const exitCodes = {
  success: 0,
  other: 1,
  usage: 2,
  connection: 3,
  authentication: 4,
  status: 5,
  partial: 6,
  interrupted: 130,
  closedPipe: 141,
  terminated: 143,
} as const;

/** A kind of failure, which is an exit code. */
export type FailureKind = Exclude<keyof typeof exitCodes, 'success'>;

/** A failure that the client itself finds. */
export class ClientError extends Error {
  readonly code: string;
  readonly kind: FailureKind;
  readonly cure: string | undefined;

  constructor(kind: FailureKind, code: string, message: string, cure?: string) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.cure = cure;
  }
}

/** The error of a command line that cannot be meant. */
export function usageError(message: string, cure?: string): ClientError {
  return new ClientError('usage', 'USAGE', message, cure);
}

/** A failure as users see it. */
export interface FailureReport {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  /** The error of the system or the explanation of the server, unless the message has it. */
  readonly cause: string | undefined;
  readonly cure: string | undefined;
  /** The status of the response, if there was one. */
  readonly status: number | undefined;
}

/** Describes an error: what failed, why, and what to do about it. */
export function reportOf(error: unknown): FailureReport {
  if (error instanceof ClientError) {
    const { kind, code, message, cure } = error;
    return { kind, code, message, cause: causeOf(error), cure, status: undefined };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return { ...noFacts, kind: 'usage', code: 'USAGE', message, cure: 'see --help' };
  }
  if (error instanceof NeonError) return reportOfNeon(error);
  if (!(error instanceof Error)) return { ...noFacts, kind: 'other', code: 'UNKNOWN', message: String(error) };
  const { code = error.name, message } = error as NodeJS.ErrnoException;
  // The classes refuse such arguments before they send anything.
  const kind = /^ERR_(INVALID|OUT_OF)_/.test(code) ? 'usage' : 'other';
  return { ...noFacts, kind, code, message, cause: causeOf(error), cure: curesOfSystem[code] };
}

const noFacts = { cause: undefined, cure: undefined, status: undefined };

function reportOfNeon(error: NeonError): FailureReport {
  const { code, status } = error;
  const kind = kindOf(error);
  const cure = (code === 'ERR_NEON_STATUS' && status !== undefined && curesOfStatus[status]) || cures[code];
  const failed = error.failures?.map(
    ({ href, property, status, reasonPhrase }) => `${property ?? href}: ${status} ${reasonPhrase}`,
  );
  return { kind, code, message: error.message, cause: failed?.join('; ') || causeOf(error), cure, status };
}

function kindOf({ code, status }: NeonError): FailureKind {
  if (code === 'NE_AUTH' || code === 'NE_PROXYAUTH' || status === 401 || status === 407) return 'authentication';
  if (code === 'ERR_NEON_STATUS' || code === 'NE_REDIRECT' || status !== undefined) return 'status';
  // Any other failure is one between the client and the server, such as a broken connection.
  return /^NE_|^ERR_NEON_CERTIFICATE$/.test(code) ? 'connection' : 'other';
}

const cures: Readonly<Record<string, string>> = {
  NE_LOOKUP: 'check the name of the host, and the name servers of this machine',
  NE_CONNECT: 'check that the server is up, and the port of the URL; behind a proxy, use --proxy',
  NE_TIMEOUT: 'try again, or allow more time with --timeout',
  NE_AUTH: 'set LIBNEON_USER and LIBNEON_PASSWORD, or add the server to ~/.netrc',
  NE_PROXYAUTH: 'set LIBNEON_PROXY_USER and LIBNEON_PROXY_PASSWORD',
  NE_REDIRECT: 'use the URL to which the server redirects',
  NE_ERROR: 'check that the URL is that of a WebDAV server, and that the connection is reliable; then try again',
  ERR_NEON_CERTIFICATE: 'name the authority of the server with --cacert, or accept any certificate with --insecure',
};

const curesOfStatus: Readonly<Record<number, string>> = {
  401: cures['NE_AUTH'] as string,
  403: 'this user lacks the right to do this: use another user (--user), or ask the owner of the server',
  404: 'check the path; libneon ls shows what there is',
  405: 'the server does not allow this here; libneon options shows what it allows',
  409: 'create the collection above first: libneon mkcol --parents',
  412: 'the destination exists: leave out --no-overwrite to replace it',
  423: 'the resource is locked: libneon lock --list shows by whom; give the token of your own lock with --lock-token',
  507: 'the server has no room left: delete something first',
};

const curesOfSystem: Readonly<Record<string, string>> = {
  ENOENT: 'check the local path',
  EACCES: 'check the permissions of the local file or folder',
  EISDIR: 'name a file, or use --recursive for folders',
  EEXIST: 'leave out --no-overwrite to replace the file',
  ENOSPC: 'make room on the local disk',
};

/** The causes of an error, as far as its message does not name them. */
function causeOf(error: Error): string | undefined {
  const causes: string[] = [];
  for (let { cause } = error; cause instanceof Error; { cause } = cause) {
    const { code } = cause as NodeJS.ErrnoException;
    causes.push(code === undefined || cause.message.includes(code) ? cause.message : `${code}: ${cause.message}`);
  }
  return causes.length > 0 ? causes.join(': ') : undefined;
}
