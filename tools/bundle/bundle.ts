/**
 * Bundles the compiled library for the published package, so that a program reads a few files when it starts. The
 * command-line client becomes one file, together with the packages that it uses.
 */
import commonjs from '@rollup/plugin-commonjs';
import nodeResolve from '@rollup/plugin-node-resolve';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { type Plugin, rollup } from 'rollup';
import ts from 'typescript';
import { root } from '../generate/project.js';
import { licences } from './licences.js';

/** The entry points of the package: the path of the JavaScript file in `dist/lib`, without `.js`. */
const entries = ['index', 'ne/index', 'ne/promises', 'webdav/index'];

/**
 * Writes the bundled library to `folder`: the entry points, the files that they share, and the declaration files of
 * `dist/lib`. TypeScript compiles each module as in `dist/lib`. The bundle omits and shortens no code, so there are no
 * source maps, which would be longer than the code.
 */
export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  // Nothing imports the client, so it needs no declaration files.
  const isPacked = (file: string): boolean => !/\.js(\.map)?$|[\\/]lib[\\/]cli$/.test(file);
  cpSync(path.join(root, 'dist/lib'), folder, { recursive: true, filter: isPacked });
  await bundleLibrary(folder);
  await bundleClient(folder);
}

async function bundleLibrary(folder: string): Promise<void> {
  const build = await rollup({
    input: Object.fromEntries(entries.map((entry) => [entry, path.join(root, 'lib', `${entry}.ts`)])),
    external: /^node:/,
    plugins: [typescript()],
    treeshake: false,
    onLog: refuse,
  });
  try {
    await build.write({
      dir: folder,
      format: 'cjs',
      entryFileNames: '[name].js',
      // lib/core/load.ts finds the package by the location of its code, which must stay in dist/lib/core.
      chunkFileNames: ({ moduleIds }) => `${roomOf(moduleIds)}/shared.js`,
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
}

/**
 * Bundles the client with the packages that it uses, whose licences are written beside it. The library stays outside:
 * the client loads the bundled one.
 */
async function bundleClient(folder: string): Promise<void> {
  const library = path.join(root, 'lib/index.ts');
  const build = await rollup({
    input: path.join(root, 'lib/cli/index.ts'),
    external: (id) => id.startsWith('node:') || builtinModules.includes(id) || id === library,
    plugins: [typescript(), nodeResolve({ preferBuiltins: true }), commonjs(), licences(), withoutComments],
    onLog: refuse,
  });
  try {
    await build.write({
      file: path.join(folder, 'cli/index.js'),
      format: 'cjs',
      interop: 'default',
      paths: { [library]: '../index.js' },
      generatedCode: { preset: 'es2015', symbols: false },
    });
  } finally {
    await build.close();
  }
}

const refuse = (_level: string, log: { readonly message: string }): never => {
  throw new Error(log.message);
};

/** The room of the modules that several entry points share. */
function roomOf(moduleIds: readonly string[]): string {
  if (moduleIds.includes(path.join(root, 'lib/core/load.ts'))) return 'core';
  return moduleIds.some((id) => id.startsWith(path.join(root, 'lib/classes/'))) ? 'classes' : 'ne';
}

/** Compiles each module with the options of tsconfig.json, but keeps the imports for Rollup. */
function typescript(): Plugin {
  const read = (file: string): string => readFileSync(file, 'utf8');
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), read) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const compilerOptions = {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    declaration: false,
    sourceMap: false,
    removeComments: true,
  };
  return {
    name: 'typescript',
    resolveId: (target, importer) =>
      importer?.endsWith('.ts') && target.startsWith('.')
        ? path.resolve(path.dirname(importer), target.replace(/\.js$/, '.ts'))
        : null,
    load: (fileName) => {
      if (!fileName.endsWith('.ts')) return null;
      return { code: ts.transpileModule(read(fileName), { fileName, compilerOptions }).outputText, map: null };
    },
  };
}

/** Removes the comments of the packages that are bundled into the client: more than a third of its code. */
const withoutComments: Plugin = {
  name: 'without-comments',
  renderChunk: (code) => ({
    code: ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true },
    }).outputText,
    map: null,
  }),
};
