/**
 * Tests that the compiled declarations declare neon's functions with `function` instead of `const`, because some tools
 * need this, and that they hide the constructors that only the library may use.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { constructorsHidden } from '../../tools/declarations/constructors.js';
import { functionsDeclared } from '../../tools/declarations/functions.js';
import { projectRoot } from '../servers/start.js';

const folder = path.join(projectRoot, 'dist/lib/ne');

function functionsIn(file: string): string[] {
  const text = functionsDeclared(readFileSync(path.join(folder, file), 'utf8'));
  const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return [...new Set(statements.filter(ts.isFunctionDeclaration).map(({ name }) => name!.text))].sort();
}

const callable = (exports: object): string[] =>
  Object.entries(exports)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name)
    .sort();

test('declares every function of libneon/ne as one', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.d.ts') && file !== 'promises.d.ts');
  expect(files.flatMap(functionsIn).sort()).toEqual(callable(ne));
});

test('declares every function of libneon/ne/promises as one', () => {
  expect(functionsIn('promises.d.ts')).toEqual(callable(promises));
});

test.each([
  ['export declare const f: () => void;', 'export declare function f(): void;'],
  [
    'export declare const f: <T>(\n  a: T,\n) => (b: T) => T;',
    'export declare function f<T>(\n  a: T,\n): (b: T) => T;',
  ],
  [
    '/** About f. */\nexport declare const f: (...a: string[]) => a is [];',
    '/** About f. */\nexport declare function f(...a: string[]): a is [];',
  ],
  ['export declare const n: number;', 'export declare const n: number;'],
])('rewrites %j', (before, after) => {
  expect(functionsDeclared(before)).toBe(after);
});

const declared = 'export declare class A {\n    x: number;\n}';

test.each([
  ['an internal constructor', 'export class A {\n  /** @internal */\n  constructor() {}\n}', true],
  ['a public constructor', 'export class A {\n  /** Makes an A. */\n  constructor() {}\n}', false],
  ['no constructor', 'export class A {}', false],
  ['an abstract class', 'export abstract class A {\n  /** @internal */\n  constructor() {}\n}', false],
])('declares a private constructor, or not, for %s', (_, source, isHidden) => {
  const expected = isHidden ? declared.replace('{', '{\n    private constructor();') : declared;
  expect(constructorsHidden(declared, source)).toBe(expected);
});
