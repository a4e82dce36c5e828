/** Counts the lines of C++, from the files that an addon built with `NEON_COVERAGE=1` writes when a process ends. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { filesIn, root } from '../generate/project.js';
import type { LineCounts } from './counts.js';

/** What gcov says of one object file. */
interface GcovReport {
  readonly files: readonly {
    readonly file: string;
    readonly lines: readonly { readonly line_number: number; readonly count: number }[];
  }[];
}

const countFiles = (): string[] => (existsSync(path.join(root, 'build')) ? filesIn('build', /\.gcda$/) : []);

/** Removes the counts of earlier processes. */
export function resetCpp(): void {
  for (const file of countFiles()) rmSync(path.join(root, file));
}

/** Adds the lines of `binding/`. */
export function countCpp(counts: LineCounts): void {
  const files = countFiles();
  if (files.length === 0)
    throw new Error('The addon counted no lines: build it with NEON_COVERAGE=1, by CMake and GCC');
  for (const file of files) {
    const { status, stdout, stderr } = spawnSync('gcov', ['--json-format', '--stdout', path.join(root, file)], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    if (status !== 0) throw new Error(`gcov failed: ${stderr}`);
    for (const report of stdout.split('\n').filter((line) => line !== '')) addReport(JSON.parse(report) as GcovReport);
  }

  function addReport(report: GcovReport): void {
    for (const { file, lines } of report.files) {
      const name = path.relative(root, path.resolve(root, file));
      if (!name.startsWith('binding/')) continue;
      for (const { line_number, count } of lines) counts.add(name, line_number, count);
    }
  }
}
