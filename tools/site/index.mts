/**
 * `npm run site`: writes the documentation site to site/, as static files. The reference comes from the doc comments,
 * the other pages from the Markdown files. A warning of TypeDoc, or a link that leads nowhere, is a failure.
 * `-- --out FOLDER` writes to another folder.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  Application,
  Converter,
  type Context,
  type DeclarationReflection,
  KindRouter,
  type Reflection,
  ReflectionKind,
} from 'typedoc';
import { checkLinks } from './links.mjs';
import { groups, pagesOf, stage } from './pages.mjs';

const root = path.resolve(import.meta.dirname, '../../..');

/** The names by which programs import the entry points, by the names that TypeDoc gives them. */
const entryPoints: Readonly<Record<string, string>> = {
  index: 'libneon',
  ne: 'libneon/ne',
  'ne/promises': 'libneon/ne/promises',
  webdav: 'libneon/webdav',
};

/** The address of the repository's files, if package.json names the repository. */
function repositoryOf(): string | undefined {
  const { repository } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    repository?: string | { url: string };
  };
  const url = typeof repository === 'string' ? repository : repository?.url;
  return url?.startsWith('git+https://') ? `${url.slice(4).replace(/\.git$/, '')}/blob/HEAD` : undefined;
}

/** Writes the site, and returns what is wrong with it. */
async function build(staged: string, out: string): Promise<string[]> {
  const pages = pagesOf(root);
  stage(root, staged, pages, repositoryOf());
  const app = await Application.bootstrapWithPlugins({
    options: path.join(root, 'tools/typedoc.json'),
    outputs: [{ name: 'html', path: out }],
    emit: 'docs',
    name: 'libneon',
    readme: path.join(staged, 'README.md'),
    projectDocuments: pages.map(({ file }) => path.join(staged, file)),
    treatWarningsAsErrors: true,
    groupOrder: groups,
    sort: ['kind', 'alphabetical-ignoring-documents'],
    navigation: { includeGroups: true, compactFolders: false },
    highlightLanguages: ['c', 'cpp', 'javascript', 'json', 'shell', 'text', 'typescript'],
    includeVersion: true,
    hideGenerator: true,
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_: Context, declaration: DeclarationReflection) => {
    if (declaration.kindOf(ReflectionKind.Module)) declaration.name = entryPoints[declaration.name] ?? declaration.name;
  });
  /** Gives each Markdown page the path that it has in the repository. */
  class Router extends KindRouter {
    override getIdealBaseName(reflection: Reflection): string {
      const file = reflection.isDocument() ? reflection.project.files.getReflectionPath(reflection) : undefined;
      return file === undefined ? super.getIdealBaseName(reflection) : path.relative(staged, file).replace(/\.md$/, '');
    }
  }
  app.renderer.defineRouter('repository', Router);
  app.options.setValue('router', 'repository');

  const project = await app.convert();
  if (project === undefined) return ['TypeDoc could not read the declarations'];
  app.validate(project);
  if (!app.logger.hasErrors() && !app.logger.hasWarnings()) await app.generateOutputs(project);
  const { errorCount, warningCount } = app.logger;
  if (errorCount + warningCount > 0) return [`TypeDoc has ${errorCount} errors and ${warningCount} warnings`];
  const checked = checkLinks(out);
  console.log(`${checked.pages} pages with ${checked.links} links in ${path.relative(process.cwd(), out)}/`);
  return checked.broken.map((link) => `broken link in ${link}`);
}

const { values } = parseArgs({ options: { out: { type: 'string', default: path.join(root, 'site') } } });
const staged = mkdtempSync(path.join(tmpdir(), 'libneon-site-'));
try {
  const faults = await build(staged, path.resolve(values.out));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(staged, { recursive: true, force: true });
}
