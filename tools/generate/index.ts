/**
 * `npm run generate`: writes the files that are made from the C++, the TypeScript and neon's headers. With `-- --check`
 * it writes nothing, and fails when a file is stale. `-- --newest FOLDER --version VERSION` first reads the headers of
 * the newest neon from FOLDER.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bindingsPage, unboundReasons } from './bindings-page.js';
import { declarationsOf } from './headers.js';
import { indexPage } from './index-page.js';
import { functionsOf, newest, newestFile, rows, type NewestFile } from './names.js';
import { omittedModule } from './omitted.js';
import { formatted, type Output } from './output.js';
import { read, root } from './project.js';
import { promisesModule } from './promises.js';
import { headerPages, promisesPage } from './tables.js';

/** Everything that is generated. */
async function outputs(): Promise<Output[]> {
  const all = rows();
  const functions = functionsOf(all);
  return [
    await promisesModule(functions),
    await omittedModule(functions),
    await indexPage(all),
    await bindingsPage(all),
    await unboundReasons(all),
    await promisesPage(functions),
    ...(await headerPages(functions)),
  ];
}

function write({ file, text }: Output): void {
  writeFileSync(path.join(root, file), text);
}

async function newestHeaders(neon: string, include: string): Promise<Output> {
  const headers: NewestFile['headers'] = {};
  const parameters: NewestFile['parameters'] = {};
  for (const { name, kind, header, parameters: own } of declarationsOf(include)) {
    ((headers[header] ??= {})[kind] ??= []).push(name);
    if (own) parameters[name] = own.join(', ');
  }
  return formatted(newestFile, JSON.stringify({ neon, headers, parameters }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { newest: { type: 'string' }, version: { type: 'string' }, check: { type: 'boolean', default: false } },
  });
  if (values.newest !== undefined) write(await newestHeaders(values.version ?? newest().neon, values.newest));
  const stale = (await outputs()).filter(({ file, text }) => !existsSync(path.join(root, file)) || text !== read(file));
  if (!values.check) {
    stale.forEach(write);
  } else if (stale.length > 0) {
    console.error(['Stale; write them with "npm run generate":', ...stale.map(({ file }) => `  ${file}`)].join('\n'));
    process.exitCode = 1;
  }
}

void main();
