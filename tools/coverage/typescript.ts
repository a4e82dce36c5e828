/** Counts the lines of TypeScript, from what V8 counted in Jest's processes and in the processes that tests started. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { filesIn, read, root } from '../generate/project.js';
import type { LineCounts } from './counts.js';

/** The report of Istanbul, which Jest and c8 write: an entry for each file. */
type IstanbulReport = Readonly<Record<string, IstanbulFile>>;

interface IstanbulFile {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

/** The options by which Jest counts lines. */
export const jestOptions = (folder: string): string[] => [
  '--coverage',
  '--coverageProvider=v8',
  '--coverageReporters=json',
  `--coverageDirectory=${folder}`,
  '--collectCoverageFrom=dist/lib/**/*.js',
  `--testEnvironment=${path.join(root, 'dist/tools/coverage/environment.js')}`,
];

/**
 * Adds the lines of `lib/`. `jest` is the folder of Jest's report; `children` is the folder of V8's files of other
 * processes.
 */
export function countTypeScript(counts: LineCounts, jest: string, children: string): void {
  const code = new Map(filesIn('lib', /\.ts$/).map((file) => [file, linesWithCode(file)]));
  for (const [file, lines] of code) for (const line of lines) counts.add(file, line, 0);
  for (const report of [path.join(jest, 'coverage-final.json'), childReport(children)])
    if (report !== undefined && existsSync(report)) addReport(report);

  function addReport(report: string): void {
    const files = Object.values(JSON.parse(readFileSync(report, 'utf8')) as IstanbulReport);
    for (const { path: absolute, statementMap, s } of files) {
      const file = path.relative(root, absolute);
      for (const [id, { start }] of Object.entries(statementMap))
        if (code.get(file)?.has(start.line)) counts.add(file, start.line, s[id] ?? 0);
    }
  }
}

/** Lets c8 merge V8's files of the child processes. */
function childReport(children: string): string | undefined {
  if (!existsSync(children)) return undefined;
  const c8 = path.join(path.dirname(require.resolve('c8/package.json')), 'bin/c8.js');
  const folder = `${children}-report`;
  const options = ['report', `--temp-directory=${children}`, `--reports-dir=${folder}`, '--reporter=json'];
  const filter = ['--include=lib/**', '--exclude-after-remap', '--merge-async'];
  const { status, stderr } = spawnSync(process.execPath, [c8, ...options, ...filter], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`c8 failed: ${stderr}`);
  return path.join(folder, 'coverage-final.json');
}

/**
 * The lines of a file from which JavaScript was compiled. V8 counts characters, so that a report by lines would also
 * count comments, types and brackets as lines that ran.
 */
function linesWithCode(file: string): Set<number> {
  const compiled = `dist/${file.replace(/\.ts$/, '.js')}`;
  const map = new SourceMap(JSON.parse(read(`${compiled}.map`)) as SourceMapPayload);
  const source = read(file).split('\n');
  const lines = new Set<number>();
  read(compiled)
    .split('\n')
    .forEach((text, line) => {
      for (let column = 0; column < text.length; column++) {
        const entry = map.findEntry(line, column);
        if (!('originalLine' in entry) || entry.generatedLine !== line) continue;
        if (/\w/.test(source[entry.originalLine] ?? '')) lines.add(entry.originalLine + 1);
      }
    });
  return lines;
}
