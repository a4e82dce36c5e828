/**
 * Computes Digest authentication (RFC 2617 and RFC 7616) with node:crypto. Tests compare the result with neon's
 * requests.
 */
import { createHash } from 'node:crypto';

/** The parameters of a Digest header. */
export type Parameters = Readonly<Record<string, string>>;

/**
 * Returns the parameters of the first Digest header (Authorization or Proxy-Authorization) in a request. The result is
 * empty if there is none.
 */
export function digestOf(request: string): Parameters {
  const [, list = ''] = /^(?:Proxy-)?Authorization: Digest (.*)$/im.exec(request) ?? [];
  return Object.fromEntries(
    Array.from(list.matchAll(/([\w*]+)=(?:"([^"]*)"|([^,\s]*))/g), ([, name = '', quoted, plain]) => [
      name,
      quoted ?? plain ?? '',
    ]),
  );
}

/** Computes the parameter `response`. An empty method gives the server's `rspauth`. */
export function responseTo(given: Parameters, method: string, user: { name: string; password: string }): string {
  const [, algorithm, session] = /^(.*?)(-sess)?$/i.exec(given['algorithm'] ?? 'MD5') ?? [];
  const hash = (text: string): string =>
    createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const { realm, nonce, cnonce, nc, qop, uri } = given;
  const secret = hash(`${user.name}:${realm}:${user.password}`);
  const a1 = session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = hash(`${method}:${uri}`);
  return qop === undefined ? hash(`${a1}:${nonce}:${a2}`) : hash(`${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}
