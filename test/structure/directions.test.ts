/**
 * Tests the direction of imports and includes: `webdav` and `cli` may use `classes`, `classes` may use `ne`, and `ne`
 * may use `core`. There must be no cycles.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';

/** The paths of files, each with the paths of the files that it imports or includes. */
type Graph = ReadonlyMap<string, readonly string[]>;

/** The rooms, each of which may use those before it. Only `lib` has the last two. */
const rooms = ['core', 'ne', 'classes', 'webdav', 'cli'];

/**
 * Finds the imports or includes of every file in a folder. `targets` returns the targets of one file, as paths relative
 * to the folder.
 */
function graphOf(folder: string, ending: RegExp, targets: (file: string, text: string) => string[]): Graph {
  const root = path.join(projectRoot, folder);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => ending.test(file));
  return new Map(files.map((file) => [file, targets(file, readFileSync(path.join(root, file), 'utf8'))]));
}

/** The paths that a pattern finds in a text. */
function matches(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, target = '']) => target);
}

/** The TypeScript files with all their imports, including imports of types. */
const lib = graphOf('lib', /\.ts$/, (file, text) =>
  matches(text, /(?:from|import)[ (]*'(\.[^']+)\.js'/g).map((target) => path.join(path.dirname(file), `${target}.ts`)),
);

/** The C++ files with the headers of this project that they include. */
const binding = graphOf('binding', /\.(cc|h)$/, (_file, text) => matches(text, /^#include "(.+)"$/gm));

/** Returns the imports in the wrong direction, such as from `core` to `ne`. */
function upward(graph: Graph): string[] {
  const floor = (file: string): number => rooms.indexOf(file.split(path.sep)[0] ?? '');
  return Array.from(graph).flatMap(([file, targets]) =>
    targets.filter((target) => floor(file) >= 0 && floor(target) > floor(file)).map((target) => `${file} → ${target}`),
  );
}

/** Returns the first cycle of imports, or an empty list if there is none. */
function cycle(graph: Graph): readonly string[] {
  const finished = new Set<string>();
  const visit = (file: string, way: readonly string[]): readonly string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (finished.has(file)) return [];
    for (const target of graph.get(file) ?? []) {
      const found = visit(target, [...way, file]);
      if (found.length > 0) return found;
    }
    finished.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const found = visit(file, []);
    if (found.length > 0) return found;
  }
  return [];
}

describe.each([
  ['lib', lib],
  ['binding', binding],
])('%s', (folder, graph) => {
  test('has its rooms, and names only files that it has', () => {
    const files = Array.from(graph.keys());
    for (const room of folder === 'lib' ? rooms : rooms.slice(0, -2))
      expect(files.filter((file) => file.startsWith(`${room}/`)).length).toBeGreaterThan(5);
    const unknown = Array.from(graph.values(), (targets) => targets.filter((target) => !graph.has(target))).flat();
    expect(unknown).toEqual([]);
    expect(Array.from(graph.values()).flat().length).toBeGreaterThan(100);
  });

  test('lets no file use a room above its own', () => {
    expect(upward(graph)).toEqual([]);
  });

  test('does not let webdav use ne', () => {
    const inside = Array.from(graph).filter(([file]) => file.startsWith('webdav/'));
    expect(inside.flatMap(([, targets]) => targets).filter((target) => target.startsWith('ne/'))).toEqual([]);
  });

  test('lets cli use the library as a program does, and only modules without state besides', () => {
    const inside = Array.from(graph).filter(([file]) => file.startsWith('cli/'));
    const outside = inside.flatMap(([, targets]) => targets).filter((target) => !target.startsWith('cli/'));
    const allowed = ['index.ts', 'core/glob.ts', 'classes/local-tree.ts', 'classes/tree-state.ts'];
    expect(outside.filter((target) => !allowed.includes(target))).toEqual([]);
  });

  test('has no cycle of imports or includes', () => {
    expect(cycle(graph)).toEqual([]);
  });
});

describe('the search', () => {
  const graph: Graph = new Map([
    ['core/a', ['core/b']],
    ['core/b', ['ne/c']],
    ['ne/c', ['core/a']],
  ]);

  test('finds a cycle', () => {
    expect(cycle(graph)).toEqual(['core/a', 'core/b', 'ne/c', 'core/a']);
  });

  test('finds an import that leads up', () => {
    expect(upward(graph)).toEqual(['core/b → ne/c']);
  });
});
