/**
 * Lists every name that neon's headers declare. Each entry says where this project exports the name, or why it does
 * not.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { exportsOfLib, type Exported, type Signature } from './declarations.js';
import { declarationsOf, type Declaration, type Kind } from './headers.js';
import { compare, filesIn, read, root, topicOf } from './project.js';
import { registrations } from './registrations.js';

export const newestFile = 'tools/generate/newest.json';
export const unboundFile = 'tools/generate/unbound.json';

/** The names of `newest.json`, by header and kind. */
export interface NewestFile {
  readonly neon: string;
  readonly headers: Record<string, Partial<Record<Kind, string[]>>>;
  /** The parameters of the functions, as `sess, fn, userdata`. */
  readonly parameters: Record<string, string>;
}

export type Surface = 'sync' | 'sync, promise' | 'constant';

/** A name that the installed neon or the newest neon declares. */
export interface Row extends Declaration {
  /**
   * The first version of neon that has the name. It is empty if the oldest supported version has the name, and `newer`
   * if the version is not known.
   */
  readonly since: string;
  /** Where the name is exported; undefined when it is not exported. */
  readonly surface: Surface | undefined;
  /** The TypeScript that exports the name. */
  readonly exported: Exported | undefined;
  /**
   * The C++ file that registers the name. If TypeScript implements the name, this file registers the addon function
   * that the TypeScript calls.
   */
  readonly binding: string | undefined;
  /**
   * The tests that contain the name. The tests of its header come first, followed by the others. Within each group, the
   * tests that contain the name most often come first.
   */
  readonly tests: readonly string[];
}

/** A function that is bound. */
export interface Bound extends Row, Exported {
  readonly signature: Signature;
}

/** The installed neon. */
export function installed(): { version: string; include: string } {
  const script = path.join(root, 'deps/neon-flags.mjs');
  return JSON.parse(execFileSync(process.execPath, [script, 'json'], { encoding: 'utf8' })) as ReturnType<
    typeof installed
  >;
}

/** The newest neon's declarations, recorded when its headers were last read. */
export function newest(): { neon: string; declarations: readonly Declaration[] } {
  const { neon, headers, parameters } = JSON.parse(read(newestFile)) as NewestFile;
  const declarations = Object.entries(headers).flatMap(([header, kinds]) =>
    Object.entries(kinds).flatMap(([kind, names]) =>
      names.map((name) => ({
        name,
        kind: kind as Kind,
        header,
        parameters: parameters[name]?.split(', ').filter(Boolean) ?? [],
      })),
    ),
  );
  return { neon, declarations };
}

/** The names that are not bound because they mean nothing in JavaScript, each with the reason. */
export function unbound(): Map<string, string> {
  const reasons = Object.entries(JSON.parse(read(unboundFile)) as Record<string, string[]>);
  return new Map(reasons.flatMap(([reason, names]) => names.map((name) => [name, reason])));
}

/** Every name of the installed and of the newest neon, with its files in this project. */
export function rows(): Row[] {
  const declared = declarationsOf(installed().include);
  const old = new Set(declared.map(({ name }) => name));
  const declarations = new Map([...declared, ...newest().declarations].map((entry) => [entry.name, entry]));
  const exported = new Map(exportsOfLib().map((entry) => [entry.name, entry]));
  const registered = registrations();
  const since = sinceWhen();
  const texts = testTexts();
  return [...declarations.values()]
    .sort((a, b) => compare(a.header, b.header) || compare(a.kind, b.kind) || compare(a.name, b.name))
    .map((declaration) => {
      const { name, header } = declaration;
      const entry = exported.get(name);
      const natives = entry?.natives.flatMap((native) => registered.get(native) ?? []) ?? [];
      return {
        ...declaration,
        since: since.get(name) ?? (old.has(name) ? '' : 'newer'),
        surface: entry && surfaceOf(entry, registered.get(name)?.promise === true),
        exported: entry,
        binding: natives[0]?.file,
        tests: testsOf(name, topicOf(header), texts),
      };
    });
}

/** The functions that are bound, in the order in which `lib/ne` declares them. */
export function functionsOf(all: readonly Row[]): Bound[] {
  return all
    .flatMap((row) => {
      const { exported } = row;
      return exported?.signature ? [{ ...row, ...exported, signature: exported.signature }] : [];
    })
    .sort((a, b) => a.position - b.position);
}

/** The functions that have a promise form. */
export function promiseForms(functions: readonly Bound[]): Bound[] {
  return functions.filter(({ surface }) => surface === 'sync, promise');
}

function surfaceOf({ signature }: Exported, promise: boolean): Surface {
  if (signature === undefined) return 'constant';
  return promise ? 'sync, promise' : 'sync';
}

/** The version that added each name that the oldest supported neon lacks, read from the addon's tables. */
function sinceWhen(): Map<string, string> {
  const functions = read('binding/core/since.cc').matchAll(/\{\s*"(\w+)",\s*"(\d+\.\d+)/g);
  const constants = filesIn('binding', /\.cc$/).flatMap((file) => [
    ...read(file).matchAll(/\{"(\w+)",[^}]*\},\s*\/\/ since (\d+\.\d+)/g),
  ]);
  return new Map([...functions, ...constants].map(([, name = '', version = '']) => [name, version]));
}

interface TestText {
  /** The path below `test/`. */
  readonly file: string;
  readonly text: string;
}

function testTexts(): TestText[] {
  return ['ne', 'classes', 'core', 'oracle', 'lifecycle']
    .flatMap((folder) => filesIn(`test/${folder}`, /\.ts$/))
    .map((file) => ({ file: file.replace(/^test\//, ''), text: read(file) }));
}

function testsOf(name: string, topic: string, texts: readonly TestText[]): string[] {
  const word = new RegExp(`\\b${name}\\b`, 'g');
  const rank = (file: string): number =>
    Number(file.startsWith(`ne/${topic}/`)) * 2 + Number(file.endsWith('.test.ts'));
  return texts
    .map(({ file, text }) => ({ file, count: text.match(word)?.length ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => rank(b.file) - rank(a.file) || b.count - a.count || compare(a.file, b.file))
    .map(({ file }) => file);
}
