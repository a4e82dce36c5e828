/** Helpers for the tests of ne_acl.h and ne_acl3744.h: invalid entries, and ACL documents. */
import * as ne from 'libneon/ne';
import { response, type RawServer, type RawServerOptions } from '../servers/raw.js';
import { all, type Argument, notObjects, show } from './bad-arguments.js';
import { outOfRange, wrongType, wrongValue } from './expect.js';
import { answering, sessionWith } from './servers.js';

/**
 * The argument with the entries of an access control list. `kind` names the field for the kind of principal, and `name`
 * names the field for its value. `numbers` lists the other numeric fields.
 */
export function entries(good: object, kind: string, name: string, numbers: readonly string[]): Argument {
  const wrong = (change: object, error: Error): readonly [string, unknown, Error] => [
    JSON.stringify(change, (_, value: unknown) =>
      value === undefined ? 'undefined' : Number.isNaN(value) ? 'NaN' : value,
    ),
    [good, { ...good, ...change }],
    error,
  ];
  return {
    name: 'entries',
    good: () => [good],
    bad: () => [
      ...all(wrongType, [...notObjects, {}, () => []]),
      ...notObjects.map((value) => [`${show(value)} in it`, [good, value], wrongType] as [string, unknown, Error]),
      ...[kind, 'type'].flatMap((field) => [
        wrong({ [field]: '0' }, wrongType),
        ...[-1, 6, 0.5, NaN].map((value) => wrong({ [field]: value }, outOfRange)),
      ]),
      ...[undefined, null, 0, {}].map((value) => wrong({ [name]: value }, wrongType)),
      ...['\0', '<', '&', '</href>', '</href><href>', '<a>'].map((value) => wrong({ [name]: value }, wrongValue)),
      ...['', ' ', 'a><', 'a><b/></a', '!DOCTYPE a><a', 'p:a', '?xml version="1.0"?><a'].map((value) =>
        wrong({ [kind]: ne.ne_acl_property, [name]: value }, wrongValue),
      ),
      wrong({ [kind]: ne.ne_acl_all, [name]: 1 }, wrongType),
      ...numbers.flatMap((field) => [true, '0'].map((value) => wrong({ [field]: value }, wrongType))),
    ],
  };
}

/** The ACL documents in the texts of requests, without white space between elements. */
export const aclsIn = (texts: readonly string[]): string[] =>
  [...texts.join('').matchAll(/<acl[^]*?<\/acl>/g)].map(([body]) => body.replaceAll(/\s*\r\n\s*/g, ''));

/** The ACL document with these access control elements. */
export const acl = (...aces: string[]): string =>
  `<acl xmlns='DAV:'>${aces.map((ace) => `<ace>${ace}</ace>`).join('')}</acl>`;

export const privileges = (...names: string[]): string =>
  names.map((name) => `<privilege><${name}/></privilege>`).join('');

/**
 * Calls `set` once for each status, with a new server that responds with this status. Returns the results and the error
 * texts.
 */
export async function resultsOf(
  statuses: readonly string[],
  serve: (options: RawServerOptions) => Promise<RawServer>,
  set: (session: ne.ne_session) => Promise<number>,
): Promise<[result: number, error: string][]> {
  const results: [number, string][] = [];
  for (const status of statuses) {
    const session = sessionWith(await serve(answering(response('', { status }))));
    results.push([await set(session), ne.ne_get_error(session)]);
  }
  return results;
}
