/** Bundles the compiled library for the published package, so that a program reads a few files when it starts. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Plugin, rollup } from 'rollup';
import ts from 'typescript';
import { root } from '../generate/project.js';
import { firstOfEachLine } from './line-map.js';

/** The entry points of the package: the path of the JavaScript file in `dist/lib`, without `.js`. */
const entries = ['index', 'ne/index', 'ne/promises', 'webdav/index'];

/**
 * Writes the bundled library to `folder`: the entry points, the files that they share, their source maps, and the
 * declaration files of `dist/lib`. TypeScript compiles each module as in `dist/lib`. The bundle omits and shortens no
 * code.
 */
export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(path.join(root, 'dist/lib'), folder, { recursive: true, filter: (file) => !/\.js(\.map)?$/.test(file) });
  const build = await rollup({
    input: Object.fromEntries(entries.map((entry) => [entry, path.join(root, 'lib', `${entry}.ts`)])),
    external: /^node:/,
    plugins: [typescript()],
    treeshake: false,
    onLog: (_level, log) => {
      throw new Error(log.message);
    },
  });
  try {
    await build.write({
      dir: folder,
      format: 'cjs',
      entryFileNames: '[name].js',
      // lib/core/load.ts finds the package by the location of its code, which must stay in dist/lib/core.
      chunkFileNames: ({ moduleIds }) => `${roomOf(moduleIds)}/shared.js`,
      sourcemap: true,
      esModule: true,
      exports: 'named',
      interop: 'default',
      generatedCode: { preset: 'es2015', symbols: false },
      hoistTransitiveImports: false,
      minifyInternalExports: false,
    });
  } finally {
    await build.close();
  }
  shortenMaps(folder);
}

function shortenMaps(folder: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of names.filter((name) => name.endsWith('.map')).map((name) => path.join(folder, name))) {
    const map = JSON.parse(readFileSync(file, 'utf8')) as { mappings: string };
    writeFileSync(file, JSON.stringify({ ...map, names: [], mappings: firstOfEachLine(map.mappings) }));
  }
}

/** The room of the modules that several entry points share. */
function roomOf(moduleIds: readonly string[]): string {
  if (moduleIds.includes(path.join(root, 'lib/core/load.ts'))) return 'core';
  return moduleIds.some((id) => id.startsWith(path.join(root, 'lib/classes/'))) ? 'classes' : 'ne';
}

/** Compiles each module with the options of tsconfig.json, but keeps the imports for Rollup. */
function typescript(): Plugin {
  const read = (file: string): string => readFileSync(file, 'utf8');
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), read) as { config: object };
  // Without the two folders, the source map names the source relative to the source itself, as Rollup expects.
  const {
    options: { outDir: _outDir, rootDir: _rootDir, ...options },
  } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const compilerOptions = {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    declaration: false,
    removeComments: true,
  };
  return {
    name: 'typescript',
    resolveId: (target, importer) =>
      importer !== undefined && target.startsWith('.')
        ? path.resolve(path.dirname(importer), target.replace(/\.js$/, '.ts'))
        : null,
    load: (fileName) => {
      const { outputText, sourceMapText } = ts.transpileModule(read(fileName), { fileName, compilerOptions });
      return { code: outputText, map: sourceMapText ?? null };
    },
  };
}
