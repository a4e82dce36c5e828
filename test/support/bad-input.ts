/** Tests the functions of the C API with bad arguments on both surfaces. Each header has one table of arguments. */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import { omitted } from '../../lib/core/omitted.js';
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
import { failureOf, neonError, wrongType, wrongValue } from './expect.js';
import { names, surfaces, type Io } from './surfaces.js';

/**
 * The headers of neon with the modules that export their functions. Each header has a table of arguments in
 * test/ne/<header>/bad-input.test.ts.
 */
export const headers = {
  207: multistatus,
  acl,
  acl3744,
  auth,
  basic,
  compress,
  dates,
  i18n,
  locks,
  md5,
  pkcs11,
  props,
  redirect,
  request,
  session,
  socket,
  ssl,
  string,
  uri,
  utils,
  xml,
  xmlreq,
} as const;
type Header = `${keyof typeof headers}`;
type FunctionOf<M> = { [N in keyof M]: M[N] extends (...values: never[]) => unknown ? N : never }[keyof M] & string;
type Functions<H extends Header> = {
  [K in keyof typeof headers as `${K}`]: FunctionOf<(typeof headers)[K]>;
}[H];

/** The names of the functions that a module exports. */
export const functionsOf = (exports: object): string[] =>
  Object.entries(exports)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name);

type Call = (...values: unknown[]) => unknown;

/** Both surfaces, with the functions that each has. */
export const forms: { surface: string; has: (name: string) => boolean; call: (name: string) => Call }[] = [
  { surface: 'libneon/ne', has: () => true, call: (name) => (ne as unknown as Record<string, Call>)[name]! },
  {
    surface: 'libneon/ne/promises',
    has: (name) => names.includes(name as keyof Io),
    call: (name) => surfaces[1]!.io[name as keyof Io] as unknown as Call,
  },
];

/**
 * Defines the tests of one header. `functions` must list each function of the header, with all its arguments, and no
 * other function. `fails` contains the errors of functions that fail even when all arguments are valid.
 */
export function testBadInput<H extends Header>(
  header: H,
  functions: Record<Functions<H>, readonly Argument[]>,
  fails: Partial<Record<Functions<H>, Error>> = {},
): void {
  // A failure outside a test fails the whole file.
  expect(Object.keys(functions).sort()).toEqual(functionsOf(headers[header]).sort());

  const table = Object.entries<readonly Argument[]>(functions).filter(([, list]) => list.length > 0);
  const having = forms.map((form) => ({ ...form, own: table.filter(([name]) => form.has(name)) }));

  describe.each(having.filter(({ own }) => own.length > 0))('$surface', ({ has, call, own }) => {
    describe.each(own)('%s', (name, list) => {
      list[0]?.prepare?.();

      test.each(
        list.flatMap((argument, index) =>
          argument
            .bad(argument.good())
            .map(([title, value, error]) => ({ argument: argument.name, title, index, value, error })),
        ),
      )('rejects $title as $argument', async ({ argument, index, value, error }) => {
        const values = list.map(({ good }, i) => (i === index ? value : good()));
        const failure = await failureOf(() => call(name)(...values));
        expect(failure).toEqual(error);
        if (failure.code !== 'ERR_NEON_DESTROYED') expect(failure.message).toContain(`"${argument}"`);
      });

      for (const [index, { name: missing, optional = false }] of list.entries())
        if (!optional)
          test(`rejects a call without ${missing}`, async () => {
            const values = list.slice(0, index).map(({ good }) => good());
            const failure = await failureOf(() => call(name)(...values));
            expect(failure).toEqual(wrongType);
            const absent = list.slice(index).map(({ name: one }) => `"${one}"`);
            expect(absent).toContain(/"\w+"/.exec(failure.message)?.[0]);
          });

      const { arity, parameters } = omitted[name] ?? {};
      if (arity !== undefined)
        test.each([
          ['an object', {}],
          ['undefined', undefined],
        ])('rejects %s as a further argument', async (_, further) => {
          const values = list.map(({ good }) => good());
          expect(values).toHaveLength(arity);
          const options = has('ne_get_scheme') ? [] : [undefined];
          const failure = await failureOf(() => call(name)(...values, ...options, further));
          expect(failure).toEqual(wrongValue);
          for (const parameter of parameters ?? []) expect(failure.message).toContain(`"${parameter}"`);
        });

      test('leaves everything unchanged after rejected calls', async () => {
        const values = list.map(({ good }) => good());
        const [first] = values;
        for (const [index, argument] of list.entries()) {
          if (index === 0 && typeof first === 'object') continue;
          for (const [, value] of argument.bad(values[index]))
            await failureOf(() => call(name)(...values.map((good, i) => (i === index ? value : good))));
        }
        const failure = fails[name as Functions<H>];
        if (list[0]?.untouched) list[0].untouched(first as never);
        else if (features.functions[name] === false)
          expect(await failureOf(() => call(name)(...values))).toEqual(neonError('ERR_NEON_UNSUPPORTED'));
        else if (failure) expect(await failureOf(() => call(name)(...values))).toEqual(failure);
        else await expect((async () => call(name)(...values))()).resolves.not.toThrow();
      });
    });
  });
}
