/**
 * What of neon is bound: compares the headers of the installed neon and of the newest one with what the package
 * exports, and writes docs/coverage.md. `--newest FOLDER --version VERSION` takes the newest one's headers from
 * there; `--check` only
 * tells whether the page is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { neon } from '../oracle/compile.js';
import { declarationsOf } from './headers.js';
import { newest, newestFile, root, rows, type NewestFile, type Row } from './rows.js';
import { unbound } from './unbound.js';

const page = path.join(root, 'docs/coverage.md');

async function saveNewest(neon: string, include: string): Promise<void> {
  const headers: NewestFile['headers'] = {};
  for (const { name, kind, header } of declarationsOf(include)) ((headers[header] ??= {})[kind] ??= []).push(name);
  const options = { ...(await prettier.resolveConfig(newestFile)), parser: 'json' };
  writeFileSync(newestFile, await prettier.format(JSON.stringify({ neon, headers }), options));
}

/** The page. */
async function render(): Promise<string> {
  const all = rows();
  const bound = all.filter(({ surface }) => surface !== null);
  const meaningless = all.filter(({ name, surface }) => surface === null && name in unbound);
  const missing = all.filter(({ name, surface }) => surface === null && !(name in unbound));
  const untested = bound.filter(({ kind, tests }) => kind !== 'constant' && tests.length === 0);
  const text = `# Coverage

Every function and constant that the headers of neon ${neon().version} and ${newest().neon} declare. Made by \`npm run coverage\` from the headers, as a C
compiler reads them; the tests fail when it is stale. JavaScript names are the C names.

${bound.length} of ${all.length} names are bound, ${meaningless.length} mean nothing in JavaScript, ${missing.length} are not bound yet.

${list('Not bound yet', missing, ({ name }) => `\`${name}\``)}
${list('Without a test', untested, ({ name }) => `\`${name}\``)}
${functionTables(bound)}
## Constants

${constantLines(bound)}
## What means nothing in JavaScript

| name | header | reason |
| --- | --- | --- |
${meaningless.map(({ name, header }) => `| \`${name}\` | ${header} | ${unbound[name]!} |`).join('\n')}
`;
  return prettier.format(text, { ...(await prettier.resolveConfig(page)), parser: 'markdown' });
}

function list(title: string, items: readonly Row[], show: (row: Row) => string): string {
  if (items.length === 0) return '';
  const lines = byHeader(items).map(([header, own]) => `- ${header}: ${own.map(show).join(' ')}`);
  return `## ${title}\n\n${lines.join('\n')}\n`;
}

function functionTables(bound: readonly Row[]): string {
  const functions = bound.filter(({ kind }) => kind !== 'constant');
  const line = ({ name, surface, since, tests }: Row): string =>
    `| \`${name}\` | ${surface ?? ''} | ${since} | ${tests.slice(0, 2).join(', ')} |`;
  return byHeader(functions)
    .map(([header, own]) => {
      const head = '| function | surfaces | since neon | tests |\n| --- | --- | --- | --- |';
      return `## ${header}\n\n${head}\n${own.map(line).join('\n')}\n`;
    })
    .join('\n');
}

function constantLines(bound: readonly Row[]): string {
  const constants = bound.filter(({ kind }) => kind === 'constant');
  const show = ({ name, since }: Row): string => `\`${name}\`${since ? ` (${since})` : ''}`;
  return byHeader(constants)
    .map(([header, own]) => `- ${header}: ${own.map(show).join(' ')}\n`)
    .join('');
}

function byHeader(items: readonly Row[]): [string, Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const item of items) groups.set(item.header, [...(groups.get(item.header) ?? []), item]);
  return [...groups];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { newest: { type: 'string' }, version: { type: 'string' }, check: { type: 'boolean', default: false } },
  });
  if (values.newest !== undefined) await saveNewest(values.version ?? newest().neon, values.newest);
  const text = await render();
  if (!values.check) return writeFileSync(page, text);
  if (text === readFileSync(page, 'utf8')) return;
  console.error('docs/coverage.md is stale: npm run coverage');
  process.exitCode = 1;
}

if (require.main === module) void main();
