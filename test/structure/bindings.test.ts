/** Tests that each name in neon's headers has a binding, or is on a list with the reason why it has none. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { functionsOf, newest, promiseForms, rows, unbound } from '../../tools/generate/names.js';
import { describeWith } from '../servers/packages.js';

describeWith('gcc', 'bindings', () => {
  const all = rows();
  const functions = functionsOf(all);
  const exported = Object.keys(ne);

  test('reads the headers', () => {
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'ne_session_create',
        'ne_buffer_size',
        'NE_OK',
        'ne_status_lookup',
        'ne_version_library',
      ]),
    );
    expect(newest().declarations.length).toBeGreaterThan(300);
  });

  test('knows every exported name, and a reason for every other one', () => {
    const known = new Set(all.map(({ name }) => name));
    expect(exported.filter((name) => !known.has(name))).toEqual([]);
    expect([...unbound().keys()].filter((name) => exported.includes(name))).toEqual([]);
    expect(all.filter(({ name, surface }) => !surface && !unbound().has(name))).toEqual([]);
  });

  test('reads from the sources what is exported at run time', () => {
    expect(all.flatMap(({ name, surface }) => (surface ? [name] : [])).sort()).toEqual(exported.sort());
    const callable = Object.entries(ne).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(functions.map(({ name }) => name).sort()).toEqual(callable.sort());
    expect(promiseForms(functions).map(({ name }) => name)).toEqual(Object.keys(promises));
  });

  test('finds a test for every function that is bound', () => {
    expect(functions.filter(({ tests }) => tests.length === 0).map(({ name }) => name)).toEqual([]);
  });
});
