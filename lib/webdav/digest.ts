/** Digest authentication (RFC 7616), with a password or a hash of it. */
import { crypto } from '../core/builtin.js';
import type { DigestContext } from './types.js';

/** A new state, before the first challenge. */
export function digestContext(username: string, password: string, ha1: string | undefined): DigestContext {
  return { username, password, nc: 0, algorithm: 'MD5', hasDigestAuth: false, ...(ha1 !== undefined && { ha1 }) };
}

/** The Digest challenge in a `WWW-Authenticate` header, which may have challenges of several schemes. */
function challengeIn(header: string): Map<string, string> | undefined {
  const [, rest] = /(?:^|,)\s*digest\s+(.*)$/is.exec(header) ?? [];
  if (rest === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of rest.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    const key = name.toLowerCase();
    if (fields.has(key)) break; // the next challenge
    fields.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  }
  return fields.has('nonce') ? fields : undefined;
}

/** Whether the first challenge in a `WWW-Authenticate` header is for Digest. */
export function startsWithDigest(header: string): boolean {
  return /^\s*digest\s/i.test(header);
}

/** Notes the challenge of a response. Returns false if there is none that can be answered. */
export function noteChallenge(state: DigestContext, header: string): boolean {
  const fields = challengeIn(header);
  const algorithm = fields?.get('algorithm') ?? 'MD5';
  state.hasDigestAuth = fields !== undefined && /^(md5|sha-256)(-sess)?$/i.test(algorithm);
  if (!fields || !state.hasDigestAuth) return false;
  const given = (name: string): string => fields.get(name) ?? '';
  Object.assign(state, {
    algorithm,
    realm: given('realm'),
    nonce: given('nonce'),
    opaque: given('opaque'),
    qop: given('qop'),
    cnonce: crypto().randomBytes(16).toString('hex'),
    nc: 0,
  });
  return true;
}

/** The `Authorization` header of the next request. Each header counts as a use of the nonce. */
export function authorization(state: DigestContext, method: string, target: string): string {
  const { username, password, realm = '', nonce = '', opaque = '', cnonce = '', algorithm } = state;
  const [kind, session] = /^(.*?)(-sess)?$/i.exec(algorithm.toLowerCase())?.slice(1) ?? [];
  const hash = (text: string): string =>
    crypto()
      .createHash(kind === 'md5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const count = (++state.nc).toString(16).padStart(8, '0');
  const secret = state.ha1 ?? hash(`${username}:${realm}:${password}`);
  const first = session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const second = hash(`${method}:${target}`);
  const usesQop = /(^|,)\s*auth\s*($|,)/.test(state.qop ?? '');
  const response = usesQop
    ? hash(`${first}:${nonce}:${count}:${cnonce}:auth:${second}`)
    : hash(`${first}:${nonce}:${second}`);
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  const fields = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(target)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(usesQop || session ? [`cnonce="${cnonce}"`] : []),
    ...(usesQop ? [`qop=auth`, `nc=${count}`] : []),
    ...(opaque ? [`opaque=${quoted(opaque)}`] : []),
  ];
  return `Digest ${fields.join(', ')}`;
}
