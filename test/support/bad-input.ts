/** Tries on each function of the C API what is no good for its arguments, on both surfaces, from one table for each topic. */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as acl from '../../lib/ne/acl.js';
import * as acl3744 from '../../lib/ne/acl3744.js';
import * as auth from '../../lib/ne/auth.js';
import * as basic from '../../lib/ne/basic.js';
import * as compress from '../../lib/ne/compress.js';
import * as dates from '../../lib/ne/dates.js';
import * as i18n from '../../lib/ne/i18n.js';
import * as locks from '../../lib/ne/locks.js';
import * as md5 from '../../lib/ne/md5.js';
import * as multistatus from '../../lib/ne/207.js';
import * as pkcs11 from '../../lib/ne/pkcs11.js';
import * as props from '../../lib/ne/props.js';
import * as redirect from '../../lib/ne/redirect.js';
import * as request from '../../lib/ne/request.js';
import * as session from '../../lib/ne/session.js';
import * as socket from '../../lib/ne/socket.js';
import * as ssl from '../../lib/ne/ssl.js';
import * as string from '../../lib/ne/string.js';
import * as uri from '../../lib/ne/uri.js';
import * as utils from '../../lib/ne/utils.js';
import * as xml from '../../lib/ne/xml.js';
import * as xmlreq from '../../lib/ne/xmlreq.js';
import type { Argument } from './bad-arguments.js';
import { failureOf, neonError, wrongType } from './expect.js';
import { names, surfaces, type Io } from './surfaces.js';

/** The topics, and the modules whose functions are in the table of each. The table is in bad-input-TOPIC.test.ts. */
export const topics = {
  acl: [acl, acl3744],
  locks: [locks],
  props: [props],
  request: [request, basic, compress],
  session: [session, auth, redirect],
  socket: [socket],
  text: [string, md5, uri, dates, i18n, utils],
  tls: [ssl, pkcs11],
  xml: [xml, xmlreq, multistatus],
} as const;
type Topic = keyof typeof topics;
type FunctionOf<M> = M extends unknown
  ? { [N in keyof M]: M[N] extends (...values: never[]) => unknown ? N : never }[keyof M] & string
  : never;
type Functions<T extends Topic> = FunctionOf<(typeof topics)[T][number]>;

/** The names of the functions that a module exports. */
export const functionsOf = (exports: object): string[] =>
  Object.entries(exports)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name);

type Call = (...values: unknown[]) => unknown;

/** Both surfaces, with what they have of the functions. */
export const forms: { surface: string; has: (name: string) => boolean; call: (name: string) => Call }[] = [
  { surface: 'libneon/ne', has: () => true, call: (name) => (ne as unknown as Record<string, Call>)[name]! },
  {
    surface: 'libneon/ne/promises',
    has: (name) => names.includes(name as keyof Io),
    call: (name) => surfaces[1]!.io[name as keyof Io] as unknown as Call,
  },
];

/**
 * Defines the tests of a topic from a table of its functions, each with all its arguments. `fails` says what functions get
 * that fail with good arguments, too.
 */
export function testBadInput<T extends Topic>(
  _topic: T,
  functions: Partial<Record<Functions<Topic>, readonly Argument[]>>,
  fails: Partial<Record<Functions<Topic>, Error>> = {},
): void {

  describe.each(forms)('$surface', ({ has, call }) => {
    const table = Object.entries<readonly Argument[]>(functions).filter(([name]) => has(name));

    describe.each(table.filter(([, list]) => list.length > 0))('%s', (name, list) => {
      list[0]?.prepare?.();

      test.each(
        list.flatMap((argument, index) =>
          argument
            .bad(argument.good())
            .map(([title, value, error]) => ({ argument: argument.name, title, index, value, error })),
        ),
      )('$argument: $title', async ({ argument, index, value, error }) => {
        const values = list.map(({ good }, i) => (i === index ? value : good()));
        const failure = await failureOf(() => call(name)(...values));
        expect(failure).toEqual(error);
        if (failure.code !== 'ERR_NEON_DESTROYED') expect(failure.message).toContain(`"${argument}"`);
      });

      for (const [index, { name: missing, optional = false }] of list.entries())
        if (!optional)
          test(`without ${missing}`, async () => {
            const values = list.slice(0, index).map(({ good }) => good());
            const failure = await failureOf(() => call(name)(...values));
            expect(failure).toEqual(wrongType);
            const absent = list.slice(index).map(({ name: one }) => `"${one}"`);
            expect(absent).toContain(/"\w+"/.exec(failure.message)?.[0]);
          });

      test('is refused, and nothing changes', async () => {
        const values = list.map(({ good }) => good());
        const [first] = values;
        for (const [index, argument] of list.entries()) {
          if (index === 0 && typeof first === 'object') continue;
          for (const [, value] of argument.bad(values[index]))
            await failureOf(() => call(name)(...values.map((good, i) => (i === index ? value : good))));
        }
        const failure = fails[name as Functions<Topic>];
        if (list[0]?.untouched) list[0].untouched(first as never);
        else if (features.functions[name] === false)
          expect(await failureOf(() => call(name)(...values))).toEqual(neonError('ERR_NEON_UNSUPPORTED'));
        else if (failure) expect(await failureOf(() => call(name)(...values))).toEqual(failure);
        else await expect((async () => call(name)(...values))()).resolves.not.toThrow();
      });
    });
  });
}
