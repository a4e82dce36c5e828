/** Every name of the installed neon and of the newest one, with what became of it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { neon } from '../oracle/compile.js';
import { declarationsOf, type Declaration, type Kind } from './headers.js';

export const root = path.join(__dirname, '../../..');
export const newestFile = path.join(root, 'test/coverage/newest.json');

interface Newest {
  readonly neon: string;
  readonly declarations: readonly Declaration[];
}

/** The same in its file: names by header and kind. */
export interface NewestFile {
  readonly neon: string;
  readonly headers: Record<string, Partial<Record<Kind, string[]>>>;
}

export interface Row extends Declaration {
  readonly since: string;
  readonly surface: 'sync' | 'sync, promise' | 'constant' | null;
  readonly tests: readonly string[];
}

/** What the newest neon declared when it was looked at last. */
export function newest(): Newest {
  const { neon, headers } = JSON.parse(readFileSync(newestFile, 'utf8')) as NewestFile;
  const declarations = Object.entries(headers).flatMap(([header, kinds]) =>
    Object.entries(kinds).flatMap(([kind, names]) => names.map((name) => ({ name, kind: kind as Kind, header }))),
  );
  return { neon, declarations };
}

/** Every name of either neon, with what became of it. */
export function rows(): Row[] {
  const installed = declarationsOf(neon().include);
  const old = new Set(installed.map(({ name }) => name));
  const headers = new Map([...installed, ...newest().declarations].map((declaration) => [declaration.name, declaration]));
  const since = sinceWhen();
  const texts = testTexts();
  return [...headers.values()]
    .sort((a, b) => compare(a.header, b.header) || compare(a.kind, b.kind) || compare(a.name, b.name))
    .map((declaration) => ({
      ...declaration,
      since: since.get(declaration.name) ?? (old.has(declaration.name) ? '' : 'newer'),
      surface: surfaceOf(declaration.name),
      tests: texts.filter(({ text }) => new RegExp(`\\b${declaration.name}\\b`).test(text)).map(({ file }) => file),
    }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function surfaceOf(name: string): Row['surface'] {
  if (!(name in ne)) return null;
  if (typeof (ne as Record<string, unknown>)[name] !== 'function') return 'constant';
  return name in promises ? 'sync, promise' : 'sync';
}

/** Which neon brought what is newer than the oldest supported, as the addon's tables have it. */
function sinceWhen(): Map<string, string> {
  const functions = readFileSync(path.join(root, 'binding/core/since.cc'), 'utf8').matchAll(/\{\s*"(\w+)",\s*"(\d+\.\d+)/g);
  const constants = readdirSync(path.join(root, 'binding'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.cc'))
    .flatMap((file) => [
      ...readFileSync(path.join(root, 'binding', file), 'utf8').matchAll(/\{"(\w+)",[^}]*\},\s*\/\/ since (\d+\.\d+)/g),
    ]);
  return new Map([...functions, ...constants].map(([, name, version]) => [name!, version!]));
}

function testTexts(): { file: string; text: string }[] {
  return ['ne', 'classes', 'core', 'oracle', 'lifecycle']
    .map((folder) => path.join(root, 'test', folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: path.relative(path.join(root, 'test'), file), text: readFileSync(file, 'utf8') }))
    .sort((a, b) => Number(b.file.endsWith('.test.ts')) - Number(a.file.endsWith('.test.ts')) || compare(a.file, b.file));
}
