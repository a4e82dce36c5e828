/** The errors of calls. They contain the request, the response, the system's error and the line of the caller. */
import { type CertificateFailure, type FailedResponse, NeonError, type ResponseHeaders } from '../core/errors.js';
import { native } from '../core/native.js';
import type { CallContext, CallRun } from './call.js';
import { headersOf, type RawResponse } from './head.js';
import { failuresIn } from './multistatus.js';

/** A failed call, as reported by the addon. The response is null if none arrived. @internal */
export type RawFailure = readonly [result: number, text: string, response: RawResponse | null];

type SystemError = readonly [code: string, errno: number, text: string];
const systemError: (text: string) => SystemError | null = native('systemError');

/** The maximum number of body bytes that an error contains. */
export const maxReported = 64 * 1024;

/** The phrases with which neon explains why it refuses a certificate. */
const certificateTexts: Readonly<Record<string, CertificateFailure>> = {
  'certificate is not yet valid': 'notYetValid',
  'certificate has expired': 'expired',
  'certificate issued for a different hostname': 'idMismatch',
  'issuer is not trusted': 'untrusted',
  'bad certificate chain': 'badChain',
  'certificate has been revoked': 'revoked',
};

/**
 * Completes a `NeonError`. Sets the fields that identify the request, and puts the request at the beginning of the
 * message. Also sets the system's error as the cause, and the stack of the caller. Any other value, or an error that
 * already has a request, is returned unchanged.
 */
export function addRequest<E>(error: E, context: CallContext, status?: number): E {
  if (!(error instanceof NeonError) || error.method !== undefined) return error;
  const text = error.message;
  const refused = error.code === 'NE_ERROR' ? certificateFailures(text) : undefined;
  const system = error.result === undefined || error.cause !== undefined ? null : systemError(text);
  Object.assign(error, context, {
    message: `${describe(context)}: ${text}${refused ? certificateHint(refused) : ''}`,
    ...(status !== undefined && { status }),
    ...(refused && { code: 'ERR_NEON_CERTIFICATE', certificateFailures: refused }),
  });
  if (system) Object.defineProperty(error, 'cause', { ...hidden, value: causeOf(system) });
  Error.captureStackTrace(error, addRequest);
  return error;
}

/** Replaces the stack of an error with the stack at the call; the error's own stack shows only the event loop. */
export function calledFrom<E>(error: E, { stack = '' }: { readonly stack?: string }): E {
  if (error instanceof NeonError) error.stack = `${String(error)}\n${stack.split('\n').slice(1).join('\n')}`;
  return error;
}

const hidden = { configurable: true, writable: true, enumerable: false } as const;

/** `'GET https://host/path'` */
function describe({ method, target, origin }: CallContext): string {
  return target.startsWith('/') ? `${method} ${origin}${target}` : `${method} ${target} (${origin})`;
}

function causeOf([code, errno, text]: SystemError): Error {
  return Object.assign(new Error(text), { code, errno });
}

/** Extracts from neon's message why a certificate was refused. Undefined if the message is about something else. */
function certificateFailures(text: string): CertificateFailure[] | undefined {
  const [, list] = /Server certificate verification failed: (.*)/.exec(text) ?? [];
  return list?.split(', ').map((reason) => certificateTexts[reason] ?? 'other');
}

function certificateHint(failures: readonly CertificateFailure[]): string {
  if (failures.includes('untrusted'))
    return ' (the option "tls.ca" names an authority to trust, and "tls.verify" decides about a certificate)';
  return failures.includes('idMismatch') ? ' (connect by a name that the certificate is for)' : '';
}

/**
 * Returns a hint that the body is still encoded (Content-Encoding); an empty string if it is not.
 *
 * @param inflates whether compressed bodies were inflated
 */
export function codingHint(headers: ResponseHeaders, inflates: boolean): string {
  const coding = headers['content-encoding'] ?? 'identity';
  const isDecoded = /^(identity)?$/i.test(coding) || (inflates && /^((x-)?gzip|deflate)$/i.test(coding));
  return isDecoded ? '' : ` (the body has the Content-Encoding "${coding}", and was not decoded)`;
}

/**
 * The error of a response whose status is a failure.
 *
 * @param text why the response is a failure
 */
export function statusError(text: string, response: FailedResponse, failures?: NeonError['failures']): NeonError {
  const { status } = response;
  return new NeonError(text, 'ERR_NEON_STATUS', { status, response, ...(failures && { failures }) });
}

/** The error of a call whose native function failed. */
export function errorOf([result, text, raw]: readonly [...RawFailure, ...unknown[]], run: CallRun): NeonError {
  const response = raw && failedResponse(raw);
  if (!response) return NeonError.of(result, text);
  const { status, reasonPhrase, body } = response;
  // If only the status is at fault, neon's message consists of the status and the reason phrase.
  if (text !== `${status} ${reasonPhrase}`)
    return NeonError.of(result, text + codingHint(response.headers, run.inflates), { status, response });
  const found = status === 207 ? failuresIn(body, run.context) : undefined;
  return found && found.list.length > 0
    ? statusError(`${text} (${found.text})`, response, found.list)
    : statusError(text, response);
}

function failedResponse([status, head, body]: RawResponse): FailedResponse {
  const lines = head.split('\n');
  return {
    status,
    reasonPhrase: lines[1] as string,
    headers: headersOf(lines),
    body: (body ?? Buffer.alloc(0)).subarray(0, maxReported),
  };
}
