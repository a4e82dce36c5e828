/** ne_utils.h and ne_socket.h: what the loaded neon is, asked from JavaScript and from C. */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import { neon } from './oracle/compile.js';
import { describeWith } from './servers/packages.js';
import { runC } from './support/compile.js';
import { answering, sessionWith, testServers } from './support/servers.js';
import { surfaces, fetchBody } from './support/surfaces.js';

const serve = testServers();

/** What an expression of C is, with neon's headers. */
function inC(format: string, ...expressions: string[]): string {
  const { include, defines, library, rpath } = neon();
  const source = `#include <stdio.h>\n#include <ne_utils.h>\nint main(void) { printf("${format}", ${expressions.join(', ')}); return 0; }\n`;
  return runC(source, [
    `-isystem${include}`,
    ...defines,
    library,
    ...(rpath === undefined ? [] : [`-Wl,-rpath,${rpath}`]),
  ]);
}

/** C programs are compiled with the installed neon; npm run test:matrix loads another one. */
const another = process.env['LIBNEON_TEST_MATRIX'];
const describeInC = another === undefined ? describeWith : describeSkipped;

function describeSkipped(_: string, name: string): void {
  test.skip(`${name} (skipped: the loaded neon, ${another}, is not the installed one)`, () => {});
}

describeInC('cc', 'as C says', () => {
  test('ne_version_string', () => {
    expect(ne.ne_version_string()).toBe(inC('%s', 'ne_version_string()'));
  });

  test('ne_version_match', () => {
    const versions = [
      [0, 0],
      [0, 24],
      [0, 26],
      [0, 27],
      [0, 29],
      [0, 31],
      [0, 32],
      [0, 33],
      [0, 37],
      [0, 38],
      [0, 99],
      [1, 0],
      [1, 32],
    ] as const;
    const calls = versions.map(([major, minor]) => `ne_version_match(${major}, ${minor}) != 0`);
    const expected = inC(calls.map(() => '%d').join(' '), ...calls)
      .split(' ')
      .map(Number);
    expect(versions.map(([major, minor]) => (ne.ne_version_match(major, minor) === 0 ? 0 : 1))).toEqual(expected);
  });

  test('ne_has_support', () => {
    const codes = [...Array.from({ length: 20 }, (_, i) => i), -1, 1000, 2 ** 31 - 1];
    const calls = codes.map((code) => `ne_has_support(${code}) != 0`);
    const expected = inC(calls.map(() => '%d').join(' '), ...calls)
      .split(' ')
      .map(Number);
    expect(codes.map((code) => (ne.ne_has_support(code) === 0 ? 0 : 1))).toEqual(expected);
  });
});

test('0 means compatible', () => {
  expect([ne.ne_version_match(0, 32), ne.ne_version_match(1, 0), ne.ne_version_match(0, 1000)]).toEqual([
    0,
    expect.any(Number),
    expect.any(Number),
  ]);
  expect(ne.ne_version_match(1, 0)).not.toBe(0);
  expect(ne.ne_version_match(0, 1000)).not.toBe(0);
});

test('ne_version_library needs a newer neon, or gives its version', () => {
  const loaded = /^(neon (\S+)):/.exec(ne.ne_version_string())!;
  const attempt = (): unknown => {
    try {
      return ne.ne_version_library();
    } catch (error) {
      const { name, code, message } = error as Error & { code: string };
      return { name, code, message };
    }
  };
  const refusal = {
    name: 'NeonError',
    code: 'ERR_NEON_UNSUPPORTED',
    message: `ne_version_library needs neon 0.37.0; the loaded library is ${loaded[1]}`,
  };
  expect(attempt()).toEqual(features.functions['ne_version_library'] ? loaded[2] : refusal);
  expect(features.functions['ne_version_library']).toBe(Number(loaded[2]!.split('.')[1]) >= 37);
});

test('ne_sock_exit undoes no more than ne_sock_init did for its caller', async () => {
  const server = await serve(answering());
  expect([ne.ne_sock_init(), ne.ne_sock_init()]).toEqual([0, 0]);
  expect(Array.from({ length: 5 }, () => ne.ne_sock_exit())).toEqual(Array(5).fill(undefined));
  for (const { io } of surfaces) expect(await fetchBody(io, sessionWith(server), 'GET', '/')).toBe('hello');
  expect(ne.ne_sock_init()).toBe(0);
});
